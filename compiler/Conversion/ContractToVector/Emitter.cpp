//===- Emitter.cpp - Short forms for writing loops ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/Emitter.h"
#include "compiler/Support/Buffers.h"

#include "dialect/QKernel/IR/QKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace qtc;

Value Emitter::index(int64_t value) {
  return create<arith::ConstantIndexOp>(value);
}

Value Emitter::size(int64_t value) {
  return create<qkernel::SizeOp>(getIndexType(), sizes++, value);
}

Divisor Emitter::divisor(int64_t value, int64_t bound) {
  if (bound > int64_t(1) << 31)
    return {index(value), Value()};
  uint64_t reciprocal = (uint64_t(1) << 63) / value + 1;
  return {size(value), size(static_cast<int64_t>(reciprocal))};
}

Value Emitter::quotient(Value value, const Divisor &divisor) {
  if (!divisor.reciprocal)
    return createOrFold<arith::DivUIOp>(value, divisor.value);
  auto product = create<arith::MulUIExtendedOp>(
      create<arith::IndexCastUIOp>(getI64Type(), add(value, value)),
      create<arith::IndexCastUIOp>(getI64Type(), divisor.reciprocal));
  return create<arith::IndexCastUIOp>(getIndexType(), product.getHigh());
}

Value Emitter::add(Value lhs, Value rhs) {
  return createOrFold<arith::AddIOp>(lhs, rhs);
}

Value Emitter::add(Value lhs, int64_t rhs) { return add(lhs, index(rhs)); }

Value Emitter::sub(Value lhs, Value rhs) {
  return createOrFold<arith::SubIOp>(lhs, rhs);
}

Value Emitter::sub(Value lhs, int64_t rhs) { return sub(lhs, index(rhs)); }

Value Emitter::mul(Value lhs, Value rhs) {
  if (getConstantIntValue(lhs) && !getConstantIntValue(rhs))
    std::swap(lhs, rhs); // folds look for constants on the right
  return createOrFold<arith::MulIOp>(lhs, rhs);
}

Value Emitter::mul(Value lhs, int64_t rhs) { return mul(lhs, index(rhs)); }

Value Emitter::div(Value lhs, int64_t rhs) {
  return createOrFold<arith::DivUIOp>(lhs, index(rhs));
}

Value Emitter::rem(Value lhs, int64_t rhs) {
  return createOrFold<arith::RemUIOp>(lhs, index(rhs));
}

Value Emitter::min(Value lhs, Value rhs) {
  return createOrFold<arith::MinUIOp>(lhs, rhs);
}

Value Emitter::min(Value lhs, int64_t rhs) { return min(lhs, index(rhs)); }

Value Emitter::equal(Value lhs, Value rhs) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, lhs, rhs);
}

Value Emitter::equal(Value lhs, int64_t rhs) { return equal(lhs, index(rhs)); }

Value Emitter::less(Value lhs, Value rhs) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ult, lhs, rhs);
}

Value Emitter::less(Value lhs, int64_t rhs) { return less(lhs, index(rhs)); }

Values Emitter::delinearize(Value value, ArrayRef<Divisor> extents) {
  Values digits(extents.size());
  for (size_t i = extents.size(); i-- > 1;) {
    Value rest = quotient(value, extents[i]);
    digits[i] = sub(value, mul(rest, extents[i].value));
    value = rest;
  }
  digits.front() = value;
  return digits;
}

Values Emitter::delinearize(Value value, ArrayRef<int64_t> extents) {
  Values digits(extents.size(), index(0));
  size_t top = 0;
  while (top + 1 < extents.size() && extents[top] == 1)
    ++top;
  for (size_t i = extents.size(); i-- > top + 1;) {
    digits[i] = rem(value, extents[i]);
    value = div(value, extents[i]);
  }
  if (extents[top] != 1)
    digits[top] = value;
  return digits;
}

VectorType Emitter::vectorType(int64_t lanes, unsigned bits) {
  return VectorType::get(lanes, getIntegerType(bits));
}

Value Emitter::splat(int64_t lanes, unsigned bits, int64_t value) {
  APInt element(bits, value, /*isSigned=*/true);
  return create<arith::ConstantOp>(
      DenseElementsAttr::get(vectorType(lanes, bits), element));
}

Value Emitter::zero(Type type) {
  return create<arith::ConstantOp>(getZeroAttr(type));
}

Value Emitter::addLanes(Value lhs, Value rhs) {
  if (cast<VectorType>(lhs.getType()).getElementType().isF32())
    return create<arith::AddFOp>(lhs, rhs);
  return create<arith::AddIOp>(lhs, rhs);
}

Value Emitter::flatten(Value buffer) {
  return flattenBuffer(*this, getLoc(), buffer);
}

static VectorType getLoadType(Value flat, int64_t lanes) {
  return VectorType::get(lanes,
                         cast<MemRefType>(flat.getType()).getElementType());
}

Value Emitter::load(Value flat, Value offset, int64_t lanes) {
  return create<vector::LoadOp>(getLoadType(flat, lanes), flat, offset);
}

void Emitter::store(Value vector, Value flat, Value offset) {
  create<vector::StoreOp>(vector, flat, offset);
}

static Value createMask(Emitter &e, int64_t lanes, int64_t used) {
  SmallVector<bool> bits(lanes, false);
  std::fill_n(bits.begin(), used, true);
  return e.create<arith::ConstantOp>(
      DenseElementsAttr::get(e.vectorType(lanes, 1), bits));
}

Value Emitter::loadPart(Value flat, Value offset, int64_t lanes, int64_t used) {
  if (used == lanes)
    return load(flat, offset, lanes);
  VectorType type = getLoadType(flat, lanes);
  return create<vector::MaskedLoadOp>(
      type, flat, offset, createMask(*this, lanes, used), zero(type));
}

void Emitter::storePart(Value vector, Value flat, Value offset, int64_t used) {
  int64_t lanes = cast<VectorType>(vector.getType()).getNumElements();
  if (used == lanes)
    return store(vector, flat, offset);
  create<vector::MaskedStoreOp>(flat, offset, createMask(*this, lanes, used),
                                vector);
}

Value Emitter::magnitude(Value value) {
  Value negative = create<arith::SubIOp>(zero(value.getType()), value);
  return create<arith::MaxSIOp>(value, negative);
}

Value Emitter::maxMagnitude(Value maximum, Value value) {
  return create<arith::MaxSIOp>(maximum, magnitude(value));
}

Value Emitter::addBias(Value accumulators, Value bias) {
  constexpr int64_t limit = int64_t(1) << 30;
  auto type = cast<VectorType>(accumulators.getType());
  int64_t lanes = type.getNumElements();
  Value sum = addLanes(accumulators, bias);
  if (type.getElementType().isF32())
    return sum;
  sum = create<arith::MinSIOp>(sum, splat(lanes, 32, limit));
  return create<arith::MaxSIOp>(sum, splat(lanes, 32, -limit));
}

void Emitter::clear(Value scalar) {
  Value zero = create<arith::ConstantIntOp>(0, 32);
  create<memref::StoreOp>(zero, scalar);
}

void Emitter::atomicMaximum(Value maximum, Value scalar) {
  Value reduced =
      create<vector::ReductionOp>(vector::CombiningKind::MAXSI, maximum);
  create<memref::AtomicRMWOp>(arith::AtomicRMWKind::maxs, reduced, scalar,
                              ValueRange());
}

Values Emitter::loop(Value lower, Value upper, Value step, ValueRange init,
                     function_ref<Values(Value, ValueRange)> body) {
  std::optional<int64_t> first = getConstantIntValue(lower);
  std::optional<int64_t> end = getConstantIntValue(upper);
  if (first && end && *first >= *end)
    return Values(init);
  std::optional<int64_t> distance = getConstantIntValue(step);
  if (first && end && distance && *first + *distance >= *end)
    return body(lower, init);
  auto loop = create<scf::ForOp>(
      lower, upper, step, init,
      [&](OpBuilder &, Location, Value iv, ValueRange carried) {
        // The callback's builder is a plain one at the same place.
        create<scf::YieldOp>(body(iv, carried));
      });
  return Values(loop.getResults());
}

Values Emitter::loop(Value lower, Value upper, int64_t step, ValueRange init,
                     function_ref<Values(Value, ValueRange)> body) {
  return loop(lower, upper, index(step), init, body);
}

Values Emitter::advance(Value lower, Value upper, ArrayRef<Value> offsets,
                        ArrayRef<Stride> strides, ValueRange init,
                        function_ref<Values(ValueRange, ValueRange)> body) {
  Values first;
  for (auto [offset, stride] : llvm::zip_equal(offsets, strides))
    first.push_back(add(offset, mul(lower, stride.value)));
  std::optional<int64_t> begin = getConstantIntValue(lower);
  std::optional<int64_t> end = getConstantIntValue(upper);
  if (begin && end && *begin + 1 >= *end)
    return *begin < *end ? body(first, init) : Values(init);
  // One of the offsets counts, so that the loop needs no number of its own.
  auto positive =
      llvm::find_if(strides, [](const Stride &s) { return s.number > 0; });
  size_t counter = positive - strides.begin();
  bool counts = positive != strides.end();
  Values carried = first;
  llvm::append_range(carried, init);
  if (counts) {
    carried.erase(carried.begin() + counter);
    lower = first[counter];
    // Without overflow, so that a loop with constant bounds needs no test in
    // front of it.
    Value distance = mul(begin ? sub(upper, *begin) : upper, positive->value);
    upper =
        createOrFold<arith::AddIOp>(begin ? lower : offsets[counter], distance,
                                    arith::IntegerOverflowFlags::nsw);
  }
  auto emit = [&](Value variable, ValueRange values) -> Values {
    Values current(values.take_front(offsets.size() - counts));
    if (counts)
      current.insert(current.begin() + counter, variable);
    Values next;
    for (auto [index, offset] : llvm::enumerate(current))
      if (!counts || index != counter)
        next.push_back(add(offset, strides[index].value));
    llvm::append_range(next, body(current, values.drop_front(next.size())));
    return next;
  };
  Values last =
      loop(lower, upper, counts ? positive->value : index(1), carried, emit);
  return Values(llvm::drop_begin(last, offsets.size() - counts));
}

void Emitter::loop(int64_t lower, int64_t upper, int64_t step,
                   function_ref<void(Value)> body) {
  loop(index(lower), index(upper), step, {}, [&](Value iv, ValueRange) {
    body(iv);
    return Values();
  });
}

Values Emitter::when(Value condition, ValueRange init,
                     function_ref<Values(ValueRange)> body) {
  if (std::optional<int64_t> known = getConstantIntValue(condition))
    return *known ? body(init) : Values(init);
  auto op = create<scf::IfOp>(
      condition,
      [&](OpBuilder &, Location) { create<scf::YieldOp>(body(init)); },
      [&](OpBuilder &, Location) { create<scf::YieldOp>(init); });
  return Values(op.getResults());
}

void Emitter::branch(Value condition, function_ref<void()> then,
                     function_ref<void()> otherwise) {
  if (std::optional<int64_t> known = getConstantIntValue(condition))
    return *known ? then() : otherwise();
  auto end = [&](function_ref<void()> body) {
    return [this, body](OpBuilder &, Location) {
      body();
      create<scf::YieldOp>();
    };
  };
  create<scf::IfOp>(condition, end(then), end(otherwise));
}

void Emitter::choosePart(Value index, ArrayRef<Value> extents,
                         function_ref<void(size_t, Value)> body) {
  auto choose = [&](auto &self, size_t part, Value local) -> void {
    if (part + 1 == extents.size())
      return body(part, local);
    branch(
        less(local, extents[part]), [&] { body(part, local); },
        [&] { self(self, part + 1, sub(local, extents[part])); });
  };
  choose(choose, 0, index);
}

void Emitter::parallel(Operation *source, int64_t count,
                       function_ref<void(Value)> body) {
  auto loop = create<scf::ParallelOp>(
      ValueRange(index(0)), ValueRange(index(count)), ValueRange(index(1)),
      [&](OpBuilder &, Location, ValueRange ivs) { body(ivs.front()); });
  if (!source)
    return;
  using Dialect = qkernel::QKernelDialect;
  for (StringRef name : {Dialect::kKindAttrName, Dialect::kMacsAttrName})
    if (Attribute attribute = source->getAttr(name))
      loop->setAttr(name, attribute);
}
