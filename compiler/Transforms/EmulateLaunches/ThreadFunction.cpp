//===- ThreadFunction.cpp - Threads that work together --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/EmulateLaunches/ThreadFunction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace qtc;

func::CallOp qtc::callEmulator(ImplicitLocOpBuilder &b, StringRef name,
                               ValueRange arguments, TypeRange results) {
  std::string symbol = ("qtc_emulator_" + name).str();
  Operation *parent = b.getInsertionBlock()->getParentOp();
  auto module = parent->getParentOfType<ModuleOp>();
  if (!module.lookupSymbol(symbol)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(module.getBody());
    b.create<func::FuncOp>(symbol,
                           b.getFunctionType(TypeRange(arguments), results))
        .setPrivate();
  }
  return b.create<func::CallOp>(symbol, results, arguments);
}

Type qtc::getEmulatedType(Type type) {
  if (isa<nvgpu::DeviceAsyncTokenType>(type))
    return IntegerType::get(type.getContext(), 32);
  auto buffer = dyn_cast<MemRefType>(type);
  if (!buffer || !buffer.getMemorySpace())
    return type;
  return MemRefType::get(buffer.getShape(), buffer.getElementType(),
                         buffer.getLayout());
}

static int64_t getBytes(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getNumElements() * getBytes(vector.getElementType());
  constexpr int64_t kIndexBytes = 8;
  return type.isIntOrFloat() ? llvm::divideCeil(type.getIntOrFloatBitWidth(), 8)
                             : kIndexBytes;
}

Value qtc::getAddress(ImplicitLocOpBuilder &b, Value buffer,
                      ValueRange indices) {
  auto elementBytes =
      getBytes(cast<MemRefType>(buffer.getType()).getElementType());
  auto parts = b.create<memref::ExtractStridedMetadataOp>(buffer);
  Value elements = parts.getOffset();
  for (auto [index, stride] : llvm::zip(indices, parts.getStrides()))
    elements = b.create<arith::AddIOp>(elements,
                                       b.create<arith::MulIOp>(index, stride));
  Value bytes = b.create<arith::MulIOp>(
      elements, b.create<arith::ConstantIndexOp>(elementBytes));
  // Upstream looks for the pointer through views, and drops their shifts.
  while (auto view = buffer.getDefiningOp<memref::ViewOp>()) {
    bytes = b.create<arith::AddIOp>(bytes, view.getByteShift());
    buffer = view.getSource();
  }
  Value base = b.create<memref::ExtractAlignedPointerAsIndexOp>(buffer);
  return b.create<arith::AddIOp>(base, bytes);
}

namespace {

bool isWorkgroupMemory(Value value) {
  auto type = dyn_cast<MemRefType>(value.getType());
  return type && gpu::GPUDialect::hasWorkgroupMemoryAddressSpace(type);
}

/// Rewrites the operations of one function.
class SynchronizationEmulator {
public:
  explicit SynchronizationEmulator(func::FuncOp function)
      : function(function), b(function.getLoc(), function.getContext()) {}

  LogicalResult run() {
    SmallVector<Operation *> ops;
    function.getBody().walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      if (failed(emulate(op)))
        return failure();
    dropMemorySpaces();
    return success();
  }

private:
  LogicalResult emulate(Operation *op);
  LogicalResult emulate(gpu::ShuffleOp op);
  LogicalResult emulate(NVVM::MmaOp op);
  LogicalResult emulate(nvgpu::DeviceAsyncCopyOp op);
  LogicalResult emulate(nvgpu::LdMatrixOp op);
  LogicalResult emulate(NVVM::WgmmaMmaAsyncOp op);
  LogicalResult emulate(NVVM::FenceProxyOp op);
  LogicalResult emulate(LLVM::InlineAsmOp op);
  /// Calls `name` with `arguments` and values in registers. Returns a structure
  /// of the registers from `first` on.
  Value callOnRegisters(StringRef name, SmallVector<Value> arguments,
                        ValueRange values, size_t first, Type type);
  Value createRegisters(int64_t count, Type type);
  LogicalResult checkOther(Operation *op);
  LogicalResult noteAccess(Value buffer, ValueRange indices, Type type,
                           bool isWrite);
  void dropMemorySpaces();

  Value number(int64_t value) {
    return b.create<arith::ConstantIntOp>(value, 32);
  }
  /// A number that tells the operations at which threads meet apart.
  Value nextSite() { return number(site++); }

  /// Replaces the operation `op` by a call of `name`.
  LogicalResult call(Operation *op, StringRef name, ValueRange arguments) {
    callEmulator(b, name, arguments);
    if (op->getNumResults() == 1)
      op->getResult(0).replaceAllUsesWith(number(0));
    op->erase();
    return success();
  }

  func::FuncOp function;
  ImplicitLocOpBuilder b;
  int64_t site = 0;
};

LogicalResult SynchronizationEmulator::emulate(Operation *op) {
  b.setLoc(op->getLoc());
  b.setInsertionPoint(op);
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<gpu::ShuffleOp, NVVM::MmaOp, nvgpu::DeviceAsyncCopyOp,
            nvgpu::LdMatrixOp, NVVM::WgmmaMmaAsyncOp, NVVM::FenceProxyOp,
            LLVM::InlineAsmOp>([&](auto typed) { return emulate(typed); })
      .Case([&](NVVM::WgmmaFenceAlignedOp) {
        return call(op, "fence_registers", nextSite());
      })
      .Case([&](NVVM::WgmmaGroupSyncAlignedOp) {
        return call(op, "commit_warpgroup", nextSite());
      })
      .Case([&](NVVM::WgmmaWaitGroupSyncOp wait) {
        return call(op, "wait_warpgroup",
                    {nextSite(), number(wait.getGroup())});
      })
      .Case([&](gpu::BarrierOp) { return call(op, "barrier", nextSite()); })
      .Case([&](nvgpu::DeviceAsyncCreateGroupOp) {
        return call(op, "commit", ValueRange());
      })
      .Case([&](nvgpu::DeviceAsyncWaitOp wait) {
        return call(op, "wait", number(wait.getNumGroups().value_or(0)));
      })
      .Case([&](memref::LoadOp load) {
        return noteAccess(load.getMemRef(), load.getIndices(), load.getType(),
                          /*isWrite=*/false);
      })
      .Case([&](vector::LoadOp load) {
        return noteAccess(load.getBase(), load.getIndices(),
                          load.getVectorType(), /*isWrite=*/false);
      })
      .Case([&](memref::StoreOp store) {
        return noteAccess(store.getMemRef(), store.getIndices(),
                          store.getValue().getType(), /*isWrite=*/true);
      })
      .Case([&](vector::StoreOp store) {
        return noteAccess(store.getBase(), store.getIndices(),
                          store.getVectorType(), /*isWrite=*/true);
      })
      .Default([&](Operation *) { return checkOther(op); });
}

LogicalResult SynchronizationEmulator::emulate(gpu::ShuffleOp op) {
  if (op.getMode() != gpu::ShuffleMode::XOR || !op.getType(0).isInteger(32))
    return op.emitError("expected a shuffle of mode xor on i32");
  auto shuffle =
      callEmulator(b, "shuffle_xor",
                   {nextSite(), op.getValue(), op.getOffset(), op.getWidth()},
                   b.getI32Type());
  op.getShuffleResult().replaceAllUsesWith(shuffle.getResult(0));
  // In a whole warp every lane has a partner.
  op.getValid().replaceAllUsesWith(b.create<arith::ConstantIntOp>(1, 1));
  op.erase();
  return success();
}

/// Memory through which the emulator reads and returns values of a thread.
Value SynchronizationEmulator::createRegisters(int64_t count, Type type) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&function.getBody().front());
  return b.create<memref::AllocaOp>(MemRefType::get({count}, type));
}

Value SynchronizationEmulator::callOnRegisters(StringRef name,
                                               SmallVector<Value> arguments,
                                               ValueRange values, size_t first,
                                               Type type) {
  Value registers = createRegisters(values.size(), b.getI32Type());
  auto index = [&](size_t i) -> Value {
    return b.create<arith::ConstantIndexOp>(i);
  };
  for (auto [i, value] : llvm::enumerate(values))
    b.create<memref::StoreOp>(value, registers, index(i));
  arguments.push_back(getAddress(b, registers, index(0)));
  callEmulator(b, name, arguments);
  Value result = b.create<LLVM::UndefOp>(type);
  for (size_t i = first; i < values.size(); ++i)
    result = b.create<LLVM::InsertValueOp>(
        result, b.create<memref::LoadOp>(registers, index(i)), i - first);
  return result;
}

LogicalResult SynchronizationEmulator::emulate(NVVM::MmaOp op) {
  if (op.getMultiplicandAPtxType() != NVVM::MMATypes::s8 ||
      op.getMultiplicandBPtxType() != NVVM::MMATypes::s8 ||
      op.getIntOverflowBehavior() != NVVM::MMAIntOverflow::wrapped)
    return op.emitError("expected a product of s8 with sums that wrap");
  NVVM::MMAShapeAttr shape = op.getShape();
  size_t first = op.getNumOperands() - op.getOperandC().size();
  op.getResult().replaceAllUsesWith(
      callOnRegisters("multiply",
                      {nextSite(), number(shape.getM()), number(shape.getN()),
                       number(shape.getK())},
                      op.getOperands(), first, op.getType()));
  op.erase();
  return success();
}

LogicalResult SynchronizationEmulator::emulate(NVVM::WgmmaMmaAsyncOp op) {
  bool hasBytes = op.getTypeA() == NVVM::WGMMATypes::s8 &&
                  op.getTypeB() == NVVM::WGMMATypes::s8 &&
                  op.getTypeD() == NVVM::WGMMATypes::s32;
  bool adds = op.getScaleD() == NVVM::WGMMAScaleOut::one &&
              op.getSatfinite() != NVVM::MMAIntOverflow::satfinite;
  bool hasLayout = op.getLayoutA() == NVVM::MMALayout::row &&
                   op.getLayoutB() == NVVM::MMALayout::col;
  if (!hasBytes || !adds || !hasLayout)
    return op.emitError("expected a product of s8 with sums that wrap");
  auto type = cast<LLVM::LLVMStructType>(op.getInouts().getType());
  SmallVector<Value> sums;
  for (size_t i = 0; i < type.getBody().size(); ++i)
    sums.push_back(b.create<LLVM::ExtractValueOp>(op.getInouts(), i));
  op.getResults().replaceAllUsesWith(
      callOnRegisters("multiply_warpgroup",
                      {nextSite(), number(op.getShape().getN()),
                       op.getDescriptorA(), op.getDescriptorB()},
                      sums, /*first=*/0, type));
  op.erase();
  return success();
}

LogicalResult SynchronizationEmulator::emulate(NVVM::FenceProxyOp op) {
  if (op.getKind() != NVVM::ProxyKind::async_shared)
    return op.emitError("expected a fence of the proxy async.shared");
  return call(op, "fence_proxy", ValueRange());
}

/// Assembly without text ties registers to a place; it counts as a use of them.
LogicalResult SynchronizationEmulator::emulate(LLVM::InlineAsmOp op) {
  auto type = dyn_cast_or_null<LLVM::LLVMStructType>(
      op->getNumResults() == 1 ? op->getResult(0).getType() : Type());
  if (!op.getAsmString().empty() || !type ||
      !llvm::equal(type.getBody(), op->getOperandTypes()))
    return op.emitError("expected assembly that can be emulated");
  op->getResult(0).replaceAllUsesWith(
      callOnRegisters("use", {number(op->getNumOperands())}, op->getOperands(),
                      /*first=*/0, type));
  op.erase();
  return success();
}

LogicalResult SynchronizationEmulator::emulate(nvgpu::DeviceAsyncCopyOp op) {
  auto type = cast<MemRefType>(op.getSrc().getType());
  Value elementBytes =
      b.create<arith::ConstantIndexOp>(getBytes(type.getElementType()));
  auto inBytes = [&](Value elements) {
    return b.create<arith::MulIOp>(elements, elementBytes);
  };
  Value bytes = inBytes(
      b.create<arith::ConstantIndexOp>(op.getDstElements().getZExtValue()));
  Value sourceBytes =
      op.getSrcElements() ? inBytes(op.getSrcElements()) : bytes;
  return call(op, "copy",
              {getAddress(b, op.getDst(), op.getDstIndices()),
               getAddress(b, op.getSrc(), op.getSrcIndices()), bytes,
               sourceBytes});
}

LogicalResult SynchronizationEmulator::emulate(nvgpu::LdMatrixOp op) {
  auto type = cast<VectorType>(op.getType());
  if (op.getTranspose() || !isWorkgroupMemory(op.getSrcMemref()))
    return op.emitError("expected matrices in workgroup memory that are not "
                        "transposed");
  auto flat = VectorType::get({type.getNumElements()}, type.getElementType());
  Value registers =
      createRegisters(flat.getNumElements(), flat.getElementType());
  Value zero = b.create<arith::ConstantIndexOp>(0);
  callEmulator(b, "load_matrices",
               {nextSite(), number(op.getNumTiles()),
                getAddress(b, op.getSrcMemref(), op.getIndices()),
                getAddress(b, registers, zero)});
  Value loaded = b.create<vector::LoadOp>(flat, registers, zero);
  op.getRes().replaceAllUsesWith(b.create<vector::ShapeCastOp>(type, loaded));
  op.erase();
  return success();
}

LogicalResult SynchronizationEmulator::noteAccess(Value buffer,
                                                  ValueRange indices, Type type,
                                                  bool isWrite) {
  if (isWorkgroupMemory(buffer))
    callEmulator(b, "access",
                 {getAddress(b, buffer, indices),
                  b.create<arith::ConstantIndexOp>(getBytes(type)),
                  number(isWrite)});
  return success();
}

/// No operation of a device may be left, and no access to workgroup memory may
/// go unnoticed. Addresses are used only by descriptors, whose products report
/// their reads themselves.
LogicalResult SynchronizationEmulator::checkOther(Operation *op) {
  if (isa<gpu::GPUDialect, nvgpu::NVGPUDialect, NVVM::NVVMDialect>(
          op->getDialect()) ||
      (!isa<ViewLikeOpInterface, memref::ExtractAlignedPointerAsIndexOp>(op) &&
       llvm::any_of(op->getOperands(), isWorkgroupMemory)))
    return op->emitError("expected an operation that can be emulated");
  return success();
}

void SynchronizationEmulator::dropMemorySpaces() {
  auto convert = [](Value value) {
    value.setType(getEmulatedType(value.getType()));
  };
  function.getBody().walk([&](Operation *op) {
    llvm::for_each(op->getResults(), convert);
    for (Region &region : op->getRegions())
      llvm::for_each(region.getArguments(), convert);
  });
  llvm::for_each(function.getArguments(), convert);
  function.setType(
      b.getFunctionType(function.getBody().getArgumentTypes(), {}));
}
} // namespace

LogicalResult qtc::emulateSynchronization(func::FuncOp function) {
  return SynchronizationEmulator(function).run();
}
