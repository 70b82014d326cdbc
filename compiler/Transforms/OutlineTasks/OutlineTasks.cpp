//===- OutlineTasks.cpp - Parallel loops to functions that threads run ----===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/OutlineTasks/OutlineTasks.h"
#include "compiler/Support/Buffers.h"
#include "compiler/Support/Captures.h"
#include "compiler/Support/FunctionPool.h"
#include "compiler/Support/ModelPass.h"
#include "compiler/Support/Rewriting.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

#include <optional>
#include <tuple>

namespace qtc {
#define GEN_PASS_DEF_OUTLINETASKS
#include "compiler/Transforms/OutlineTasks/OutlineTasks.h.inc"
} // namespace qtc

#define DEBUG_TYPE "outline-tasks"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

namespace {

std::optional<int64_t> getConstant(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  return std::nullopt;
}

/// True when another capture is a view of the same buffer.
bool isShared(Value buffer, ArrayRef<Value> captures) {
  return llvm::count_if(captures, [root = getRoot(buffer)](Value other) {
           return getRoot(other) == root;
         }) > 1;
}

/// Moves the constants of a task to its start, each once, in the order of their
/// first uses. Otherwise equal tasks could differ: the sharing and the place of
/// constants depend on the function that a loop comes from.
void orderConstants(func::FuncOp task) {
  using Key = std::tuple<OperationName, Attribute, Type>;
  DenseMap<Key, Operation *> unique;
  SmallVector<Operation *> constants;
  Block &entry = task.getBody().front();
  Operation *first = &entry.front();
  task.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isConstant(op))
      constants.push_back(op);
    for (OpOperand &operand : op->getOpOperands()) {
      Operation *constant = operand.get().getDefiningOp();
      if (!constant || !isConstant(constant))
        continue;
      Key key(constant->getName(), constant->getAttrDictionary(),
              operand.get().getType());
      Operation *&known = unique[key];
      if (!known) {
        known = constant->clone();
        entry.getOperations().insert(first->getIterator(), known);
      }
      operand.set(known->getResult(0));
    }
  });
  for (Operation *constant : constants)
    constant->erase();
}

/// The functions that the kernels of a module have become.
using Kernels = llvm::StringMap<func::FuncOp>;

/// Outlines the parallel loops of one function, and replaces calls of outlined
/// kernels by their launches.
class TaskOutliner {
public:
  TaskOutliner(func::FuncOp function, SymbolTable &symbols, FunctionPool &tasks,
               const Kernels &kernels)
      : function(function), symbols(symbols), tasks(tasks), kernels(kernels),
        builder(function) {}

  LogicalResult run() {
    addExecutor();
    RewritePatternSet patterns(function.getContext());
    patterns.add<OutlineLoop, InlineKernel>(function.getContext(), *this);
    // A loop may be inside of one that repeats it, not of a parallel one.
    if (failed(rewriteEach(function, std::move(patterns))))
      return failure();
    function->setAttr(kProfileAttrName, builder.getArrayAttr(profile));
    return success();
  }

private:
  struct OutlineLoop : OpRewritePattern<scf::ParallelOp> {
    OutlineLoop(MLIRContext *context, TaskOutliner &outliner)
        : OpRewritePattern(context), outliner(outliner) {}
    LogicalResult matchAndRewrite(scf::ParallelOp loop,
                                  PatternRewriter &rewriter) const override {
      return outliner.outline(loop, rewriter);
    }
    TaskOutliner &outliner;
  };

  struct InlineKernel : OpRewritePattern<func::CallOp> {
    InlineKernel(MLIRContext *context, TaskOutliner &outliner)
        : OpRewritePattern(context), outliner(outliner) {}
    LogicalResult matchAndRewrite(func::CallOp call,
                                  PatternRewriter &rewriter) const override {
      outliner.inlineKernel(call, rewriter);
      return success();
    }
    TaskOutliner &outliner;
  };

  /// The executor is the first argument of a step, and the last of a kernel,
  /// whose arguments are identified by their numbers.
  void addExecutor() {
    unsigned index =
        function->hasAttr(kKernelAttrName) ? function.getNumArguments() : 0;
    function.insertArgument(
        index, LLVM::LLVMPointerType::get(function.getContext()),
        qtrain::getRoleMark(function.getContext(), qtrain::Role::Executor),
        function.getLoc());
    executor = function.getArgument(index);
  }

  void inlineKernel(func::CallOp call, RewriterBase &rewriter);
  LogicalResult outline(scf::ParallelOp loop, RewriterBase &rewriter);
  func::FuncOp createTask(scf::ParallelOp loop, unsigned range,
                          const Captures &captures);

  func::FuncOp function;
  SymbolTable &symbols;
  FunctionPool &tasks;
  const Kernels &kernels;
  OpBuilder builder;
  Value executor;
  SmallVector<Attribute> profile;
};

/// Clones the launches of a kernel, and the operations that they need, with
/// entries of the caller's node in the profile.
void TaskOutliner::inlineKernel(func::CallOp call, RewriterBase &rewriter) {
  auto found = kernels.find(call.getCallee());
  if (found == kernels.end())
    return;
  func::FuncOp kernel = found->second;
  auto entries = kernel->getAttrOfType<ArrayAttr>(kProfileAttrName);
  IRMapping mapping;
  mapping.map(kernel.getArguments().drop_back(), call.getOperands());
  mapping.map(kernel.getArguments().back(), executor);
  auto renumber = [&](MarkOp mark) {
    auto entry = cast<DictionaryAttr>(entries[mark.getIndex()]);
    mark.setIndex(profile.size());
    profile.push_back(renameProfileEntry(entry, call.getLoc()));
  };
  for (Operation &op : kernel.getBody().front().without_terminator())
    rewriter.clone(op, mapping)->walk(renumber);
  rewriter.eraseOp(call);
}

/// The dimension of a loop that is cut into ranges: the first one with more
/// than one iteration.
unsigned getRangeDimension(scf::ParallelOp loop) {
  unsigned dim = 0;
  while (dim + 1 < loop.getNumLoops() &&
         getConstant(loop.getUpperBound()[dim]) == 1)
    ++dim;
  return dim;
}

LogicalResult TaskOutliner::outline(scf::ParallelOp loop,
                                    RewriterBase &rewriter) {
  unsigned range = getRangeDimension(loop);
  std::optional<int64_t> lower = getConstant(loop.getLowerBound()[range]);
  std::optional<int64_t> upper = getConstant(loop.getUpperBound()[range]);
  std::optional<int64_t> step = getConstant(loop.getStep()[range]);
  if (lower != 0 || !upper || step != 1 || loop.getNumReductions() != 0)
    return loop.emitError(
        "expected a parallel loop from 0 to a constant without reductions");

  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(loop.getRegion(), used);
  // Bounds of the other dimensions are used inside too.
  for (ValueRange bounds :
       {ValueRange(loop.getLowerBound()), ValueRange(loop.getUpperBound()),
        ValueRange(loop.getStep())}) {
    used.insert(bounds.begin(), bounds.begin() + range);
    used.insert(bounds.begin() + range + 1, bounds.end());
  }
  Captures captures(loop, used.getArrayRef());
  // The scalars of a step belong to other kernels, too.
  if (function->hasAttr(kKernelAttrName))
    captures.sinkScalars(/*isExclusive=*/false);
  func::FuncOp task = createTask(loop, range, captures);
  rewriter.create<LaunchOp>(loop.getLoc(), task.getSymName(), executor,
                            static_cast<uint64_t>(*upper),
                            captures.getArguments());
  rewriter.create<MarkOp>(loop.getLoc(), executor,
                          static_cast<uint64_t>(profile.size()));
  profile.push_back(getProfileEntry(loop, captures.getArguments()));
  rewriter.eraseOp(loop);
  captures.eraseDead();
  return success();
}

/// A task gets the address of a buffer. If it never asks for the size, that is
/// no part of its type, so that it can be equal to tasks of other layers.
void forgetSize(BlockArgument buffer) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  if (!type || type.getRank() != 1 || !type.getLayout().isIdentity() ||
      !llvm::all_of(buffer.getUsers(), [](Operation *user) {
        return isa<memref::LoadOp, memref::StoreOp, memref::AtomicRMWOp,
                   vector::LoadOp, vector::StoreOp, vector::MaskedLoadOp,
                   vector::MaskedStoreOp>(user);
      }))
    return;
  buffer.setType(
      MemRefType::get({qtrain::kMaxElements}, type.getElementType()));
}

/// Whether `op` takes the same piece of stack whatever was computed before.
bool isFixedStack(Operation &op) {
  return isa<memref::AllocaOp>(op) && op.getNumOperands() == 0;
}

func::FuncOp TaskOutliner::createTask(scf::ParallelOp loop, unsigned range,
                                      const Captures &captures) {
  Location loc = loop.getLoc();
  ArrayRef<Value> arguments = captures.getArguments();
  SmallVector<Type> types(2, builder.getIndexType());
  for (Value argument : arguments)
    types.push_back(argument.getType());
  builder.setInsertionPoint(function);
  auto task =
      builder.create<func::FuncOp>(loc, (function.getSymName() + "_task").str(),
                                   builder.getFunctionType(types, {}));
  task.setPrivate();
  symbols.insert(task);
  Block *entry = task.addEntryBlock();
  IRMapping mapping;
  for (auto [index, capture] : llvm::enumerate(arguments)) {
    mapping.map(capture, entry->getArgument(index + 2));
    if (!isa<MemRefType>(capture.getType()))
      continue;
    if (!isShared(capture, arguments))
      task.setArgAttr(index + 2, LLVM::LLVMDialect::getNoAliasAttrName(),
                      builder.getUnitAttr());
    task.setArgAttr(index + 2, LLVM::LLVMDialect::getAlignAttrName(),
                    builder.getI64IntegerAttr(getAlignment(capture)));
  }
  builder.setInsertionPointToStart(entry);
  for (Operation *op : captures.getClones())
    builder.clone(*op, mapping);
  // One piece of stack serves all iterations.
  for (Operation &op : loop.getBody()->without_terminator())
    if (isFixedStack(op))
      builder.clone(op, mapping);
  Value one = builder.create<arith::ConstantIndexOp>(loc, 1);
  Value begin = entry->getArgument(0), end = entry->getArgument(1);
  OpBuilder inner = builder;
  for (auto [dim, variable] : llvm::enumerate(loop.getInductionVars())) {
    auto nested =
        dim == range
            ? inner.create<scf::ForOp>(loc, begin, end, one)
            : inner.create<scf::ForOp>(
                  loc, mapping.lookupOrDefault(loop.getLowerBound()[dim]),
                  mapping.lookupOrDefault(loop.getUpperBound()[dim]),
                  mapping.lookupOrDefault(loop.getStep()[dim]));
    mapping.map(variable, nested.getInductionVar());
    inner.setInsertionPointToStart(nested.getBody());
  }
  for (Operation &op : loop.getBody()->without_terminator())
    if (!isFixedStack(op))
      inner.clone(op, mapping);
  builder.create<func::ReturnOp>(loc);
  for (BlockArgument argument : entry->getArguments())
    forgetSize(argument);
  task.setType(builder.getFunctionType(entry->getArgumentTypes(), {}));
  orderConstants(task);
  // The forward passes of the step and of the evaluation share tasks.
  return tasks.insert(task);
}

struct OutlineTasks : qtc::impl::OutlineTasksBase<OutlineTasks> {
  bool concerns(func::FuncOp function) const override {
    return function->hasAttr(kKernelAttrName) || !function.isPrivate();
  }

  void runOnModel() override {
    SymbolTable symbols(getOperation());
    FunctionPool tasks(symbols);
    Kernels kernels;
    SmallVector<func::FuncOp> steps;
    for (auto function :
         llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      if (function.isExternal())
        continue;
      if (function->hasAttr(kKernelAttrName)) {
        if (failed(checkKernel(function)))
          return signalPassFailure();
        kernels[function.getSymName()] = function;
        if (failed(TaskOutliner(function, symbols, tasks, {}).run()))
          return signalPassFailure();
      } else if (!function.isPrivate()) {
        steps.push_back(function);
      }
    }
    for (func::FuncOp step : steps)
      if (failed(TaskOutliner(step, symbols, tasks, kernels).run()))
        return signalPassFailure();
    for (auto &kernel : kernels)
      symbols.erase(kernel.second);
  }

  /// A kernel is no step, and all that is left of it are its launches.
  static LogicalResult checkKernel(func::FuncOp kernel) {
    bool hasMarks = kernel.walk([](MarkOp) { return WalkResult::interrupt(); })
                        .wasInterrupted();
    if (kernel.getNumResults() == 0 && !hasMarks)
      return success();
    return kernel.emitError("expected a kernel without results, launches and "
                            "marks");
  }
};
} // namespace
