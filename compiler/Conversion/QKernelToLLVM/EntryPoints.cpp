//===- EntryPoints.cpp - Functions that the runtime calls -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h"
#include "compiler/Target/StateLayout.h"
#include "runtime/include/qtcrt/Printable.h"
#include "runtime/include/qtcrt/abi.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"

#include <cstddef>

using namespace mlir;
using namespace qtc;

std::string qtc::getEntryPointName(const cpu::TargetRecord &target,
                                   StringRef function) {
  return ("qtc_" + target.name + "_" + function).str();
}

namespace {

/// A field of qtcrt_step.
struct StepField {
  int64_t offset;
  unsigned bits; ///< 0 for a pointer
};

const llvm::StringMap<StepField> &getStepFields() {
  static const llvm::StringMap<StepField> fields = {
      {"state", {offsetof(qtcrt_step, state), 0}},
      {"arena", {offsetof(qtcrt_step, arena), 0}},
      {"pixels", {offsetof(qtcrt_step, input), 0}},
      {"labels", {offsetof(qtcrt_step, labels), 0}},
      {"logits", {offsetof(qtcrt_step, logits), 0}},
      {"logits_exponent", {offsetof(qtcrt_step, logits_exponent), 0}},
      {"seed", {offsetof(qtcrt_step, seed), 64}},
      {"schedule", {offsetof(qtcrt_step, schedule), 64}},
      {"step", {offsetof(qtcrt_step, step), 32}},
  };
  return fields;
}

Value offsetPointer(ImplicitLocOpBuilder &builder, Value pointer,
                    int64_t offset) {
  if (offset == 0)
    return pointer;
  Value distance =
      builder.create<LLVM::ConstantOp>(builder.getI64Type(), offset);
  return builder.create<LLVM::GEPOp>(pointer.getType(), builder.getI8Type(),
                                     pointer, ArrayRef<LLVM::GEPArg>{distance});
}

/// The field as an argument of type `wanted`; scalars may also be passed by
/// address.
Value getField(ImplicitLocOpBuilder &builder, Value step, StepField field,
               Type wanted) {
  if (field.bits != 0 && isa<LLVM::LLVMPointerType>(wanted))
    return offsetPointer(builder, step, field.offset);
  return builder.create<LLVM::LoadOp>(
      wanted, offsetPointer(builder, step, field.offset));
}
} // namespace

LogicalResult qtc::createEntryPoint(ModuleOp module, LLVM::LLVMFuncOp function,
                                    const ArgumentSources &sources,
                                    const cpu::TargetRecord &target) {
  if (!isa<LLVM::LLVMVoidType>(function.getFunctionType().getReturnType()) ||
      function.getNumArguments() != sources.size())
    return function.emitError() << "expected a function without results whose "
                                   "arguments are one pointer or number each";
  ImplicitLocOpBuilder builder(function.getLoc(), module.getContext());
  builder.setInsertionPointToEnd(module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(module.getContext());
  auto entry = builder.create<LLVM::LLVMFuncOp>(
      getEntryPointName(target, function.getSymName()),
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(module.getContext()),
                                  {pointer, pointer}));
  // The time is spent in the tasks that it launches.
  entry.setOptimizeNone(true);
  entry.setNoInline(true);
  entry.getBody().takeBody(function.getBody());
  Block *body = &entry.getBody().front();
  builder.setInsertionPointToStart(body);
  Value executor = body->addArgument(pointer, builder.getLoc());
  Value step = body->addArgument(pointer, builder.getLoc());

  StateLayout layout(module);
  Value state =
      getField(builder, step, getStepFields().lookup("state"), pointer);
  SmallVector<Value> arguments;
  for (auto [index, name] : llvm::enumerate(sources)) {
    StringRef source = name;
    if (source == "executor") {
      arguments.push_back(executor);
    } else if (source.consume_front("@")) {
      const StateTensor *tensor = layout.lookup(source);
      if (!tensor)
        return function.emitError() << "expected a parameter named '"
                                    << qtcrt::printable(source) << "'";
      arguments.push_back(offsetPointer(builder, state, tensor->offset));
    } else {
      auto field = getStepFields().find(source);
      if (field == getStepFields().end())
        return function.emitError() << "argument '" << qtcrt::printable(source)
                                    << "' has no source in the ABI";
      arguments.push_back(getField(builder, step, field->second,
                                   body->getArgument(index).getType()));
    }
  }
  for (auto [index, argument] : llvm::enumerate(arguments))
    body->getArgument(index).replaceAllUsesWith(argument);
  body->eraseArguments(0, arguments.size());
  function.erase();
  return success();
}
