//===- DotProduct.cpp - Four products into 32 bits ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/DotProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace qtc;
using cpu::DotForm;

static StringRef getIntrinsic(DotForm form) {
  switch (form) {
  case DotForm::Pmaddwd128:
    return "llvm.x86.sse2.pmadd.wd";
  case DotForm::Pmaddwd256:
    return "llvm.x86.avx2.pmadd.wd";
  case DotForm::Vpdpbusd256:
    return "llvm.x86.avx512.vpdpbusd.256";
  case DotForm::Vpdpbusd512:
    return "llvm.x86.avx512.vpdpbusd.512";
  }
  llvm_unreachable("unknown dot product");
}

DotProduct::Operand DotProduct::prepareA(Value lanes) {
  if (!widens())
    return {lanes, nullptr, nullptr};
  int64_t halves = 2 * target.getLanes();
  Value pairs = e.create<vector::BitCastOp>(e.vectorType(halves, 16), lanes);
  Value even = e.create<arith::AndIOp>(pairs, e.splat(halves, 16, 0xff));
  Value odd = e.create<arith::ShRUIOp>(pairs, e.splat(halves, 16, 8));
  return {nullptr, even, odd};
}

DotProduct::Operand DotProduct::broadcastA(Value flat, Value offset) {
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
  Value bytes = e.load(flat, offset, target.getVectorBytes());
  if (!widens()) {
    Value whole = e.create<vector::BitCastOp>(e.vectorType(lanes, 32), bytes);
    return {whole, nullptr, nullptr};
  }
  Value pairs = e.create<vector::BitCastOp>(e.vectorType(2 * lanes, 16), bytes);
  Value eight = e.splat(2 * lanes, 16, 8);
  Value even = e.create<arith::ShRSIOp>(
      e.create<arith::ShLIOp>(pairs, eight).getResult(), eight);
  Value odd = e.create<arith::ShRSIOp>(pairs, eight);
  return {nullptr, even, odd};
}

Value DotProduct::call(StringRef intrinsic, ValueRange operands) {
  Type result = e.vectorType(target.getLanes(), 32);
  return e
      .create<LLVM::CallIntrinsicOp>(result, e.getStringAttr(intrinsic),
                                     operands)
      .getResult(0);
}

Value DotProduct::accumulate(Value accumulator, const Operand &a,
                             const Operand &b) {
  StringRef intrinsic = getIntrinsic(target.dot);
  if (!widens())
    return call(intrinsic, {accumulator, a.whole, b.whole});
  // A sum of two products of a byte with a byte is far below 2^31.
  Value even = call(intrinsic, {a.even, b.even});
  Value odd = call(intrinsic, {a.odd, b.odd});
  Value sum = e.create<arith::AddIOp>(accumulator, even);
  return e.create<arith::AddIOp>(sum, odd);
}
