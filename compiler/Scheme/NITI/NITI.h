//===- NITI.h - The NITI scheme ---------------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_NITI_H
#define QTC_SCHEME_NITI_H

#include "compiler/Scheme/Scheme.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "llvm/ADT/DenseSet.h"

namespace qtc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Scheme/NITI/NITI.h.inc"

namespace niti {

/// Widest headroom that makes sense: an 8-bit mantissa has 7 magnitude bits.
constexpr int64_t kMaxHeadroom = 7;

/// The scheme's entry in the registry.
const Scheme &getScheme();

/// Replaces the float values of all `qtrain.parameter` symbols of `module` by
/// mantissas and a fixed exponent (numerics contract, sections
/// 4.1 and 4.4). Fails with a diagnostic on a value that has no mantissa.
/// States of optimizers, which `qtrain.update` names, become zeros of 32 bits.
llvm::LogicalResult quantizeParameters(mlir::ModuleOp module,
                                       const ApplyNITIOptions &options);

/// The bits that `parameter` is stored with.
unsigned getStoredBits(qtrain::ParameterOp parameter,
                       const ApplyNITIOptions &options);

/// Scheme::checkRules.
llvm::LogicalResult checkRules(mlir::ModuleOp module);

/// Reports every function of each element whose constants do not fit the tables
/// of the scheme (numerics contract, section 4.15).
llvm::LogicalResult expectFunctions(mlir::ModuleOp module);

/// Reports every sum of gradients that could leave 64 bits.
llvm::LogicalResult expectSums(mlir::ModuleOp module);

/// Adds the rewrite rules of the scheme. They expect scaled parameters and turn
/// float values into scaled ones of any width, so they use no type converter.
/// `rule` updates parameters.
void populateRules(mlir::RewritePatternSet &patterns,
                   const ApplyNITIOptions &options, const IntegerRule &rule);
void populateFunctionRules(mlir::RewritePatternSet &patterns);
void populateNormalizationRules(mlir::RewritePatternSet &patterns);

/// The range of the exponents of trained slopes, so that 1 has a mantissa in
/// their unit that fits (numerics contract, section 4.17).
constexpr int kLeastSlopeExponent = -20, kLargestSlopeExponent = 0;

/// Magnitude bits of mantissas of 8 bits, and of those of 16. The latter have
/// one less than they could: differences of two such fit 16 bits.
constexpr int kMantissaBits = 7, kWideBits = 14;

/// requantize(acc): mantissas of `magnitudeBits`, one of the above, rounded to
/// nearest, by as few bits as the largest magnitude allows (numerics contract,
/// section 1).
mlir::Value requantize(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::Value accumulators,
                       int magnitudeBits = kMantissaBits);

/// The magnitude bits of `mantissas`, for what is computed from them. Those of
/// activations have 8 bits and those of errors 8 or 16, so that rules for both
/// need not know which they have.
int getMagnitudeBits(mlir::Value mantissas);

/// `mantissas` in 8 bits.
mlir::Value narrow(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Value mantissas);

/// Discardable attribute of convolutions, linear layers and biases whose result
/// is used only by a normalization. The result then has 14 magnitude bits.
constexpr llvm::StringLiteral kWideAttrName = "wide";

/// Sets kWideAttrName on the operations of `module` that qualify. A
/// normalization gets the same producer width in training and in evaluation.
void markWideResults(mlir::ModuleOp module);

/// Gives all scales and biases of normalizations of `module` 16 bits. Returns
/// them.
llvm::DenseSet<qtrain::ParameterOp> widenNormalizations(mlir::ModuleOp module);

/// True for the gradient, before the rules, of a normalization's scale or bias
/// or of a trained slope: mu is smaller for these, and none is shared.
bool isChannelGradient(mlir::Value gradient);

} // namespace niti
} // namespace qtc

#endif // QTC_SCHEME_NITI_H
