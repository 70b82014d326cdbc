//===- ThreadFunction.cpp - Threads that work together --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/EmulateLaunches/ThreadFunction.h"
#include "compiler/Support/Rewriting.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/DialectConversion.h"
#include "llvm/ADT/STLExtras.h"
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

/// Builds what replaces an operation of a thread.
class ThreadBuilder : public ImplicitLocOpBuilder {
public:
  ThreadBuilder(Operation *op, PatternRewriter &rewriter)
      : ImplicitLocOpBuilder(op->getLoc(), rewriter), rewriter(rewriter) {}

  Value number(int64_t value) {
    return create<arith::ConstantIntOp>(value, 32);
  }

  /// Calls `name` with `arguments` and values in registers. Returns a structure
  /// of the registers from `first` on.
  Value callOnRegisters(StringRef name, SmallVector<Value> arguments,
                        ValueRange values, size_t first, Type type);
  /// Memory through which the emulator reads and returns values of a thread.
  Value createRegisters(int64_t count, Type type);

  /// Replaces the operation `op` by a call of `name`.
  LogicalResult call(Operation *op, StringRef name, ValueRange arguments) {
    callEmulator(*this, name, arguments);
    if (op->getNumResults() == 1)
      rewriter.replaceOp(op, number(0));
    else
      rewriter.eraseOp(op);
    return success();
  }

  PatternRewriter &rewriter;
};

Value ThreadBuilder::createRegisters(int64_t count, Type type) {
  OpBuilder::InsertionGuard guard(*this);
  auto function =
      getInsertionBlock()->getParent()->getParentOfType<func::FuncOp>();
  setInsertionPointToStart(&function.getBody().front());
  return create<memref::AllocaOp>(MemRefType::get({count}, type));
}

Value ThreadBuilder::callOnRegisters(StringRef name,
                                     SmallVector<Value> arguments,
                                     ValueRange values, size_t first,
                                     Type type) {
  Value registers = createRegisters(values.size(), getI32Type());
  auto index = [&](size_t i) -> Value {
    return create<arith::ConstantIndexOp>(i);
  };
  for (auto [i, value] : llvm::enumerate(values))
    create<memref::StoreOp>(value, registers, index(i));
  arguments.push_back(getAddress(*this, registers, index(0)));
  callEmulator(*this, name, arguments);
  Value result = create<LLVM::UndefOp>(type);
  for (size_t i = first; i < values.size(); ++i)
    result = create<LLVM::InsertValueOp>(
        result, create<memref::LoadOp>(registers, index(i)), i - first);
  return result;
}

/// Replaces an operation of a thread by a call of the emulator.
template <typename OpTy> struct Emulate : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    ThreadBuilder b(op, rewriter);
    return emulate(op, b);
  }
  virtual LogicalResult emulate(OpTy op, ThreadBuilder &b) const = 0;
};

//===----------------------------------------------------------------------===//
// Operations at which threads meet
//===----------------------------------------------------------------------===//

/// Replaces an operation at which threads meet. `sites` counts these.
template <typename OpTy> struct Meet : Emulate<OpTy> {
  Meet(MLIRContext *context, int64_t &sites)
      : Emulate<OpTy>(context), sites(sites) {}

protected:
  /// A number that tells the operations at which threads meet apart.
  Value nextSite(ThreadBuilder &b) const { return b.number(sites++); }

private:
  int64_t &sites;
};

/// Operations that only name their place.
template <typename OpTy> struct MeetOnly : Meet<OpTy> {
  MeetOnly(MLIRContext *context, int64_t &sites, StringRef name)
      : Meet<OpTy>(context, sites), name(name) {}
  LogicalResult emulate(OpTy op, ThreadBuilder &b) const override {
    return b.call(op, name, this->nextSite(b));
  }

private:
  std::string name;
};

struct WaitForProducts : Meet<NVVM::WgmmaWaitGroupSyncOp> {
  using Meet::Meet;
  LogicalResult emulate(NVVM::WgmmaWaitGroupSyncOp op,
                        ThreadBuilder &b) const override {
    Value site = nextSite(b);
    return b.call(op, "wait_warpgroup", {site, b.number(op.getGroup())});
  }
};

struct Shuffle : Meet<gpu::ShuffleOp> {
  using Meet::Meet;
  LogicalResult emulate(gpu::ShuffleOp op, ThreadBuilder &b) const override {
    if (op.getMode() != gpu::ShuffleMode::XOR || !op.getType(0).isInteger(32))
      return op.emitError("expected a shuffle of mode xor on i32");
    auto shuffle = callEmulator(
        b, "shuffle_xor",
        {nextSite(b), op.getValue(), op.getOffset(), op.getWidth()},
        b.getI32Type());
    // In a whole warp every lane has a partner.
    Value valid = b.create<arith::ConstantIntOp>(1, 1);
    b.rewriter.replaceOp(op, {shuffle.getResult(0), valid});
    return success();
  }
};

struct Multiply : Meet<NVVM::MmaOp> {
  using Meet::Meet;
  LogicalResult emulate(NVVM::MmaOp op, ThreadBuilder &b) const override {
    if (op.getMultiplicandAPtxType() != NVVM::MMATypes::s8 ||
        op.getMultiplicandBPtxType() != NVVM::MMATypes::s8 ||
        op.getIntOverflowBehavior() != NVVM::MMAIntOverflow::wrapped)
      return op.emitError("expected a product of s8 with sums that wrap");
    NVVM::MMAShapeAttr shape = op.getShape();
    size_t first = op.getNumOperands() - op.getOperandC().size();
    b.rewriter.replaceOp(
        op, b.callOnRegisters("multiply",
                              {nextSite(b), b.number(shape.getM()),
                               b.number(shape.getN()), b.number(shape.getK())},
                              op.getOperands(), first, op.getType()));
    return success();
  }
};

struct MultiplyWarpgroup : Meet<NVVM::WgmmaMmaAsyncOp> {
  using Meet::Meet;
  LogicalResult emulate(NVVM::WgmmaMmaAsyncOp op,
                        ThreadBuilder &b) const override {
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
    b.rewriter.replaceOp(
        op, b.callOnRegisters("multiply_warpgroup",
                              {nextSite(b), b.number(op.getShape().getN()),
                               op.getDescriptorA(), op.getDescriptorB()},
                              sums, /*first=*/0, type));
    return success();
  }
};

struct LoadMatrices : Meet<nvgpu::LdMatrixOp> {
  using Meet::Meet;
  LogicalResult emulate(nvgpu::LdMatrixOp op, ThreadBuilder &b) const override {
    auto type = cast<VectorType>(op.getType());
    if (op.getTranspose() || !isWorkgroupMemory(op.getSrcMemref()))
      return op.emitError("expected matrices in workgroup memory that are not "
                          "transposed");
    auto flat = VectorType::get({type.getNumElements()}, type.getElementType());
    Value registers =
        b.createRegisters(flat.getNumElements(), flat.getElementType());
    Value zero = b.create<arith::ConstantIndexOp>(0);
    callEmulator(b, "load_matrices",
                 {nextSite(b), b.number(op.getNumTiles()),
                  getAddress(b, op.getSrcMemref(), op.getIndices()),
                  getAddress(b, registers, zero)});
    Value loaded = b.create<vector::LoadOp>(flat, registers, zero);
    b.rewriter.replaceOp(op, b.create<vector::ShapeCastOp>(type, loaded));
    return success();
  }
};

void populateMeetings(RewritePatternSet &patterns, int64_t &sites) {
  MLIRContext *context = patterns.getContext();
  patterns
      .add<Shuffle, Multiply, MultiplyWarpgroup, LoadMatrices, WaitForProducts>(
          context, sites);
  patterns.add<MeetOnly<gpu::BarrierOp>>(context, sites, "barrier");
  patterns.add<MeetOnly<NVVM::WgmmaFenceAlignedOp>>(context, sites,
                                                    "fence_registers");
  patterns.add<MeetOnly<NVVM::WgmmaGroupSyncAlignedOp>>(context, sites,
                                                        "commit_warpgroup");
}

//===----------------------------------------------------------------------===//
// Other operations
//===----------------------------------------------------------------------===//

struct FenceProxy : Emulate<NVVM::FenceProxyOp> {
  using Emulate::Emulate;
  LogicalResult emulate(NVVM::FenceProxyOp op,
                        ThreadBuilder &b) const override {
    if (op.getKind() != NVVM::ProxyKind::async_shared)
      return op.emitError("expected a fence of the proxy async.shared");
    return b.call(op, "fence_proxy", ValueRange());
  }
};

/// Assembly without text ties registers to a place; it counts as a use of them.
struct UseRegisters : Emulate<LLVM::InlineAsmOp> {
  using Emulate::Emulate;
  LogicalResult emulate(LLVM::InlineAsmOp op, ThreadBuilder &b) const override {
    auto type = dyn_cast_or_null<LLVM::LLVMStructType>(
        op->getNumResults() == 1 ? op->getResult(0).getType() : Type());
    if (!op.getAsmString().empty() || !type ||
        !llvm::equal(type.getBody(), op->getOperandTypes()))
      return op.emitError("expected assembly that can be emulated");
    b.rewriter.replaceOp(
        op, b.callOnRegisters("use", {b.number(op->getNumOperands())},
                              op->getOperands(), /*first=*/0, type));
    return success();
  }
};

struct Copy : Emulate<nvgpu::DeviceAsyncCopyOp> {
  using Emulate::Emulate;
  LogicalResult emulate(nvgpu::DeviceAsyncCopyOp op,
                        ThreadBuilder &b) const override {
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
    return b.call(op, "copy",
                  {getAddress(b, op.getDst(), op.getDstIndices()),
                   getAddress(b, op.getSrc(), op.getSrcIndices()), bytes,
                   sourceBytes});
  }
};

struct CommitCopies : Emulate<nvgpu::DeviceAsyncCreateGroupOp> {
  using Emulate::Emulate;
  LogicalResult emulate(nvgpu::DeviceAsyncCreateGroupOp op,
                        ThreadBuilder &b) const override {
    return b.call(op, "commit", ValueRange());
  }
};

struct WaitForCopies : Emulate<nvgpu::DeviceAsyncWaitOp> {
  using Emulate::Emulate;
  LogicalResult emulate(nvgpu::DeviceAsyncWaitOp op,
                        ThreadBuilder &b) const override {
    return b.call(op, "wait", b.number(op.getNumGroups().value_or(0)));
  }
};

/// Reports accesses to workgroup memory, and keeps them.
LogicalResult noteAccess(Operation *op, PatternRewriter &rewriter, Value buffer,
                         ValueRange indices, Type type, bool isWrite) {
  ThreadBuilder b(op, rewriter);
  if (isWorkgroupMemory(buffer))
    callEmulator(b, "access",
                 {getAddress(b, buffer, indices),
                  b.create<arith::ConstantIndexOp>(getBytes(type)),
                  b.number(isWrite)});
  return success();
}

LogicalResult noteLoad(memref::LoadOp op, PatternRewriter &rewriter) {
  return noteAccess(op, rewriter, op.getMemRef(), op.getIndices(), op.getType(),
                    /*isWrite=*/false);
}

LogicalResult noteStore(memref::StoreOp op, PatternRewriter &rewriter) {
  return noteAccess(op, rewriter, op.getMemRef(), op.getIndices(),
                    op.getValue().getType(), /*isWrite=*/true);
}

LogicalResult noteVectorLoad(vector::LoadOp op, PatternRewriter &rewriter) {
  return noteAccess(op, rewriter, op.getBase(), op.getIndices(),
                    op.getVectorType(), /*isWrite=*/false);
}

LogicalResult noteVectorStore(vector::StoreOp op, PatternRewriter &rewriter) {
  return noteAccess(op, rewriter, op.getBase(), op.getIndices(),
                    op.getVectorType(), /*isWrite=*/true);
}

/// Addresses are used only by descriptors, whose products report their reads
/// themselves.
LogicalResult keepAddress(memref::ExtractAlignedPointerAsIndexOp,
                          PatternRewriter &) {
  return success();
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// No operation of a device may be left, and no access to workgroup memory may
/// go unnoticed.
LogicalResult expectPatterns(func::FuncOp function,
                             const FrozenRewritePatternSet &patterns) {
  ConversionTarget processor(*function.getContext());
  processor.addIllegalDialect<gpu::GPUDialect, nvgpu::NVGPUDialect,
                              NVVM::NVVMDialect>();
  WalkResult result = function.getBody().walk([&](Operation *op) {
    bool isUnnoticed = !isa<ViewLikeOpInterface>(op) &&
                       llvm::any_of(op->getOperands(), isWorkgroupMemory);
    if (hasPattern(patterns, op) || (!processor.isIllegal(op) && !isUnnoticed))
      return WalkResult::advance();
    op->emitError("expected an operation that can be emulated");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

void dropMemorySpaces(func::FuncOp function) {
  auto convert = [](Value value) {
    value.setType(getEmulatedType(value.getType()));
  };
  function.getBody().walk([&](Operation *op) {
    llvm::for_each(op->getResults(), convert);
    for (Region &region : op->getRegions())
      llvm::for_each(region.getArguments(), convert);
  });
  llvm::for_each(function.getArguments(), convert);
  function.setType(FunctionType::get(
      function.getContext(), function.getBody().getArgumentTypes(), {}));
}
} // namespace

bool qtc::threadsMeet(Region &body) {
  int64_t sites = 0;
  RewritePatternSet patterns(body.getContext());
  populateMeetings(patterns, sites);
  FrozenRewritePatternSet meetings(std::move(patterns));
  return body
      .walk([&](Operation *op) {
        return hasPattern(meetings, op) ? WalkResult::interrupt()
                                        : WalkResult::advance();
      })
      .wasInterrupted();
}

LogicalResult qtc::emulateSynchronization(func::FuncOp function) {
  int64_t sites = 0;
  RewritePatternSet set(function.getContext());
  populateMeetings(set, sites);
  set.add<FenceProxy, UseRegisters, Copy, CommitCopies, WaitForCopies>(
      function.getContext());
  set.add(noteLoad).add(noteStore).add(noteVectorLoad).add(noteVectorStore);
  set.add(keepAddress);
  FrozenRewritePatternSet patterns(std::move(set));
  if (failed(expectPatterns(function, patterns)) ||
      failed(rewriteEach(function, patterns)))
    return failure();
  dropMemorySpaces(function);
  return success();
}
