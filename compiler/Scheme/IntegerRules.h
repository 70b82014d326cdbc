//===- IntegerRules.h - Pieces of integer schemes ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_INTEGER_RULES_H
#define QTC_SCHEME_INTEGER_RULES_H

#include "compiler/Scheme/SchemeSupport.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/DialectConversion.h"

#include <optional>
#include <string>

namespace qtc::scheme {

/// The scaled form of a float type with mantissas of `width` bits.
qtrain::ScaledType getScaledType(mlir::Type type, unsigned width);

/// Width of the mantissas of a scaled value.
unsigned getWidth(mlir::Value value);

/// The width, `minWidth` or more, of mantissas with magnitudes up to `bound`.
unsigned getWidthFor(int64_t bound, unsigned minWidth);

mlir::Value createInt(mlir::OpBuilder &builder, mlir::Location loc,
                      int64_t value);

/// True when the function around `op` can draw random numbers.
bool hasRandom(mlir::Operation *op);

/// The number of outputs that the function around `op` trains.
unsigned countOutputs(mlir::Operation *op);

/// The index of the output with these targets, from 0.
unsigned getOutputIndex(mlir::Value targets);

/// The parameter that `op` says it updates, or null.
qtrain::ParameterOp findUpdated(qtrain::UpdateOp op);

/// The logarithm of the parameter's factor on the learning rate, which is a
/// power of two; nothing for other factors.
std::optional<int64_t> getLog2Rate(qtrain::ParameterOp parameter);

/// Random numbers for the rounding of a tensor of type `scaled`.
mlir::Value createRandom(mlir::OpBuilder &builder, mlir::Operation *op,
                         qtrain::ScaledType scaled, int64_t id,
                         qtrain::RandomPurpose purpose);

/// Rebuilds `op` on scaled operands with a result of `width` bits.
mlir::Value rebuild(mlir::OpBuilder &builder, mlir::Operation *op,
                    mlir::ValueRange operands, unsigned width);

/// Replaces the values of a parameter by mantissas of `width` bits.
void setMantissas(qtrain::ParameterOp parameter,
                  llvm::ArrayRef<int16_t> mantissas, unsigned width,
                  int exponent);

/// Operations on mantissas alone: the result is as wide as the operands.
template <typename OpTy>
struct KeepMantissas : mlir::OpConversionPattern<OpTy> {
  using mlir::OpConversionPattern<OpTy>::OpConversionPattern;
  llvm::LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    unsigned width = getWidth(adaptor.getOperands().back());
    rewriter.replaceOp(op, rebuild(rewriter, op, adaptor.getOperands(), width));
    return llvm::success();
  }
};

/// Reports that the scheme `name` has no rule for `op`. `reason` follows the
/// name in the message and says what the scheme lacks. Returns failure.
llvm::LogicalResult refuse(mlir::Operation *op, llvm::StringRef name,
                           llvm::StringRef reason);

/// Refuses an operation that a scheme does not define, for a reason of its own.
template <typename OpTy> struct Refuse : mlir::OpRewritePattern<OpTy> {
  Refuse(mlir::MLIRContext *context, llvm::StringRef name,
         llvm::StringRef reason)
      : mlir::OpRewritePattern<OpTy>(context), name(name), reason(reason) {}
  llvm::LogicalResult matchAndRewrite(OpTy op,
                                      mlir::PatternRewriter &) const override {
    return refuse(op, name, reason);
  }

private:
  std::string name, reason;
};

/// Adds the rules that functions return mantissas, the exponent after the
/// prediction, and that metrics are fixed point.
void populateSharedRules(mlir::RewritePatternSet &patterns);

/// Reports every node of the model that has an operation on floats without a
/// rule among `rules`. The reason is that of the operation's pattern among
/// `refusals`, see `Refuse`, or a general one that begins with the scheme's
/// name `name`.
llvm::LogicalResult expectRules(mlir::ModuleOp module, llvm::StringRef name,
                                mlir::RewritePatternSet rules,
                                mlir::RewritePatternSet refusals);

/// Reports every node with a function of each element that `isDefined` denies.
/// `explain` returns the message.
llvm::LogicalResult expectFunctions(
    mlir::ModuleOp module,
    llvm::function_ref<bool(qtrain::FunctionAttrInterface)> isDefined,
    llvm::function_ref<llvm::StringRef(qtrain::ElementwiseOp)> explain);

/// Returns the copy of a stored parameter for all uses except its update.
using ComputedCopy = llvm::function_ref<mlir::Value(
    mlir::OpBuilder &, qtrain::ParameterOp, mlir::Value stored)>;

/// Turns the functions of `module`, whose parameters are mantissas already,
/// into integers by `rules`. These replace float values by scaled ones of any
/// width, so there is no type converter.
llvm::LogicalResult applyRules(mlir::ModuleOp module,
                               mlir::RewritePatternSet rules,
                               ComputedCopy getComputed);

} // namespace qtc::scheme

#endif // QTC_SCHEME_INTEGER_RULES_H
