//===- DotProduct.cpp - Products of a step into 32 bits -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/DotProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace qtc;

DotProduct::Operand DotProduct::prepareA(Value lanes) {
  if (!target.widensBytes())
    return {lanes, nullptr, nullptr};
  int64_t halves = 2 * target.getLanes();
  Value pairs = e.create<vector::BitCastOp>(e.vectorType(halves, 16), lanes);
  Value even = e.create<arith::AndIOp>(pairs, e.splat(halves, 16, 0xff));
  Value odd = e.create<arith::ShRUIOp>(pairs, e.splat(halves, 16, 8));
  return {nullptr, even, odd};
}

DotProduct::Operand DotProduct::broadcastA(Value flat, Value offset) {
  if (factors == cpu::Factors::Floats) {
    Value element = e.create<memref::LoadOp>(flat, ValueRange(offset));
    auto type = VectorType::get(target.getLanes(), element.getType());
    return {e.create<vector::BroadcastOp>(type, element), nullptr, nullptr};
  }
  Value bytes = e.load(flat, offset, 4);
  Value word = e.create<vector::BitCastOp>(e.vectorType(1, 32), bytes);
  return prepareA(
      e.create<vector::BroadcastOp>(e.vectorType(target.getLanes(), 32), word));
}

DotProduct::Operand DotProduct::constantA(uint8_t byte) {
  return prepareA(
      e.splat(target.getLanes(), 32, int32_t(byte * UINT32_C(0x01010101))));
}

DotProduct::Operand DotProduct::loadB(Value flat, Value offset) {
  int64_t lanes = target.getLanes();
  Value step = e.load(flat, offset, getStepOfB());
  if (factors == cpu::Factors::Floats)
    return {step, nullptr, nullptr};
  if (!target.widensBytes()) {
    Value whole = e.create<vector::BitCastOp>(e.vectorType(lanes, 32), step);
    return {whole, nullptr, nullptr};
  }
  Value pairs = e.create<vector::BitCastOp>(e.vectorType(2 * lanes, 16), step);
  Value eight = e.splat(2 * lanes, 16, 8);
  Value even = e.create<arith::ShRSIOp>(
      e.create<arith::ShLIOp>(pairs, eight).getResult(), eight);
  Value odd = e.create<arith::ShRSIOp>(pairs, eight);
  return {nullptr, even, odd};
}

DotProduct::Operand DotProduct::loadWidened(Value flat, Value offset) {
  int64_t halves = 2 * target.getLanes();
  Value even = e.load(flat, offset, halves);
  return {nullptr, even, e.load(flat, e.add(offset, halves), halves)};
}

void DotProduct::storeWidened(const Operand &b, Value flat, Value offset) {
  e.store(b.even, flat, offset);
  e.store(b.odd, flat, e.add(offset, 2 * target.getLanes()));
}

Value DotProduct::call(ValueRange operands) {
  Type result = e.vectorType(target.getLanes(), 32);
  return e
      .create<LLVM::CallIntrinsicOp>(
          result, e.getStringAttr(target.getDotIntrinsic()), operands)
      .getResult(0);
}

Value DotProduct::getZero() {
  Type element =
      factors == cpu::Factors::Floats ? Type(e.getF32Type()) : e.getI32Type();
  return e.zero(VectorType::get(target.getLanes(), element));
}

Value DotProduct::accumulate(Value accumulator, const Operand &a,
                             const Operand &b) {
  if (factors == cpu::Factors::Floats)
    return e.create<vector::FMAOp>(a.whole, b.whole, accumulator);
  if (!target.widensBytes())
    return call({accumulator, a.whole, b.whole});
  // A sum of two products of a byte with a byte is far below 2^31.
  Value sum = e.create<arith::AddIOp>(accumulator, call({a.even, b.even}));
  return e.create<arith::AddIOp>(sum, call({a.odd, b.odd}));
}
