//===- NITIParameters.cpp - Initial mantissas of parameters ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/IntegerRules.h"
#include "compiler/Scheme/NITI/NITI.h"
#include "compiler/Support/Philox.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

/// ceil(log2 x) for x > 0, exactly.
int ceilLog2(double x) {
  int exponent;
  double fraction = std::frexp(x, &exponent);
  return fraction == 0.5 ? exponent - 1 : exponent;
}

/// Turns float parameters into mantissas.
class ParameterQuantizer {
public:
  ParameterQuantizer(ModuleOp module, const ApplyNITIOptions &options)
      : module(module), symbols(module), options(options) {}

  LogicalResult run();

private:
  void findBiases(func::FuncOp function);
  LogicalResult quantizeWeight(ParameterOp parameter);
  LogicalResult quantizeBias(ParameterOp parameter, ParameterOp weight);
  LogicalResult quantizeValues(ParameterOp parameter, int exponentIfZero);
  void initializeUniform(ParameterOp parameter);
  void setMantissas(ParameterOp parameter, ArrayRef<int16_t> mantissas,
                    int exponent);

  ModuleOp module;
  SymbolTable symbols;
  const ApplyNITIOptions &options;
  /// The weight of the node that adds a bias; null if there is none.
  llvm::MapVector<ParameterOp, ParameterOp> biases;
};

void ParameterQuantizer::findBiases(func::FuncOp function) {
  function.walk([&](BiasAddOp op) {
    ParameterOp bias = findParameter(function, symbols, op.getBias());
    if (!bias || biases.count(bias))
      return;
    Operation *node = op.getInput().getDefiningOp();
    bool isNode = isa_and_nonnull<Conv2DOp, LinearOp>(node);
    biases[bias] = isNode
                       ? findParameter(function, symbols, node->getOperand(1))
                       : ParameterOp();
  });
}

LogicalResult ParameterQuantizer::run() {
  for (ParameterOp parameter : module.getOps<ParameterOp>())
    if (parameter.getKind() != StateKind::Parameter)
      return parameter.emitError()
             << "scheme niti trains parameters only, but '"
             << parameter.getSymName() << "' is of kind '"
             << stringifyStateKind(parameter.getKind())
             << "'; use --scheme=fp32";
  if (auto step = symbols.lookup<func::FuncOp>(QTrainDialect::kTrainStepName))
    findBiases(step);
  for (ParameterOp parameter : module.getOps<ParameterOp>())
    if (!biases.count(parameter) && failed(quantizeWeight(parameter)))
      return failure();
  for (auto [bias, weight] : biases)
    if (failed(quantizeBias(bias, weight)))
      return failure();
  return success();
}

void ParameterQuantizer::setMantissas(ParameterOp parameter,
                                      ArrayRef<int16_t> mantissas,
                                      int exponent) {
  bool wide = options.weightBits == 16;
  scheme::setMantissas(parameter, mantissas, options.weightBits,
                       wide ? exponent - 8 : exponent);
}

/// From the file: s = ceil(log2 max|W|) − 7 + headroom, mantissas rounded half
/// to even, with 8 fraction bits more for 16-bit storage.
LogicalResult ParameterQuantizer::quantizeValues(ParameterOp parameter,
                                                 int exponentIfZero) {
  auto values = dyn_cast<DenseFPElementsAttr>(parameter.getValue());
  if (!values)
    return parameter.emitError() << "expected float values of parameter '"
                                 << parameter.getSymName() << "'";
  double maximum = 0.0;
  for (float value : values.getValues<float>()) {
    if (!std::isfinite(value))
      return parameter.emitError() << "expected finite values of parameter '"
                                   << parameter.getSymName() << "'";
    maximum = std::max(maximum, std::abs(static_cast<double>(value)));
  }
  int exponent = maximum == 0.0 ? exponentIfZero
                                : ceilLog2(maximum) - 7 +
                                      static_cast<int>(options.headroom);
  int fraction = options.weightBits == 16 ? 8 : 0;
  double limit = options.weightBits == 16 ? 32767.0 : 127.0;
  SmallVector<int16_t> mantissas;
  mantissas.reserve(values.getNumElements());
  for (float value : values.getValues<float>()) {
    double scaled = std::nearbyint(
        std::ldexp(static_cast<double>(value), fraction - exponent));
    mantissas.push_back(
        static_cast<int16_t>(std::clamp(scaled, -limit, limit)));
  }
  setMantissas(parameter, mantissas, exponent);
  return success();
}

/// The scheme's own start: uniform mantissas with the exponent of the Xavier
/// bound, the smallest k with (fan_in + fan_out)·4^k ≥ 6.
void ParameterQuantizer::initializeUniform(ParameterOp parameter) {
  auto type = cast<ShapedType>(parameter.getValue().getType());
  ArrayRef<int64_t> shape = type.getShape();
  int64_t kernel =
      shape.size() > 2 ? ShapedType::getNumElements(shape.drop_front(2)) : 1;
  int64_t inputs = shape.size() > 1 ? shape[1] : 1;
  double fans = static_cast<double>((inputs + shape[0]) * kernel);
  int bound = 2;
  while (fans * std::ldexp(1.0, 2 * (bound - 1)) >= 6.0)
    --bound;
  int scale = options.weightBits == 16 ? 256 : 1;
  SmallVector<int16_t> mantissas(type.getNumElements());
  for (auto [index, mantissa] : llvm::enumerate(mantissas)) {
    uint64_t random =
        Philox::element(options.seed, index, parameter.getId(), /*step=*/0,
                        static_cast<uint32_t>(RandomPurpose::Initialization));
    mantissa = (static_cast<int>((random * 255) >> 32) - 127) * scale;
  }
  setMantissas(parameter, mantissas, bound - 7);
  parameter.setUniform(scale);
}

LogicalResult ParameterQuantizer::quantizeWeight(ParameterOp parameter) {
  if (!options.schemeInit)
    return quantizeValues(parameter, /*exponentIfZero=*/-7);
  initializeUniform(parameter);
  return success();
}

LogicalResult ParameterQuantizer::quantizeBias(ParameterOp parameter,
                                               ParameterOp weight) {
  int exponentIfZero = -7;
  if (weight)
    exponentIfZero = *weight.getExponent() + (options.weightBits == 16 ? 8 : 0);
  if (!options.schemeInit)
    return quantizeValues(parameter, exponentIfZero);
  auto type = cast<ShapedType>(parameter.getValue().getType());
  setMantissas(parameter, SmallVector<int16_t>(type.getNumElements(), 0),
               exponentIfZero);
  return success();
}
} // namespace

LogicalResult niti::quantizeParameters(ModuleOp module,
                                       const ApplyNITIOptions &options) {
  return ParameterQuantizer(module, options).run();
}
