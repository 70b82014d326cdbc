//===- QKernelToLLVM.td - Steps to the LLVM dialect --------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_QKERNEL_TO_LLVM_TD
#define QTC_CONVERSION_QKERNEL_TO_LLVM_TD

include "compiler/Support/ModelPass.td"

def ConvertQKernelToLLVM
    : ModelPass<"convert-qkernel-to-llvm"> {
  let summary = "Converts step functions, launches and marks to LLVM";
  let description = [{
    Converts all remaining operations of a step (functions, control flow,
    arithmetic, buffers, vectors) to the LLVM dialect. Buffers are passed as
    bare pointers. A `qkernel.launch` packs its operands into a closure on the
    stack and calls `qtcrt_parallel_for` with a function that unpacks them;
    `qkernel.mark` calls `qtcrt_mark` (runtime/include/qtcrt/abi.h). Numbers
    that are known, and the distances of buffers from the pointers in
    `qtcrt_step`, are not stored in the closure but in a table of the module,
    `@launch_constants`.

    Each step function becomes an entry point `qtc_<isa>_<function>` that has
    the signature `qtcrt_step_function`. It reads the function's arguments from
    `qtcrt_step`, and parameters from their place in the training state. It only
    launches tasks, so it is marked `optnone`. A function `qtc_<isa>_peak` runs
    dot-product instructions on registers, or multiply-adds of floats, to
    measure the peak of the processor. All functions except entry points are
    internal. All functions get the target attributes of the instruction set.
  }];
  let options = [
    Option<"isa", "isa", "std::string", "\"baseline\"",
           "Instruction set: baseline, avx2, avx512, avxvnni or avx512vnni">,
    Option<"floatPeak", "float-peak", "bool", "false",
           "Measure the peak with multiply-adds of floats instead of bytes">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::affine::AffineDialect",
                           "::mlir::cf::ControlFlowDialect"];
}

#endif // QTC_CONVERSION_QKERNEL_TO_LLVM_TD
