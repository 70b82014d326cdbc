//===- CompileFlags.h - Command-line form of CompileOptions -----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TOOLS_QTC_COMPILE_FLAGS_H
#define QTC_TOOLS_QTC_COMPILE_FLAGS_H

#include "compiler/Pipelines/Compiler.h"
#include "tools/qtc/OutputFlags.h"

#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace qtc::tools {

/// Adds `--batch`, a list.
void addBatches(CLI::App &command, std::vector<int64_t> &batches);

/// `--freeze` and `--layer` as the user writes them.
struct LayerFlags {
  /// Adds the options to `command`.
  void addTo(CLI::App &command);

  /// The settings in the order in which they count; fails if one is wrong.
  llvm::Expected<std::vector<LayerSetting>> parse(const Scheme &scheme) const;

  std::vector<std::string> frozen, layers;
};

/// The options of `qtc compile` as the user writes them.
class CompileFlags {
public:
  /// The command that the options are for. `qtc train` leaves out those that a
  /// trainer has itself and those that produce another file than a trainer.
  enum class Use { Compile, Train };

  /// Adds the options to `command`.
  void addTo(CLI::App &command, Use use);

  /// Fills `options`; fails if an option is wrong.
  llvm::Error parse(CompileOptions &options) const;

  std::string model;
  bool memoryReport = false;

private:
  CLI::Option *addChoice(CLI::App &command, const std::string &name,
                         std::string &target, std::vector<std::string> choices,
                         const std::string &help);
  void addRecipe(CLI::App &command);
  void addModelOptions(CLI::App &command, Use use);
  void addTargetOptions(CLI::App &command);
  void addSchemeOptions(CLI::App &command);
  void addSchemeOption(CLI::App &command, const Scheme &entry,
                       const SchemeOption &option, const std::string &help);
  void addCompilerOptions(CLI::App &command, Use use);
  bool isGiven(llvm::StringRef name) const;
  /// Gives the options of the recipe that are not given, and says so.
  llvm::Error applyRecipe() const;
  /// Fails if an option has no effect with the others.
  llvm::Error checkFit(const CompileOptions &options) const;
  /// Fails if an option is one of another scheme or optimizer.
  llvm::Error checkScheme(const CompileOptions &options) const;
  llvm::Error parseScheme(CompileOptions &options) const;
  llvm::Error parseInput(CompileOptions &options) const;
  llvm::Error parseNormalize(CompileOptions &options) const;
  llvm::Error parseTargets(CompileOptions &options) const;
  llvm::Error parseDevice(CompileOptions &options) const;

  CLI::App *parser = nullptr;
  std::string scheme, optimizer, recipe, init = "onnx";
  OutputFlags outputs;
  std::string normalize = "none";
  std::vector<std::string> inputs = {"pixels"};
  std::string processor = "auto", emit = "trainer";
  std::string target = "cpu";
  std::vector<std::string> devices = {"80"};
  uint64_t seed = 1;
  std::vector<int64_t> batches = {128};
  bool noMicrokernels = false, verifyEach = false, machineCode = false;
  bool assertInteger = true;
  LayerFlags layers;
  /// Scheme options by scheme and name.
  std::map<std::string, std::map<std::string, std::string>> schemeValues;
};

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_COMPILE_FLAGS_H
