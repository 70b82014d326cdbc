//===- EntryPoints.cpp - Functions that the runtime calls -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLLVM/Launches.h"
#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h"
#include "compiler/Target/PortLayout.h"
#include "compiler/Target/StateLayout.h"
#include "runtime/include/qtcrt/Printable.h"
#include "runtime/include/qtcrt/abi.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/STLExtras.h"

#include <cstddef>

using namespace mlir;
using namespace qtc;

std::string qtc::getEntryPointName(const cpu::TargetRecord &target,
                                   StringRef function) {
  return ("qtc_" + target.name + "_" + function).str();
}

namespace {

/// A field of qtcrt_step.
struct StepField {
  int64_t offset;
  bool isPointer;
};

/// The field that holds an argument of `step`, or a pointer to it.
std::optional<StepField> getStepField(func::FuncOp step, unsigned index,
                                      const PortLayout &ports) {
  if (std::optional<unsigned> port = ports.getPort(step, index))
    return StepField{static_cast<int64_t>(offsetof(qtcrt_step, ports) +
                                          *port * sizeof(void *)),
                     /*isPointer=*/true};
  std::optional<qtrain::Role> role = qtrain::getRole(step, index);
  if (role == qtrain::Role::Arena)
    return StepField{offsetof(qtcrt_step, arena), /*isPointer=*/true};
  if (role == qtrain::Role::Seed)
    return StepField{offsetof(qtcrt_step, seed), /*isPointer=*/false};
  if (role == qtrain::Role::Schedule)
    return StepField{offsetof(qtcrt_step, schedule), /*isPointer=*/false};
  if (role == qtrain::Role::Step)
    return StepField{offsetof(qtcrt_step, step), /*isPointer=*/false};
  return std::nullopt;
}

/// The pointer to a buffer in the descriptor that the conversion makes of it.
Value getAlignedPointer(OpBuilder &builder, Location loc,
                        const LLVMTypeConverter &converter, Value buffer) {
  Value descriptor =
      builder
          .create<UnrealizedConversionCastOp>(
              loc, converter.convertType(buffer.getType()), buffer)
          .getResult(0);
  return MemRefDescriptor(descriptor).alignedPtr(builder, loc);
}

/// Makes an entry point of one step. Its buffers become addresses, and so do
/// the operands of the operations that read them in the step itself: launches
/// and accesses to single elements.
class EntryPointBuilder {
public:
  EntryPointBuilder(func::FuncOp step, const StateLayout &layout,
                    const PortLayout &ports, const LLVMTypeConverter &converter)
      : step(step), layout(layout), ports(ports), converter(converter),
        builder(step.getLoc(), step.getContext()),
        pointer(LLVM::LLVMPointerType::get(step.getContext())) {}

  LogicalResult run(const cpu::TargetRecord &target, LaunchLowering &launches) {
    if (failed(check()))
      return failure();
    builder.setInsertionPoint(step);
    entry = builder.create<LLVM::LLVMFuncOp>(
        getEntryPointName(target, step.getSymName()),
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(step.getContext()),
                                    {pointer, pointer}));
    // Its time is spent in the tasks that it launches.
    entry.setOptimizeNone(true);
    entry.setNoInline(true);
    entry.getBody().takeBody(step.getBody());
    if (failed(bindArguments()))
      return failure();
    launches.run(
        entry,
        [&](OpBuilder &at, Location loc, Value buffer) {
          return getPointer(at, loc, buffer);
        },
        fields, [&](Value buffer) { return getAddress(buffer); });
    lowerScalars();
    eraseDeadViews();
    describeBuffers();
    Block &last = entry.getBody().back();
    builder.setInsertionPointToEnd(&last);
    last.getTerminator()->erase();
    builder.create<LLVM::ReturnOp>(ValueRange());
    step.erase();
    return success();
  }

private:
  LogicalResult check();
  LogicalResult bindArguments();
  LogicalResult bind(BlockArgument argument, unsigned index);
  LogicalResult bindParameter(BlockArgument argument, StringRef symbol);
  void loadBase(int64_t field);
  std::optional<StepAddress> getAddress(Value buffer) const;
  Value getPointer(OpBuilder &at, Location loc, Value buffer) const;
  Value getPointer(OpBuilder &at, Location loc, StepAddress address) const;
  Value getScalar(OpBuilder &at, Location loc, Value buffer) const;
  void lowerScalars();
  void eraseDeadViews();
  void describeBuffers();

  func::FuncOp step;
  const StateLayout &layout;
  const PortLayout &ports;
  const LLVMTypeConverter &converter;
  ImplicitLocOpBuilder builder;
  Type pointer;
  LLVM::LLVMFuncOp entry;
  Value executor, fields;
  /// The last operation that fetches an argument.
  Operation *lastLoad = nullptr;
  /// Pointers in qtcrt_step, by their offset.
  DenseMap<int64_t, Value> bases;
  /// Addresses of arguments that are buffers.
  DenseMap<Value, StepAddress> addresses;
};

/// Checks that the step has one block and no results, and that each argument is
/// a buffer of fixed size or one number or pointer.
LogicalResult EntryPointBuilder::check() {
  bool isProcedure = step.getBody().hasOneBlock() && step.getNumResults() == 0;
  bool hasPlainArguments =
      llvm::all_of(step.getArgumentTypes(), [&](Type type) {
        auto buffer = dyn_cast<MemRefType>(type);
        return buffer ? buffer.hasStaticShape() &&
                            buffer.getLayout().isIdentity() &&
                            converter.convertType(buffer)
                      : type.isIntOrFloat() || isa<LLVM::LLVMPointerType>(type);
      });
  if (isProcedure && hasPlainArguments)
    return success();
  return step.emitError() << "expected a function without results whose "
                             "arguments are one pointer or number each";
}

/// Gives every argument of the step its meaning, and the entry point the
/// arguments of the ABI, which precede them.
LogicalResult EntryPointBuilder::bindArguments() {
  Block *body = &entry.getBody().front();
  builder.setInsertionPointToStart(body);
  executor = body->insertArgument(0u, pointer, builder.getLoc());
  fields = body->insertArgument(1u, pointer, builder.getLoc());
  for (unsigned index = 0; index < step.getNumArguments(); ++index)
    if (failed(bind(body->getArgument(index + 2), index)))
      return failure();
  if (builder.getInsertionPoint() != body->begin())
    lastLoad = &*std::prev(builder.getInsertionPoint());
  return success();
}

/// Gives argument `index` of the step its meaning.
LogicalResult EntryPointBuilder::bind(BlockArgument argument, unsigned index) {
  if (auto symbol = step.getArgAttrOfType<FlatSymbolRefAttr>(
          index, qtrain::QTrainDialect::kParameterAttrName))
    return bindParameter(argument, symbol.getValue());
  if (qtrain::getRole(step, index) == qtrain::Role::Executor &&
      argument.getType() == pointer) {
    argument.replaceAllUsesWith(executor);
    return success();
  }
  std::optional<StepField> field = getStepField(step, index, ports);
  if (!field)
    return step.emitError()
           << "argument " << index << " has no source in the ABI";
  if (!isa<MemRefType>(argument.getType())) {
    argument.replaceAllUsesWith(builder.create<LLVM::LoadOp>(
        argument.getType(), getPointer(builder, builder.getLoc(),
                                       {StepAddress::kStep, field->offset})));
  } else if (!field->isPointer) { // a scalar that is asked for by its address
    addresses[argument] = {StepAddress::kStep, field->offset};
  } else {
    loadBase(field->offset);
    addresses[argument] = {field->offset, 0};
  }
  return success();
}

LogicalResult EntryPointBuilder::bindParameter(BlockArgument argument,
                                               StringRef symbol) {
  const StateTensor *tensor = layout.lookup(symbol);
  if (!tensor || !isa<MemRefType>(argument.getType()))
    return step.emitError()
           << "expected a parameter named '" << qtcrt::printable(symbol) << "'";
  int64_t state = offsetof(qtcrt_step, state);
  loadBase(state);
  addresses[argument] = {state, tensor->offset};
  return success();
}

/// Loads a pointer in qtcrt_step, once.
void EntryPointBuilder::loadBase(int64_t field) {
  Value &base = bases[field];
  if (!base)
    base = builder.create<LLVM::LoadOp>(
        pointer,
        getPointer(builder, builder.getLoc(), {StepAddress::kStep, field}));
}

/// The address of a buffer that is an argument or a view of one, apart from the
/// offset in its type. Views of bytes alone have another than their source.
std::optional<StepAddress> EntryPointBuilder::getAddress(Value buffer) const {
  int64_t offset = 0;
  while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>()) {
    if (auto bytes = dyn_cast<memref::ViewOp>(*view)) {
      APInt shift;
      if (!matchPattern(bytes.getByteShift(), m_ConstantInt(&shift)))
        return std::nullopt;
      offset += shift.getSExtValue();
    }
    buffer = view.getViewSource();
  }
  auto found = addresses.find(buffer);
  if (found == addresses.end())
    return std::nullopt;
  return StepAddress{found->second.field, found->second.offset + offset};
}

Value EntryPointBuilder::getPointer(OpBuilder &at, Location loc,
                                    StepAddress address) const {
  Value base = address.field == StepAddress::kStep
                   ? fields
                   : bases.lookup(address.field);
  if (address.offset == 0)
    return base;
  Value distance = at.create<LLVM::ConstantOp>(loc, converter.getIndexType(),
                                               address.offset);
  return at.create<LLVM::GEPOp>(loc, pointer, at.getI8Type(), base,
                                ArrayRef<LLVM::GEPArg>{distance});
}

Value EntryPointBuilder::getPointer(OpBuilder &at, Location loc,
                                    Value buffer) const {
  if (std::optional<StepAddress> address = getAddress(buffer))
    return getPointer(at, loc, *address);
  return getAlignedPointer(at, loc, converter, buffer);
}

/// The address of a buffer of one element, or null if it has none that is known
/// here.
Value EntryPointBuilder::getScalar(OpBuilder &at, Location loc,
                                   Value buffer) const {
  auto type = cast<MemRefType>(buffer.getType());
  std::optional<StepAddress> address = getAddress(buffer);
  if (type.getRank() != 0 || !type.getLayout().isIdentity() || !address ||
      !LLVM::isCompatibleType(type.getElementType()))
    return Value();
  return getPointer(at, loc, *address);
}

/// Exponents and maxima are buffers of one element that the step reads.
void EntryPointBuilder::lowerScalars() {
  entry.walk([&](memref::LoadOp load) {
    OpBuilder at(load);
    if (Value place = getScalar(at, load.getLoc(), load.getMemRef())) {
      load.replaceAllUsesWith(
          at.create<LLVM::LoadOp>(load.getLoc(), load.getType(), place)
              .getResult());
      load.erase();
    }
  });
  entry.walk([&](memref::StoreOp store) {
    OpBuilder at(store);
    if (Value place = getScalar(at, store.getLoc(), store.getMemRef())) {
      at.create<LLVM::StoreOp>(store.getLoc(), store.getValue(), place);
      store.erase();
    }
  });
}

void EntryPointBuilder::eraseDeadViews() {
  entry.walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isMemoryEffectFree(op) && isOpTriviallyDead(op))
      op->erase();
  });
}

/// All other operations, such as copies, read buffers through descriptors.
void EntryPointBuilder::describeBuffers() {
  Block &body = entry.getBody().front();
  if (lastLoad)
    builder.setInsertionPointAfter(lastLoad);
  else
    builder.setInsertionPointToStart(&body);
  for (BlockArgument argument : body.getArguments().drop_front(2)) {
    if (argument.use_empty())
      continue;
    auto type = cast<MemRefType>(argument.getType());
    Value descriptor = MemRefDescriptor::fromStaticShape(
        builder, builder.getLoc(), converter, type,
        getPointer(builder, builder.getLoc(), addresses.lookup(argument)));
    argument.replaceAllUsesWith(
        builder.create<UnrealizedConversionCastOp>(type, descriptor)
            .getResult(0));
  }
  body.eraseArguments(2, body.getNumArguments() - 2);
}
} // namespace

LogicalResult qtc::createEntryPoints(ModuleOp module,
                                     const LLVMTypeConverter &converter,
                                     const cpu::TargetRecord &target) {
  StateLayout layout(module);
  PortLayout ports(module);
  if (ports.getNumPorts() > QTCRT_MAX_PORTS)
    return module.emitError() << "expected at most " << QTCRT_MAX_PORTS
                              << " inputs, targets and predictions, but got "
                              << ports.getNumPorts();
  LaunchLowering launches(module, converter);
  if (failed(launches.check()))
    return failure();
  for (auto step : llvm::to_vector(module.getOps<func::FuncOp>()))
    if (!step.isPrivate() && !step.isExternal() &&
        failed(EntryPointBuilder(step, layout, ports, converter)
                   .run(target, launches)))
      return failure();
  // Tasks may launch others: blocks of an emulated device launch threads.
  for (auto task : llvm::to_vector(module.getOps<func::FuncOp>()))
    if (!task.isExternal())
      launches.run(task, [&](OpBuilder &at, Location loc, Value buffer) {
        return getAlignedPointer(at, loc, converter, buffer);
      });
  launches.finish();
  return success();
}
