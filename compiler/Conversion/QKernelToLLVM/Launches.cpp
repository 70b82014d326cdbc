//===- Launches.cpp - Calls of the runtime --------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLLVM/Launches.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

static constexpr llvm::StringLiteral kParallelFor = "qtcrt_parallel_for";
static constexpr llvm::StringLiteral kMark = "qtcrt_mark";

static std::string getEntryName(StringRef task) {
  return (task + "_entry").str();
}

static Value getClosureField(OpBuilder &builder, Location loc, Type type,
                             Value closure, size_t index) {
  return builder.create<LLVM::GEPOp>(
      loc, closure.getType(), type, closure,
      ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(index)});
}

LaunchLowering::LaunchLowering(ModuleOp module,
                               const LLVMTypeConverter &converter)
    : module(module), converter(converter), layout(module),
      builder(module.getContext()),
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
          return LLVM::LLVMStructType::isValidElementType(buffer ? pointer
                                                                 : converted);
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

void LaunchLowering::run(FunctionOpInterface function, GetPointer getPointer) {
  SmallVector<LaunchOp> launches;
  SmallVector<MarkOp> marks;
  function.walk([&](Operation *op) {
    if (auto launch = dyn_cast<LaunchOp>(op))
      launches.push_back(launch);
    else if (auto mark = dyn_cast<MarkOp>(op))
      marks.push_back(mark);
  });
  Type index = converter.getIndexType();
  if (!marks.empty())
    declare(kMark, {pointer, index});
  for (MarkOp mark : marks)
    lower(mark);
  if (launches.empty())
    return;
  declare(kParallelFor, {pointer, pointer, pointer, index});
  Value closure = reserveClosure(function, launches);
  for (LaunchOp launch : launches) {
    if (known.insert(launch.getTask()).second)
      defineEntry(launch);
    lower(launch, closure, getPointer);
  }
}

/// Buffers are passed by their addresses.
LLVM::LLVMStructType LaunchLowering::getClosureType(LaunchOp launch) const {
  SmallVector<Type> types;
  for (Type type : launch.getArguments().getTypes())
    types.push_back(isa<MemRefType>(type) ? pointer
                                          : converter.convertType(type));
  return LLVM::LLVMStructType::getLiteral(pointer.getContext(), types);
}

LLVM::LLVMFunctionType
LaunchLowering::getFunctionType(ArrayRef<Type> arguments) const {
  return LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(pointer.getContext()), arguments);
}

void LaunchLowering::declare(StringRef name, ArrayRef<Type> arguments) {
  if (!known.insert(name).second)
    return;
  builder.setInsertionPointToStart(module.getBody());
  builder.create<LLVM::LLVMFuncOp>(module.getLoc(), name,
                                   getFunctionType(arguments));
}

/// The function that the runtime calls: unpacks the closure.
void LaunchLowering::defineEntry(LaunchOp launch) {
  Location loc = launch.getLoc();
  Type index = converter.getIndexType();
  builder.setInsertionPoint(launch->getParentOfType<FunctionOpInterface>());
  auto entry = builder.create<LLVM::LLVMFuncOp>(
      loc, getEntryName(launch.getTask()),
      getFunctionType({pointer, index, index, index}), LLVM::Linkage::Internal);
  // Its time is spent in the task that it calls.
  entry.setOptimizeNone(true);
  entry.setNoInline(true);
  Block *body = entry.addEntryBlock(builder);
  builder.setInsertionPointToStart(body);
  LLVM::LLVMStructType closure = getClosureType(launch);
  SmallVector<Value> arguments{body->getArgument(1), body->getArgument(2)};
  for (auto [position, type] : llvm::enumerate(closure.getBody()))
    arguments.push_back(builder.create<LLVM::LoadOp>(
        loc, type,
        getClosureField(builder, loc, closure, body->getArgument(0),
                        position)));
  builder.create<LLVM::CallOp>(loc, TypeRange(), launch.getTaskAttr(),
                               arguments);
  builder.create<LLVM::ReturnOp>(loc, ValueRange());
}

/// Reserves the closure at the start of the function, because only allocations
/// there have a fixed place.
Value LaunchLowering::reserveClosure(FunctionOpInterface function,
                                     ArrayRef<LaunchOp> launches) {
  uint64_t size = 0;
  for (LaunchOp launch : launches)
    size = std::max<uint64_t>(
        size, layout.getTypeSize(getClosureType(launch)).getFixedValue());
  builder.setInsertionPointToStart(&function.getFunctionBody().front());
  Location loc = function.getLoc();
  Value one =
      builder.create<LLVM::ConstantOp>(loc, builder.getI64Type(), int64_t(1));
  return builder.create<LLVM::AllocaOp>(
      loc, pointer, LLVM::LLVMArrayType::get(builder.getI8Type(), size), one,
      /*alignment=*/8);
}

/// The operands of a launch are passed in a struct on the caller's stack.
void LaunchLowering::lower(LaunchOp launch, Value closure,
                           GetPointer getPointer) {
  Location loc = launch.getLoc();
  builder.setInsertionPoint(launch);
  LLVM::LLVMStructType type = getClosureType(launch);
  for (auto [index, value] : llvm::enumerate(launch.getArguments())) {
    Value field = value;
    if (isa<MemRefType>(value.getType()))
      field = getPointer(builder, loc, value);
    else if (Type wanted = type.getBody()[index]; wanted != value.getType())
      field = builder.create<UnrealizedConversionCastOp>(loc, wanted, value)
                  .getResult(0);
    builder.create<LLVM::StoreOp>(
        loc, field, getClosureField(builder, loc, type, closure, index));
  }
  Value task = builder.create<LLVM::AddressOfOp>(
      loc, pointer, getEntryName(launch.getTask()));
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
