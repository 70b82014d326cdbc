//===- AssignLayouts.cpp - Memory layouts of values -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/AssignLayouts/AssignLayouts.h"
#include "compiler/Support/ModelPass.h"

#include "llvm/ADT/STLExtras.h"

namespace qtc {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "compiler/Transforms/AssignLayouts/AssignLayouts.h.inc"
} // namespace qtc

#define DEBUG_TYPE "qtrain-assign-layouts"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

/// The same type with channels innermost, if it has rank 4.
static Type getChannelsLast(Type type) {
  auto scaled = dyn_cast<ScaledType>(type);
  auto tensor =
      scaled ? scaled.getMantissa() : dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() != 4)
    return type;
  auto laidOut =
      RankedTensorType::get(tensor.getShape(), tensor.getElementType(),
                            ChannelsLastAttr::get(type.getContext()));
  return scaled ? Type(ScaledType::get(type.getContext(), laidOut)) : laidOut;
}

/// True when `value` is an argument that is not a parameter.
static bool isInput(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return false;
  auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
  return getRole(function, argument.getArgNumber()).has_value();
}

/// A float input has ONNX's layout in memory, so its elements move.
static void moveInput(ComposeOp compose) {
  Type type = getChannelsLast(compose.getType());
  if (type == compose.getType())
    return;
  OpBuilder builder(compose);
  builder.setInsertionPointAfter(compose);
  auto moved = builder.create<ReshapeOp>(compose.getLoc(), type, compose);
  compose.getResult().replaceAllUsesExcept(moved, moved);
}

/// The results of `op` that are shaped like parameters; `weightLike` holds all
/// earlier ones.
static ResultRange getWeightLikeResults(Operation &op,
                                        const DenseSet<Value> &weightLike) {
  auto layout = dyn_cast<LayoutOpInterface>(op);
  if (!layout)
    return op.getResults().take_front(0);
  return layout.getParameterResults(op.getNumOperands() > 0 &&
                                    weightLike.contains(op.getOperand(0)));
}

namespace {
struct AssignLayouts : qtc::impl::AssignLayoutsBase<AssignLayouts> {
  void runOnFunction() override {
    // Parameters, their gradients, and values computed only from these.
    DenseSet<Value> weightLike(getOperation().getArguments().begin(),
                               getOperation().getArguments().end());
    Block &body = getOperation().getBody().front();
    for (Operation &op : llvm::make_early_inc_range(body)) {
      if (!isa_and_nonnull<QTrainDialect>(op.getDialect()) ||
          isa<DecomposeOp>(op))
        continue;
      if (auto compose = dyn_cast<ComposeOp>(op);
          compose && isInput(compose.getMantissas())) {
        moveInput(compose);
        continue;
      }
      for (Value result : getWeightLikeResults(op, weightLike))
        weightLike.insert(result);
      for (Value result : op.getResults())
        if (!weightLike.contains(result))
          result.setType(getChannelsLast(result.getType()));
    }
  }
};
} // namespace
