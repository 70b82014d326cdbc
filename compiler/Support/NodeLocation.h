//===- NodeLocation.h - Nodes of a model as locations -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The location of an operation is the node that it was imported from, so that
// errors of passes name the model rather than the IR.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_NODE_LOCATION_H
#define QTC_SUPPORT_NODE_LOCATION_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace qtc {

/// A node of a model. The operator is empty for inputs, parameters and the
/// output, which have a name but are not nodes.
struct ModelNode {
  llvm::StringRef name;
  llvm::StringRef opType;
};

/// The location of operations made from node `name` with operator `opType`.
mlir::Location getNodeLocation(mlir::MLIRContext *context, llvm::StringRef name,
                               llvm::StringRef opType);

/// The node that `loc` stands for, the first one if it stands for several.
std::optional<ModelNode> findModelNode(mlir::Location loc);

/// The names of the outputs that a terminator with location `loc` returns.
llvm::SmallVector<llvm::StringRef> getOutputNames(mlir::Location loc);

/// The text of `diagnostic` without the operation of the IR that verifiers,
/// passes and conversions name: users know the node.
std::string getUserText(const mlir::Diagnostic &diagnostic);

} // namespace qtc

#endif // QTC_SUPPORT_NODE_LOCATION_H
