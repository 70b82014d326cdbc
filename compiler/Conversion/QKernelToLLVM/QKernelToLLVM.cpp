//===- QKernelToLLVM.cpp - Step functions to the LLVM dialect -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h"
#include "compiler/Support/ModelPass.h"
#include "compiler/Support/Rewriting.h"

#include "runtime/include/qtcrt/Printable.h"

#include "mlir/Analysis/DataLayoutAnalysis.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/Rewrite/PatternApplicator.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

namespace qtc {
#define GEN_PASS_DEF_CONVERTQKERNELTOLLVM
#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h.inc"
} // namespace qtc

#define DEBUG_TYPE "convert-qkernel-to-llvm"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

void qtc::lowerSizes(ModuleOp module) {
  module.walk([](SizeOp size) {
    OpBuilder builder(size);
    size.replaceAllUsesWith(
        builder.create<arith::ConstantIndexOp>(size.getLoc(), size.getValue())
            .getResult());
    size.erase();
  });
}

namespace {

/// Keeps operations that patterns erase, because upstream's patterns are
/// written for the dialect conversion and read such operations: that of a loop
/// with conditions reads the operands of its erased terminator.
class ErasingRewriter : public PatternRewriter {
public:
  using PatternRewriter::PatternRewriter;
  ~ErasingRewriter() override { destroyErased(); }

  void eraseOp(Operation *op) override {
    op->walk([&](Operation *inner) { erased.insert(inner); });
    op->remove();
    removed.push_back(op);
  }

  /// Whether `op` was erased, alone or with an operation around it.
  bool isErased(Operation *op) const { return erased.contains(op); }

  void destroyErased() {
    for (Operation *op : removed)
      op->dropAllReferences();
    for (Operation *op : removed)
      op->destroy();
    removed.clear();
    erased.clear();
  }

private:
  SmallVector<Operation *> removed;
  DenseSet<Operation *> erased;
};

/// Lowers loops and conditions to branches. A loop splits its block, and the
/// operations after it move to a new one. If loops are lowered from the last to
/// the first, every operation of a step moves once. The conversion to LLVM goes
/// the other way: it would move the rest of the step, and record each move, for
/// every loop.
LogicalResult lowerControlFlow(ModuleOp module) {
  RewritePatternSet set(module.getContext());
  populateSCFToControlFlowConversionPatterns(set);
  FrozenRewritePatternSet patterns(std::move(set));
  PatternApplicator applicator(patterns);
  applicator.applyDefaultCostModel();
  ErasingRewriter rewriter(module.getContext());
  // Patterns make simpler loops of some.
  while (true) {
    SmallVector<Operation *> structured;
    module.walk([&](Operation *op) {
      if (op->getNumRegions() > 0 &&
          isa_and_nonnull<scf::SCFDialect>(op->getDialect()))
        structured.push_back(op);
    });
    if (structured.empty())
      return success();
    rewriter.destroyErased();
    for (Operation *op : llvm::reverse(structured)) {
      if (rewriter.isErased(op))
        continue;
      rewriter.setInsertionPoint(op);
      if (failed(applicator.matchAndRewrite(op, rewriter)))
        return op->emitError("cannot be lowered to branches");
    }
  }
}

struct ConvertQKernelToLLVM
    : qtc::impl::ConvertQKernelToLLVMBase<ConvertQKernelToLLVM> {
  using ConvertQKernelToLLVMBase::ConvertQKernelToLLVMBase;

  FunctionNeeds getNeeds() const override { return {/*oneBlock=*/false}; }

  void runOnModel() override {
    ModuleOp module = getOperation();
    const cpu::TargetRecord *target = cpu::lookupTargetRecord(isa);
    if (!target) {
      module.emitError() << "expected an instruction set, but got '" << isa
                         << "'";
      return signalPassFailure();
    }
    lowerSizes(module);
    LowerToLLVMOptions options(&getContext());
    options.useBarePtrCallConv = true;
    LLVMTypeConverter converter(&getContext(), options);
    if (failed(createEntryPoints(module, converter, *target)))
      return signalPassFailure();
    // All tasks are internal; functions that are only declared are elsewhere.
    Attribute internal =
        LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal);
    for (auto task : module.getOps<func::FuncOp>())
      if (!task.isExternal())
        task->setAttr("llvm.linkage", internal);
    if (failed(convert(module, converter)))
      return signalPassFailure();
    createPeakFunction(module, *target, floatPeak);
    setTargetAttributes(module, *target);
    for (auto parameter : llvm::to_vector(module.getOps<qtrain::ParameterOp>()))
      parameter.erase();
  }

  /// Replaces operations without a direct counterpart by simpler ones.
  /// Functions of floats become polynomials without fused products, so that all
  /// instruction sets give the same bits and none needs a library.
  LogicalResult simplify(ModuleOp module) {
    RewritePatternSet set(&getContext());
    memref::populateExpandStridedMetadataPatterns(set);
    populateAffineToStdConversionPatterns(set);
    populateMathPolynomialApproximationPatterns(set);
    populateExpandFmaFPattern(set);
    populateExpandFloorFPattern(set);
    vector::populateVectorBroadcastLoweringPatterns(set);
    vector::populateVectorMaskOpLoweringPatterns(set);
    vector::populateVectorShapeCastLoweringPatterns(set);
    vector::populateVectorInsertExtractStridedSliceTransforms(set);
    return rewriteMatching(module, std::move(set));
  }

  LogicalResult convert(ModuleOp module, LLVMTypeConverter &converter) {
    if (failed(simplify(module)) || failed(lowerControlFlow(module)))
      return failure();
    RewritePatternSet patterns(&getContext());
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMMatrixConversionPatterns(converter, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp>();
    target.addLegalDialect<qtrain::QTrainDialect>();
    target.addIllegalDialect<qkernel::QKernelDialect>();
    return applyPartialConversion(module, target, std::move(patterns));
  }

  /// Whether `function` uses an instruction that not every processor of a
  /// feature set has. Functions without it have the same code for all of them.
  static bool hasDotProduct(LLVM::LLVMFuncOp function) {
    return function
        .walk([](LLVM::CallIntrinsicOp call) {
          return call.getIntrin().contains("vpdpbusd") ? WalkResult::interrupt()
                                                       : WalkResult::advance();
        })
        .wasInterrupted();
  }

  static void setTargetAttributes(ModuleOp module,
                                  const cpu::TargetRecord &target) {
    Builder builder(module.getContext());
    for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
      if (function.isExternal())
        continue;
      function.setTargetCpuAttr(builder.getStringAttr(target.cpu));
      std::string features = hasDotProduct(function) ? target.getAllFeatures()
                                                     : target.features.str();
      if (!features.empty())
        function.setTargetFeaturesAttr(
            LLVM::TargetFeaturesAttr::get(module.getContext(), features));
      Attribute width[] = {builder.getStringAttr("prefer-vector-width"),
                           builder.getStringAttr(target.preferVectorWidth)};
      function.setPassthroughAttr(
          builder.getArrayAttr(builder.getArrayAttr(width)));
    }
  }
};
} // namespace
