//===- ChannelSupport.h - Sums and maps by channel --------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_QTRAIN_TO_QKERNEL_CHANNEL_SUPPORT_H
#define QTC_CONVERSION_QTRAIN_TO_QKERNEL_CHANNEL_SUPPORT_H

#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"

namespace qtc {

/// Two tensors [C]: the sums over a channel of the activation or error `value`,
/// which is `a` in memory, and of its products with `b`. Floats are summed in
/// double, integers in 64 bits.
std::pair<mlir::Value, mlir::Value>
createChannelMoments(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                     mlir::Value a, mlir::Value b);

/// The same sums over all elements of tensors of floats in memory: two tensors
/// [1] in double.
std::pair<mlir::Value, mlir::Value>
createTotalMoments(mlir::ImplicitLocOpBuilder &builder, mlir::Value a,
                   mlir::Value b);

/// Extents [rows, channels] of an activation in memory, or [rows, channels,
/// rest] if channels are not innermost.
llvm::SmallVector<int64_t> getChannelShape(mlir::Value activation);

/// Elements of one channel.
int64_t getChannelSize(mlir::Value activation);

/// Returns the elements of several results for the operands' elements.
using ElementsFunction = llvm::function_ref<llvm::SmallVector<mlir::Value>(
    mlir::ImplicitLocOpBuilder &, mlir::ValueRange)>;

/// Computes tensors [C] of `types` elements from tensors [C]. The last of these
/// may be `overwritten` by the last results.
llvm::SmallVector<mlir::Value>
createPerChannel(mlir::ImplicitLocOpBuilder &builder, mlir::ValueRange tensors,
                 llvm::ArrayRef<mlir::Type> types, ElementsFunction elements,
                 size_t overwritten = 0);

/// Applies `element` to the elements of `activations`, seen as `shape`, and the
/// numbers of their channel in each of `vectors`. Returns a tensor of `type`
/// elements in the shape of the activations.
mlir::Value createChannelwise(mlir::ImplicitLocOpBuilder &builder,
                              mlir::ValueRange activations,
                              mlir::ValueRange vectors,
                              llvm::ArrayRef<int64_t> shape, mlir::Type type,
                              ElementFunction element);

/// Replaces `op` by the parts of its results.
void replaceWithAllParts(mlir::PatternRewriter &rewriter, mlir::Operation *op,
                         llvm::ArrayRef<ScaledParts> parts);

} // namespace qtc

#endif // QTC_CONVERSION_QTRAIN_TO_QKERNEL_CHANNEL_SUPPORT_H
