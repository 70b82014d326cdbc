//===- Emitter.h - Short forms for writing loops ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A builder with the few operations that the lowerings of packed kernels use.
// Buffers are flat; addresses are element indices.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACTTOVECTOR_EMITTER_H
#define QTC_CONVERSION_CONTRACTTOVECTOR_EMITTER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace qtc {

using Values = llvm::SmallVector<mlir::Value>;

/// A number that indices are divided by.
struct Divisor {
  mlir::Value value;
  /// r = ⌊2^63 / value⌋ + 1, or null. Then ⌊i / value⌋ = ⌊i · r / 2^63⌋ for an
  /// index i below 2^31 (Lemire, Kaser and Kurz, Faster remainder by direct
  /// computation, 2019, section 3.1).
  mlir::Value reciprocal;
};

/// The distance of two iterations, and the value that has it in the code.
struct Stride {
  int64_t number;
  mlir::Value value;
};

class Emitter : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  /// A number that equal code may be shared for, see `qkernel.size`.
  mlir::Value size(int64_t value);
  /// A size of at least 1 to divide indices below `bound` by; a constant if the
  /// indices are too large.
  Divisor divisor(int64_t value, int64_t bound);
  /// Index arithmetic; constants are folded.
  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value add(mlir::Value lhs, int64_t rhs);
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs);
  mlir::Value sub(mlir::Value lhs, int64_t rhs);
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, int64_t rhs);
  mlir::Value div(mlir::Value lhs, int64_t rhs);
  mlir::Value rem(mlir::Value lhs, int64_t rhs);
  mlir::Value min(mlir::Value lhs, mlir::Value rhs);
  mlir::Value min(mlir::Value lhs, int64_t rhs);
  mlir::Value equal(mlir::Value lhs, mlir::Value rhs);
  mlir::Value equal(mlir::Value lhs, int64_t rhs);
  mlir::Value less(mlir::Value lhs, mlir::Value rhs);
  mlir::Value less(mlir::Value lhs, int64_t rhs);

  /// `value` as a mixed-radix number with digits below `extents`, the most
  /// significant digit first. `value` is below their product.
  Values delinearize(mlir::Value value, llvm::ArrayRef<Divisor> extents);
  Values delinearize(mlir::Value value, llvm::ArrayRef<int64_t> extents);

  /// Vectors of integers, all of whose lanes are `value`.
  mlir::VectorType vectorType(int64_t lanes, unsigned bits);
  mlir::Value splat(int64_t lanes, unsigned bits, int64_t value);
  /// 0 of any type.
  mlir::Value zero(mlir::Type type);
  /// The sum of two vectors of integers or of floats.
  mlir::Value addLanes(mlir::Value lhs, mlir::Value rhs);

  /// The buffer with one dimension.
  mlir::Value flatten(mlir::Value buffer);
  mlir::Value load(mlir::Value flat, mlir::Value offset, int64_t lanes);
  void store(mlir::Value vector, mlir::Value flat, mlir::Value offset);
  /// Only the first `used` of `lanes` lanes; the other ones are 0.
  mlir::Value loadPart(mlir::Value flat, mlir::Value offset, int64_t lanes,
                       int64_t used);
  void storePart(mlir::Value vector, mlir::Value flat, mlir::Value offset,
                 int64_t used);

  /// |value|, by lanes.
  mlir::Value magnitude(mlir::Value value);
  /// The larger one of `maximum` and the magnitude of `value`, by lanes.
  mlir::Value maxMagnitude(mlir::Value maximum, mlir::Value value);
  /// The sum of accumulators and a bias; integers are clamped to ±2^30.
  mlir::Value addBias(mlir::Value accumulators, mlir::Value bias);
  /// Sets a buffer of rank 0 to 0.
  void clear(mlir::Value scalar);
  /// Raises a buffer of rank 0 to the largest lane of `maximum`; tasks may do
  /// so at the same time.
  void atomicMaximum(mlir::Value maximum, mlir::Value scalar);

  /// A loop that carries `init` and returns its last values. If it runs once,
  /// no loop is built.
  Values loop(mlir::Value lower, mlir::Value upper, mlir::Value step,
              mlir::ValueRange init,
              llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> body);
  Values loop(mlir::Value lower, mlir::Value upper, int64_t step,
              mlir::ValueRange init,
              llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> body);
  /// A loop whose body gets `offsets`, each of which has advanced by its stride
  /// times the iteration's number. They are carried: code generation does not
  /// look for multiplications that could be additions.
  Values
  advance(mlir::Value lower, mlir::Value upper,
          llvm::ArrayRef<mlir::Value> offsets, llvm::ArrayRef<Stride> strides,
          mlir::ValueRange init,
          llvm::function_ref<Values(mlir::ValueRange, mlir::ValueRange)> body);
  /// A loop that carries nothing.
  void loop(int64_t lower, int64_t upper, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);
  /// `body(init)` if `condition` holds, `init` otherwise.
  Values when(mlir::Value condition, mlir::ValueRange init,
              llvm::function_ref<Values(mlir::ValueRange)> body);
  /// One of the two bodies.
  void branch(mlir::Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise);
  /// `body(i, index − start of part i)` where [0, Σ extents) consists of parts
  /// of these extents and `index` lies in part i.
  void choosePart(mlir::Value index, llvm::ArrayRef<mlir::Value> extents,
                  llvm::function_ref<void(size_t, mlir::Value)> body);
  /// A parallel loop over [0, count) with the profile attributes of `source`,
  /// which may be null.
  void parallel(mlir::Operation *source, int64_t count,
                llvm::function_ref<void(mlir::Value)> body);

private:
  mlir::Value quotient(mlir::Value value, const Divisor &divisor);

  /// Number of sizes.
  int64_t sizes = 0;
};

} // namespace qtc

#endif // QTC_CONVERSION_CONTRACTTOVECTOR_EMITTER_H
