//===- ModelDescriptor.h - A model as data for the runtime ------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_MODEL_DESCRIPTOR_H
#define QTC_TARGET_MODEL_DESCRIPTOR_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace qtc {

/// An operation of a step, as in qtcrt_op.
struct ProfiledOp {
  std::string name, kind;
  int64_t macs = 0, bytes = 0;
  /// Of a contraction on a device: `SHAPE:SCHEDULE`, see CUDA/TileTable.h.
  /// Trainers do not have it.
  std::string tiles = "";
};

/// A place in a device's memory, as in qtcrt_address.
struct AddressDescription {
  uint32_t memory;
  int64_t offset;
};

/// A launch of a kernel, as in qtcrt_launch.
struct LaunchDescription {
  std::string kernel;
  int64_t blocks, threads, sharedBytes;
  std::vector<AddressDescription> arguments;
};

/// The program of a device, as in qtcrt_device_program.
struct DeviceDescription {
  /// The runtime's functions that open and find devices of this kind.
  std::string openSymbol, detectSymbol;
  std::string code, binary;
  uint32_t capability = 0;
  bool exact = false;
  std::vector<LaunchDescription> train, evaluate, estimate;
};

/// The code of one instruction set or of a device for one batch, as in
/// qtcrt_variant.
struct VariantDescription {
  std::string name;
  int64_t batch = 0;
  uint32_t isa = 0;
  uint32_t peakKind = 0;
  int64_t arenaBytes = 0;
  int64_t peakMacs = 0;
  /// Empty if there is no such function.
  std::string trainSymbol, evaluateSymbol, estimateSymbol, peakSymbol;
  std::vector<ProfiledOp> trainOps;
  /// Replaces the symbols.
  std::optional<DeviceDescription> device;
};

/// A tensor that a step exchanges with its caller, as in qtcrt_port.
struct PortDescription {
  std::string name;
  std::vector<int64_t> shape; ///< of an example
  uint32_t role = 0, dtype = 0, encoding = 0;
  int32_t exponent = 0;
  bool isStandardized = false;
  uint32_t classes = 0;
  bool areShares = false;
  uint32_t output = 0;
};

/// An output that is trained, as in qtcrt_output.
struct OutputDescription {
  std::string name;
  double lossWeight = 1.0, guessLoss = 0.0;
  /// 0 if targets are numbers.
  uint32_t classes = 0;
  std::optional<int32_t> ignoredLabel;
};

/// Everything of qtcrt_model that is not in the module, see
/// runtime/include/qtcrt/abi.h.
struct ModelDescription {
  std::string name, scheme, options, evaluationOptions;
  std::string modelHash, compilerVersion;
  std::string defaultSchedule;
  uint64_t defaultSeed = 1;
  uint32_t scheduleKind = 0;
  uint32_t estimateBatches = 0;
  std::vector<PortDescription> ports;
  std::vector<OutputDescription> outputs;
  std::vector<VariantDescription> variants;
};

/// enum qtcrt_dtype of an element type.
uint32_t getDtype(mlir::Type type);

/// Builds a module with the constant `qtcrt_compiled_model`; the state, its
/// tensors and their initial values are the parameters of `module`.
std::unique_ptr<llvm::Module>
buildModelDescriptor(mlir::ModuleOp module, const ModelDescription &description,
                     llvm::LLVMContext &context);

} // namespace qtc

#endif // QTC_TARGET_MODEL_DESCRIPTOR_H
