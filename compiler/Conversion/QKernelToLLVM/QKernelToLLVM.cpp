//===- QKernelToLLVM.cpp - Step functions to the LLVM dialect -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h"

#include "mlir/Analysis/DataLayoutAnalysis.h"
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
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/STLExtras.h"

namespace qtc {
#define GEN_PASS_DEF_CONVERTQKERNELTOLLVM
#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h.inc"
} // namespace qtc

#define DEBUG_TYPE "convert-qkernel-to-llvm"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

namespace {

/// Declares a function of the runtime if it is not declared yet.
FlatSymbolRefAttr declareRuntime(OpBuilder &builder, Operation *user,
                                 StringRef name, ArrayRef<Type> arguments) {
  auto module = user->getParentOfType<ModuleOp>();
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    builder.create<LLVM::LLVMFuncOp>(
        user->getLoc(), name,
        LLVM::LLVMFunctionType::get(
            LLVM::LLVMVoidType::get(builder.getContext()), arguments));
  }
  return FlatSymbolRefAttr::get(builder.getContext(), name);
}

/// The operands of a launch travel in a struct on the caller's stack.
struct LowerLaunch : ConvertOpToLLVMPattern<LaunchOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(LaunchOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<Value> values;
    SmallVector<Type> types;
    for (auto [source, value] :
         llvm::zip(op.getArguments(), adaptor.getArguments())) {
      values.push_back(isa<MemRefType>(source.getType())
                           ? MemRefDescriptor(value).alignedPtr(rewriter, loc)
                           : value);
      types.push_back(values.back().getType());
    }
    auto closureType = LLVM::LLVMStructType::getLiteral(getContext(), types);
    FlatSymbolRefAttr entry = createEntry(rewriter, op, closureType, types);

    Type pointer = getVoidPtrType();
    Value closure = createClosure(rewriter, op, closureType);
    for (auto [index, value] : llvm::enumerate(values))
      rewriter.create<LLVM::StoreOp>(
          loc, value, getField(rewriter, loc, closureType, closure, index));
    Value task = rewriter.create<LLVM::AddressOfOp>(loc, pointer, entry);
    Value count =
        createIndexAttrConstant(rewriter, loc, getIndexType(), op.getCount());
    FlatSymbolRefAttr parallelFor =
        declareRuntime(rewriter, op, "qtcrt_parallel_for",
                       {pointer, pointer, pointer, getIndexType()});
    rewriter.create<LLVM::CallOp>(
        loc, TypeRange(), parallelFor,
        ValueRange{adaptor.getExecutor(), task, closure, count});
    rewriter.eraseOp(op);
    return success();
  }

  /// Space on the stack. At the start of the function, as only allocations
  /// there have a fixed place.
  Value createClosure(ConversionPatternRewriter &rewriter, LaunchOp op,
                      Type type) const {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToStart(&op->getParentRegion()->front());
    Value one =
        createIndexAttrConstant(rewriter, op.getLoc(), getIndexType(), 1);
    return rewriter.create<LLVM::AllocaOp>(op.getLoc(), getVoidPtrType(), type,
                                           one);
  }

  static Value getField(OpBuilder &builder, Location loc, Type type,
                        Value closure, size_t index) {
    return builder.create<LLVM::GEPOp>(
        loc, closure.getType(), type, closure,
        ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(index)});
  }

  /// The function that the runtime calls: unpacks the closure.
  FlatSymbolRefAttr createEntry(ConversionPatternRewriter &rewriter,
                                LaunchOp op, LLVM::LLVMStructType closureType,
                                ArrayRef<Type> types) const {
    OpBuilder::InsertionGuard guard(rewriter);
    auto module = op->getParentOfType<ModuleOp>();
    rewriter.setInsertionPointToEnd(module.getBody());
    Location loc = op.getLoc();
    Type pointer = getVoidPtrType(), index = getIndexType();
    std::string name = (op.getTask() + "_entry").str();
    // Launches of one task share it.
    if (module.lookupSymbol(name))
      return FlatSymbolRefAttr::get(getContext(), name);
    auto entry = rewriter.create<LLVM::LLVMFuncOp>(
        loc, name,
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(getContext()),
                                    {pointer, index, index, index}),
        LLVM::Linkage::Internal);
    Block *body = entry.addEntryBlock(rewriter);
    rewriter.setInsertionPointToStart(body);
    SmallVector<Value> arguments{body->getArgument(1), body->getArgument(2)};
    for (auto [position, type] : llvm::enumerate(types))
      arguments.push_back(rewriter.create<LLVM::LoadOp>(
          loc, type,
          getField(rewriter, loc, closureType, body->getArgument(0),
                   position)));
    rewriter.create<LLVM::CallOp>(loc, TypeRange(), op.getTaskAttr(),
                                  arguments);
    rewriter.create<LLVM::ReturnOp>(loc, ValueRange());
    return FlatSymbolRefAttr::get(getContext(), name);
  }
};

struct LowerMark : ConvertOpToLLVMPattern<MarkOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult
  matchAndRewrite(MarkOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FlatSymbolRefAttr mark = declareRuntime(rewriter, op, "qtcrt_mark",
                                            {getVoidPtrType(), getIndexType()});
    Value index = createIndexAttrConstant(rewriter, op.getLoc(), getIndexType(),
                                          op.getIndex());
    rewriter.create<LLVM::CallOp>(op.getLoc(), TypeRange(), mark,
                                  ValueRange{adaptor.getExecutor(), index});
    rewriter.eraseOp(op);
    return success();
  }
};

/// Where the arguments of a step function come from.
ArgumentSources getSources(func::FuncOp function) {
  ArgumentSources sources;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    if (auto symbol = function.getArgAttrOfType<FlatSymbolRefAttr>(
            i, qtrain::QTrainDialect::kParameterAttrName))
      sources.push_back(("@" + symbol.getValue()).str());
    else if (auto kind = function.getArgAttrOfType<StringAttr>(
                 i, qtrain::QTrainDialect::kArgumentAttrName))
      sources.push_back(kind.getValue().str());
    else
      sources.push_back("unknown");
  }
  return sources;
}

struct ConvertQKernelToLLVM
    : qtc::impl::ConvertQKernelToLLVMBase<ConvertQKernelToLLVM> {
  using ConvertQKernelToLLVMBase::ConvertQKernelToLLVMBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    const cpu::TargetRecord *target = cpu::lookupTargetRecord(isa);
    if (!target) {
      module.emitError() << "expected an instruction set, but got '" << isa
                         << "'";
      return signalPassFailure();
    }
    SmallVector<std::pair<std::string, ArgumentSources>> steps;
    for (auto function : module.getOps<func::FuncOp>()) {
      if (!function.isPrivate())
        steps.emplace_back(function.getSymName().str(), getSources(function));
      stripAttributes(function);
    }
    if (failed(convert(module)))
      return signalPassFailure();
    for (auto &[name, sources] : steps)
      if (failed(createEntryPoint(module,
                                  module.lookupSymbol<LLVM::LLVMFuncOp>(name),
                                  sources, *target)))
        return signalPassFailure();
    createPeakFunction(module, *target, floatPeak);
    setTargetAttributes(module, *target);
    for (auto parameter : llvm::to_vector(module.getOps<qtrain::ParameterOp>()))
      parameter.erase();
  }

  /// Attributes of our dialects mean nothing to LLVM functions. All step
  /// functions and tasks are internal, what is only declared is elsewhere.
  static void stripAttributes(func::FuncOp function) {
    if (function.isExternal())
      return;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      function.removeArgAttr(i, qtrain::QTrainDialect::kParameterAttrName);
      function.removeArgAttr(i, qtrain::QTrainDialect::kArgumentAttrName);
    }
    function->removeAttr("qkernel.profile");
    function->setAttr(
        "llvm.linkage",
        LLVM::LinkageAttr::get(function.getContext(), LLVM::Linkage::Internal));
  }

  /// Operations without a direct counterpart become simpler ones. Functions of
  /// floats become polynomials without fused products, so that all instruction
  /// sets give the same bits and none needs a library.
  LogicalResult simplify(ModuleOp module) {
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns);
    populateExpandFmaFPattern(patterns);
    populateExpandFloorFPattern(patterns);
    vector::populateVectorBroadcastLoweringPatterns(patterns);
    vector::populateVectorMaskOpLoweringPatterns(patterns);
    vector::populateVectorShapeCastLoweringPatterns(patterns);
    vector::populateVectorInsertExtractStridedSliceTransforms(patterns);
    return applyPatternsAndFoldGreedily(module, std::move(patterns));
  }

  LogicalResult convert(ModuleOp module) {
    if (failed(simplify(module)))
      return failure();
    LowerToLLVMOptions options(&getContext());
    options.useBarePtrCallConv = true;
    LLVMTypeConverter converter(&getContext(), options);
    RewritePatternSet patterns(&getContext());
    populateSCFToControlFlowConversionPatterns(patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMMatrixConversionPatterns(converter, patterns);
    patterns.add<LowerLaunch, LowerMark>(converter);
    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp>();
    target.addLegalDialect<qtrain::QTrainDialect>();
    return applyPartialConversion(module, target, std::move(patterns));
  }

  static void setTargetAttributes(ModuleOp module,
                                  const cpu::TargetRecord &target) {
    Builder builder(module.getContext());
    for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
      if (function.isExternal())
        continue;
      function.setTargetCpuAttr(builder.getStringAttr(target.cpu));
      if (!target.features.empty())
        function.setTargetFeaturesAttr(LLVM::TargetFeaturesAttr::get(
            module.getContext(), target.features));
      Attribute width[] = {builder.getStringAttr("prefer-vector-width"),
                           builder.getStringAttr(target.preferVectorWidth)};
      function.setPassthroughAttr(
          builder.getArrayAttr(builder.getArrayAttr(width)));
    }
  }
};
} // namespace
