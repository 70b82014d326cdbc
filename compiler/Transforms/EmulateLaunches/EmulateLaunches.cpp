//===- EmulateLaunches.cpp - Grids of threads to loops --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/EmulateLaunches/EmulateLaunches.h"
#include "compiler/Support/Buffers.h"
#include "compiler/Support/ModelPass.h"
#include "compiler/Support/Rewriting.h"
#include "compiler/Transforms/EmulateLaunches/ThreadFunction.h"
#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

namespace qtc {
#define GEN_PASS_DEF_EMULATELAUNCHES
#include "compiler/Transforms/EmulateLaunches/EmulateLaunches.h.inc"
} // namespace qtc

#define DEBUG_TYPE "emulate-launches"

using namespace mlir;
using namespace qtc;

namespace {

/// The position in the grid that a kernel reads, by dimension.
struct Position {
  Value block, thread, blocks, threads, zero, one;
  /// Its dynamic workgroup memory, or null.
  Value dynamicMemory;
};

/// Reads the number that `OpTy` gives of one dimension.
template <typename OpTy> struct ReadDimension : OpRewritePattern<OpTy> {
  /// `first`: that of the first dimension; `other`: that of all others.
  ReadDimension(MLIRContext *context, Value first, Value other)
      : OpRewritePattern<OpTy>(context), first(first), other(other) {}
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    bool isFirst = op.getDimension() == gpu::Dimension::x;
    rewriter.replaceOp(op, isFirst ? first : other);
    return success();
  }

private:
  Value first, other;
};

struct ReadDynamicMemory : OpRewritePattern<gpu::DynamicSharedMemoryOp> {
  ReadDynamicMemory(MLIRContext *context, Value memory)
      : OpRewritePattern(context), memory(memory) {}
  LogicalResult matchAndRewrite(gpu::DynamicSharedMemoryOp op,
                                PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, memory);
    return success();
  }

private:
  Value memory;
};

/// Adds the patterns that read `position`.
void populatePatterns(RewritePatternSet &patterns, const Position &position) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ReadDimension<gpu::BlockIdOp>>(context, position.block,
                                              position.zero);
  patterns.add<ReadDimension<gpu::ThreadIdOp>>(context, position.thread,
                                               position.zero);
  patterns.add<ReadDimension<gpu::GridDimOp>>(context, position.blocks,
                                              position.one);
  patterns.add<ReadDimension<gpu::BlockDimOp>>(context, position.threads,
                                               position.one);
  if (position.dynamicMemory)
    patterns.add<ReadDynamicMemory>(context, position.dynamicMemory);
}

/// Arguments of a function before those of its kernel.
enum FunctionArgument {
  BlockIndex,
  BlockCount,
  ThreadCount,
  DynamicBytes,
  FirstOfKernel
};

/// The alignment of dynamic workgroup memory that the conversion to NVVM
/// guarantees.
constexpr int64_t kDynamicAlignment = 16;

/// Turns kernels into functions.
class KernelEmulator {
public:
  KernelEmulator(gpu::GPUFuncOp kernel, SymbolTable &symbols)
      : kernel(kernel), symbols(symbols),
        b(kernel.getLoc(), kernel.getContext()) {}

  /// A function that runs all threads of one block of the kernel.
  FailureOr<func::FuncOp> run() {
    if (failed(check()))
      return failure();
    SmallVector<Type> types(FirstOfKernel, b.getIndexType());
    llvm::append_range(types, kernel.getArgumentTypes());
    function = createFunction(kernel.getName(), types);
    if (failed(synchronizes() ? runTogether() : runOneByOne()))
      return failure();
    return function;
  }

private:
  LogicalResult check();
  func::FuncOp createFunction(const Twine &name, ArrayRef<Type> types) {
    auto created = func::FuncOp::create(kernel.getLoc(), name.str(),
                                        b.getFunctionType(types, {}));
    created.setPrivate();
    symbols.insert(created);
    b.setInsertionPointToStart(created.addEntryBlock());
    return created;
  }

  /// The operation that gets the memory whose size the launches state, or null.
  gpu::DynamicSharedMemoryOp findDynamicMemory() {
    gpu::DynamicSharedMemoryOp found;
    kernel.getBody().walk([&](gpu::DynamicSharedMemoryOp op) { found = op; });
    return found;
  }

  /// Whether threads wait for each other.
  bool synchronizes() {
    return kernel.getNumWorkgroupAttributions() > 0 || findDynamicMemory() ||
           threadsMeet(kernel.getBody());
  }

  LogicalResult runOneByOne();
  LogicalResult runTogether();
  SmallVector<Value> createWorkgroupMemory();
  Value createMemory(StringRef name, MemRefType type, Value bytes,
                     int64_t alignment);
  FailureOr<func::FuncOp> createThreadFunction(int64_t threads,
                                               ArrayRef<Type> types);
  void cloneBody(IRMapping &mapping, const Position &position);

  gpu::GPUFuncOp kernel;
  SymbolTable &symbols;
  ImplicitLocOpBuilder b;
  func::FuncOp function;
};

/// True for numbers, and for vectors and buffers of numbers.
bool isOfNumbers(Type type) {
  while (isa<VectorType, MemRefType>(type))
    type = cast<ShapedType>(type).getElementType();
  return type.isIntOrIndexOrFloat() || !isa<BuiltinDialect>(type.getDialect());
}

/// Checks the conditions that clones of the kernel's body rely on.
LogicalResult KernelEmulator::check() {
  if (!kernel.getBody().hasOneBlock())
    return kernel.emitError("expected structured control flow");
  if (kernel.getNumPrivateAttributions() > 0)
    return kernel.emitError("expected no private memory, which is no argument");
  for (BlockArgument memory : kernel.getWorkgroupAttributions())
    if (!getByteSize(cast<MemRefType>(memory.getType())))
      return kernel.emitError() << "expected workgroup memory of 1 to 2^40 "
                                   "numbers, but got "
                                << memory.getType();
  WalkResult result = kernel.getBody().walk([&](Operation *op) {
    bool isStack = isa<memref::AllocaOp>(op) &&
                   op->getBlock() == &kernel.getBody().front();
    if (llvm::all_of(op->getOperandTypes(), isOfNumbers) &&
        llvm::all_of(op->getResultTypes(), isOfNumbers) &&
        !(isStack && op->getNumOperands() > 0))
      return WalkResult::advance();
    op->emitError("expected numbers, and pieces of stack of a fixed size");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

/// Clones everything except the stack, which has a place of its own.
void KernelEmulator::cloneBody(IRMapping &mapping, const Position &position) {
  for (Operation &op : kernel.getBody().front().without_terminator())
    if (!isa<memref::AllocaOp>(op))
      b.clone(op, mapping);
  RewritePatternSet patterns(kernel.getContext());
  populatePatterns(patterns, position);
  LogicalResult result =
      rewriteEach(b.getInsertionBlock()->getParentOp(), std::move(patterns));
  assert(succeeded(result) && "these patterns always apply");
  (void)result;
}

LogicalResult KernelEmulator::runOneByOne() {
  IRMapping mapping;
  mapping.map(kernel.getArguments(),
              function.getArguments().drop_front(FirstOfKernel));
  // All threads of a block use one piece of stack: they run one by one.
  for (auto alloca : kernel.getBody().front().getOps<memref::AllocaOp>())
    b.clone(*alloca, mapping);
  Position position;
  position.zero = b.create<arith::ConstantIndexOp>(0);
  position.one = b.create<arith::ConstantIndexOp>(1);
  position.block = function.getArgument(BlockIndex);
  position.blocks = function.getArgument(BlockCount);
  position.threads = function.getArgument(ThreadCount);
  auto loop =
      b.create<scf::ForOp>(position.zero, position.threads, position.one);
  b.create<func::ReturnOp>();
  position.thread = loop.getInductionVar();
  b.setInsertionPointToStart(loop.getBody());
  cloneBody(mapping, position);
  return success();
}

/// The threads of a block are the iterations of a launch.
LogicalResult KernelEmulator::runTogether() {
  std::optional<ArrayRef<int32_t>> size = kernel.getKnownBlockSize();
  if (!size || size->empty())
    return kernel.emitError(
        "expected a known block size, as its threads work together");
  callEmulator(
      b, "block",
      {function.getArgument(BlockIndex), function.getArgument(ThreadCount)});
  SmallVector<Value> arguments(
      function.getArguments().drop_front(FirstOfKernel));
  arguments.insert(arguments.begin(), {function.getArgument(BlockIndex),
                                       function.getArgument(BlockCount)});
  llvm::append_range(arguments, createWorkgroupMemory());
  // Functions take no buffers of unknown size; the emulator knows the size.
  if (findDynamicMemory())
    arguments.push_back(
        createMemory("dynamic_memory", MemRefType::get({0}, b.getI8Type()),
                     function.getArgument(DynamicBytes), kDynamicAlignment));
  Value executor =
      b.create<LLVM::ZeroOp>(LLVM::LLVMPointerType::get(kernel.getContext()));
  SmallVector<Type> types(2, b.getIndexType());
  llvm::append_range(types, ValueRange(arguments).getTypes());
  OpBuilder::InsertPoint point = b.saveInsertionPoint();
  FailureOr<func::FuncOp> task = createThreadFunction(size->front(), types);
  if (failed(task))
    return failure();
  b.restoreInsertionPoint(point);
  b.create<qkernel::LaunchOp>(task->getSymName(), executor, size->front(),
                              arguments);
  b.create<func::ReturnOp>();
  return success();
}

/// `bytes` at an address that has only the required alignment.
Value KernelEmulator::createMemory(StringRef name, MemRefType type, Value bytes,
                                   int64_t alignment) {
  Value shift = b.create<arith::ConstantIndexOp>(alignment);
  Value space = b.create<memref::AllocaOp>(
      MemRefType::get({ShapedType::kDynamic}, b.getI8Type()),
      ValueRange{b.create<arith::AddIOp>(shift, bytes)},
      b.getI64IntegerAttr(2 * alignment));
  Value memory =
      b.create<memref::ViewOp>(type, space, shift, /*sizes=*/ValueRange());
  SmallVector<Value> first(type.getRank(), b.create<arith::ConstantIndexOp>(0));
  callEmulator(b, name, {getAddress(b, memory, first), bytes});
  return memory;
}

SmallVector<Value> KernelEmulator::createWorkgroupMemory() {
  SmallVector<Value> memories;
  for (auto [i, memory] : llvm::enumerate(kernel.getWorkgroupAttributions())) {
    auto type = cast<MemRefType>(getEmulatedType(memory.getType()));
    int64_t elementBytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    Value bytes =
        b.create<arith::ConstantIndexOp>(type.getNumElements() * elementBytes);
    auto attribute =
        dyn_cast_or_null<IntegerAttr>(kernel.getWorkgroupAttributionAttr(
            i, LLVM::LLVMDialect::getAlignAttrName()));
    memories.push_back(createMemory(
        "memory", type, bytes, attribute ? attribute.getInt() : elementBytes));
  }
  return memories;
}

/// Arguments of a thread's function before those of its kernel.
enum ThreadArgument { ThreadIndex, ThreadEnd, ThreadBlock, ThreadBlocks, Rest };

FailureOr<func::FuncOp>
KernelEmulator::createThreadFunction(int64_t threads, ArrayRef<Type> types) {
  func::FuncOp thread = createFunction(kernel.getName() + "_thread", types);
  IRMapping mapping;
  // Dynamic memory may follow them.
  for (auto [argument, copy] :
       llvm::zip_first(kernel.getBody().getArguments(),
                       thread.getArguments().drop_front(Rest))) {
    // The types stay until emulateSynchronization has seen which memory each
    // buffer is in.
    copy.setType(argument.getType());
    mapping.map(argument, copy);
  }
  for (auto alloca : kernel.getBody().front().getOps<memref::AllocaOp>())
    b.clone(*alloca, mapping);
  Position position;
  position.zero = b.create<arith::ConstantIndexOp>(0);
  position.one = b.create<arith::ConstantIndexOp>(1);
  position.threads = b.create<arith::ConstantIndexOp>(threads);
  position.thread = thread.getArgument(ThreadIndex);
  position.block = thread.getArgument(ThreadBlock);
  position.blocks = thread.getArgument(ThreadBlocks);
  if (gpu::DynamicSharedMemoryOp memory = findDynamicMemory()) {
    MemRefType type = memory.getType();
    Value start = thread.getArguments().back();
    start.setType(MemRefType::get({0}, type.getElementType(), type.getLayout(),
                                  type.getMemorySpace()));
    position.dynamicMemory = b.create<memref::CastOp>(type, start);
  }
  cloneBody(mapping, position);
  b.create<func::ReturnOp>();
  if (failed(emulateSynchronization(thread)))
    return failure();
  return thread;
}

void emulate(gpu::LaunchFuncOp launch, func::FuncOp function) {
  ImplicitLocOpBuilder b(launch.getLoc(), launch);
  Value zero = b.create<arith::ConstantIndexOp>(0);
  Value one = b.create<arith::ConstantIndexOp>(1);
  Value blocks = launch.getGridSizeX();
  auto loop = b.create<scf::ParallelOp>(ValueRange{zero}, ValueRange{blocks},
                                        ValueRange{one});
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> arguments = {loop.getInductionVars().front(), blocks,
                                  launch.getBlockSizeX()};
  Value dynamicBytes = launch.getDynamicSharedMemorySize();
  arguments.push_back(dynamicBytes ? b.create<arith::IndexCastOp>(
                                         b.getIndexType(), dynamicBytes)
                                   : zero);
  llvm::append_range(arguments, launch.getKernelOperands());
  b.create<func::CallOp>(function, arguments);
  launch.erase();
}

struct EmulateLaunches : qtc::impl::EmulateLaunchesBase<EmulateLaunches> {
  FunctionNeeds getNeeds() const override { return {/*oneBlock=*/false}; }

  void runOnModel() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    llvm::DenseMap<SymbolRefAttr, func::FuncOp> functions;
    for (auto kernels : module.getOps<gpu::GPUModuleOp>())
      for (auto kernel : kernels.getOps<gpu::GPUFuncOp>()) {
        FailureOr<func::FuncOp> function =
            KernelEmulator(kernel, symbols).run();
        if (failed(function))
          return signalPassFailure();
        functions[SymbolRefAttr::get(kernels.getSymNameAttr(),
                                     FlatSymbolRefAttr::get(kernel))] =
            *function;
      }
    WalkResult result = module.walk([&](gpu::LaunchFuncOp launch) {
      func::FuncOp function = functions.lookup(launch.getKernel());
      if (!function || launch->getNumResults() > 0) {
        launch.emitError() << "expected a launch without a token of a kernel "
                              "that exists, but got "
                           << launch.getKernel();
        return WalkResult::interrupt();
      }
      emulate(launch, function);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    for (auto kernels : llvm::to_vector(module.getOps<gpu::GPUModuleOp>()))
      kernels.erase();
    module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
  }
};
} // namespace
