//===- ModelDescriptor.cpp - A model as data for the runtime --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/ModelDescriptor.h"

#include "compiler/Target/StateLayout.h"
#include "runtime/include/qtcrt/abi.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalVariable.h"

#include <cstring>

using namespace qtc;

namespace {

/// Builds constants in the layout of the ABI header's structs. LLVM lays
/// structs of integers and pointers out as C does.
class DescriptorBuilder {
public:
  DescriptorBuilder(llvm::Module &module)
      : module(module), context(module.getContext()),
        pointer(llvm::PointerType::getUnqual(context)) {}

  llvm::Constant *u16(uint64_t value) {
    return llvm::ConstantInt::get(llvm::Type::getInt16Ty(context), value);
  }
  llvm::Constant *u32(uint64_t value) {
    return llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), value);
  }
  llvm::Constant *u64(uint64_t value) {
    return llvm::ConstantInt::get(llvm::Type::getInt64Ty(context), value);
  }
  llvm::Constant *null() { return llvm::ConstantPointerNull::get(pointer); }

  /// Address of a private constant.
  llvm::GlobalVariable *global(llvm::Constant *value) {
    auto *variable =
        new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                 llvm::GlobalValue::PrivateLinkage, value);
    variable->setAlignment(llvm::Align(8));
    return variable;
  }
  /// Variants have the same names, so each text is stored once.
  llvm::Constant *string(llvm::StringRef text) {
    llvm::Constant *&stored = strings[text];
    if (!stored)
      stored = global(llvm::ConstantDataArray::getString(context, text));
    return stored;
  }
  /// Address of a function of another object, or null without a name; its type
  /// does not matter here.
  llvm::Constant *function(llvm::StringRef name) {
    if (name.empty())
      return null();
    auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
    return llvm::cast<llvm::Constant>(
        module.getOrInsertFunction(name, type).getCallee());
  }
  llvm::Constant *structure(llvm::ArrayRef<llvm::Constant *> fields) {
    return llvm::ConstantStruct::getAnon(context, fields);
  }
  /// Address of an array of `elements`, or null if there are none.
  llvm::Constant *array(llvm::ArrayRef<llvm::Constant *> elements) {
    if (elements.empty())
      return null();
    return global(llvm::ConstantArray::get(
        llvm::ArrayType::get(elements.front()->getType(), elements.size()),
        elements));
  }
  llvm::Constant *bytes(llvm::ArrayRef<uint8_t> values) {
    llvm::GlobalVariable *variable =
        global(llvm::ConstantDataArray::get(context, values));
    variable->setAlignment(llvm::Align(64));
    return variable;
  }

  llvm::Constant *f64(double value) {
    return llvm::ConstantFP::get(llvm::Type::getDoubleTy(context), value);
  }

  llvm::Constant *tensor(const StateLayout &layout, const StateTensor &tensor);
  llvm::Constant *port(const PortDescription &port);
  llvm::Constant *output(const OutputDescription &output);
  llvm::Constant *launches(llvm::ArrayRef<LaunchDescription> launches);
  llvm::Constant *device(const DeviceDescription &device);
  llvm::Constant *variant(const VariantDescription &variant);
  llvm::Constant *initialState(const StateLayout &layout);
  llvm::Constant *model(const StateLayout &layout,
                        const ModelDescription &description);

  llvm::Module &module;
  llvm::LLVMContext &context;
  llvm::PointerType *pointer;
  llvm::StringMap<llvm::Constant *> strings;
};

} // namespace

uint32_t qtc::getDtype(mlir::Type type) {
  if (type.isUnsignedInteger(8))
    return QTCRT_UINT8;
  if (type.isF32())
    return QTCRT_FLOAT32;
  switch (type.getIntOrFloatBitWidth()) {
  case 8:
    return QTCRT_INT8;
  case 16:
    return QTCRT_INT16;
  case 32:
    return QTCRT_INT32;
  default:
    return QTCRT_INT64;
  }
}

namespace {
uint32_t getStateKind(qtrain::StateKind kind) {
  switch (kind) {
  case qtrain::StateKind::Parameter:
    return QTCRT_STATE_PARAMETER;
  case qtrain::StateKind::Buffer:
    return QTCRT_STATE_BUFFER;
  case qtrain::StateKind::Optimizer:
    return QTCRT_STATE_OPTIMIZER;
  case qtrain::StateKind::Evaluation:
    return QTCRT_STATE_EVALUATION;
  case qtrain::StateKind::Scratch:
    return QTCRT_STATE_SCRATCH;
  }
  llvm_unreachable("unknown kind of state");
}

/// qtcrt_tensor::uniform.
uint64_t getUniform(qtrain::ParameterOp parameter) {
  if (std::optional<llvm::APFloat> bound = parameter.getBound())
    return bound->bitcastToAPInt().getZExtValue();
  return parameter.getUniform().value_or(0);
}

/// qtcrt_tensor::origin.
uint64_t getOrigin(const StateLayout &layout, qtrain::ParameterOp parameter) {
  if (!parameter.getOrigin())
    return 0;
  return layout.lookup(*parameter.getOrigin()) - layout.getTensors().data();
}

llvm::Constant *DescriptorBuilder::tensor(const StateLayout &layout,
                                          const StateTensor &tensor) {
  qtrain::ParameterOp parameter = tensor.parameter;
  auto type = llvm::cast<mlir::ShapedType>(parameter.getValue().getType());
  llvm::SmallVector<llvm::Constant *> shape;
  for (int64_t extent : type.getShape())
    shape.push_back(u64(extent));
  std::optional<int32_t> exponent = parameter.getExponent();
  return structure(
      {string(parameter.getTensorName()), array(shape), u64(tensor.offset),
       u64(type.getNumElements()), u32(type.getRank()),
       u32(getDtype(type.getElementType())),
       u32(getStateKind(parameter.getKind())), u32(exponent.has_value()),
       u32(static_cast<uint32_t>(exponent.value_or(0))),
       u16(parameter.getFrozen()), u16(parameter.getLevels().value_or(255)),
       u32(parameter.getId()), u32(getUniform(parameter)),
       u32(getOrigin(layout, parameter)), u32(0)});
}

llvm::Constant *DescriptorBuilder::port(const PortDescription &port) {
  llvm::SmallVector<llvm::Constant *> shape;
  uint64_t elements = 1;
  for (int64_t extent : port.shape) {
    shape.push_back(u64(extent));
    elements *= extent;
  }
  return structure(
      {string(port.name), array(shape), u64(elements), u32(port.shape.size()),
       u32(port.role), u32(port.dtype), u32(port.encoding),
       u32(static_cast<uint32_t>(port.exponent)), u32(port.isStandardized),
       u32(port.classes), u32(port.areShares), u32(port.output), u32(0)});
}

llvm::Constant *DescriptorBuilder::output(const OutputDescription &output) {
  return structure({string(output.name), f64(output.lossWeight),
                    f64(output.guessLoss), u32(output.classes),
                    u32(static_cast<uint32_t>(output.ignoredLabel.value_or(0))),
                    u32(output.ignoredLabel.has_value()), u32(0)});
}

llvm::Constant *
DescriptorBuilder::launches(llvm::ArrayRef<LaunchDescription> launches) {
  llvm::SmallVector<llvm::Constant *> entries;
  for (const LaunchDescription &launch : launches) {
    llvm::SmallVector<llvm::Constant *> arguments;
    for (AddressDescription address : launch.arguments)
      arguments.push_back(
          structure({u64(address.offset), u32(address.memory), u32(0)}));
    entries.push_back(structure(
        {string(launch.kernel), array(arguments), u32(arguments.size()),
         u32(launch.blocks), u32(launch.threads), u32(launch.sharedBytes)}));
  }
  return array(entries);
}

llvm::Constant *DescriptorBuilder::device(const DeviceDescription &device) {
  return global(structure(
      {function(device.openSymbol), function(device.detectSymbol),
       string(device.code),
       device.binary.empty()
           ? null()
           : bytes(llvm::arrayRefFromStringRef(device.binary)),
       launches(device.train), launches(device.evaluate),
       launches(device.estimate), u64(device.train.size()),
       u64(device.evaluate.size()), u64(device.estimate.size()),
       u64(device.binary.size()), u32(device.capability), u32(device.exact)}));
}

llvm::Constant *DescriptorBuilder::variant(const VariantDescription &variant) {
  llvm::SmallVector<llvm::Constant *> ops;
  for (const ProfiledOp &op : variant.trainOps)
    ops.push_back(structure(
        {string(op.name), string(op.kind), u64(op.macs), u64(op.bytes)}));
  return structure(
      {string(variant.name), function(variant.trainSymbol),
       function(variant.evaluateSymbol), function(variant.estimateSymbol),
       function(variant.peakSymbol), u64(variant.peakMacs),
       u64(variant.arenaBytes), array(ops), u64(ops.size()),
       variant.device ? device(*variant.device) : null(), u32(variant.isa),
       u32(variant.peakKind), u64(variant.batch)});
}

llvm::Constant *DescriptorBuilder::initialState(const StateLayout &layout) {
  std::vector<uint8_t> state(layout.getBytes());
  for (const StateTensor &tensor : layout.getTensors()) {
    qtrain::ParameterOp parameter = tensor.parameter;
    auto values = llvm::cast<mlir::DenseElementsAttr>(parameter.getValue());
    llvm::ArrayRef<char> raw = values.getRawData();
    size_t element = values.getElementType().getIntOrFloatBitWidth() / 8;
    uint8_t *target = state.data() + tensor.offset;
    if (!values.isSplat()) {
      std::memcpy(target, raw.data(), raw.size());
      continue;
    }
    for (int64_t i = 0, e = values.getNumElements(); i < e; ++i)
      std::memcpy(target + i * element, raw.data(), element);
  }
  return bytes(state);
}

llvm::Constant *DescriptorBuilder::model(const StateLayout &layout,
                                         const ModelDescription &d) {
  llvm::SmallVector<llvm::Constant *> ports, outputs, tensors, variants;
  for (const PortDescription &entry : d.ports)
    ports.push_back(port(entry));
  for (const OutputDescription &entry : d.outputs)
    outputs.push_back(output(entry));
  for (const StateTensor &entry : layout.getTensors())
    tensors.push_back(tensor(layout, entry));
  for (const VariantDescription &entry : d.variants)
    variants.push_back(variant(entry));
  return structure({u32(QTCRT_ABI_VERSION),
                    u32(sizeof(qtcrt_model)),
                    string(d.name),
                    string(d.scheme),
                    string(d.options),
                    string(d.evaluationOptions),
                    string(d.modelHash),
                    string(d.compilerVersion),
                    string(d.defaultSchedule),
                    u64(d.defaultSeed),
                    array(ports),
                    u64(ports.size()),
                    array(outputs),
                    u64(outputs.size()),
                    u64(layout.getBytes()),
                    initialState(layout),
                    array(tensors),
                    u64(tensors.size()),
                    array(variants),
                    u64(variants.size()),
                    u32(d.scheduleKind),
                    u32(d.estimateBatches)});
}
} // namespace

std::unique_ptr<llvm::Module>
qtc::buildModelDescriptor(mlir::ModuleOp module,
                          const ModelDescription &description,
                          llvm::LLVMContext &context) {
  auto result = std::make_unique<llvm::Module>("model", context);
  DescriptorBuilder builder(*result);
  llvm::Constant *model = builder.model(StateLayout(module), description);
  new llvm::GlobalVariable(*result, model->getType(), /*isConstant=*/true,
                           llvm::GlobalValue::ExternalLinkage, model,
                           "qtcrt_compiled_model");
  return result;
}
