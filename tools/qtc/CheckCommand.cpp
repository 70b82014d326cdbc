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

/// Judges the model as `qtc compile` does, up to the numbers of `scheme`.
static int checkModel(const std::string &model, const Scheme &scheme,
                      const Loss &loss, int64_t batch,
                      std::vector<LayerSetting> layers) {
  Session session(model);
  FrontEndOptions options;
  options.scheme = &scheme;
  options.loss = &loss;
  options.batch = batch;
  options.layers = std::move(layers);
  onnx_import::ImportOptions import;
  import.batch = batch;
  import.hasClasses = loss.takesClasses;
  auto judge = [&](mlir::ModuleOp module, bool isComplete) {
    if (!isComplete)
      return checkPartialModel(module, scheme);
    llvm::Error error = applyLayerSettings(module, options.layers);
    if (!error)
      error = runFrontEnd(module, options);
    std::string message = llvm::toString(std::move(error));
    if (!message.empty())
      mlir::emitError(module.getLoc()) << message;
  };
  auto report =
      onnx_import::checkOnnxFile(model, session.getContext(), import, judge);
  if (mlir::failed(report))
    return 1;
  onnx_import::printReport(*report, llvm::outs());
  int status = finishOutput();
  return report->isSupported() ? status : 1;
}

void tools::addCheckCommand(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand(
      "check", "List the nodes of a model and whether each is supported");
  auto model = std::make_shared<std::string>();
  auto scheme = std::make_shared<std::string>();
  auto loss = std::make_shared<std::string>();
  auto batch = std::make_shared<int64_t>(FrontEndOptions().batch);
  auto layers = std::make_shared<LayerFlags>();
  command->add_option("MODEL.onnx", *model, "Model to check")->required();
  std::vector<std::string> names;
  for (const Scheme *entry : getSchemes())
    names.push_back(entry->name.str());
  *scheme = names.front();
  qtcrt::setChoices(
      command->add_option("--scheme", *scheme, "Numbers to train with"), names);
  addLossOption(*command, *loss);
  qtcrt::addNumber(*command, "--batch", *batch, 1, kMaxBatch,
                   "Examples per step")
      ->default_str(std::to_string(*batch));
  layers->addTo(*command);
  command->callback([model, scheme, loss, batch, layers, &status] {
    const Scheme *chosen = lookupScheme(*scheme);
    llvm::Expected<const Loss *> chosenLoss = chooseLoss(*chosen, *loss);
    if (!chosenLoss) {
      status = reportFailure(chosenLoss.takeError());
      return;
    }
    llvm::Expected<std::vector<LayerSetting>> settings = layers->parse(*chosen);
    if (!settings)
      status = reportFailure(settings.takeError());
    else
      status = checkModel(*model, *chosen, **chosenLoss, *batch,
                          std::move(*settings));
  });
}
