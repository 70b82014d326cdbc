//===- PlanArena.cpp - Places of buffers in one arena ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/PlanArena/PlanArena.h"
#include "compiler/Support/Buffers.h"
#include "compiler/Support/ModelPass.h"
#include "dialect/QKernel/IR/QKernel.h"
#include "dialect/QTrain/IR/QTrain.h"

#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

namespace qtc {
#define GEN_PASS_DEF_PLANARENA
#include "compiler/Transforms/PlanArena/PlanArena.h.inc"
} // namespace qtc

#define DEBUG_TYPE "plan-arena"

using namespace mlir;
using namespace qtc;

namespace {

constexpr int64_t kAlignment = 64;

/// An allocation, its lifetime and its place.
struct Buffer {
  memref::AllocOp alloc;
  int64_t size;
  /// Indices of the first and the last operation of the body that uses it.
  int64_t first, last;
  int64_t offset = 0;

  bool isAliveWith(const Buffer &other) const {
    return first <= other.last && other.first <= last;
  }
};

/// Extends the lifetime of `buffer` to all uses of `value` and of its views.
void addUses(Buffer &buffer, Value value, Block &body,
             const DenseMap<Operation *, int64_t> &order) {
  for (Operation *user : value.getUsers()) {
    int64_t position = order.lookup(body.findAncestorOpInBlock(*user));
    if (isa<ViewLikeOpInterface>(user)) {
      for (Value view : user->getResults())
        addUses(buffer, view, body, order);
      continue;
    }
    buffer.first = std::min(buffer.first, position);
    buffer.last = std::max(buffer.last, position);
    // The shift of the previous step makes a contraction faster, so no other
    // buffer shares its place.
    auto contract = dyn_cast<qkernel::ContractOp>(user);
    if (contract && contract.getShift() == value) {
      buffer.first = 0;
      buffer.last = order.size();
    }
  }
}

/// Places buffers, the largest first, each in the lowest gap between those that
/// are alive at the same time. Returns the size of the arena.
int64_t placeBuffers(MutableArrayRef<Buffer> buffers) {
  SmallVector<Buffer *> bySize;
  for (Buffer &buffer : buffers)
    bySize.push_back(&buffer);
  llvm::stable_sort(bySize, [](const Buffer *a, const Buffer *b) {
    return a->size > b->size;
  });
  SmallVector<Buffer *> placed; // by offset
  int64_t arena = 0;
  for (Buffer *buffer : bySize) {
    int64_t offset = 0;
    for (const Buffer *other : placed) {
      if (!buffer->isAliveWith(*other))
        continue;
      if (offset + buffer->size <= other->offset)
        break;
      offset = std::max(offset, other->offset + other->size);
    }
    buffer->offset = offset;
    arena = std::max(arena, offset + buffer->size);
    placed.insert(llvm::upper_bound(placed, buffer,
                                    [](const Buffer *a, const Buffer *b) {
                                      return a->offset < b->offset;
                                    }),
                  buffer);
  }
  return arena;
}

struct PlanArena : qtc::impl::PlanArenaBase<PlanArena> {
  void runOnFunction() override {
    func::FuncOp function = getOperation();
    Block &body = function.getBody().front();
    DenseMap<Operation *, int64_t> order;
    for (auto [index, op] : llvm::enumerate(body))
      order[&op] = index;

    SmallVector<Buffer> buffers;
    for (auto alloc : body.getOps<memref::AllocOp>()) {
      MemRefType type = alloc.getType();
      std::optional<int64_t> bytes = getByteSize(type);
      if (!bytes || !type.getLayout().isIdentity() || type.getMemorySpace()) {
        alloc.emitError() << "expected 1 to 2^40 numbers without a layout map "
                             "or a memory space, but got "
                          << type;
        return signalPassFailure();
      }
      int64_t position = order.lookup(alloc);
      int64_t size = llvm::alignTo(*bytes, kAlignment);
      Buffer buffer{alloc, size, INT64_MAX, position};
      addUses(buffer, alloc, body, order);
      buffer.first = std::min(buffer.first, buffer.last);
      buffers.push_back(buffer);
    }
    int64_t size = placeBuffers(buffers);
    numBuffers += buffers.size();
    arenaBytes += size;
    rewrite(function, buffers, size);
  }

  void rewrite(func::FuncOp function, ArrayRef<Buffer> buffers, int64_t size) {
    OpBuilder builder(function);
    auto type = MemRefType::get({size}, builder.getI8Type());
    unsigned index = function.getNumArguments();
    function.insertArgument(
        index, type,
        qtrain::getRoleMark(function.getContext(), qtrain::Role::Arena),
        function.getLoc());
    Value arena = function.getArgument(index);
    for (const Buffer &buffer : buffers) {
      builder.setInsertionPoint(buffer.alloc);
      memref::AllocOp alloc = buffer.alloc;
      Location loc = alloc.getLoc();
      Value offset = builder.create<arith::ConstantIndexOp>(loc, buffer.offset);
      Value view = builder.create<memref::ViewOp>(loc, alloc.getType(), arena,
                                                  offset, ValueRange());
      alloc.getResult().replaceAllUsesWith(view);
      alloc.erase();
    }
  }
};
} // namespace
