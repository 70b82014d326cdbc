//===- KernelEffectsTest.cpp - Buffers that kernels read and write --------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// No pass of the pipelines shows these effects: passes that move or remove
// stores, which would rely on them, run after kernels have become loops.
//
//===----------------------------------------------------------------------===//

#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace qtc;

/// The effects on the operands of the kernel `text`, in their order: "r", "w"
/// or "rw".
static std::string show(const std::string &arguments, const std::string &text) {
  DialectRegistry registry;
  registry.insert<func::FuncDialect, qkernel::QKernelDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  auto module = parseSourceString<ModuleOp>(
      "func.func @f(" + arguments + ") {\n" + text + "\nreturn }", &context);
  std::string result;
  if (!module)
    return "invalid";
  module->walk([&](MemoryEffectOpInterface op) {
    if (!isa<qkernel::QKernelDialect>(op->getDialect()))
      return;
    for (Value operand : op->getOperands()) {
      result += result.empty() ? "" : " ";
      if (op.getEffectOnValue<MemoryEffects::Read>(operand))
        result += "r";
      if (op.getEffectOnValue<MemoryEffects::Write>(operand))
        result += "w";
    }
  });
  return result;
}

static std::string showContract(const std::string &type,
                                const std::string &more) {
  return show("%a: memref<4160xi8>, %b: memref<4096xi8>, %acc: memref<64x16x" +
                  type + ">, %max: memref<i32>, %shift: memref<i32>",
              "qkernel.contract ins(%a, %b : memref<4160xi8>, memref<4096xi8>) "
              "outs(%acc, %max" +
                  std::string(more.empty() ? "" : ", %shift") +
                  " : memref<64x16x" + type + ">, memref<i32>" + more +
                  ") {contraction = #qkernel.contraction<rows = [64] strides "
                  "[64], steps = [16] a [4] b [64], columns = 16 panel 16 "
                  "stride 1024>}");
}

static std::string showMapped(const std::string &outs,
                              const std::string &more) {
  return show(
      "%a: memref<8x6x6x32xi8>, %b: memref<64x3x3x32xi8>, "
      "%acc: memref<8x6x6x64xi32>, %max: memref<i32>",
      "qkernel.mapped_contract ins(%a, %b : memref<8x6x6x32xi8>, "
      "memref<64x3x3x32xi8>) outs(" +
          outs + ") {rows = array<i64: 8, 6, 6>, columns = 64 : i64, " + more +
          "steps = array<i64: 3, 3, 2>, a_map = affine_map<(n, h, w, kh, kw, "
          "c) -> (n, h + kh - 1, w + kw - 1, c * 16)>, b_map = "
          "affine_map<(o, kh, kw, c) -> (o, kh, kw, c * 16)>, result_map = "
          "affine_map<(n, h, w, o) -> (n, h, w, o)>}");
}

TEST(KernelEffects, KernelsOverwriteTheirDestinations) {
  EXPECT_EQ(showContract("i32", ""), "r r w w");
  EXPECT_EQ(showMapped("%acc : memref<8x6x6x64xi32>", ""), "r r w");
}

TEST(KernelEffects, NarrowContractTriesTheOldShift) {
  EXPECT_EQ(showContract("i16", ", memref<i32>"), "r r w w rw");
}

TEST(KernelEffects, MappedContractAddsToItsDestination) {
  EXPECT_EQ(showMapped("%acc : memref<8x6x6x64xi32>", "accumulate, "),
            "r r rw");
}

TEST(KernelEffects, MappedContractRaisesItsMaximum) {
  EXPECT_EQ(showMapped("%acc, %max : memref<8x6x6x64xi32>, memref<i32>", ""),
            "r r w rw");
}
