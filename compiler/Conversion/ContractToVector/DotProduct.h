//===- DotProduct.h - Products of a step into 32 bits -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one operation that a target supplies to contractions: every 32-bit lane
// of an accumulator gains the products of a step. For bytes these are four
// products of unsigned with signed ones, whose sum is exact modulo 2^32 in all
// forms. For floats it is one product, rounded together with the sum if there
// is such an instruction.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACTTOVECTOR_DOTPRODUCT_H
#define QTC_CONVERSION_CONTRACTTOVECTOR_DOTPRODUCT_H

#include "compiler/Conversion/ContractToVector/Emitter.h"
#include "compiler/Target/CPU/TargetRecord.h"

namespace qtc {

class DotProduct {
public:
  DotProduct(Emitter &emitter, const cpu::TargetRecord &target,
             cpu::Factors factors)
      : e(emitter), target(target), factors(factors) {}

  /// A operand or B operand in the form that the instruction takes.
  struct Operand {
    mlir::Value whole;     ///< vpdpbusd: the bytes as 32-bit lanes; floats
    mlir::Value even, odd; ///< pmaddwd: bytes 0, 2 and 1, 3 as 16-bit lanes
  };

  /// A step of A, unsigned bytes or a float at `offset`, in all lanes.
  Operand broadcastA(mlir::Value flat, mlir::Value offset);
  /// The four unsigned bytes `bytes`, in all lanes.
  Operand constantA(uint8_t byte);
  /// A step of B in one vector of columns, signed bytes or floats at `offset`.
  Operand loadB(mlir::Value flat, mlir::Value offset);
  /// The same for a vector that storeWidened has written there. Only valid if
  /// the instruction takes 16-bit factors.
  Operand loadWidened(mlir::Value flat, mlir::Value offset);
  void storeWidened(const Operand &b, mlir::Value flat, mlir::Value offset);
  mlir::Value accumulate(mlir::Value accumulator, const Operand &a,
                         const Operand &b);
  /// Accumulators of no products.
  mlir::Value getZero();
  /// Elements of B in a step of one vector of columns.
  int64_t getStepOfB() const {
    return target.getLanes() * cpu::getDepth(factors);
  }

private:
  Operand prepareA(mlir::Value lanes);
  mlir::Value call(mlir::ValueRange operands);

  Emitter &e;
  const cpu::TargetRecord &target;
  cpu::Factors factors;
};

} // namespace qtc

#endif // QTC_CONVERSION_CONTRACTTOVECTOR_DOTPRODUCT_H
