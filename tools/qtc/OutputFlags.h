//===- OutputFlags.h - Options of outputs and losses ------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TOOLS_QTC_OUTPUT_FLAGS_H
#define QTC_TOOLS_QTC_OUTPUT_FLAGS_H

#include "compiler/Pipelines/FrontEnd.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace qtc::tools {

struct SharedOption;

/// `--output`, `--class-axis`, `--loss` and the options of all losses as the
/// user writes them.
class OutputFlags {
public:
  /// Adds the options to `command`.
  void addTo(CLI::App &command);

  /// Sets outputs, losses and their values in `options`, whose scheme is known;
  /// fails if one is wrong. The model decides on losses that are not given.
  llvm::Error parse(FrontEndOptions &options) const;

private:
  llvm::Error parseOutputs(FrontEndOptions &options) const;
  llvm::Error checkClassAxis(const FrontEndOptions &options) const;
  /// Sets `option` of the losses of `outputs` that have it.
  llvm::Error parseOption(const SharedOption &option,
                          std::vector<TrainedOutput> &outputs) const;

  CLI::App *parser = nullptr;
  std::vector<std::string> outputs;
  std::optional<int64_t> classAxis;
  std::string loss;
  /// Of all losses, by name.
  std::map<std::string, std::string> values;
};

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_OUTPUT_FLAGS_H
