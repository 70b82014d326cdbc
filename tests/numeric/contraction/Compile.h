//===- Compile.h - Modules to functions in memory ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The shortest way from kernels on tensors to code that runs: packing, vector
// loops, upstream conversions, LLVM. Parallel loops run in sequence.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TESTS_NUMERIC_CONTRACTION_COMPILE_H
#define QTC_TESTS_NUMERIC_CONTRACTION_COMPILE_H

#include "compiler/Target/CPU/TargetRecord.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace qtc::test {

/// A compiled function @kernel on pointers.
class CompiledKernel {
public:
  /// Calls the function with `arguments`, followed by scratch memory.
  void run(std::vector<void *> arguments);

  /// With CompileOptions::profile: names of the operations, and the processor
  /// time of the last run when each of them had ended, in seconds.
  std::vector<std::string> phases;
  std::vector<double> stamps;

  std::unique_ptr<llvm::orc::LLJIT> jit;
  void *address = nullptr;
  std::vector<std::vector<uint8_t>> scratch;
};

/// Changes to the code, and output of it.
struct CompileOptions {
  bool printLoops = false;
  bool printAssembly = false;
  bool profile = false; ///< take the time after every operation
};

/// Compiles `text` for `target`; null after a diagnostic or if packing left an
/// operation unchanged.
std::unique_ptr<CompiledKernel> compile(mlir::MLIRContext &context,
                                        const std::string &text,
                                        const cpu::TargetRecord &target,
                                        const CompileOptions &options);

/// Processor time of this thread in seconds.
double getThreadSeconds();

/// Registers the dialects that kernels need.
std::unique_ptr<mlir::MLIRContext> createContext();

/// Whether this processor runs code for `target`.
bool isSupported(const cpu::TargetRecord &target);

} // namespace qtc::test

#endif // QTC_TESTS_NUMERIC_CONTRACTION_COMPILE_H
