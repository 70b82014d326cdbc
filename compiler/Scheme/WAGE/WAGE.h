//===- WAGE.h - The WAGE scheme ---------------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_WAGE_H
#define QTC_SCHEME_WAGE_H

#include "compiler/Scheme/Scheme.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace qtc {
namespace wage {
/// The mapping from pixels to activations (`wage.md` 2.12).
enum class InputForm { Auto, Head, C17, MNIST };
/// The source to follow where the authors' code and their paper differ.
enum class Source { Code, Paper };
} // namespace wage

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Scheme/WAGE/WAGE.h.inc"

namespace wage {

/// The scheme's entry in the registry.
const Scheme &getScheme();

/// Scheme::checkRules. `options` are those of the run, if it is known.
llvm::LogicalResult checkRules(mlir::ModuleOp module,
                               const ApplyWAGEOptions &options);

/// Reports every function of each element that errors cannot pass (numerics
/// contract, section 7.1).
llvm::LogicalResult expectFunctions(mlir::ModuleOp module,
                                    const ApplyWAGEOptions &options);

/// Reports every layer and every activation function that is not in the order
/// that the scheme supports: a layer, perhaps with bias and pool, then a unit
/// or another function, whose activations go into the next layer.
llvm::LogicalResult checkOrder(mlir::ModuleOp module,
                               const ApplyWAGEOptions &options);

/// Bits that a bias is stored with. It is not an operand of a product, so its
/// range need not be that of weights.
constexpr unsigned kBiasBits = 16;

/// Largest magnitude of a code of `bits` bits.
int64_t getLimit(int64_t bits);

/// Largest magnitude of a stored weight (`wage.md` 2.11).
int64_t getWeightLimit(const ApplyWAGEOptions &options);

/// The convolution or linear layer that gives the accumulators `value`, through
/// bias, maximum pools and changes of shape; null if there is none.
qtrain::ContractionOpInterface findLayer(mlir::Value value);

/// log2 of the constant α that accumulators of a layer are divided by
/// (`wage.md` 2.1).
int64_t getLog2Alpha(qtrain::ContractionOpInterface layer,
                     const ApplyWAGEOptions &options);

/// The shift from accumulators of a layer to activations (`wage.md` 2.1).
int64_t getActivationShift(qtrain::ContractionOpInterface layer,
                           const ApplyWAGEOptions &options);

/// 3 or 6 of the initial limit sqrt(f / n) of weights with fan-in n.
int64_t getInitFactor(const ApplyWAGEOptions &options);

/// The role of a parameter in the network.
struct ParameterRole {
  /// The layer of a weight, or the one that a bias is added to.
  qtrain::ContractionOpInterface layer;
  bool isBias = false;
};
using ParameterRoles = llvm::MapVector<qtrain::ParameterOp, ParameterRole>;

/// Finds the role of every parameter that the functions of `module` use. Fails
/// with a diagnostic for a parameter of several nodes or without a layer.
llvm::FailureOr<ParameterRoles> findRoles(mlir::ModuleOp module);

/// Replaces the float values of all parameters of `module` by mantissas with
/// the exponent 1 − kG − log2 α. Accumulators then have the scale of
/// activations, and the shift to activations changes no value.
llvm::LogicalResult quantizeParameters(mlir::ModuleOp module,
                                       const ParameterRoles &roles,
                                       const ApplyWAGEOptions &options);

/// Adds the rewrite rules of the scheme. They expect scaled parameters, and
/// pools before rectified linear units.
void populateRules(mlir::RewritePatternSet &patterns,
                   const ApplyWAGEOptions &options,
                   const ParameterRoles &roles);

} // namespace wage
} // namespace qtc

#endif // QTC_SCHEME_WAGE_H
