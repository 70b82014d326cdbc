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

using namespace mlir;
using namespace qtc;

namespace {

/// The layouts of the memories that belong to a model.
struct Layouts {
  const StateLayout &state;
  const PortLayout &ports;
};

/// The memory that holds an argument of a step.
std::optional<uint32_t> lookupMemory(func::FuncOp step, unsigned index,
                                     const PortLayout &ports) {
  if (std::optional<unsigned> port = ports.getPort(step, index))
    return QTCRT_MEMORY_PORT + *port;
  std::optional<qtrain::Role> role = qtrain::getRole(step, index);
  if (role == qtrain::Role::Arena)
    return QTCRT_MEMORY_ARENA;
  if (role == qtrain::Role::Seed)
    return QTCRT_MEMORY_SEED;
  if (role == qtrain::Role::Schedule)
    return QTCRT_MEMORY_SCHEDULE;
  if (role == qtrain::Role::Step)
    return QTCRT_MEMORY_STEP;
  return std::nullopt;
}

llvm::Expected<AddressDescription>
getArgumentAddress(func::FuncOp step, unsigned index, const Layouts &layouts) {
  if (auto symbol = step.getArgAttrOfType<FlatSymbolRefAttr>(
          index, qtrain::QTrainDialect::kParameterAttrName))
    if (const StateTensor *tensor = layouts.state.lookup(symbol.getValue()))
      return AddressDescription{QTCRT_MEMORY_STATE, tensor->offset};
  if (std::optional<uint32_t> memory = lookupMemory(step, index, layouts.ports))
    return AddressDescription{*memory, 0};
  return llvm::createStringError("argument " + llvm::Twine(index) + " of '" +
                                 qtcrt::printable(step.getSymName()) +
                                 "' has no place in a device's memory");
}

/// The start of a buffer, which is an argument or a static view of one.
llvm::Expected<AddressDescription> getAddress(func::FuncOp step, Value buffer,
                                              const Layouts &layouts) {
  int64_t offset = 0;
  while (Operation *view = buffer.getDefiningOp()) {
    if (auto place = dyn_cast<memref::ViewOp>(view)) {
      std::optional<int64_t> shift = getConstantIntValue(place.getByteShift());
      if (!shift)
        break;
      offset += *shift;
    } else if (!isa<ViewLikeOpInterface>(view)) {
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
  auto address = getArgumentAddress(step, argument.getArgNumber(), layouts);
  if (address)
    address->offset += offset;
  return address;
}

llvm::Expected<LaunchDescription>
describe(func::FuncOp step, gpu::LaunchFuncOp launch, const Layouts &layouts) {
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
    auto address = getAddress(step, operand, layouts);
    if (!address)
      return address.takeError();
    result.arguments.push_back(*address);
  }
  return result;
}
} // namespace

llvm::Expected<std::vector<LaunchDescription>>
cuda::collectLaunches(func::FuncOp step, const StateLayout &state,
                      const PortLayout &ports) {
  std::vector<LaunchDescription> launches;
  for (auto launch : step.getBody().front().getOps<gpu::LaunchFuncOp>()) {
    auto description = describe(step, launch, {state, ports});
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
