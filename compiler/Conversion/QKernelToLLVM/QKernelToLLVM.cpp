//===- QKernelToLLVM.cpp - Step functions to the LLVM dialect -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h"
#include "compiler/Support/ModelPass.h"

#include "runtime/include/qtcrt/Printable.h"

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
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/Rewrite/PatternApplicator.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
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

namespace {

constexpr llvm::StringLiteral kParallelFor = "qtcrt_parallel_for";
constexpr llvm::StringLiteral kMark = "qtcrt_mark";

std::string getEntryName(StringRef task) { return (task + "_entry").str(); }

Value getClosureField(OpBuilder &builder, Location loc, Type type,
                      Value closure, size_t index) {
  return builder.create<LLVM::GEPOp>(
      loc, closure.getType(), type, closure,
      ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(index)});
}

/// Parts that launches share. They are made before launches are converted,
/// because looking up a symbol takes time for each function of a module.
class LaunchSupport {
public:
  LaunchSupport(ModuleOp module, const LLVMTypeConverter &converter)
      : module(module), converter(converter), layout(module),
        builder(module.getContext()),
        pointer(LLVM::LLVMPointerType::get(module.getContext())) {}

  /// Whether a launch can be turned into a call: a function has its closure on
  /// the stack, whose fields have types of LLVM.
  LogicalResult check() {
    WalkResult result = module.walk([&](LaunchOp launch) {
      bool isConvertible =
          llvm::all_of(launch.getArguments().getTypes(), [&](Type type) {
            Type converted = converter.convertType(type);
            return converted &&
                   LLVM::LLVMStructType::isValidElementType(
                       isa<MemRefType>(type) ? pointer : converted);
          });
      if (launch->getParentOfType<func::FuncOp>() && isConvertible)
        return WalkResult::advance();
      launch.emitError("expected a launch in the body of a function, of types "
                       "that LLVM has");
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  /// Declares the functions of the runtime, defines the entry function of every
  /// task, and gives every function that launches tasks space for closures.
  void build() {
    SmallVector<LaunchOp> launches;
    bool hasMarks = false;
    module.walk([&](Operation *op) {
      hasMarks |= isa<MarkOp>(op);
      if (auto launch = dyn_cast<LaunchOp>(op))
        launches.push_back(launch);
    });
    Type index = converter.getIndexType();
    if (hasMarks)
      declare(kMark, {pointer, index});
    if (!launches.empty())
      declare(kParallelFor, {pointer, pointer, pointer, index});
    llvm::StringSet<> known;
    for (LaunchOp launch : launches)
      if (known.insert(launch.getTask()).second)
        defineEntry(launch);
    reserveClosures(launches);
  }

  Value getClosure(LaunchOp launch) const { return closures.lookup(launch); }

  /// Buffers are passed by their addresses.
  LLVM::LLVMStructType getClosureType(LaunchOp launch) const {
    SmallVector<Type> types;
    for (Type type : launch.getArguments().getTypes())
      types.push_back(isa<MemRefType>(type) ? pointer
                                            : converter.convertType(type));
    return LLVM::LLVMStructType::getLiteral(pointer.getContext(), types);
  }

private:
  LLVM::LLVMFunctionType getFunctionType(ArrayRef<Type> arguments) {
    return LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(module.getContext()), arguments);
  }

  void declare(StringRef name, ArrayRef<Type> arguments) {
    builder.setInsertionPointToStart(module.getBody());
    builder.create<LLVM::LLVMFuncOp>(module.getLoc(), name,
                                     getFunctionType(arguments));
  }

  /// The function that the runtime calls: unpacks the closure.
  void defineEntry(LaunchOp launch) {
    Location loc = launch.getLoc();
    Type index = converter.getIndexType();
    builder.setInsertionPointToEnd(module.getBody());
    auto entry = builder.create<LLVM::LLVMFuncOp>(
        loc, getEntryName(launch.getTask()),
        getFunctionType({pointer, index, index, index}),
        LLVM::Linkage::Internal);
    // Its time is spent in the function that it calls, as in a step.
    entry.setOptimizeNone(true);
    entry.setNoInline(true);
    Block *body = entry.addEntryBlock(builder);
    builder.setInsertionPointToStart(body);
    LLVM::LLVMStructType closure = getClosureType(launch);
    SmallVector<Value> arguments{body->getArgument(1), body->getArgument(2)};
    for (auto [position, type] : llvm::enumerate(closure.getBody()))
      arguments.push_back(builder.create<LLVM::LoadOp>(
          loc, type,
          getClosureField(builder, loc, closure, body->getArgument(0),
                          position)));
    builder.create<LLVM::CallOp>(loc, TypeRange(), launch.getTaskAttr(),
                                 arguments);
    builder.create<LLVM::ReturnOp>(loc, ValueRange());
  }

  /// A launch returns when its task has ended, so all launches of a function
  /// have their closure in one place on the stack. It is reserved at the start
  /// of the function, because only allocations there have a fixed place.
  void reserveClosures(ArrayRef<LaunchOp> launches) {
    llvm::MapVector<Operation *, uint64_t> sizes;
    for (LaunchOp launch : launches) {
      uint64_t &size = sizes[launch->getParentOfType<func::FuncOp>()];
      size = std::max<uint64_t>(
          size, layout.getTypeSize(getClosureType(launch)).getFixedValue());
    }
    DenseMap<Operation *, Value> spaces;
    for (auto [function, size] : sizes) {
      builder.setInsertionPointToStart(&function->getRegion(0).front());
      Location loc = function->getLoc();
      Value one = builder.create<LLVM::ConstantOp>(loc, builder.getI64Type(),
                                                   int64_t(1));
      spaces[function] = builder.create<LLVM::AllocaOp>(
          loc, pointer, LLVM::LLVMArrayType::get(builder.getI8Type(), size),
          one, /*alignment=*/8);
    }
    for (LaunchOp launch : launches)
      closures[launch] = spaces[launch->getParentOfType<func::FuncOp>()];
  }

  ModuleOp module;
  const LLVMTypeConverter &converter;
  DataLayout layout;
  OpBuilder builder;
  Type pointer;
  DenseMap<Operation *, Value> closures;
};

/// The operands of a launch are passed in a struct on the caller's stack.
struct LowerLaunch : ConvertOpToLLVMPattern<LaunchOp> {
  LowerLaunch(const LLVMTypeConverter &converter, const LaunchSupport &support)
      : ConvertOpToLLVMPattern(converter), support(support) {}

  LogicalResult
  matchAndRewrite(LaunchOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value closure = support.getClosure(op);
    LLVM::LLVMStructType type = support.getClosureType(op);
    for (auto [index, source, value] :
         llvm::enumerate(op.getArguments(), adaptor.getArguments())) {
      Value field = isa<MemRefType>(source.getType())
                        ? MemRefDescriptor(value).alignedPtr(rewriter, loc)
                        : value;
      rewriter.create<LLVM::StoreOp>(
          loc, field, getClosureField(rewriter, loc, type, closure, index));
    }
    Value task = rewriter.create<LLVM::AddressOfOp>(loc, getVoidPtrType(),
                                                    getEntryName(op.getTask()));
    Value count =
        createIndexAttrConstant(rewriter, loc, getIndexType(), op.getCount());
    rewriter.create<LLVM::CallOp>(
        loc, TypeRange(), kParallelFor,
        ValueRange{adaptor.getExecutor(), task, closure, count});
    rewriter.eraseOp(op);
    return success();
  }

private:
  const LaunchSupport &support;
};

struct LowerMark : ConvertOpToLLVMPattern<MarkOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult
  matchAndRewrite(MarkOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value index = createIndexAttrConstant(rewriter, op.getLoc(), getIndexType(),
                                          op.getIndex());
    rewriter.create<LLVM::CallOp>(op.getLoc(), TypeRange(), kMark,
                                  ValueRange{adaptor.getExecutor(), index});
    rewriter.eraseOp(op);
    return success();
  }
};

/// Collects operations that patterns erase, with those inside of them.
struct ErasureListener : RewriterBase::Listener {
  void notifyOperationErased(Operation *op) override {
    op->walk([&](Operation *inner) { erased.insert(inner); });
  }
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
  PatternRewriter rewriter(module.getContext());
  ErasureListener listener;
  rewriter.setListener(&listener);
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
    listener.erased.clear();
    for (Operation *op : llvm::reverse(structured)) {
      if (listener.erased.contains(op))
        continue;
      rewriter.setInsertionPoint(op);
      if (failed(applicator.matchAndRewrite(op, rewriter)))
        return op->emitError("cannot be lowered to branches");
    }
  }
}

/// The sources of a step function's arguments.
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

  FunctionNeeds getNeeds() const override { return {/*oneBlock=*/false}; }

  void runOnModel() override {
    ModuleOp module = getOperation();
    const cpu::TargetRecord *target = cpu::lookupTargetRecord(isa);
    if (!target) {
      module.emitError() << "expected an instruction set, but got '" << isa
                         << "'";
      return signalPassFailure();
    }
    SmallVector<std::pair<std::string, ArgumentSources>> steps;
    for (auto function : module.getOps<func::FuncOp>()) {
      if (!function.isPrivate() && !function.isExternal())
        steps.emplace_back(function.getSymName().str(), getSources(function));
      stripAttributes(function);
    }
    if (failed(convert(module)))
      return signalPassFailure();
    for (auto &[name, sources] : steps) {
      auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
      if (!function) {
        module.emitError() << "function '" << qtcrt::printable(name)
                           << "' has types that LLVM has not";
        return signalPassFailure();
      }
      if (failed(createEntryPoint(module, function, sources, *target)))
        return signalPassFailure();
    }
    createPeakFunction(module, *target, floatPeak);
    setTargetAttributes(module, *target);
    for (auto parameter : llvm::to_vector(module.getOps<qtrain::ParameterOp>()))
      parameter.erase();
  }

  /// Removes attributes of our dialects, which LLVM functions do not have. All
  /// step functions and tasks are internal; declared ones are elsewhere.
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

  /// Replaces operations without a direct counterpart by simpler ones.
  /// Functions of floats become polynomials without fused products, so that all
  /// instruction sets give the same bits and none needs a library.
  LogicalResult simplify(ModuleOp module) {
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns);
    populateExpandFmaFPattern(patterns);
    populateExpandFloorFPattern(patterns);
    vector::populateVectorBroadcastLoweringPatterns(patterns);
    vector::populateVectorMaskOpLoweringPatterns(patterns);
    vector::populateVectorShapeCastLoweringPatterns(patterns);
    vector::populateVectorInsertExtractStridedSliceTransforms(patterns);
    GreedyRewriteConfig config;
    config.enableRegionSimplification = GreedySimplifyRegionLevel::Disabled;
    return applyPatternsAndFoldGreedily(module, std::move(patterns), config);
  }

  LogicalResult convert(ModuleOp module) {
    if (failed(simplify(module)) || failed(lowerControlFlow(module)))
      return failure();
    LowerToLLVMOptions options(&getContext());
    options.useBarePtrCallConv = true;
    LLVMTypeConverter converter(&getContext(), options);
    LaunchSupport launches(module, converter);
    if (failed(launches.check()))
      return failure();
    launches.build();
    RewritePatternSet patterns(&getContext());
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMMatrixConversionPatterns(converter, patterns);
    patterns.add<LowerLaunch>(converter, launches);
    patterns.add<LowerMark>(converter);
    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp>();
    target.addLegalDialect<qtrain::QTrainDialect>();
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
