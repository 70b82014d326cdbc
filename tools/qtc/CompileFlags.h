//===- CompileFlags.h - Command-line form of CompileOptions -----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TOOLS_QTC_COMPILE_FLAGS_H
#define QTC_TOOLS_QTC_COMPILE_FLAGS_H

#include "compiler/Pipelines/Compiler.h"

#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace qtc::tools {

/// `--loss` and the options of all losses as the user writes them.
class LossFlags {
public:
  /// Adds the options to `command`.
  void addTo(CLI::App &command);

  /// Sets loss and values in `options`, whose scheme is known; fails if one is
  /// wrong. Without any of the options, the model decides.
  llvm::Error parse(FrontEndOptions &options) const;

private:
  /// Sets `option` in `target` to what the user gives as `flag`.
  llvm::Error readValue(const std::string &flag, llvm::StringRef option,
                        OptionValues &target) const;

  CLI::App *parser = nullptr;
  std::string loss;
  /// Of all losses, by name.
  std::map<std::string, std::string> values;
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
  void addModelOptions(CLI::App &command, Use use);
  void addTargetOptions(CLI::App &command);
  void addSchemeOptions(CLI::App &command);
  void addSchemeOption(CLI::App &command, const Scheme &entry,
                       const SchemeOption &option, const std::string &help);
  void addCompilerOptions(CLI::App &command, Use use);
  bool isGiven(llvm::StringRef name) const;
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
  std::string scheme, optimizer, init = "onnx";
  LossFlags loss;
  std::string input = "pixels", normalize = "none";
  std::string processor = "auto", emit = "trainer";
  std::string target = "cpu";
  std::vector<std::string> devices = {"80"};
  uint64_t seed = 1;
  int64_t batch = 128;
  bool noMicrokernels = false, verifyEach = false, machineCode = false;
  bool assertInteger = true;
  /// Scheme options by scheme and name.
  std::map<std::string, std::map<std::string, std::string>> schemeValues;
};

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_COMPILE_FLAGS_H
