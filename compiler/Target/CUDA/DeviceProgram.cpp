//===- DeviceProgram.cpp - Device code and its launches as data -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CUDA/DeviceProgram.h"

#include "runtime/include/qtcrt/Printable.h"
#include "runtime/include/qtcrt/abi.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace qtc;

namespace {

/// The memory that holds an argument of a step, by its `qtrain.argument`.
std::optional<uint32_t> lookupMemory(StringRef argument) {
  return llvm::StringSwitch<std::optional<uint32_t>>(argument)
      .Case("arena", QTCRT_MEMORY_ARENA)
      .Case("pixels", QTCRT_MEMORY_INPUT)
      .Case("labels", QTCRT_MEMORY_LABELS)
      .Case("logits", QTCRT_MEMORY_LOGITS)
      .Case("logits_exponent", QTCRT_MEMORY_LOGITS_EXPONENT)
      .Case("seed", QTCRT_MEMORY_SEED)
      .Case("schedule", QTCRT_MEMORY_SCHEDULE)
      .Case("step", QTCRT_MEMORY_STEP)
      .Default(std::nullopt);
}

llvm::Expected<AddressDescription>
getArgumentAddress(func::FuncOp step, unsigned index,
                   const StateLayout &layout) {
  if (auto symbol = step.getArgAttrOfType<FlatSymbolRefAttr>(
          index, qtrain::QTrainDialect::kParameterAttrName))
    if (const StateTensor *tensor = layout.lookup(symbol.getValue()))
      return AddressDescription{QTCRT_MEMORY_STATE, tensor->offset};
  auto kind = step.getArgAttrOfType<StringAttr>(
      index, qtrain::QTrainDialect::kArgumentAttrName);
  if (kind)
    if (std::optional<uint32_t> memory = lookupMemory(kind.getValue()))
      return AddressDescription{*memory, 0};
  return llvm::createStringError("argument " + llvm::Twine(index) + " of '" +
                                 qtcrt::printable(step.getSymName()) +
                                 "' has no place in a device's memory");
}

/// The start of a buffer, which is an argument or a static view of one.
llvm::Expected<AddressDescription> getAddress(func::FuncOp step, Value buffer,
                                              const StateLayout &layout) {
  int64_t offset = 0;
  while (Operation *view = buffer.getDefiningOp()) {
    if (auto place = dyn_cast<memref::ViewOp>(view)) {
      std::optional<int64_t> shift = getConstantIntValue(place.getByteShift());
      if (!shift)
        break;
      offset += *shift;
    } else if (!isa<memref::CollapseShapeOp, memref::ExpandShapeOp,
                    memref::SubViewOp>(view)) {
      // A part keeps its offset in its type, where the kernel finds it.
      break;
    }
    buffer = cast<ViewLikeOpInterface>(view).getViewSource();
  }
  auto argument = dyn_cast<BlockArgument>(buffer);
  if (!argument || !isa<MemRefType>(buffer.getType()))
    return llvm::createStringError("an operand of a kernel of '" +
                                   qtcrt::printable(step.getSymName()) +
                                   "' is not a static view of an argument");
  auto address = getArgumentAddress(step, argument.getArgNumber(), layout);
  if (address)
    address->offset += offset;
  return address;
}

llvm::Expected<LaunchDescription> describe(func::FuncOp step,
                                           gpu::LaunchFuncOp launch,
                                           const StateLayout &layout) {
  auto blocks = getConstantIntValue(launch.getGridSizeX());
  auto threads = getConstantIntValue(launch.getBlockSizeX());
  if (!blocks || !threads)
    return llvm::createStringError("a launch of '" +
                                   qtcrt::printable(step.getSymName()) +
                                   "' has no static grid");
  int64_t sharedBytes = 0;
  if (Value bytes = launch.getDynamicSharedMemorySize()) {
    auto constant = getConstantIntValue(bytes);
    if (!constant)
      return llvm::createStringError("a launch of '" +
                                     qtcrt::printable(step.getSymName()) +
                                     "' has no static size of shared memory");
    sharedBytes = *constant;
  }
  LaunchDescription result{
      launch.getKernelName().str(), *blocks, *threads, sharedBytes, {}};
  for (Value operand : launch.getKernelOperands()) {
    auto address = getAddress(step, operand, layout);
    if (!address)
      return address.takeError();
    result.arguments.push_back(*address);
  }
  return result;
}
} // namespace

llvm::Expected<std::vector<LaunchDescription>>
cuda::collectLaunches(func::FuncOp step, const StateLayout &layout) {
  std::vector<LaunchDescription> launches;
  for (auto launch : step.getBody().front().getOps<gpu::LaunchFuncOp>()) {
    auto description = describe(step, launch, layout);
    if (!description)
      return description.takeError();
    launches.push_back(std::move(*description));
  }
  return launches;
}

llvm::Expected<std::string> cuda::extractPTX(ModuleOp module) {
  auto binaries = module.getOps<gpu::BinaryOp>();
  if (!llvm::hasSingleElement(binaries))
    return llvm::createStringError("expected one module of device code");
  auto object = cast<gpu::ObjectAttr>(
      (*binaries.begin()).getObjects().getValue().front());
  // Upstream counts the terminator as part of the text.
  return object.getObject().getValue().rtrim('\0').str();
}
