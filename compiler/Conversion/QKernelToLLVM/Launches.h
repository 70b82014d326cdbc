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
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringSet.h"

namespace qtc {

/// Lowers the launches and marks of the functions of a module. A step consists
/// mostly of these, so each becomes its few LLVM operations at once. Patterns
/// of a conversion would make descriptors of their buffers first, ten
/// operations for each.
class LaunchLowering {
public:
  /// The address of a buffer, by operations that `builder` makes.
  using GetPointer = llvm::function_ref<mlir::Value(
      mlir::OpBuilder &builder, mlir::Location, mlir::Value buffer)>;

  LaunchLowering(mlir::ModuleOp module,
                 const mlir::LLVMTypeConverter &converter);

  /// Checks that launches are in the body of a function, and that their
  /// operands have types that LLVM can store in a closure.
  llvm::LogicalResult check();

  /// A launch returns when its task has ended, so all launches of a function
  /// have their closure in one place on its stack.
  void run(mlir::FunctionOpInterface function, GetPointer getPointer);

private:
  mlir::LLVM::LLVMStructType getClosureType(qkernel::LaunchOp launch) const;
  mlir::LLVM::LLVMFunctionType
  getFunctionType(llvm::ArrayRef<mlir::Type> arguments) const;
  void declare(llvm::StringRef name, llvm::ArrayRef<mlir::Type> arguments);
  void defineEntry(qkernel::LaunchOp launch);
  mlir::Value reserveClosure(mlir::FunctionOpInterface function,
                             llvm::ArrayRef<qkernel::LaunchOp> launches);
  void lower(qkernel::LaunchOp launch, mlir::Value closure,
             GetPointer getPointer);
  void lower(qkernel::MarkOp mark);

  mlir::ModuleOp module;
  const mlir::LLVMTypeConverter &converter;
  mlir::DataLayout layout;
  mlir::OpBuilder builder;
  mlir::Type pointer;
  /// Functions of the runtime, and tasks that have an entry function.
  llvm::StringSet<> known;
};

} // namespace qtc

#endif // QTC_CONVERSION_QKERNEL_TO_LLVM_LAUNCHES_H
