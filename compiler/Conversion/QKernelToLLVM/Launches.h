//===- Launches.h - Calls of the runtime ------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_QKERNEL_TO_LLVM_LAUNCHES_H
#define QTC_CONVERSION_QKERNEL_TO_LLVM_LAUNCHES_H

#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace qtc {

/// The place of a buffer of a step.
struct StepAddress {
  /// The field of qtcrt_step that holds the start, or kStep if that is
  /// qtcrt_step itself.
  int64_t field;
  /// Distance from the start in bytes.
  int64_t offset;

  static constexpr int64_t kStep = -1;
};

/// Lowers the launches and marks of the functions of a module. A step consists
/// mostly of these, so each becomes its few LLVM operations at once. Patterns
/// of a conversion would make descriptors of their buffers first, ten
/// operations for each.
///
/// A launch passes its task a closure, which lies on the stack:
///
/// | bytes   | contents                                                |
/// |---------|---------------------------------------------------------|
/// | 0       | address of the launch's constants in the module's table |
/// | 8       | address of the qtcrt_step                               |
/// | from 16 | other operands, 8 bytes each                            |
///
/// Constants are numbers, and distances of buffers from a pointer in
/// qtcrt_step. They are most of the operands: a step that stored each of them
/// would be several times as long. The entry function of a task knows where
/// each operand is.
class LaunchLowering {
public:
  /// The address of a buffer, by operations that `builder` makes.
  using GetPointer = llvm::function_ref<mlir::Value(
      mlir::OpBuilder &builder, mlir::Location, mlir::Value buffer)>;
  /// The place of a buffer, if it is known.
  using Locate =
      llvm::function_ref<std::optional<StepAddress>(mlir::Value buffer)>;

  LaunchLowering(mlir::ModuleOp module,
                 const mlir::LLVMTypeConverter &converter);

  /// Checks that launches are in the body of a function, and that their
  /// operands have types that LLVM can store in a closure.
  llvm::LogicalResult check();

  /// A launch returns when its task has ended, so all launches of a function
  /// have their closure in one place on its stack. Buffers that `locate` finds
  /// are described by their distance from a pointer in `step`.
  void run(mlir::FunctionOpInterface function, GetPointer getPointer,
           mlir::Value step = nullptr, Locate locate = nullptr);

  /// Makes the table of constants, after all functions.
  void finish();

private:
  /// An operand of a launch, and the place where the task's entry finds it.
  struct Operand {
    /// Sources beside the fields of qtcrt_step and StepAddress::kStep.
    static constexpr int64_t kStored = -2, kConstant = -3;

    int64_t source = kStored;
    /// The number of a constant, or the distance of a buffer of the step.
    int64_t constant = 0;
    /// The operand of the task. Buffers are passed by their addresses.
    mlir::Type type;

    bool isStored() const { return source == kStored; }
  };

  llvm::SmallVector<Operand> getOperands(qkernel::LaunchOp launch,
                                         Locate locate) const;
  mlir::LLVM::LLVMFunctionType
  getFunctionType(llvm::ArrayRef<mlir::Type> arguments) const;
  void declare(llvm::StringRef name, llvm::ArrayRef<mlir::Type> arguments);
  std::string getEntry(qkernel::LaunchOp launch,
                       llvm::ArrayRef<Operand> operands);
  void defineEntry(qkernel::LaunchOp launch, llvm::StringRef name,
                   llvm::ArrayRef<Operand> operands);
  mlir::Value reserveClosure(mlir::FunctionOpInterface function,
                             llvm::ArrayRef<qkernel::LaunchOp> launches,
                             mlir::Value step);
  void lower(qkernel::LaunchOp launch, mlir::Value closure,
             GetPointer getPointer, Locate locate);
  void lower(qkernel::MarkOp mark);

  mlir::ModuleOp module;
  const mlir::LLVMTypeConverter &converter;
  mlir::OpBuilder builder;
  mlir::Type pointer;
  /// Functions of the runtime that are declared.
  llvm::StringSet<> declared;
  /// The entry functions of a task, by the sources of its operands.
  llvm::StringMap<std::map<std::vector<int64_t>, std::string>> entries;
  /// Constants of all launches, one after the other.
  std::vector<int64_t> constants;
};

} // namespace qtc

#endif // QTC_CONVERSION_QKERNEL_TO_LLVM_LAUNCHES_H
