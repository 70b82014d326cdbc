//===- NITIParameters.cpp - Initial mantissas of parameters ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/IntegerRules.h"
#include "compiler/Scheme/NITI/NITI.h"
#include "compiler/Support/Philox.h"
#include "runtime/include/qtcrt/Printable.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

#include <algorithm>
#include <climits>
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
  void findLayerShapes(func::FuncOp function);
  LogicalResult findNormalizations(func::FuncOp function);
  LogicalResult findSlopes(func::FuncOp function);
  void findOutputs(func::FuncOp function);
  void findStates(func::FuncOp function);
  bool isStatistic(ParameterOp parameter) const;
  int getHeadroom(ParameterOp parameter) const;
  LogicalResult quantizeWeight(ParameterOp parameter);
  LogicalResult quantizeBias(ParameterOp parameter, ParameterOp weight);
  LogicalResult quantizeNormalizations();
  LogicalResult quantizeValues(ParameterOp parameter, int exponentIfZero,
                               int headroom, int least = INT_MIN,
                               int largest = INT_MAX);
  LogicalResult
  quantizeStatistics(const llvm::SetVector<ParameterOp> &statistics,
                     unsigned width, int exponent, double limit);
  LogicalResult quantizeStatistic(ParameterOp parameter, unsigned width,
                                  int exponent, double limit);
  void quantizeState(ParameterOp state, ParameterOp parameter);
  bool isWide(ParameterOp parameter) const {
    return niti::getStoredBits(parameter, options) == 16;
  }
  int getComputedExponent(ParameterOp parameter) const;
  void initializeUniform(ParameterOp parameter);
  void setMantissas(ParameterOp parameter, ArrayRef<int16_t> mantissas,
                    int exponent);

  ModuleOp module;
  SymbolTable symbols;
  const ApplyNITIOptions &options;
  /// The shape in which the first layer of a weight sees it.
  llvm::DenseMap<ParameterOp, ArrayRef<int64_t>> layerShapes;
  /// The weight of the node that adds a bias; null if there is none.
  llvm::MapVector<ParameterOp, ParameterOp> biases;
  /// For normalizations: the scale of each bias, the statistics, and the sums
  /// that these are pooled in.
  llvm::MapVector<ParameterOp, ParameterOp> normalizations;
  llvm::SetVector<ParameterOp> scales, means, variances, sums, spreads;
  llvm::SetVector<ParameterOp> slopes;
  /// Weights and biases of the layers whose results are predictions.
  llvm::DenseSet<ParameterOp> outputs;
  /// States of an optimizer, with their parameters.
  llvm::MapVector<ParameterOp, ParameterOp> states;
};

/// The values of `parameter` if they are finite floats.
FailureOr<DenseFPElementsAttr> getValues(ParameterOp parameter) {
  auto values = dyn_cast<DenseFPElementsAttr>(parameter.getValue());
  if (!values)
    return parameter.emitError()
           << "expected float values of parameter '"
           << qtcrt::printable(parameter.getTensorName()) << "'";
  for (float value : values.getValues<float>())
    if (!std::isfinite(value))
      return parameter.emitError()
             << "expected finite values of parameter '"
             << qtcrt::printable(parameter.getTensorName()) << "'";
  return values;
}

void ParameterQuantizer::findBiases(func::FuncOp function) {
  function.walk([&](BiasAddOp op) {
    ParameterOp bias = findParameter(function, symbols, op.getBias());
    if (!bias || biases.count(bias))
      return;
    auto layer = op.getInput().getDefiningOp<LayerOpInterface>();
    biases[bias] = layer ? findParameter(function, symbols, layer.getWeight())
                         : ParameterOp();
  });
}

void ParameterQuantizer::findLayerShapes(func::FuncOp function) {
  function.walk([&](LayerOpInterface layer) {
    layerShapes.insert({findParameter(function, symbols, layer.getWeight()),
                        getShape(layer.getWeight())});
  });
}

LogicalResult ParameterQuantizer::findNormalizations(func::FuncOp function) {
  bool haveParameters = true;
  auto find = [&](Value value) {
    return findParameter(function, symbols, value);
  };
  for (auto op : function.getOps<NormalizationOpInterface>()) {
    ParameterOp scale = find(op.getScale()), bias = find(op.getBias());
    ParameterOp mean = find(op.getRunningMean());
    ParameterOp variance = find(op.getRunningVariance());
    if (!scale || !bias || !mean || !variance) {
      op.emitError("scheme niti expects scales, biases and statistics that are "
                   "parameters of the model");
      haveParameters = false;
      continue;
    }
    scales.insert(scale);
    normalizations.insert({bias, scale});
    means.insert(mean);
    variances.insert(variance);
  }
  function.walk([&](PoolStatisticsOp op) {
    if (ParameterOp sum = find(op.getSum()))
      sums.insert(sum);
    if (ParameterOp spread = find(op.getSpread()))
      spreads.insert(spread);
  });
  return success(haveParameters);
}

LogicalResult ParameterQuantizer::findSlopes(func::FuncOp function) {
  auto result = function.walk([&](PReluOp op) {
    ParameterOp slope = findParameter(function, symbols, op.getSlope());
    if (!slope) {
      op.emitError("scheme niti expects slopes that are parameters of the "
                   "model");
      return WalkResult::interrupt();
    }
    slopes.insert(slope);
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// A prediction may have a bias and another order of its elements.
void ParameterQuantizer::findOutputs(func::FuncOp function) {
  auto end = cast<func::ReturnOp>(function.getBody().front().getTerminator());
  for (OpOperand &operand : end->getOpOperands()) {
    Operation *op = operand.get().getDefiningOp();
    while (onlyMovesElements(op) || isa_and_nonnull<BiasAddOp>(op)) {
      if (auto add = dyn_cast<BiasAddOp>(op))
        outputs.insert(findParameter(function, symbols, add.getBias()));
      op = op->getOperand(0).getDefiningOp();
    }
    if (auto layer = dyn_cast_or_null<LayerOpInterface>(op))
      outputs.insert(findParameter(function, symbols, layer.getWeight()));
  }
}

void ParameterQuantizer::findStates(func::FuncOp function) {
  for (UpdateOp op : function.getOps<UpdateOp>())
    for (Value value : op.getStates())
      if (ParameterOp state = findParameter(function, symbols, value))
        states[state] = scheme::findUpdated(op);
}

/// Whether `parameter` is a statistic of a normalization, or a sum of some.
bool ParameterQuantizer::isStatistic(ParameterOp parameter) const {
  return means.contains(parameter) || variances.contains(parameter) ||
         sums.contains(parameter) || spreads.contains(parameter);
}

LogicalResult ParameterQuantizer::run() {
  for (func::FuncOp function : getDefinedFunctions(module)) {
    findLayerShapes(function);
    findOutputs(function);
    findStates(function);
    if (failed(findNormalizations(function)) || failed(findSlopes(function)))
      return failure();
  }
  for (ParameterOp parameter : module.getOps<ParameterOp>())
    if (parameter.getKind() != StateKind::Parameter &&
        !isStatistic(parameter) && !states.count(parameter))
      return parameter.emitError()
             << "scheme niti trains parameters only, but '"
             << qtcrt::printable(parameter.getTensorName()) << "' is of kind '"
             << stringifyStateKind(parameter.getKind())
             << "'; use --scheme=fp32";
  auto step = symbols.lookup<func::FuncOp>(QTrainDialect::kTrainStepName);
  if (step && !step.isExternal())
    findBiases(step);
  for (ParameterOp parameter : module.getOps<ParameterOp>()) {
    bool isWeight = parameter.getKind() == StateKind::Parameter &&
                    !biases.count(parameter) && !scales.contains(parameter) &&
                    !normalizations.count(parameter) &&
                    !slopes.contains(parameter);
    if (isWeight && failed(quantizeWeight(parameter)))
      return failure();
  }
  for (auto [bias, weight] : biases)
    if (failed(quantizeBias(bias, weight)))
      return failure();
  if (failed(quantizeNormalizations()))
    return failure();
  for (auto [state, parameter] : states)
    quantizeState(state, parameter);
  return success();
}

/// Zeros with 8 fraction bits more than the parameter.
void ParameterQuantizer::quantizeState(ParameterOp state,
                                       ParameterOp parameter) {
  constexpr int32_t kMore = 8;
  Builder builder(module.getContext());
  Type type = builder.getI32Type();
  state.setValueAttr(DenseElementsAttr::get(
      cast<ShapedType>(state.getValue().getType()).clone(type),
      builder.getZeroAttr(type)));
  state.setExponentAttr(
      builder.getIntegerAttr(builder.getIntegerType(32, true),
                             int32_t(*parameter.getExponent()) - kMore));
}

/// Scales, biases and slopes always come from the file, with the exponent of a
/// headroom of 1; running statistics have exponents of their own.
LogicalResult ParameterQuantizer::quantizeNormalizations() {
  constexpr int kHeadroom = 1, kMeanExponent = -16, kVarianceExponent = -32;
  for (ParameterOp scale : scales)
    if (failed(quantizeValues(scale, /*exponentIfZero=*/-7, kHeadroom)))
      return failure();
  for (auto [bias, scale] : normalizations)
    if (!scales.contains(bias) &&
        failed(quantizeValues(bias, getComputedExponent(scale), kHeadroom)))
      return failure();
  for (ParameterOp slope : slopes)
    if (failed(quantizeValues(slope, /*exponentIfZero=*/-7, kHeadroom,
                              niti::kLeastSlopeExponent,
                              niti::kLargestSlopeExponent)))
      return failure();
  const double meanLimit = std::ldexp(1.0, 30);
  const double varianceLimit = std::ldexp(1.0, 45);
  if (failed(quantizeStatistics(means, 32, kMeanExponent, meanLimit)) ||
      failed(
          quantizeStatistics(variances, 64, kVarianceExponent, varianceLimit)))
    return failure();
  if (failed(quantizeStatistics(sums, 64, kMeanExponent, meanLimit)))
    return failure();
  return quantizeStatistics(spreads, 64, kVarianceExponent, varianceLimit);
}

/// Origins come before their copies, which have the same faults.
LogicalResult ParameterQuantizer::quantizeStatistics(
    const llvm::SetVector<ParameterOp> &statistics, unsigned width,
    int exponent, double limit) {
  SmallVector<ParameterOp> ordered(statistics.begin(), statistics.end());
  llvm::stable_sort(ordered, [](ParameterOp a, ParameterOp b) {
    return !a.getOrigin() && b.getOrigin();
  });
  for (ParameterOp statistic : ordered)
    if (failed(quantizeStatistic(statistic, width, exponent, limit)))
      return failure();
  return success();
}

/// Mantissas of `width` bits, rounded half to even and clamped to ±`limit`.
LogicalResult ParameterQuantizer::quantizeStatistic(ParameterOp parameter,
                                                    unsigned width,
                                                    int exponent,
                                                    double limit) {
  FailureOr<DenseFPElementsAttr> values = getValues(parameter);
  if (failed(values))
    return failure();
  Builder builder(module.getContext());
  Type type = builder.getIntegerType(width);
  SmallVector<Attribute> mantissas;
  for (float value : values->getValues<float>()) {
    double scaled =
        std::nearbyint(std::ldexp(static_cast<double>(value), -exponent));
    mantissas.push_back(builder.getIntegerAttr(
        type, static_cast<int64_t>(std::clamp(scaled, -limit, limit))));
  }
  parameter.setValueAttr(DenseElementsAttr::get(
      values->getType().clone(type), ArrayRef<Attribute>(mantissas)));
  parameter.setExponentAttr(
      builder.getIntegerAttr(builder.getIntegerType(32, true), exponent));
  return success();
}

/// The exponent of the 8-bit mantissas that the functions compute with.
int ParameterQuantizer::getComputedExponent(ParameterOp parameter) const {
  return static_cast<int>(*parameter.getExponent()) +
         (isWide(parameter) ? 8 : 0);
}

void ParameterQuantizer::setMantissas(ParameterOp parameter,
                                      ArrayRef<int16_t> mantissas,
                                      int exponent) {
  scheme::setMantissas(parameter, mantissas,
                       niti::getStoredBits(parameter, options),
                       isWide(parameter) ? exponent - 8 : exponent);
}

/// Mantissas from the file: s = ceil(log2 max|W|) − 7 + headroom, rounded half
/// to even, with 8 more fraction bits for 16-bit storage. The exponent is one
/// from `least` to `largest`.
LogicalResult ParameterQuantizer::quantizeValues(ParameterOp parameter,
                                                 int exponentIfZero,
                                                 int headroom, int least,
                                                 int largest) {
  FailureOr<DenseFPElementsAttr> values = getValues(parameter);
  if (failed(values))
    return failure();
  double maximum = 0.0;
  for (float value : values->getValues<float>())
    maximum = std::max(maximum, std::abs(static_cast<double>(value)));
  headroom = static_cast<int>(parameter.getHeadroom().value_or(headroom));
  int exponent =
      maximum == 0.0 ? exponentIfZero : ceilLog2(maximum) - 7 + headroom;
  exponent = std::clamp(exponent, least, largest);
  int fraction = isWide(parameter) ? 8 : 0;
  double limit = isWide(parameter) ? 32767.0 : 127.0;
  SmallVector<int16_t> mantissas;
  mantissas.reserve(values->getNumElements());
  for (float value : values->getValues<float>()) {
    double scaled = std::nearbyint(
        std::ldexp(static_cast<double>(value), fraction - exponent));
    mantissas.push_back(
        static_cast<int16_t>(std::clamp(scaled, -limit, limit)));
  }
  setMantissas(parameter, mantissas, exponent);
  return success();
}

/// The scheme's own start: uniform mantissas with the exponent of the Xavier
/// bound, the smallest k with (fan_in + fan_out)·4^k ≥ 6. They have the
/// headroom of the parameter, and none without it.
void ParameterQuantizer::initializeUniform(ParameterOp parameter) {
  auto type = cast<ShapedType>(parameter.getValue().getType());
  auto layerShape = layerShapes.find(parameter);
  ArrayRef<int64_t> shape =
      layerShape == layerShapes.end() ? type.getShape() : layerShape->second;
  int64_t kernel =
      shape.size() > 2 ? ShapedType::getNumElements(shape.drop_front(2)) : 1;
  int64_t inputs = shape.size() > 1 ? shape[1] : 1;
  int64_t outputs = shape.empty() ? 1 : shape[0];
  double fans = static_cast<double>((inputs + outputs) * kernel);
  int bound = 2;
  while (fans * std::ldexp(1.0, 2 * (bound - 1)) >= 6.0)
    --bound;
  int headroom = static_cast<int>(parameter.getHeadroom().value_or(0));
  int scale = isWide(parameter) ? 256 >> headroom : 1;
  int largest = isWide(parameter) ? 127 : 127 >> headroom;
  SmallVector<int16_t> mantissas(type.getNumElements());
  for (auto [index, mantissa] : llvm::enumerate(mantissas)) {
    uint64_t random =
        Philox::element(options.seed, index, parameter.getId(), /*step=*/0,
                        static_cast<uint32_t>(RandomPurpose::Initialization));
    int level = static_cast<int>((random * (2 * largest + 1)) >> 32);
    mantissa = (level - largest) * scale;
  }
  setMantissas(parameter, mantissas, bound - 7 + headroom);
  parameter.setUniform(scale);
  if (largest < 127)
    parameter.setLevels(2 * largest + 1);
}

/// The headroom of a weight or bias that does not say.
int ParameterQuantizer::getHeadroom(ParameterOp parameter) const {
  return static_cast<int>(outputs.contains(parameter) ? options.outputHeadroom
                                                      : options.headroom);
}

LogicalResult ParameterQuantizer::quantizeWeight(ParameterOp parameter) {
  if (!options.schemeInit)
    return quantizeValues(parameter, /*exponentIfZero=*/-7,
                          getHeadroom(parameter));
  initializeUniform(parameter);
  return success();
}

LogicalResult ParameterQuantizer::quantizeBias(ParameterOp parameter,
                                               ParameterOp weight) {
  int exponentIfZero = weight ? getComputedExponent(weight) : -7;
  if (!options.schemeInit)
    return quantizeValues(parameter, exponentIfZero, getHeadroom(parameter));
  auto type = cast<ShapedType>(parameter.getValue().getType());
  setMantissas(parameter, SmallVector<int16_t>(type.getNumElements(), 0),
               exponentIfZero);
  return success();
}
} // namespace

unsigned niti::getStoredBits(ParameterOp parameter,
                             const ApplyNITIOptions &options) {
  return parameter.getWeightBits().value_or(options.weightBits);
}

LogicalResult niti::quantizeParameters(ModuleOp module,
                                       const ApplyNITIOptions &options) {
  return ParameterQuantizer(module, options).run();
}
