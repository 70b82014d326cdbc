//===- MergeTasks.cpp - Tasks that differ in constants --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/MergeTasks/MergeTasks.h"
#include "compiler/Support/ModelPass.h"
#include "compiler/Transforms/MergeTasks/TaskKey.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <map>
#include <memory>
#include <vector>

namespace qtc {
#define GEN_PASS_DEF_MERGETASKS
#include "compiler/Transforms/MergeTasks/MergeTasks.h.inc"
} // namespace qtc

#define DEBUG_TYPE "merge-tasks"

using namespace mlir;
using namespace qtc;

namespace {

/// A function that is only called, and its calls.
struct Task {
  explicit Task(LLVM::LLVMFuncOp function)
      : function(function), key(function) {}

  LLVM::LLVMFuncOp function;
  TaskKey key;
  SmallVector<LLVM::CallOp> calls;
};

/// Attributes in an arbitrary but fixed order.
using Constants = std::vector<const void *>;
using Group = SmallVector<Task *>;

/// The functions of `module` that may change their signature: all uses are
/// calls.
std::vector<std::unique_ptr<Task>> findTasks(ModuleOp module) {
  llvm::StringMap<SmallVector<LLVM::CallOp>> calls;
  llvm::StringSet<> taken;
  // Most operations have no symbols, and a general search is slow.
  module.walk([&](Operation *op) {
    auto call = dyn_cast<LLVM::CallOp>(op);
    if (call && call.getCallee())
      calls[*call.getCallee()].push_back(call);
    else if (isa<SymbolUserOpInterface, CallOpInterface, SymbolOpInterface>(op))
      op->getAttrDictionary().walk([&](SymbolRefAttr symbol) {
        taken.insert(symbol.getRootReference());
      });
  });
  std::vector<std::unique_ptr<Task>> tasks;
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    StringRef name = function.getSymName();
    if (function.isExternal() || function.isVarArg() ||
        function.getLinkage() != LLVM::Linkage::Internal ||
        !calls.contains(name) || taken.contains(name))
      continue;
    auto task = std::make_unique<Task>(function);
    if (!task->key.isComplete())
      continue;
    task->calls = calls[name];
    tasks.push_back(std::move(task));
  }
  return tasks;
}

/// Tasks that are equal except for the constants in their holes.
std::vector<Group> groupTasks(ArrayRef<std::unique_ptr<Task>> tasks) {
  std::vector<Group> groups;
  DenseMap<size_t, SmallVector<size_t>> byHash;
  for (const std::unique_ptr<Task> &task : tasks) {
    SmallVector<size_t> &candidates = byHash[task->key.getHash()];
    auto found = llvm::find_if(candidates, [&](size_t group) {
      return groups[group].front()->key.hasEqualWords(task->key);
    });
    if (found != candidates.end()) {
      groups[*found].push_back(task.get());
      continue;
    }
    candidates.push_back(groups.size());
    groups.push_back({task.get()});
  }
  return groups;
}

/// The constants of a hole, one for each task of the group.
Constants getConstants(const Group &group, size_t hole) {
  Constants constants;
  for (const Task *task : group)
    constants.push_back(
        task->key.getHoles()[hole].getConstant().getAsOpaquePointer());
  return constants;
}

/// The holes of the first task of `group` whose constants differ between tasks.
/// Those of an entry have the same constants in each task.
using Differences = llvm::MapVector<Constants, SmallVector<Hole>,
                                    std::map<Constants, unsigned>>;

Differences getDifferences(const Group &group) {
  Differences differences;
  ArrayRef<Hole> holes = group.front()->key.getHoles();
  for (size_t hole = 0; hole < holes.size(); ++hole) {
    Constants constants = getConstants(group, hole);
    if (!llvm::all_equal(constants))
      differences[constants].push_back(holes[hole]);
  }
  return differences;
}

TypedAttr getAttribute(const void *constant) {
  return cast<TypedAttr>(Attribute::getFromOpaquePointer(constant));
}

/// Upstream's insertArgument expects a function that returns a value.
Value appendArgument(LLVM::LLVMFuncOp function, Type type) {
  LLVM::LLVMFunctionType old = function.getFunctionType();
  SmallVector<Type> types(old.getParams());
  types.push_back(type);
  function.setFunctionType(
      LLVM::LLVMFunctionType::get(old.getReturnType(), types));
  Builder builder(function.getContext());
  if (ArrayAttr old = function.getArgAttrsAttr()) {
    SmallVector<Attribute> attributes(old.getValue());
    attributes.push_back(builder.getDictionaryAttr({}));
    function.setArgAttrsAttr(builder.getArrayAttr(attributes));
  }
  return function.getBody().addArgument(type, function.getLoc());
}

/// Replaces every task of `group` by its first one, with one argument for each
/// difference. The other tasks are not called any more, but may call other
/// tasks.
void mergeGroup(const Group &group, const Differences &differences) {
  Task &merged = *group.front();
  SmallVector<Type> types;
  for (auto &[constants, holes] : differences) {
    types.push_back(holes.front().getType());
    Value argument = appendArgument(merged.function, types.back());
    for (const Hole &hole : holes)
      hole.replaceBy(argument);
  }
  for (auto [position, task] : llvm::enumerate(group))
    for (LLVM::CallOp call : task->calls) {
      OpBuilder builder(call);
      for (auto [difference, type] : llvm::zip_equal(differences, types))
        call.getCalleeOperandsMutable().append(
            builder
                .create<LLVM::ConstantOp>(
                    call.getLoc(), type,
                    getAttribute(difference.first[position]))
                .getResult());
      call.setCallee(merged.function.getSymName());
    }
}

/// The tasks of a group that have equal constants, too.
std::vector<Group> splitByConstants(const Group &group) {
  llvm::MapVector<Constants, Group, std::map<Constants, unsigned>> equal;
  for (Task *task : group) {
    Constants constants;
    for (const Hole &hole : task->key.getHoles())
      constants.push_back(hole.getConstant().getAsOpaquePointer());
    equal[constants].push_back(task);
  }
  std::vector<Group> groups;
  for (auto &entry : equal)
    groups.push_back(entry.second);
  return groups;
}

struct MergeTasks : qtc::impl::MergeTasksBase<MergeTasks> {
  using MergeTasksBase::MergeTasksBase;

  FunctionNeeds getNeeds() const override { return {/*oneBlock=*/false}; }

  void runOnModel() override {
    SmallVector<LLVM::LLVMFuncOp> merged;
    std::vector<std::unique_ptr<Task>> tasks = findTasks(getOperation());
    for (const Group &group : groupTasks(tasks))
      for (const Group &part : isMerged(group) ? std::vector<Group>{group}
                                               : splitByConstants(group)) {
        if (part.size() == 1)
          continue;
        numMerged += part.size() - 1;
        mergeGroup(part, getDifferences(part));
        for (Task *task : ArrayRef(part).drop_front())
          merged.push_back(task->function);
      }
    for (LLVM::LLVMFuncOp function : merged)
      function.erase();
  }

  /// Whether the tasks of `group` are merged although their constants differ.
  /// Kernels have nothing that LLVM could do with a constant, but each argument
  /// takes a register or a place on the stack.
  bool isMerged(const Group &group) {
    constexpr size_t kMostArguments = 16;
    if (group.size() >= minGroup)
      return true;
    return group.front()->key.isVectorized() &&
           getDifferences(group).size() <= kMostArguments;
  }
};
} // namespace
