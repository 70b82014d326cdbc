//===- EntryPoints.cpp - Functions that the runtime calls -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h"
#include "compiler/Target/StateLayout.h"
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

Value loadField(ImplicitLocOpBuilder &builder, Value step, StepField field) {
  Type type = field.bits == 0
                  ? Type(LLVM::LLVMPointerType::get(builder.getContext()))
                  : Type(builder.getIntegerType(field.bits));
  return builder.create<LLVM::LoadOp>(
      type, offsetPointer(builder, step, field.offset));
}
} // namespace

LogicalResult qtc::createEntryPoint(ModuleOp module, LLVM::LLVMFuncOp function,
                                    const ArgumentSources &sources,
                                    const cpu::TargetRecord &target) {
  ImplicitLocOpBuilder builder(function.getLoc(), module.getContext());
  builder.setInsertionPointToEnd(module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(module.getContext());
  auto entry = builder.create<LLVM::LLVMFuncOp>(
      getEntryPointName(target, function.getSymName()),
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(module.getContext()),
                                  {pointer, pointer}));
  // Its time is spent in the tasks that it launches.
  entry.setOptimizeNone(true);
  entry.setNoInline(true);
  entry.getBody().takeBody(function.getBody());
  Block *body = &entry.getBody().front();
  builder.setInsertionPointToStart(body);
  Value executor = body->addArgument(pointer, builder.getLoc());
  Value step = body->addArgument(pointer, builder.getLoc());

  StateLayout layout(module);
  Value state = loadField(builder, step, getStepFields().lookup("state"));
  SmallVector<Value> arguments;
  for (StringRef source : sources) {
    if (source == "executor") {
      arguments.push_back(executor);
    } else if (source.consume_front("@")) {
      const StateTensor *tensor = layout.lookup(source);
      if (!tensor)
        return function.emitError()
               << "expected a parameter named '" << source << "'";
      arguments.push_back(offsetPointer(builder, state, tensor->offset));
    } else {
      auto field = getStepFields().find(source);
      if (field == getStepFields().end())
        return function.emitError()
               << "argument '" << source << "' has no source in the ABI";
      arguments.push_back(loadField(builder, step, field->second));
    }
  }
  for (auto [index, argument] : llvm::enumerate(arguments))
    body->getArgument(index).replaceAllUsesWith(argument);
  body->eraseArguments(0, arguments.size());
  function.erase();
  return success();
}

/// Independent accumulators in one round of the peak function: at least two dot
/// products a cycle times the six cycles until the result of one can be used.
/// With 32 registers 16 are measurably faster than 12, as the scheduler need
/// not be perfect; with 16 registers more would be spilled.
static int64_t getPeakAccumulators(const cpu::TargetRecord &target) {
  return target.vectorRegisters >= 32 ? 16 : 12;
}

/// Products that one lane of an accumulator gains by one instruction.
static int64_t getProductsPerLane(const cpu::TargetRecord &target) {
  return target.widensBytes() ? 2 : 4;
}

int64_t qtc::getPeakMacs(const cpu::TargetRecord &target) {
  return getPeakAccumulators(target) * target.getLanes() *
         getProductsPerLane(target);
}

/// The next value of an accumulator; depends on its last one, so no round can
/// be left out.
static Value accumulateOnce(ImplicitLocOpBuilder &builder,
                            const cpu::TargetRecord &target, Value accumulator,
                            Value factor) {
  auto call = [&](ValueRange operands) -> Value {
    return builder
        .create<LLVM::CallIntrinsicOp>(
            accumulator.getType(),
            builder.getStringAttr(target.getDotIntrinsic()), operands)
        ->getResult(0);
  };
  if (!target.widensBytes())
    return call({accumulator, factor, factor});
  auto halves = VectorType::get({2 * target.getLanes()}, builder.getI16Type());
  Value a = builder.create<LLVM::BitcastOp>(halves, accumulator);
  Value b = builder.create<LLVM::BitcastOp>(halves, factor);
  return builder.create<LLVM::AddOp>(accumulator, call({a, b}));
}

void qtc::createPeakFunction(ModuleOp module, const cpu::TargetRecord &target) {
  ImplicitLocOpBuilder builder(module.getLoc(), module.getContext());
  builder.setInsertionPointToEnd(module.getBody());
  Type i64 = builder.getI64Type(), i32 = builder.getI32Type();
  auto function =
      builder.create<LLVM::LLVMFuncOp>(getEntryPointName(target, "peak"),
                                       LLVM::LLVMFunctionType::get(i32, {i64}));
  Block *entry = function.addEntryBlock(builder);
  auto vector = VectorType::get({target.getLanes()}, i32);
  int64_t accumulators = getPeakAccumulators(target);
  SmallVector<Type> types(accumulators, vector);
  types.insert(types.begin(), i64);
  Block *loop =
      builder.createBlock(&function.getBody(), function.getBody().end(), types,
                          SmallVector<Location>(types.size(), module.getLoc()));
  Block *exit =
      builder.createBlock(&function.getBody(), function.getBody().end());

  builder.setInsertionPointToStart(entry);
  SmallVector<Value> start{entry->getArgument(0)};
  for (int64_t i = 0; i < accumulators; ++i)
    start.push_back(builder.create<LLVM::ConstantOp>(
        vector, DenseElementsAttr::get(vector, static_cast<int32_t>(i))));
  Value factor = builder.create<LLVM::ConstantOp>(
      vector, DenseElementsAttr::get(vector, int32_t(0x01020304)));
  builder.create<LLVM::BrOp>(start, loop);

  builder.setInsertionPointToStart(loop);
  SmallVector<Value> next{builder.create<LLVM::SubOp>(
      loop->getArgument(0), builder.create<LLVM::ConstantOp>(i64, 1))};
  for (Value accumulator : loop->getArguments().drop_front())
    next.push_back(accumulateOnce(builder, target, accumulator, factor));
  Value more =
      builder.create<LLVM::ICmpOp>(LLVM::ICmpPredicate::sgt, next[0],
                                   builder.create<LLVM::ConstantOp>(i64, 0));
  builder.create<LLVM::CondBrOp>(more, loop, next, exit, ValueRange());

  builder.setInsertionPointToStart(exit);
  Value sum = next[1];
  for (Value accumulator : ArrayRef<Value>(next).drop_front(2))
    sum = builder.create<LLVM::XOrOp>(sum, accumulator);
  builder.create<LLVM::ReturnOp>(
      ValueRange{builder.create<LLVM::vector_reduce_add>(i32, sum)});
}
