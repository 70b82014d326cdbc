//===- QTrainToQKernel.cpp - Scaled operations to kernels -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/QTrainToQKernel.h"
#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"
#include "compiler/Support/ModelPass.h"
#include "runtime/include/qtcrt/Printable.h"

#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/STLExtras.h"

namespace qtc {
#define GEN_PASS_DEF_CONVERTQTRAINTOQKERNEL
#include "compiler/Conversion/QTrainToQKernel/QTrainToQKernel.h.inc"
} // namespace qtc

#define DEBUG_TYPE "convert-qtrain-to-qkernel"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

struct ConvertQTrainToQKernel
    : qtc::impl::ConvertQTrainToQKernelBase<ConvertQTrainToQKernel> {
  FunctionNeeds getNeeds() const override {
    return {/*oneBlock=*/true, /*plainSignature=*/true, /*marks=*/true};
  }

  void runOnFunction() override {
    markOperands();
    convertSignature();
    RewritePatternSet patterns(&getContext());
    populateContractionPatterns(patterns);
    populateElementwisePatterns(patterns);
    populateFunctionPatterns(patterns);
    populateIntegerNormalizationPatterns(patterns);
    populateLossPatterns(patterns);
    populateMaskPatterns(patterns);
    populateMetricPatterns(patterns);
    populateNormalizationPatterns(patterns);
    populateReductionPatterns(patterns);
    populateResponseNormPatterns(patterns);
    populateShapePatterns(patterns);
    populateQuantizerPatterns(patterns);
    populateSlopePatterns(patterns);
    GreedyRewriteConfig config;
    config.useTopDownTraversal = true;
    // A step is one block.
    config.enableRegionSimplification = GreedySimplifyRegionLevel::Disabled;
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns),
                                            config)))
      return signalPassFailure();
    if (failed(expectConverted()))
      signalPassFailure();
  }

  /// Reports the operation that has no pattern; its users follow from it.
  LogicalResult expectConverted() {
    ConversionTarget target(getContext());
    target.addIllegalDialect<QTrainDialect>();
    // These are left next to an operation without a pattern, and only there.
    target.addLegalOp<ComposeOp, DecomposeOp>();
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (!target.isIllegal(op))
        return WalkResult::advance();
      op->emitOpError("has no kernel for its operands");
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  /// Records facts about the operands of sums that would be lost with
  /// their producers: how large they can be, and whether the first, which a
  /// kernel expects to be unsigned, has no negative element.
  void markOperands() {
    getOperation().walk([](AccumulationOpInterface op) {
      Builder builder(op->getContext());
      if (!isScaled(op->getOperand(0).getType()))
        return;
      if (isNonnegative(op->getOperand(0)))
        op->setAttr(kNonnegativeAttrName, builder.getUnitAttr());
      SmallVector<int64_t, 2> bounds;
      for (Value operand : op->getOperands())
        bounds.push_back(getMagnitudeBound(operand));
      op->setAttr(kBoundsAttrName, builder.getDenseI64ArrayAttr(bounds));
    });
  }

  /// Tensors of the signature become buffers, results become arguments.
  void convertSignature() {
    func::FuncOp function = getOperation();
    Block &body = function.getBody().front();
    OpBuilder builder = OpBuilder::atBlockBegin(&body);
    DenseMap<Attribute, Value> parameters;
    for (BlockArgument argument : body.getArguments()) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      if (!type)
        continue;
      // From here on, the operations determine signedness.
      Type element = type.getElementType();
      if (isa<IntegerType>(element))
        element = builder.getIntegerType(type.getElementTypeBitWidth());
      argument.setType(MemRefType::get(type.getShape(), element));
      auto tensor = builder.create<bufferization::ToTensorOp>(
          function.getLoc(), argument, /*restrict=*/true, /*writable=*/true);
      argument.replaceAllUsesExcept(tensor, tensor);
      if (Attribute symbol = function.getArgAttr(
              argument.getArgNumber(), QTrainDialect::kParameterAttrName))
        parameters[symbol] = argument;
    }
    convertResults(function, body.getTerminator(), parameters);
  }

  void convertResults(func::FuncOp function, Operation *terminator,
                      const DenseMap<Attribute, Value> &parameters) {
    OpBuilder builder(terminator);
    for (auto [index, result] : llvm::enumerate(terminator->getOperands())) {
      std::optional<Role> role = getResultRole(function, index);
      if (!role) {
        store(builder, result,
              parameters.lookup(function.getResultAttr(
                  index, QTrainDialect::kParameterAttrName)));
        continue;
      }
      Type type = result.getType();
      auto tensor = dyn_cast<RankedTensorType>(type);
      auto buffer =
          tensor ? MemRefType::get(tensor.getShape(), tensor.getElementType())
                 : MemRefType::get({}, type);
      unsigned position = function.getNumArguments();
      function.insertArgument(position, buffer,
                              getRoleMark(function.getContext(), *role),
                              function.getLoc());
      store(builder, result, function.getArgument(position));
    }
    builder.create<func::ReturnOp>(terminator->getLoc());
    terminator->erase();
    function.setType(builder.getFunctionType(
        function.getBody().front().getArgumentTypes(), {}));
    function.setAllResultAttrs(ArrayRef<Attribute>());
  }

  static void store(OpBuilder &builder, Value value, Value buffer) {
    Location loc = value.getLoc();
    if (!isa<RankedTensorType>(value.getType())) {
      builder.create<memref::StoreOp>(loc, value, buffer, ValueRange());
      return;
    }
    auto copy = builder.create<bufferization::MaterializeInDestinationOp>(
        loc, Type(), value, buffer);
    copy.setRestrict(true);
    copy.setWritable(true);
  }
};
} // namespace
