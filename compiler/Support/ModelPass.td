//===- ModelPass.td - Base classes of passes ---------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_MODEL_PASS_TD
#define QTC_SUPPORT_MODEL_PASS_TD

include "mlir/Pass/PassBase.td"

/// A pass over a function, see compiler/Support/ModelPass.h.
class FunctionPass<string argument> : PassBase<argument, "::qtc::FunctionPass">;

/// A pass over a module of functions and parameters.
class ModelPass<string argument> : PassBase<argument, "::qtc::ModelPass">;

#endif // QTC_SUPPORT_MODEL_PASS_TD
