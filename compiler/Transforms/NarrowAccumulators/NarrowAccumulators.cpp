//===- NarrowAccumulators.cpp - Accumulators of 16 bits -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/NarrowAccumulators/NarrowAccumulators.h"
#include "compiler/Support/Buffers.h"
#include "compiler/Support/ModelPass.h"

#include "dialect/QKernel/IR/QKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

namespace qtc {
#define GEN_PASS_DEF_NARROWACCUMULATORS
#include "compiler/Transforms/NarrowAccumulators/NarrowAccumulators.h.inc"
} // namespace qtc

#define DEBUG_TYPE "qkernel-narrow-accumulators"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

namespace {

/// The operations from a contraction's accumulators to their rounding.
struct Requantization {
  SmallVector<Operation *, 2> reshapes; ///< between contraction and loop
  linalg::GenericOp loop;
  BlockArgument element;
};

/// Follows accumulators to the loop that is their only user.
std::optional<Requantization> findLoop(Value accumulators) {
  Requantization found;
  while (accumulators.hasOneUse()) {
    OpOperand &use = *accumulators.getUses().begin();
    Operation *user = use.getOwner();
    if (isReshape(user)) {
      found.reshapes.push_back(user);
      accumulators = user->getResult(0);
      continue;
    }
    found.loop = dyn_cast<linalg::GenericOp>(user);
    if (!found.loop || !found.loop.isDpsInput(&use))
      return std::nullopt;
    found.element = found.loop.getMatchingBlockArgument(&use);
    return found;
  }
  return std::nullopt;
}

/// Whether `shift` is max(W − 7, 0) of `maximum`.
bool isShiftToEightBits(Value shift, Value maximum) {
  auto clamped = shift.getDefiningOp<arith::MaxSIOp>();
  if (!clamped || !matchPattern(clamped.getRhs(), m_Zero()))
    return false;
  auto difference = clamped.getLhs().getDefiningOp<arith::SubIOp>();
  APInt bits;
  if (!difference || !matchPattern(difference.getRhs(), m_ConstantInt(&bits)) ||
      bits != 7)
    return false;
  auto magnitude = difference.getLhs().getDefiningOp<MagnitudeBitsOp>();
  auto scalar = magnitude
                    ? magnitude.getMaximum().getDefiningOp<tensor::ExtractOp>()
                    : tensor::ExtractOp();
  return scalar && scalar.getTensor() == maximum;
}

/// Whether every use of an element rounds it to 8 bits by `maximum`.
bool isRoundedOnly(BlockArgument element, Value maximum) {
  return !element.use_empty() &&
         llvm::all_of(element.getUses(), [&](OpOperand &use) {
           auto round = dyn_cast<RoundShiftOp>(use.getOwner());
           return round && use.get() == round.getElement() &&
                  round.getBits() == 8 &&
                  isShiftToEightBits(round.getShift(), maximum);
         });
}

Type narrowType(Type type) {
  return cast<RankedTensorType>(type).clone(
      IntegerType::get(type.getContext(), 16));
}

/// The contraction with narrow accumulators; the old one's maximum is replaced.
ContractOp narrowContraction(ContractOp op, IRRewriter &rewriter) {
  rewriter.setInsertionPoint(op);
  auto type = cast<RankedTensorType>(narrowType(op->getResultTypes()[0]));
  Location loc = op.getLoc();
  Value accumulators = rewriter.create<tensor::EmptyOp>(loc, type.getShape(),
                                                        type.getElementType());
  Value shift = rewriter.create<tensor::EmptyOp>(loc, ArrayRef<int64_t>(),
                                                 rewriter.getI32Type());
  auto narrow = rewriter.create<ContractOp>(
      loc, op.getA(), op.getB(), op.getStart(), op.getBias(), accumulators,
      op.getMaximum(), shift, op.getContraction(), op.getPhasesAttr());
  narrow->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.replaceAllUsesWith(op->getResult(1), narrow->getResult(1));
  return narrow;
}

/// Makes a loop round elements of 16 bits, whose lowest `shift` bits are gone.
void narrowLoop(Requantization &where, Value accumulators, Value shift,
                IRRewriter &rewriter) {
  linalg::GenericOp loop = where.loop;
  for (Operation *reshape : where.reshapes) {
    rewriter.setInsertionPoint(reshape);
    IRMapping mapping;
    mapping.map(reshape->getOperand(0), accumulators);
    Operation *copy = rewriter.clone(*reshape, mapping);
    copy->getResult(0).setType(narrowType(copy->getResult(0).getType()));
    accumulators = copy->getResult(0);
  }
  rewriter.setInsertionPoint(loop);
  Value gone = rewriter.create<tensor::ExtractOp>(loop.getLoc(), shift);
  rewriter.modifyOpInPlace(loop, [&] {
    loop->setOperand(where.element.getArgNumber(), accumulators);
    where.element.setType(rewriter.getI16Type());
  });
  for (Operation *user : llvm::to_vector(where.element.getUsers())) {
    auto round = cast<RoundShiftOp>(user);
    Location loc = round.getLoc();
    rewriter.setInsertionPoint(loop);
    Value rest = rewriter.create<arith::SubIOp>(loc, round.getShift(), gone);
    rewriter.setInsertionPoint(round);
    Value narrow = rewriter.create<RoundShiftOp>(
        loc, rewriter.getI16Type(), where.element, rest, round.getBits());
    rewriter.replaceOpWithNewOp<arith::ExtSIOp>(round, rewriter.getI32Type(),
                                                narrow);
  }
}

struct NarrowAccumulators
    : qtc::impl::NarrowAccumulatorsBase<NarrowAccumulators> {
  void runOnFunction() override {
    IRRewriter rewriter(&getContext());
    for (auto op : llvm::to_vector(
             getOperation().getBody().front().getOps<ContractOp>())) {
      if (op->getNumResults() != 2)
        continue;
      std::optional<Requantization> where = findLoop(op->getResult(0));
      if (!where || !isRoundedOnly(where->element, op->getResult(1)))
        continue;
      ContractOp narrow = narrowContraction(op, rewriter);
      narrowLoop(*where, narrow->getResult(0), narrow->getResult(2), rewriter);
      for (Operation *reshape : llvm::reverse(where->reshapes))
        rewriter.eraseOp(reshape);
      rewriter.eraseOp(op);
      ++numNarrowed;
    }
  }
};
} // namespace
