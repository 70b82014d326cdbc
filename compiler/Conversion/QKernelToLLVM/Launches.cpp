//===- Launches.cpp - Calls of the runtime --------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLLVM/Launches.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"

#include <functional>

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

static constexpr llvm::StringLiteral kParallelFor = "qtcrt_parallel_for";
static constexpr llvm::StringLiteral kMark = "qtcrt_mark";
static constexpr llvm::StringLiteral kConstantsName = "launch_constants";

/// Every number and address of a closure and of the table takes this many
/// bytes.
static constexpr int64_t kSlotBytes = 8;
/// The closure (see LaunchLowering).
static constexpr int64_t kConstantsPlace = 0, kStepPlace = 8,
                         kOperandsPlace = 16;

/// The address that is `offset` bytes after `start`.
static Value getPlace(OpBuilder &builder, Location loc, Value start,
                      int64_t offset) {
  if (offset == 0)
    return start;
  return builder.create<LLVM::GEPOp>(
      loc, start.getType(), builder.getI8Type(), start,
      ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
}

LaunchLowering::LaunchLowering(ModuleOp module,
                               const LLVMTypeConverter &converter)
    : module(module), converter(converter), builder(module.getContext()),
      pointer(LLVM::LLVMPointerType::get(module.getContext())) {}

LogicalResult LaunchLowering::check() {
  WalkResult result = module.walk([&](LaunchOp launch) {
    bool isConvertible =
        llvm::all_of(launch.getArguments().getTypes(), [&](Type type) {
          Type converted = converter.convertType(type);
          auto buffer = dyn_cast<MemRefType>(type);
          if (!converted ||
              (buffer && !LLVMTypeConverter::canConvertToBarePtr(buffer)))
            return false;
          return buffer || isa<LLVM::LLVMPointerType>(converted) ||
                 (converted.isIntOrFloat() &&
                  converted.getIntOrFloatBitWidth() <= 8 * kSlotBytes);
        });
    if (launch->getParentOfType<func::FuncOp>() && isConvertible)
      return WalkResult::advance();
    launch.emitError(
        "expected a launch in the body of a function, of numbers and "
        "buffers of known form");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

void LaunchLowering::run(FunctionOpInterface function, GetPointer getPointer,
                         Value step, Locate locate) {
  SmallVector<LaunchOp> launches;
  SmallVector<MarkOp> marks;
  function.walk([&](LaunchOp launch) { launches.push_back(launch); });
  function.walk([&](MarkOp mark) { marks.push_back(mark); });
  Type index = converter.getIndexType();
  if (!marks.empty())
    declare(kMark, {pointer, index});
  for (MarkOp mark : marks)
    lower(mark);
  if (launches.empty())
    return;
  declare(kParallelFor, {pointer, pointer, pointer, index});
  Value closure = reserveClosure(function, launches, step);
  for (LaunchOp launch : launches)
    lower(launch, closure, getPointer, locate);
}

void LaunchLowering::finish() {
  if (constants.empty())
    return;
  builder.setInsertionPointToStart(module.getBody());
  auto size = static_cast<int64_t>(constants.size());
  Type number = builder.getI64Type();
  builder.create<LLVM::GlobalOp>(
      module.getLoc(), LLVM::LLVMArrayType::get(number, size),
      /*isConstant=*/true, LLVM::Linkage::Internal, kConstantsName,
      DenseElementsAttr::get(RankedTensorType::get({size}, number),
                             ArrayRef<int64_t>(constants)),
      /*alignment=*/kSlotBytes);
}

SmallVector<LaunchLowering::Operand>
LaunchLowering::getOperands(LaunchOp launch, Locate locate) const {
  SmallVector<Operand> operands;
  for (Value value : launch.getArguments()) {
    Operand &operand = operands.emplace_back();
    APInt number;
    if (isa<MemRefType>(value.getType())) {
      operand.type = pointer;
      std::optional<StepAddress> address;
      if (locate && (address = locate(value))) {
        operand.source = address->field;
        operand.constant = address->offset;
      }
    } else {
      operand.type = converter.convertType(value.getType());
      if (matchPattern(value, m_ConstantInt(&number))) {
        operand.source = Operand::kConstant;
        operand.constant = number.getSExtValue();
      }
    }
  }
  return operands;
}

LLVM::LLVMFunctionType
LaunchLowering::getFunctionType(ArrayRef<Type> arguments) const {
  return LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(pointer.getContext()), arguments);
}

void LaunchLowering::declare(StringRef name, ArrayRef<Type> arguments) {
  if (!declared.insert(name).second)
    return;
  builder.setInsertionPointToStart(module.getBody());
  builder.create<LLVM::LLVMFuncOp>(module.getLoc(), name,
                                   getFunctionType(arguments));
}

/// Launches of a task have one entry if their operands have the same sources.
std::string LaunchLowering::getEntry(LaunchOp launch,
                                     ArrayRef<Operand> operands) {
  std::vector<int64_t> sources;
  for (const Operand &operand : operands)
    sources.push_back(operand.source);
  auto &known = entries[launch.getTask()];
  auto [found, isNew] = known.try_emplace(std::move(sources));
  if (isNew) {
    std::string name = (launch.getTask() + "_entry").str();
    if (known.size() > 1)
      name += "_" + std::to_string(known.size() - 1);
    defineEntry(launch, name, operands);
    found->second = std::move(name);
  }
  return found->second;
}

/// The function that the runtime calls: unpacks the closure.
void LaunchLowering::defineEntry(LaunchOp launch, StringRef name,
                                 ArrayRef<Operand> operands) {
  Location loc = launch.getLoc();
  Type index = converter.getIndexType();
  builder.setInsertionPoint(launch->getParentOfType<FunctionOpInterface>());
  auto entry = builder.create<LLVM::LLVMFuncOp>(
      loc, name, getFunctionType({pointer, index, index, index}),
      LLVM::Linkage::Internal);
  // Its time is spent in the task that it calls.
  entry.setOptimizeNone(true);
  entry.setNoInline(true);
  Block *body = entry.addEntryBlock(builder);
  builder.setInsertionPointToStart(body);
  auto load = [&](Type type, Value start, int64_t offset) -> Value {
    return builder.create<LLVM::LoadOp>(loc, type,
                                        getPlace(builder, loc, start, offset));
  };
  Value closure = body->getArgument(0), table, step;
  DenseMap<int64_t, Value> fields;
  auto getField = [&](int64_t field) {
    if (!step)
      step = load(pointer, closure, kStepPlace);
    if (field == StepAddress::kStep)
      return step;
    Value &value = fields[field];
    if (!value)
      value = load(pointer, step, field);
    return value;
  };
  int64_t constant = 0, stored = kOperandsPlace;
  auto getNextConstant = [&] {
    if (!table)
      table = load(pointer, closure, kConstantsPlace);
    return load(builder.getI64Type(), table, kSlotBytes * constant++);
  };
  auto getValue = [&](const Operand &operand) -> Value {
    if (operand.isStored()) {
      Value value = load(operand.type, closure, stored);
      stored += kSlotBytes;
      return value;
    }
    Value number = getNextConstant();
    if (operand.source != Operand::kConstant)
      return builder.create<LLVM::GEPOp>(loc, pointer, builder.getI8Type(),
                                         getField(operand.source),
                                         ArrayRef<LLVM::GEPArg>{number});
    if (operand.type == number.getType())
      return number;
    return builder.create<LLVM::TruncOp>(loc, operand.type, number);
  };
  SmallVector<Value> arguments{body->getArgument(1), body->getArgument(2)};
  for (const Operand &operand : operands)
    arguments.push_back(getValue(operand));
  builder.create<LLVM::CallOp>(loc, TypeRange(), launch.getTaskAttr(),
                               arguments);
  builder.create<LLVM::ReturnOp>(loc, ValueRange());
}

/// Reserves the closure at the start of the function, because only allocations
/// there have a fixed place.
Value LaunchLowering::reserveClosure(FunctionOpInterface function,
                                     ArrayRef<LaunchOp> launches, Value step) {
  size_t most = 0;
  for (LaunchOp launch : launches)
    most = std::max<size_t>(most, launch.getArguments().size());
  builder.setInsertionPointToStart(&function.getFunctionBody().front());
  Location loc = function.getLoc();
  Value one =
      builder.create<LLVM::ConstantOp>(loc, builder.getI64Type(), int64_t(1));
  Value closure = builder.create<LLVM::AllocaOp>(
      loc, pointer,
      LLVM::LLVMArrayType::get(builder.getI8Type(),
                               kOperandsPlace + kSlotBytes * most),
      one, /*alignment=*/kSlotBytes);
  if (step)
    builder.create<LLVM::StoreOp>(loc, step,
                                  getPlace(builder, loc, closure, kStepPlace));
  return closure;
}

/// Adds the constants to the table, and stores the other operands.
void LaunchLowering::lower(LaunchOp launch, Value closure,
                           GetPointer getPointer, Locate locate) {
  Location loc = launch.getLoc();
  SmallVector<Operand> operands = getOperands(launch, locate);
  std::string entry = getEntry(launch, operands);
  builder.setInsertionPoint(launch);
  auto store = [&](Value value, int64_t offset) {
    builder.create<LLVM::StoreOp>(loc, value,
                                  getPlace(builder, loc, closure, offset));
  };
  if (!llvm::all_of(operands, std::mem_fn(&Operand::isStored))) {
    Value table =
        builder.create<LLVM::AddressOfOp>(loc, pointer, kConstantsName);
    store(getPlace(builder, loc, table, kSlotBytes * constants.size()),
          kConstantsPlace);
  }
  int64_t stored = kOperandsPlace;
  for (auto [operand, value] :
       llvm::zip_equal(operands, launch.getArguments())) {
    if (!operand.isStored()) {
      constants.push_back(operand.constant);
      continue;
    }
    Value converted = value;
    if (isa<MemRefType>(value.getType()))
      converted = getPointer(builder, loc, value);
    else if (operand.type != value.getType())
      converted =
          builder.create<UnrealizedConversionCastOp>(loc, operand.type, value)
              .getResult(0);
    store(converted, stored);
    stored += kSlotBytes;
  }
  Value task = builder.create<LLVM::AddressOfOp>(loc, pointer, entry);
  Value count = builder.create<LLVM::ConstantOp>(
      loc, converter.getIndexType(), static_cast<int64_t>(launch.getCount()));
  builder.create<LLVM::CallOp>(
      loc, TypeRange(), kParallelFor,
      ValueRange{launch.getExecutor(), task, closure, count});
  launch.erase();
}

void LaunchLowering::lower(MarkOp mark) {
  builder.setInsertionPoint(mark);
  Value index =
      builder.create<LLVM::ConstantOp>(mark.getLoc(), converter.getIndexType(),
                                       static_cast<int64_t>(mark.getIndex()));
  builder.create<LLVM::CallOp>(mark.getLoc(), TypeRange(), kMark,
                               ValueRange{mark.getExecutor(), index});
  mark.erase();
}
