//===- LaunchBuilder.h - Shorthand for kernels ------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACTTOGPU_LAUNCHBUILDER_H
#define QTC_CONVERSION_CONTRACTTOGPU_LAUNCHBUILDER_H

#include "compiler/Target/CUDA/TargetRecord.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace qtc {

/// Builds a launch of one-dimensional blocks whose threads share memory. On
/// devices without asynchronous copies these go through registers at once.
class LaunchBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<mlir::Value>;

  /// Begins the launch that replaces `op`, and continues inside it. The shared
  /// memory belongs to the kernel or, if it is more than kernels may have, is
  /// requested by the launch.
  LaunchBuilder(mlir::OpBuilder &builder, mlir::Operation *op,
                const cuda::TargetRecord &target, int64_t blocks,
                int64_t threads, int64_t sharedBytes);

  Value getBlock() { return launch.getBlockIds().x; }
  Value getThread() { return launch.getThreadIds().x; }
  /// The shared memory, bytes, and its address: in kernels with matrix
  /// descriptors a multiple of kPatternBytes.
  Value getShared() { return shared; }
  Value getSharedAddress() { return sharedAddress; }

  Value index(int64_t value);
  Value integer(int64_t value);
  // Arithmetic on indices.
  Value add(Value x, Value y);
  Value add(Value x, int64_t y);
  Value mul(Value x, int64_t y);
  Value div(Value x, int64_t y);
  Value rem(Value x, int64_t y);
  Value isLess(Value x, Value y);
  /// The conjunction; null is true.
  Value both(Value x, Value y);

  /// Starts to copy 16 bytes to byte `to` of the shared memory, from `source`
  /// at `from`; or zeros unless `exists` (null: always). They bypass the L1
  /// cache unless `isCached`.
  void copyAsync(Value source, Values from, Value to, Value exists,
                 bool isCached = false);
  /// Makes one group of the copies since the last group.
  void commit();
  /// Waits until at most `pending` groups are under way, then for the other
  /// threads. The copied data are visible to them, and to descriptors if
  /// `throughDescriptors`.
  void waitForCopies(int64_t pending, bool throughDescriptors = false);

  /// Bytes of an asynchronous copy.
  static constexpr int64_t kCopyBytes = 16;

private:
  void shareDynamically(mlir::MemRefType type);

  const cuda::TargetRecord &target;
  /// Copies that belong to no group yet, and the last group.
  Values copies;
  Value newest;
  Value shared, sharedAddress;
  mlir::gpu::LaunchOp launch;
};

} // namespace qtc

#endif // QTC_CONVERSION_CONTRACTTOGPU_LAUNCHBUILDER_H
