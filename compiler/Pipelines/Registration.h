//===- Registration.h - Everything that tools can name ----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_PIPELINES_REGISTRATION_H
#define QTC_PIPELINES_REGISTRATION_H

#include "mlir/IR/DialectRegistry.h"

namespace qtc {

/// Registers the dialects the compiler uses, with the interfaces its passes
/// need.
void registerDialects(mlir::DialectRegistry &registry);

/// Registers the project's passes and the upstream ones it uses.
void registerPasses();

} // namespace qtc

#endif // QTC_PIPELINES_REGISTRATION_H
