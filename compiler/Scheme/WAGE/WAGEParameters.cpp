//===- WAGEParameters.cpp - Initial mantissas of parameters ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/IntegerRules.h"
#include "compiler/Scheme/WAGE/WAGE.h"
#include "compiler/Support/Philox.h"
#include "runtime/include/qtcrt/Printable.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;
using wage::ParameterRole;
using wage::ParameterRoles;

namespace {

/// Turns float parameters into mantissas.
class ParameterQuantizer {
public:
  explicit ParameterQuantizer(const ApplyWAGEOptions &options)
      : options(options) {}

  LogicalResult quantizeWeight(ParameterOp parameter,
                               ContractionOpInterface layer);
  /// `weight` is the layer's weight, still in floats; null if there is no
  /// layer.
  LogicalResult quantizeBias(ParameterOp parameter,
                             ContractionOpInterface layer, ParameterOp weight);

private:
  /// Fails with a diagnostic if a value is not finite.
  static FailureOr<DenseFPElementsAttr> getValues(ParameterOp parameter);
  double getInitialLimit(int64_t fanIn) const;
  double getFactor(DenseFPElementsAttr weights, int64_t fanIn) const;
  int getExponent(ContractionOpInterface layer) const;
  void setScaled(ParameterOp parameter, DenseFPElementsAttr values,
                 double factor, int64_t limit, unsigned width, int exponent);
  void drawWeight(ParameterOp parameter, int64_t fanIn, int exponent);

  unsigned getWeightWidth() const { return options.storageBits > 8 ? 16 : 8; }

  const ApplyWAGEOptions &options;
};

FailureOr<DenseFPElementsAttr>
ParameterQuantizer::getValues(ParameterOp parameter) {
  auto values = dyn_cast<DenseFPElementsAttr>(parameter.getValue());
  auto isFinite = [](float value) { return std::isfinite(value); };
  if (values && llvm::all_of(values.getValues<float>(), isFinite))
    return values;
  return parameter.emitError()
         << "expected finite float values of parameter '"
         << qtcrt::printable(parameter.getTensorName()) << "'";
}

/// L of `wage.md` 3: the limit of the uniform start, at least 1.5 steps of kW
/// bits.
double ParameterQuantizer::getInitialLimit(int64_t fanIn) const {
  double base = std::sqrt(static_cast<double>(wage::getInitFactor(options)) /
                          static_cast<double>(fanIn));
  return std::max(base,
                  std::ldexp(1.5, 1 - static_cast<int>(options.weightBits)));
}

/// The factor from weights to the deviation of the uniform start; 0 for zeros.
double ParameterQuantizer::getFactor(DenseFPElementsAttr weights,
                                     int64_t fanIn) const {
  double sum = 0.0;
  for (float value : weights.getValues<float>())
    sum += static_cast<double>(value) * static_cast<double>(value);
  if (sum == 0.0)
    return 0.0;
  auto count = static_cast<double>(weights.getNumElements());
  return getInitialLimit(fanIn) / std::sqrt(3.0 * sum / count);
}

/// The exponent of all parameters of a layer.
int ParameterQuantizer::getExponent(ContractionOpInterface layer) const {
  int64_t log2Alpha = layer ? wage::getLog2Alpha(layer, options) : 0;
  return static_cast<int>(1 - options.storageBits - log2Alpha);
}

void ParameterQuantizer::setScaled(ParameterOp parameter,
                                   DenseFPElementsAttr values, double factor,
                                   int64_t limit, unsigned width,
                                   int exponent) {
  double scale = std::ldexp(factor, static_cast<int>(options.storageBits) - 1);
  auto bound = static_cast<double>(limit);
  SmallVector<int16_t> mantissas;
  mantissas.reserve(values.getNumElements());
  for (float value : values.getValues<float>())
    mantissas.push_back(static_cast<int16_t>(std::clamp(
        std::nearbyint(static_cast<double>(value) * scale), -bound, bound)));
  scheme::setMantissas(parameter, mantissas, width, exponent);
}

/// The authors' start is uniform and rounded to kW bits at once: equally likely
/// levels, three of them for ternary weights (`wage.md` 3).
void ParameterQuantizer::drawWeight(ParameterOp parameter, int64_t fanIn,
                                    int exponent) {
  int64_t half = 1, limit = wage::getLimit(options.weightBits);
  int64_t squared = wage::getInitFactor(options)
                    << (2 * (options.weightBits - 1));
  while (half < limit && (half + 1) * (half + 1) * fanIn <= squared)
    ++half;
  int64_t levels = 2 * half + 1;
  int64_t step = int64_t(1) << (options.storageBits - options.weightBits);
  auto type = cast<ShapedType>(parameter.getValue().getType());
  SmallVector<int16_t> mantissas(type.getNumElements());
  for (auto [index, mantissa] : llvm::enumerate(mantissas)) {
    uint64_t random =
        Philox::element(options.seed, index, parameter.getId(), /*step=*/0,
                        static_cast<uint32_t>(RandomPurpose::Initialization));
    auto level = static_cast<int64_t>((random * levels) >> 32);
    mantissa = static_cast<int16_t>((level - half) * step);
  }
  scheme::setMantissas(parameter, mantissas, getWeightWidth(), exponent);
  parameter.setUniform(step);
  parameter.setLevels(levels);
}

LogicalResult ParameterQuantizer::quantizeWeight(ParameterOp parameter,
                                                 ContractionOpInterface layer) {
  FailureOr<DenseFPElementsAttr> values = getValues(parameter);
  if (failed(values))
    return failure();
  int64_t fanIn = layer.getReductionLength();
  if (options.schemeInit)
    drawWeight(parameter, fanIn, getExponent(layer));
  else
    setScaled(parameter, *values, getFactor(*values, fanIn),
              wage::getWeightLimit(options), getWeightWidth(),
              getExponent(layer));
  return success();
}

/// A bias takes part in the scaling of its layer's weights, and has their
/// exponent.
LogicalResult ParameterQuantizer::quantizeBias(ParameterOp parameter,
                                               ContractionOpInterface layer,
                                               ParameterOp weight) {
  FailureOr<DenseFPElementsAttr> values = getValues(parameter);
  if (failed(values))
    return failure();
  double factor = 0.0;
  if (weight && !options.schemeInit) {
    FailureOr<DenseFPElementsAttr> weights = getValues(weight);
    if (failed(weights))
      return failure();
    factor = getFactor(*weights, layer.getReductionLength());
  }
  setScaled(parameter, *values, factor, wage::getLimit(wage::kBiasBits),
            wage::kBiasBits, getExponent(layer));
  return success();
}
} // namespace

LogicalResult wage::quantizeParameters(ModuleOp module,
                                       const ParameterRoles &roles,
                                       const ApplyWAGEOptions &options) {
  ParameterQuantizer quantizer(options);
  DenseMap<Operation *, ParameterOp> weights;
  for (const auto &[parameter, role] : roles)
    if (!role.isBias)
      weights[role.layer] = parameter;
  // Biases come first, because they need the float values of weights.
  // Parameters that no layer uses are treated like biases.
  for (ParameterOp parameter : module.getOps<ParameterOp>()) {
    if (parameter.getKind() != StateKind::Parameter)
      return parameter.emitError()
             << "scheme wage trains parameters only, but '"
             << qtcrt::printable(parameter.getTensorName()) << "' is of kind '"
             << stringifyStateKind(parameter.getKind())
             << "'; use --scheme=fp32";
    ParameterRole role = roles.lookup(parameter);
    if ((role.isBias || !role.layer) &&
        failed(quantizer.quantizeBias(parameter, role.layer,
                                      weights.lookup(role.layer))))
      return failure();
  }
  for (const auto &[parameter, role] : roles)
    if (!role.isBias && failed(quantizer.quantizeWeight(parameter, role.layer)))
      return failure();
  return success();
}
