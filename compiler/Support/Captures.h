//===- Captures.h - What outlined code uses of its function -----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_CAPTURES_H
#define QTC_SUPPORT_CAPTURES_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"

namespace qtc {

/// The values of a function that an operation uses, when that becomes the body
/// of a function of its own.
class Captures {
public:
  /// `used` are the values that `user`, or an operation in it, uses.
  Captures(mlir::Operation *user, llvm::ArrayRef<mlir::Value> used);

  /// The values that the new function gets from its caller.
  llvm::ArrayRef<mlir::Value> getArguments() const {
    return arguments.getArrayRef();
  }
  /// The operations that the new function contains itself, in their order:
  /// constants, and what sinkScalars() has added.
  llvm::ArrayRef<mlir::Operation *> getClones() const {
    return clones.getArrayRef();
  }

  /// Leaves the computation of integers to the new function if this makes its
  /// caller shorter: an operation element by element takes half a dozen numbers
  /// that are all computed from one shift. Only operations that nobody else
  /// uses are considered if `isExclusive` is set.
  void sinkScalars(bool isExclusive);

  /// Erases the operations of getClones() that nobody uses any more, when
  /// `user` is gone.
  void eraseDead();

private:
  void add(mlir::Value value,
           const llvm::SmallPtrSetImpl<mlir::Operation *> &sunk);

  mlir::Operation *user;
  llvm::SetVector<mlir::Value> arguments;
  llvm::SetVector<mlir::Operation *> clones;
};

} // namespace qtc

#endif // QTC_SUPPORT_CAPTURES_H
