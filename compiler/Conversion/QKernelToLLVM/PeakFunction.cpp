//===- PeakFunction.cpp - Peak speed of an instruction set ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace qtc;

/// Independent accumulators in one round of the peak function: at least two
/// instructions per cycle times the six cycles until the result of one can be
/// used. With 32 registers 16 are measurably faster than 12, because the
/// scheduler need not be perfect; with 16 registers more would be spilled.
static int64_t getPeakAccumulators(const cpu::TargetRecord &target) {
  return target.vectorRegisters >= 32 ? 16 : 12;
}

/// Products that one instruction adds to a lane of an accumulator.
static int64_t getProductsPerLane(const cpu::TargetRecord &target,
                                  bool floats) {
  if (floats)
    return 1;
  return target.widensBytes() ? 2 : 4;
}

int64_t qtc::getPeakMacs(const cpu::TargetRecord &target, bool floats) {
  return getPeakAccumulators(target) * target.getLanes() *
         getProductsPerLane(target, floats);
}

/// The next value of an accumulator of floats, by a fused operation if there is
/// one. acc · 0.5 + 0.5 converges to 1.
static Value multiplyAddOnce(ImplicitLocOpBuilder &builder, Value accumulator) {
  auto type = cast<VectorType>(accumulator.getType());
  Value half = builder.create<LLVM::ConstantOp>(
      type, DenseElementsAttr::get(type, 0.5f));
  return builder.create<LLVM::FMulAddOp>(accumulator, half, half);
}

/// The next value of an accumulator of dot products.
static Value addDotProductOnce(ImplicitLocOpBuilder &builder,
                               const cpu::TargetRecord &target,
                               Value accumulator) {
  auto type = cast<VectorType>(accumulator.getType());
  Value factor = builder.create<LLVM::ConstantOp>(
      type, DenseElementsAttr::get(type, int32_t(0x01020304)));
  auto call = [&](ValueRange operands) -> Value {
    return builder
        .create<LLVM::CallIntrinsicOp>(
            type, builder.getStringAttr(target.getDotIntrinsic()), operands)
        ->getResult(0);
  };
  if (!target.widensBytes())
    return call({accumulator, factor, factor});
  auto halves = VectorType::get({2 * target.getLanes()}, builder.getI16Type());
  Value a = builder.create<LLVM::BitcastOp>(halves, accumulator);
  Value b = builder.create<LLVM::BitcastOp>(halves, factor);
  return builder.create<LLVM::AddOp>(accumulator, call({a, b}));
}

/// The start values differ, so that accumulators cannot be merged.
static SmallVector<Value> createAccumulators(ImplicitLocOpBuilder &builder,
                                             VectorType type, int64_t count) {
  SmallVector<Value> accumulators;
  for (int64_t i = 0; i < count; ++i) {
    auto value = type.getElementType().isF32()
                     ? DenseElementsAttr::get(type, static_cast<float>(i))
                     : DenseElementsAttr::get(type, static_cast<int32_t>(i));
    accumulators.push_back(builder.create<LLVM::ConstantOp>(type, value));
  }
  return accumulators;
}

/// An i32 that depends on all accumulators.
static Value combine(ImplicitLocOpBuilder &builder, ValueRange accumulators,
                     int64_t lanes) {
  auto type = VectorType::get({lanes}, builder.getI32Type());
  Value sum;
  for (Value accumulator : accumulators) {
    Value bits = builder.createOrFold<LLVM::BitcastOp>(type, accumulator);
    sum = sum ? builder.create<LLVM::XOrOp>(sum, bits).getResult() : bits;
  }
  return builder.create<LLVM::vector_reduce_add>(builder.getI32Type(), sum);
}

void qtc::createPeakFunction(ModuleOp module, const cpu::TargetRecord &target,
                             bool floats) {
  ImplicitLocOpBuilder builder(module.getLoc(), module.getContext());
  builder.setInsertionPointToEnd(module.getBody());
  Type i64 = builder.getI64Type(), i32 = builder.getI32Type();
  auto function =
      builder.create<LLVM::LLVMFuncOp>(getEntryPointName(target, "peak"),
                                       LLVM::LLVMFunctionType::get(i32, {i64}));
  Block *entry = function.addEntryBlock(builder);
  auto vector = VectorType::get({target.getLanes()},
                                floats ? Type(builder.getF32Type()) : i32);
  int64_t accumulators = getPeakAccumulators(target);
  SmallVector<Type> types(accumulators, vector);
  types.insert(types.begin(), i64);
  Block *loop =
      builder.createBlock(&function.getBody(), function.getBody().end(), types,
                          SmallVector<Location>(types.size(), module.getLoc()));
  Block *exit =
      builder.createBlock(&function.getBody(), function.getBody().end());

  builder.setInsertionPointToStart(entry);
  SmallVector<Value> start = createAccumulators(builder, vector, accumulators);
  start.insert(start.begin(), entry->getArgument(0));
  builder.create<LLVM::BrOp>(start, loop);

  builder.setInsertionPointToStart(loop);
  SmallVector<Value> next{builder.create<LLVM::SubOp>(
      loop->getArgument(0), builder.create<LLVM::ConstantOp>(i64, 1))};
  for (Value accumulator : loop->getArguments().drop_front())
    next.push_back(floats ? multiplyAddOnce(builder, accumulator)
                          : addDotProductOnce(builder, target, accumulator));
  Value more =
      builder.create<LLVM::ICmpOp>(LLVM::ICmpPredicate::sgt, next[0],
                                   builder.create<LLVM::ConstantOp>(i64, 0));
  builder.create<LLVM::CondBrOp>(more, loop, next, exit, ValueRange());

  builder.setInsertionPointToStart(exit);
  builder.create<LLVM::ReturnOp>(ValueRange{
      combine(builder, ArrayRef<Value>(next).drop_front(), target.getLanes())});
}
