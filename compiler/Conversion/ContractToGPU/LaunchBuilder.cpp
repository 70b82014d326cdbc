//===- LaunchBuilder.cpp - Shorthand for kernels --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToGPU/LaunchBuilder.h"
#include "compiler/Conversion/ContractToGPU/ContractToGPU.h"
#include "compiler/Support/Profile.h"

using namespace mlir;
using namespace qtc;

LaunchBuilder::LaunchBuilder(OpBuilder &builder, Operation *op,
                             const cuda::TargetRecord &target, int64_t blocks,
                             int64_t threads, int64_t sharedBytes)
    : ImplicitLocOpBuilder(op->getLoc(), builder), target(target) {
  auto space =
      gpu::AddressSpaceAttr::get(getContext(), gpu::AddressSpace::Workgroup);
  auto type = MemRefType::get({sharedBytes}, getI8Type(),
                              MemRefLayoutAttrInterface(), space);
  bool isDynamic = sharedBytes > cuda::kStaticSharedBytes;
  Value dynamicBytes;
  if (isDynamic)
    dynamicBytes = integer(cuda::getDynamicSharedBytes(sharedBytes));
  Value one = index(1);
  launch = create<gpu::LaunchOp>(index(blocks), one, one, index(threads), one,
                                 one, dynamicBytes, /*asyncTokenType=*/nullptr,
                                 /*asyncDependencies=*/ValueRange(),
                                 isDynamic ? TypeRange() : TypeRange{type});
  for (StringRef name :
       {qkernel::QKernelDialect::kKindAttrName,
        qkernel::QKernelDialect::kMacsAttrName, kTilesAttrName})
    if (Attribute attribute = op->getAttr(name))
      launch->setAttr(name, attribute);
  setInsertionPointToEnd(&launch.getBody().front());
  auto end = create<gpu::TerminatorOp>();
  setInsertionPoint(end);
  if (isDynamic) {
    shareDynamically(type);
  } else {
    shared = launch.getWorkgroupAttributions().front();
    sharedAddress = create<memref::ExtractAlignedPointerAsIndexOp>(shared);
  }
}

/// Only the kernel itself aligns the memory that a launch adds.
void LaunchBuilder::shareDynamically(MemRefType type) {
  Value all = create<gpu::DynamicSharedMemoryOp>(
      MemRefType::get({ShapedType::kDynamic}, type.getElementType(),
                      MemRefLayoutAttrInterface(), type.getMemorySpace()));
  Value begin = create<memref::ExtractAlignedPointerAsIndexOp>(all);
  sharedAddress = create<arith::AndIOp>(add(begin, cuda::kPatternBytes - 1),
                                        index(-cuda::kPatternBytes));
  shared = create<memref::ViewOp>(
      type, all, create<arith::SubIOp>(sharedAddress, begin), ValueRange());
}

Value LaunchBuilder::index(int64_t value) {
  return create<arith::ConstantIndexOp>(value);
}
Value LaunchBuilder::integer(int64_t value) {
  return create<arith::ConstantIntOp>(value, 32);
}
Value LaunchBuilder::add(Value x, Value y) {
  return create<arith::AddIOp>(x, y);
}
Value LaunchBuilder::add(Value x, int64_t y) {
  return y == 0 ? x : add(x, index(y));
}
Value LaunchBuilder::mul(Value x, int64_t y) {
  return create<arith::MulIOp>(x, index(y));
}
Value LaunchBuilder::div(Value x, int64_t y) {
  return create<arith::DivUIOp>(x, index(y));
}
Value LaunchBuilder::rem(Value x, int64_t y) {
  return create<arith::RemUIOp>(x, index(y));
}
Value LaunchBuilder::isLess(Value x, Value y) {
  return create<arith::CmpIOp>(arith::CmpIPredicate::ult, x, y);
}
Value LaunchBuilder::both(Value x, Value y) {
  if (!x || !y)
    return x ? x : y;
  return create<arith::AndIOp>(x, y);
}

void LaunchBuilder::copyAsync(Value source, Values from, Value to, Value exists,
                              bool isCached) {
  Value zero = index(0), count;
  if (exists) {
    for (Value &position : from)
      position = create<arith::SelectOp>(exists, position, zero);
    count = create<arith::SelectOp>(exists, index(kCopyBytes), zero);
  }
  if (target.hasAsyncCopies()) {
    copies.push_back(create<nvgpu::DeviceAsyncCopyOp>(
        nvgpu::DeviceAsyncTokenType::get(getContext()), getShared(),
        ValueRange{to}, source, from, getIndexAttr(kCopyBytes), count,
        /*bypassL1=*/isCached ? UnitAttr() : getUnitAttr()));
    return;
  }
  auto type = VectorType::get({kCopyBytes}, getI8Type());
  Value bytes = create<vector::LoadOp>(type, source, from);
  if (exists)
    bytes = create<arith::SelectOp>(
        exists, bytes, create<arith::ConstantOp>(getZeroAttr(type)));
  create<vector::StoreOp>(bytes, getShared(), to);
}

void LaunchBuilder::commit() {
  if (!target.hasAsyncCopies())
    return;
  newest = create<nvgpu::DeviceAsyncCreateGroupOp>(
      nvgpu::DeviceAsyncTokenType::get(getContext()), copies);
  copies.clear();
}

void LaunchBuilder::waitForCopies(int64_t pending, bool throughDescriptors) {
  if (target.hasAsyncCopies())
    create<nvgpu::DeviceAsyncWaitOp>(newest, getI32IntegerAttr(pending));
  // Descriptors use another proxy. Each thread fences its own copies.
  if (throughDescriptors)
    create<NVVM::FenceProxyOp>(
        NVVM::ProxyKindAttr::get(getContext(), NVVM::ProxyKind::async_shared),
        NVVM::SharedSpaceAttr::get(getContext(),
                                   NVVM::SharedSpace::shared_cta));
  create<gpu::BarrierOp>();
}
