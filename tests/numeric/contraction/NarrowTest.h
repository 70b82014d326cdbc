//===- NarrowTest.h - Accumulators of 16 bits -------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TESTS_NUMERIC_CONTRACTION_NARROWTEST_H
#define QTC_TESTS_NUMERIC_CONTRACTION_NARROWTEST_H

#include "compiler/Target/CPU/TargetRecord.h"
#include "mlir/IR/MLIRContext.h"

namespace qtc::test {

struct TestCounts {
  int passed = 0, failed = 0;
};

/// Compiles a contraction with narrow accumulators for `target` and compares
/// the stored values with their definition, for sums of many magnitudes and for
/// any initial shift.
TestCounts testNarrowAccumulators(mlir::MLIRContext &context,
                                  const cpu::TargetRecord &target);

} // namespace qtc::test

#endif // QTC_TESTS_NUMERIC_CONTRACTION_NARROWTEST_H
