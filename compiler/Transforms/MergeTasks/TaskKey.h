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

/// The structure of a function of the LLVM dialect: two functions of one
/// context have equal words if and only if they are equal except for their
/// names, locations and the constants in `holes`, which correspond in order.
class TaskKey {
public:
  explicit TaskKey(mlir::LLVM::LLVMFuncOp function);

  /// False if an operation has regions, which a key does not describe.
  bool isComplete() const { return complete; }

  bool hasEqualWords(const TaskKey &other) const {
    return words == other.words;
  }
  llvm::hash_code getHash() const {
    return llvm::hash_combine_range(words.begin(), words.end());
  }

  /// The operands that are constants and could be arguments.
  llvm::ArrayRef<mlir::OpOperand *> getHoles() const { return holes; }
  mlir::Attribute getConstant(size_t hole) const;

private:
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
  llvm::SmallVector<mlir::OpOperand *> holes;
  llvm::DenseMap<mlir::Value, uintptr_t> numbers;
  llvm::DenseMap<mlir::Block *, uintptr_t> blocks;
};

} // namespace qtc

#endif // QTC_TRANSFORMS_MERGE_TASKS_TASK_KEY_H
