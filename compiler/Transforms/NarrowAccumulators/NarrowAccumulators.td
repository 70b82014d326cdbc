//===- NarrowAccumulators.td - Accumulators of 16 bits -----*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_NARROW_ACCUMULATORS_TD
#define QTC_TRANSFORMS_NARROW_ACCUMULATORS_TD

include "compiler/Support/ModelPass.td"

def NarrowAccumulators
    : FunctionPass<"qkernel-narrow-accumulators"> {
  let summary = "Stores accumulators that are rounded to 8 bits in 16 bits";
  let description = [{
    A requantization to 8 bits discards W − 7 bits, where W are the magnitude
    bits of the largest accumulator, so only the bits from W − 8 on of each
    accumulator matter. If a requantization is the only user of the result of a
    `qkernel.contract`, the result is stored in its narrow form of 16 bits,
    which contains these bits and allows a range of shifts. This halves the
    bytes to write and to read. Sums, the maximum and the rounded result are
    unchanged, bit for bit.

    The pattern does not depend on the exponents of the scheme. It requires that
    the shift is max(W − 7, 0) of the same maximum, that the rounding is to
    nearest and that the result has 8 bits.

    Before:

    ```mlir
    %acc, %max = qkernel.contract ... -> tensor<64x16xi32>, tensor<i32>
    %m = tensor.extract %max[] : tensor<i32>
    %w = qkernel.magnitude_bits %m : (i32) -> i32
    %over = arith.subi %w, %c7 : i32
    %n = arith.maxsi %over, %c0 : i32
    %q = linalg.generic ... ins(%acc : tensor<64x16xi32>) ... {
    ^bb0(%a: i32, %out: i8):
      %r = qkernel.round_shift %a by %n to 8 bits : (i32, i32) -> i32
      ...
    ```

    After:

    ```mlir
    %acc, %max, %shift = qkernel.contract ...
      -> tensor<64x16xi16>, tensor<i32>, tensor<i32>
    ...
    %k = tensor.extract %shift[] : tensor<i32>
    %rest = arith.subi %n, %k : i32
    %q = linalg.generic ... ins(%acc : tensor<64x16xi16>) ... {
    ^bb0(%a: i16, %out: i8):
      %r = qkernel.round_shift %a by %rest to 8 bits : (i16, i32) -> i16
      %wide = arith.extsi %r : i16 to i32
      ...
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect",
    "::qtc::qkernel::QKernelDialect"];
  let statistics = [Statistic<"numNarrowed", "contractions-narrowed",
      "Contractions whose accumulators became narrow">];
}

#endif // QTC_TRANSFORMS_NARROW_ACCUMULATORS_TD
