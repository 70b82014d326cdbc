//===- TaskKey.h - A task without its constants -----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_MERGE_TASKS_TASK_KEY_H
#define QTC_TRANSFORMS_MERGE_TASKS_TASK_KEY_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace qtc {

/// A constant of a task that could be an argument: an operand, or the only
/// index of an address, which is an attribute.
class Hole {
public:
  explicit Hole(mlir::OpOperand &operand) : operand(&operand) {}
  explicit Hole(mlir::LLVM::GEPOp address) : address(address) {}

  mlir::TypedAttr getConstant() const;
  /// The attribute of a constant may have another type, such as index.
  mlir::Type getType() const;
  void replaceBy(mlir::Value argument) const;

private:
  mlir::OpOperand *operand = nullptr;
  mlir::LLVM::GEPOp address;
};

/// The structure of a function of the LLVM dialect: two functions of one
/// context have equal words if and only if they are equal except for their
/// names, locations and the constants in `holes`, which correspond in order.
class TaskKey {
public:
  explicit TaskKey(mlir::LLVM::LLVMFuncOp function);

  /// False if an operation has regions, which a key does not describe.
  bool isComplete() const { return complete; }

  /// Whether the task has vectors already, so that LLVM has little to optimize.
  bool isVectorized() const { return hasVectors; }

  bool hasEqualWords(const TaskKey &other) const {
    return words == other.words;
  }
  llvm::hash_code getHash() const {
    return llvm::hash_combine_range(words.begin(), words.end());
  }

  llvm::ArrayRef<Hole> getHoles() const { return holes; }

private:
  /// Whether the task is as fast with an argument in place of `constant`.
  bool isReplaceable(mlir::OpOperand &operand,
                     mlir::LLVM::ConstantOp constant) const;
  void addOp(mlir::Operation &op);
  void addOperand(mlir::OpOperand &operand);
  void add(const void *word) { words.push_back(word); }
  void addNumber(uintptr_t number) {
    add(reinterpret_cast<const void *>(number));
  }
  void addValue(mlir::Value value);

  bool complete = true;
  bool hasVectors = false;
  llvm::SmallVector<const void *> words;
  llvm::SmallVector<Hole> holes;
  llvm::DenseMap<mlir::Value, uintptr_t> numbers;
  llvm::DenseMap<mlir::Block *, uintptr_t> blocks;
};

} // namespace qtc

#endif // QTC_TRANSFORMS_MERGE_TASKS_TASK_KEY_H
