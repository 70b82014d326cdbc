//===- LoopBuilder.cpp - Shorthand for loops over buffers -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLoops/LoopBuilder.h"

#include "compiler/Support/Buffers.h"
#include "compiler/Support/Indices.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace qtc;

ArrayRef<int64_t> qtc::getBufferShape(Value buffer) {
  return cast<MemRefType>(buffer.getType()).getShape();
}

Value LoopBuilder::index(int64_t value) {
  return create<arith::ConstantIndexOp>(value);
}

Value LoopBuilder::integer(int64_t value, unsigned width) {
  return create<arith::ConstantIntOp>(value, width);
}

Value LoopBuilder::extend(Value value, unsigned width) {
  if (value.getType().getIntOrFloatBitWidth() >= width)
    return value;
  return create<arith::ExtSIOp>(getIntegerType(width), value);
}

Value LoopBuilder::zero(Type type) {
  return create<arith::ConstantOp>(getZeroAttr(type));
}

Value LoopBuilder::lowest(Type type) {
  if (auto number = dyn_cast<FloatType>(type)) {
    const llvm::fltSemantics &semantics = number.getFloatSemantics();
    return create<arith::ConstantFloatOp>(
        APFloat::getInf(semantics, /*Negative=*/true), number);
  }
  unsigned width = type.getIntOrFloatBitWidth();
  return integer(llvm::minIntN(width), width);
}

/// The form of an operation for the type of `a`.
template <typename IntegerOp, typename FloatOp>
static Value createArithmetic(LoopBuilder &builder, Value a, Value b) {
  if (isa<FloatType>(a.getType()))
    return builder.create<FloatOp>(a, b);
  return builder.create<IntegerOp>(a, b);
}

Value LoopBuilder::add(Value a, Value b) {
  return createArithmetic<arith::AddIOp, arith::AddFOp>(*this, a, b);
}

Value LoopBuilder::sub(Value a, Value b) {
  return createArithmetic<arith::SubIOp, arith::SubFOp>(*this, a, b);
}

Value LoopBuilder::mul(Value a, Value b) {
  return createArithmetic<arith::MulIOp, arith::MulFOp>(*this, a, b);
}

Value LoopBuilder::compare(arith::CmpIPredicate predicate, Value a, Value b) {
  return create<arith::CmpIOp>(predicate, a, b);
}

Value LoopBuilder::isEqual(Value a, Value b) {
  if (isa<FloatType>(a.getType()))
    return create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, a, b);
  return compare(arith::CmpIPredicate::eq, a, b);
}

Value LoopBuilder::maximum(Value a, Value b) {
  if (!isa<FloatType>(a.getType()))
    return create<arith::MaxSIOp>(a, b);
  // This is one instruction, unlike the maximum that orders zeros and NaN.
  return select(create<arith::CmpFOp>(arith::CmpFPredicate::OGT, a, b), a, b);
}

Value LoopBuilder::select(Value condition, Value a, Value b) {
  return create<arith::SelectOp>(condition, a, b);
}

Value LoopBuilder::clamp(Value value, int64_t limit) {
  unsigned width = value.getType().getIntOrFloatBitWidth();
  value = create<arith::MaxSIOp>(value, integer(-limit, width));
  return create<arith::MinSIOp>(value, integer(limit, width));
}

Value LoopBuilder::load(Value buffer, ValueRange indices) {
  return create<memref::LoadOp>(buffer, indices);
}

void LoopBuilder::store(Value value, Value buffer, ValueRange indices) {
  create<memref::StoreOp>(value, buffer, indices);
}

void LoopBuilder::accumulate(Value value, Value buffer, ValueRange indices) {
  store(add(load(buffer, indices), value), buffer, indices);
}

Value LoopBuilder::affine(Value a, int64_t factor, int64_t offset) {
  if (factor != 1)
    a = mul(a, index(factor));
  return offset == 0 ? a : add(a, index(offset));
}

Value LoopBuilder::isInside(Value value, int64_t extent) {
  // A negative index is a large unsigned one.
  return compare(arith::CmpIPredicate::ult, value, index(extent));
}

void LoopBuilder::parallel(ArrayRef<int64_t> shape, StringRef kind,
                           int64_t macs, function_ref<void(ValueRange)> body) {
  SmallVector<Value> lower(shape.size(), index(0)), upper;
  SmallVector<Value> step(shape.size(), index(1));
  for (int64_t extent : shape)
    upper.push_back(index(extent));
  auto loop = create<scf::ParallelOp>(lower, upper, step);
  loop->setAttr(qkernel::QKernelDialect::kKindAttrName, getStringAttr(kind));
  if (macs != 0)
    loop->setAttr(qkernel::QKernelDialect::kMacsAttrName,
                  getI64IntegerAttr(macs));
  InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVars());
}

void LoopBuilder::parallel(int64_t count, StringRef kind, int64_t macs,
                           function_ref<void(Value)> body) {
  parallel(ArrayRef<int64_t>(count), kind, macs,
           [&](ValueRange indices) { body(indices.front()); });
}

void LoopBuilder::parallelNest(ArrayRef<int64_t> shape, unsigned outer,
                               StringRef kind, int64_t macs,
                               function_ref<void(ValueRange)> body) {
  if (hasFineGrain() && !shape.empty())
    return parallel(shape, kind, macs, body);
  outer = std::min<size_t>(outer, shape.size());
  ArrayRef<int64_t> parallelShape = shape.take_front(outer);
  int64_t count = 1;
  for (int64_t extent : parallelShape)
    count *= extent;
  parallel(count, kind, macs, [&](Value linear) {
    SmallVector<Value> indices = delinearize(*this, linear, parallelShape);
    nest(shape.drop_front(outer), [&](ValueRange inner) {
      llvm::append_range(indices, inner);
      body(indices);
    });
  });
}

void LoopBuilder::loop(int64_t count, function_ref<void(Value)> body) {
  loop(index(0), index(count), body);
}

void LoopBuilder::loop(Value begin, Value end, function_ref<void(Value)> body) {
  auto loop = create<scf::ForOp>(begin, end, index(1));
  InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void LoopBuilder::nest(ArrayRef<int64_t> shape,
                       function_ref<void(ValueRange)> body) {
  InsertionGuard guard(*this);
  SmallVector<Value> indices;
  for (int64_t extent : shape) {
    auto loop = create<scf::ForOp>(index(0), index(extent), index(1));
    setInsertionPointToStart(loop.getBody());
    indices.push_back(loop.getInductionVar());
  }
  body(indices);
}

Value LoopBuilder::fold(Value begin, Value end, Value start,
                        function_ref<Value(Value, Value)> body) {
  auto loop = create<scf::ForOp>(begin, end, index(1), ValueRange{start});
  InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  create<scf::YieldOp>(body(loop.getInductionVar(), loop.getRegionIterArg(0)));
  return loop.getResult(0);
}

void LoopBuilder::fold(
    ArrayRef<int64_t> shape, MutableArrayRef<Value> values,
    function_ref<void(ValueRange, MutableArrayRef<Value>)> body) {
  InsertionGuard guard(*this);
  SmallVector<Value> indices, carried(values);
  SmallVector<scf::ForOp> loops;
  for (int64_t extent : shape) {
    loops.push_back(
        create<scf::ForOp>(index(0), index(extent), index(1), carried));
    setInsertionPointToStart(loops.back().getBody());
    indices.push_back(loops.back().getInductionVar());
    carried = llvm::to_vector_of<Value>(loops.back().getRegionIterArgs());
  }
  body(indices, carried);
  for (scf::ForOp loop : llvm::reverse(loops)) {
    // A loop that carries nothing has its terminator already.
    setInsertionPointToEnd(loop.getBody());
    if (!values.empty())
      create<scf::YieldOp>(carried);
    carried = llvm::to_vector_of<Value>(loop.getResults());
  }
  llvm::copy(carried, values.begin());
}

void LoopBuilder::when(Value condition, function_ref<void()> body) {
  auto branch = create<scf::IfOp>(condition, /*withElseRegion=*/false);
  InsertionGuard guard(*this);
  setInsertionPointToStart(&branch.getThenRegion().front());
  body();
}

Value LoopBuilder::choose(Value condition, Value otherwise,
                          function_ref<Value()> body) {
  auto branch = create<scf::IfOp>(otherwise.getType(), condition,
                                  /*withElseRegion=*/true);
  InsertionGuard guard(*this);
  setInsertionPointToStart(&branch.getThenRegion().front());
  create<scf::YieldOp>(body());
  setInsertionPointToStart(&branch.getElseRegion().front());
  create<scf::YieldOp>(otherwise);
  return branch.getResult(0);
}

Value LoopBuilder::flatten(Value buffer) {
  return flattenBuffer(*this, getLoc(), buffer);
}

Value LoopBuilder::table(StringRef name, DenseElementsAttr elements) {
  auto module = getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  auto type =
      MemRefType::get(elements.getType().getShape(), elements.getElementType());
  memref::GlobalOp found;
  for (auto global : module.getOps<memref::GlobalOp>())
    if (global.getInitialValue() == elements)
      found = global;
  if (!found) {
    InsertionGuard guard(*this);
    setInsertionPointToStart(module.getBody());
    found = create<memref::GlobalOp>(name, getStringAttr("private"), type,
                                     elements, /*constant=*/true,
                                     /*alignment=*/IntegerAttr());
    SymbolTable(module).insert(found);
  }
  return create<memref::GetGlobalOp>(type, found.getSymName());
}

void LoopBuilder::fillZero(Value buffer, StringRef kind) {
  auto type = cast<MemRefType>(buffer.getType());
  Value element = zero(type.getElementType());
  if (type.getRank() == 0) {
    store(element, buffer, {});
    return;
  }
  Value flat = flatten(buffer);
  parallel(type.getNumElements(), kind, /*macs=*/0,
           [&](Value i) { store(element, flat, i); });
}
