//===- CheckCommand.cpp - qtc check ---------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/Commands.h"
#include "tools/qtc/CompileFlags.h"
#include "tools/qtc/Session.h"

#include "compiler/Import/ONNX/Import.h"
#include "runtime/include/qtcrt/Usage.h"

#include <CLI/CLI.hpp>

#include <memory>

using namespace qtc;
using namespace qtc::tools;

/// Judges the model with one batch as `qtc compile` does, up to the numbers of
/// the scheme.
static mlir::FailureOr<onnx_import::ModelReport>
judgeModel(const std::string &model, FrontEndOptions &options, int64_t batch,
           Session &session) {
  auto judge = [&](mlir::ModuleOp module, bool isComplete) {
    if (!isComplete)
      return checkPartialModel(module, *options.scheme);
    chooseLosses(module, options);
    llvm::Error error = applyLayerSettings(module, options.layers);
    if (!error)
      error = runFrontEnd(module, options);
    std::string message = llvm::toString(std::move(error));
    if (!message.empty())
      mlir::emitError(module.getLoc()) << message;
  };
  return onnx_import::checkOnnxFile(model, session.getContext(),
                                    getImportOptions(options, batch), judge);
}

/// Prints the report of the first batch, or of the first that is not supported.
static int checkModel(const std::string &model, FrontEndOptions options) {
  Session session(model);
  std::optional<onnx_import::ModelReport> first;
  for (int64_t batch : options.batches) {
    auto report = judgeModel(model, options, batch, session);
    if (mlir::failed(report))
      return 1;
    if (!first || !report->isSupported())
      first = std::move(*report);
    if (!first->isSupported())
      break;
  }
  onnx_import::printReport(*first, llvm::outs());
  int status = finishOutput();
  return first->isSupported() ? status : 1;
}

void tools::addCheckCommand(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand(
      "check", "List the nodes of a model and whether each is supported");
  auto model = std::make_shared<std::string>();
  auto scheme = std::make_shared<std::string>();
  auto outputs = std::make_shared<OutputFlags>();
  auto options = std::make_shared<FrontEndOptions>();
  auto layers = std::make_shared<LayerFlags>();
  command->add_option("MODEL.onnx", *model, "Model to check")->required();
  std::vector<std::string> names;
  for (const Scheme *entry : getSchemes())
    names.push_back(entry->name.str());
  *scheme = names.front();
  qtcrt::setChoices(
      command->add_option("--scheme", *scheme, "Numbers to train with"), names);
  outputs->addTo(*command);
  addBatches(*command, options->batches);
  layers->addTo(*command);
  command->callback([model, scheme, outputs, options, layers, &status] {
    options->scheme = lookupScheme(*scheme);
    llvm::Expected<std::vector<LayerSetting>> settings =
        layers->parse(*options->scheme);
    llvm::Error error = settings.takeError();
    if (!error)
      error = outputs->parse(*options);
    if (error) {
      status = reportFailure(std::move(error));
      return;
    }
    options->layers = std::move(*settings);
    status = checkModel(*model, *options);
  });
}
