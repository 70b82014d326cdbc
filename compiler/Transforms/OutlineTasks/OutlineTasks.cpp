//===- OutlineTasks.cpp - Parallel loops to functions that threads run ----===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/OutlineTasks/OutlineTasks.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
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

/// The allocation or argument that a buffer is a view of the whole of.
Value getRoot(Value buffer) {
  while (isa_and_nonnull<memref::CollapseShapeOp, memref::ExpandShapeOp>(
      buffer.getDefiningOp()))
    buffer = buffer.getDefiningOp()->getOperand(0);
  return buffer;
}

/// True when another capture is a view of the same buffer.
bool isShared(Value buffer, ArrayRef<Value> captures) {
  return llvm::count_if(captures, [root = getRoot(buffer)](Value other) {
           return getRoot(other) == root;
         }) > 1;
}

/// What is known of the alignment of a buffer: places in the arena lie on cache
/// lines, arguments on their element.
int64_t getAlignment(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  if (getRoot(buffer).getDefiningOp<memref::ViewOp>())
    return 64;
  return std::max<int64_t>(type.getElementTypeBitWidth() / 8, 1);
}

bool isConstant(Operation *op) {
  return op->hasTrait<OpTrait::ConstantLike>() || isa<memref::GetGlobalOp>(op);
}

/// Brings the constants of a task to its start, each once, in the order of
/// their first uses. Which of them were shared with other loops, and where they
/// were, depends on the function that the loop is from.
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

/// Tasks by their type, to find equal ones.
using TasksByType = DenseMap<Type, SmallVector<func::FuncOp>>;

/// Outlines the parallel loops of one function.
class TaskOutliner {
public:
  TaskOutliner(func::FuncOp function, SymbolTable &symbols, TasksByType &tasks)
      : function(function), symbols(symbols), tasks(tasks), builder(function) {}

  LogicalResult run() {
    addExecutor();
    // A loop may be inside of one that repeats it, not of a parallel one.
    SmallVector<scf::ParallelOp> loops;
    function.walk<WalkOrder::PreOrder>([&](scf::ParallelOp loop) {
      loops.push_back(loop);
      return WalkResult::skip();
    });
    for (scf::ParallelOp loop : loops)
      if (failed(outline(loop)))
        return failure();
    function->setAttr(kProfileAttrName, builder.getArrayAttr(profile));
    return success();
  }

private:
  void addExecutor() {
    function.insertArgument(0,
                            LLVM::LLVMPointerType::get(function.getContext()),
                            builder.getDictionaryAttr(builder.getNamedAttr(
                                qtrain::QTrainDialect::kArgumentAttrName,
                                builder.getStringAttr("executor"))),
                            function.getLoc());
  }

  LogicalResult outline(scf::ParallelOp loop);
  func::FuncOp createTask(scf::ParallelOp loop, unsigned range,
                          ArrayRef<Value> captures,
                          ArrayRef<Operation *> constants);
  func::FuncOp reuseTask(func::FuncOp task);

  func::FuncOp function;
  SymbolTable &symbols;
  TasksByType &tasks;
  OpBuilder builder;
  SmallVector<Attribute> profile;
};

/// The dimension of a loop that is cut into ranges: the first one with more
/// than one iteration.
unsigned getRangeDimension(scf::ParallelOp loop) {
  unsigned dim = 0;
  while (dim + 1 < loop.getNumLoops() &&
         getConstant(loop.getUpperBound()[dim]) == 1)
    ++dim;
  return dim;
}

LogicalResult TaskOutliner::outline(scf::ParallelOp loop) {
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
  SmallVector<Value> captures;
  SmallVector<Operation *> constants;
  for (Value value : used) {
    Operation *op = value.getDefiningOp();
    if (op && isConstant(op))
      constants.push_back(op);
    else
      captures.push_back(value);
  }
  func::FuncOp task = createTask(loop, range, captures, constants);
  builder.setInsertionPoint(loop);
  Value executor = function.getArgument(0);
  builder.create<LaunchOp>(loop.getLoc(), task.getSymName(), executor,
                           static_cast<uint64_t>(*upper), captures);
  builder.create<MarkOp>(loop.getLoc(), executor,
                         static_cast<uint64_t>(profile.size()));
  profile.push_back(getProfileEntry(loop, captures));
  loop.erase();
  return success();
}

func::FuncOp TaskOutliner::createTask(scf::ParallelOp loop, unsigned range,
                                      ArrayRef<Value> captures,
                                      ArrayRef<Operation *> constants) {
  Location loc = loop.getLoc();
  SmallVector<Type> types(2, builder.getIndexType());
  for (Value capture : captures)
    types.push_back(capture.getType());
  builder.setInsertionPoint(function);
  auto task =
      builder.create<func::FuncOp>(loc, (function.getSymName() + "_task").str(),
                                   builder.getFunctionType(types, {}));
  task.setPrivate();
  symbols.insert(task);
  Block *entry = task.addEntryBlock();
  IRMapping mapping;
  for (auto [index, capture] : llvm::enumerate(captures)) {
    BlockArgument argument = entry->getArgument(index + 2);
    mapping.map(capture, argument);
    if (!isa<MemRefType>(capture.getType()))
      continue;
    if (!isShared(capture, captures))
      task.setArgAttr(index + 2, LLVM::LLVMDialect::getNoAliasAttrName(),
                      builder.getUnitAttr());
    task.setArgAttr(index + 2, LLVM::LLVMDialect::getAlignAttrName(),
                    builder.getI64IntegerAttr(getAlignment(capture)));
  }
  builder.setInsertionPointToStart(entry);
  for (Operation *constant : constants)
    builder.clone(*constant, mapping);
  // One piece of stack for all iterations.
  for (auto alloca : loop.getBody()->getOps<memref::AllocaOp>())
    builder.clone(*alloca, mapping);
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
    if (!isa<memref::AllocaOp>(op))
      inner.clone(op, mapping);
  builder.create<func::ReturnOp>(loc);
  orderConstants(task);
  return reuseTask(task);
}

/// A task like `task` that exists already, or `task` itself: the forward pass
/// of the step and of the evaluation, and layers of one shape, share code.
func::FuncOp TaskOutliner::reuseTask(func::FuncOp task) {
  for (func::FuncOp other : tasks[task.getFunctionType()]) {
    if (other.getAllArgAttrs() != task.getAllArgAttrs() ||
        !OperationEquivalence::isRegionEquivalentTo(
            &task.getBody(), &other.getBody(),
            OperationEquivalence::IgnoreLocations))
      continue;
    symbols.erase(task);
    return other;
  }
  tasks[task.getFunctionType()].push_back(task);
  return task;
}

struct OutlineTasks : qtc::impl::OutlineTasksBase<OutlineTasks> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    TasksByType tasks;
    for (auto function :
         llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      if (function.isPrivate() || function.isExternal())
        continue;
      if (failed(TaskOutliner(function, symbols, tasks).run()))
        return signalPassFailure();
    }
  }
};
} // namespace
