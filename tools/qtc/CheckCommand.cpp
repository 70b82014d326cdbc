//===- CheckCommand.cpp - qtc check ---------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/Commands.h"
#include "tools/qtc/Session.h"

#include "compiler/Import/ONNX/Import.h"

#include <CLI/CLI.hpp>

#include <memory>

using namespace qtc;
using namespace qtc::tools;

void tools::addCheckCommand(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand(
      "check", "Says of every node of a model whether it can be trained");
  auto model = std::make_shared<std::string>();
  auto scheme = std::make_shared<std::string>();
  command->add_option("MODEL.onnx", *model, "model to look at")->required();
  std::vector<std::string> names;
  for (const Scheme *entry : getSchemes())
    names.push_back(entry->name.str());
  *scheme = names.front();
  command->add_option("--scheme", *scheme, "numbers to train with")
      ->check(CLI::IsMember(names));
  command->callback([model, scheme, &status] {
    Session session;
    auto report =
        onnx_import::checkOnnxFile(*model, session.getContext(),
                                   lookupScheme(*scheme)->explainMissingRule);
    if (mlir::failed(report)) {
      status = 1;
      return;
    }
    onnx_import::printReport(*report, llvm::outs());
    status = finishOutput();
    if (!report->isSupported())
      status = 1;
  });
}
