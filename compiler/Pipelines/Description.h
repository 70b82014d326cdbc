//===- Description.h - What the runtime knows of a model --------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_PIPELINES_DESCRIPTION_H
#define QTC_PIPELINES_DESCRIPTION_H

#include "compiler/Pipelines/Compiler.h"
#include "compiler/Target/ModelDescriptor.h"

namespace qtc {

/// The name that an input with location `loc` has in the ONNX file.
std::string getPortName(mlir::Location loc);

/// Whether an input of `type` is indices.
bool areIndices(mlir::Type type);

/// Describes `module`, a training step in the numbers of the scheme for the
/// first batch of `options`, except its variants. Fails if the model's file
/// cannot be read again.
llvm::Expected<ModelDescription> describeModel(mlir::ModuleOp module,
                                               const CompileOptions &options);

} // namespace qtc

#endif // QTC_PIPELINES_DESCRIPTION_H
