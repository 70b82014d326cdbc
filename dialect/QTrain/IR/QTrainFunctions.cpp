//===- QTrainFunctions.cpp - Formulas of activation functions -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace qtc::qtrain;

//===----------------------------------------------------------------------===//
// Formulas as they are written
//===----------------------------------------------------------------------===//

namespace {

/// A float value under construction. Arithmetic on it builds operations, which
/// fold where all operands are constant.
class Scalar {
public:
  Scalar(ImplicitLocOpBuilder &builder, Value value)
      : builder(&builder), value(value) {}

  operator Value() const { return value; }

  Scalar constant(double number) const {
    return Scalar(*builder,
                  builder->create<arith::ConstantOp>(
                      builder->getFloatAttr(value.getType(), number)));
  }

  template <typename OpTy, typename... Operands>
  Scalar create(Operands &&...operands) const {
    return Scalar(*builder,
                  builder->createOrFold<OpTy>(
                      builder->getLoc(), std::forward<Operands>(operands)...));
  }

  /// True where this is greater than `other`; false of NaN.
  Value isAbove(Scalar other) const {
    return builder->createOrFold<arith::CmpFOp>(
        builder->getLoc(), arith::CmpFPredicate::OGT, value, Value(other));
  }
  Value isAbove(double other) const { return isAbove(constant(other)); }
  Value isBelow(double other) const { return constant(other).isAbove(*this); }

  /// `yes` where `condition` holds, else `no`.
  static Scalar select(Value condition, Scalar yes, Scalar no) {
    return yes.create<arith::SelectOp>(condition, Value(yes), Value(no));
  }

private:
  ImplicitLocOpBuilder *builder;
  Value value;
};

Scalar operator+(Scalar a, Scalar b) {
  return a.create<arith::AddFOp>(Value(a), Value(b));
}
Scalar operator-(Scalar a, Scalar b) {
  return a.create<arith::SubFOp>(Value(a), Value(b));
}
Scalar operator*(Scalar a, Scalar b) {
  return a.create<arith::MulFOp>(Value(a), Value(b));
}
Scalar operator/(Scalar a, Scalar b) {
  return a.create<arith::DivFOp>(Value(a), Value(b));
}
Scalar operator+(Scalar a, double b) { return a + a.constant(b); }
Scalar operator*(Scalar a, double b) { return a * a.constant(b); }
Scalar operator-(double a, Scalar b) { return b.constant(a) - b; }
Scalar operator/(double a, Scalar b) { return b.constant(a) / b; }
Scalar operator-(Scalar a) { return a.create<arith::NegFOp>(Value(a)); }

Scalar exp(Scalar x) { return x.create<math::ExpOp>(Value(x)); }
Scalar tanh(Scalar x) { return x.create<math::TanhOp>(Value(x)); }
Scalar erf(Scalar x) { return x.create<math::ErfOp>(Value(x)); }
Scalar abs(Scalar x) { return x.create<math::AbsFOp>(Value(x)); }
Scalar expm1(Scalar x) { return x.create<math::ExpM1Op>(Value(x)); }
Scalar log1p(Scalar x) { return x.create<math::Log1pOp>(Value(x)); }

/// max(x, bound) and min(x, bound); NaN stays NaN.
Scalar max(Scalar x, double bound) {
  return Scalar::select(x.isBelow(bound), x.constant(bound), x);
}
Scalar min(Scalar x, double bound) {
  return Scalar::select(x.isAbove(bound), x.constant(bound), x);
}

/// gradient where `passes` holds, 0 elsewhere.
Scalar gate(Value passes, Scalar gradient) {
  return Scalar::select(passes, gradient, gradient.constant(0.0));
}

Scalar sigmoid(Scalar x) { return 1.0 / (exp(-x) + 1.0); }

/// log(1 + exp(x)), without a large exponential.
Scalar softplus(Scalar x) { return max(x, 0.0) + log1p(exp(-abs(x))); }

Value both(Scalar x, Value first, Value second) {
  return x.create<arith::AndIOp>(first, second);
}

double toDouble(FloatAttr number) { return number.getValueAsDouble(); }

const double kSqrtHalf = std::sqrt(0.5);
const double kPi = 3.14159265358979323846;

/// TanhGeluAttr is x · sigmoid(u): a hyperbolic tangent that rounds to less
/// than 1 would leave a part of the derivative far away from 0.
constexpr double kCubic = 0.044715;
const double kTanhFactor = 2.0 * std::sqrt(2.0 / kPi);

Scalar getTanhShare(Scalar x) {
  return sigmoid((x * x * x * kCubic + x) * kTanhFactor);
}

} // namespace

//===----------------------------------------------------------------------===//
// Straight pieces
//===----------------------------------------------------------------------===//

Value ClipAttr::buildValue(ImplicitLocOpBuilder &builder, Value operand) const {
  Scalar x(builder, operand);
  return min(max(x, toDouble(getLow())), toDouble(getHigh()));
}

Value ClipAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                              Value gradient) const {
  // Strictly between the bounds, result and operand are one.
  return buildGradientFromResult(builder, operand, gradient);
}

Value ClipAttr::buildGradientFromResult(ImplicitLocOpBuilder &builder,
                                        Value result, Value gradient) const {
  Scalar y(builder, result), g(builder, gradient);
  return gate(
      both(y, y.isAbove(toDouble(getLow())), y.isBelow(toDouble(getHigh()))),
      g);
}

double ClipAttr::getReach() const {
  double reach = 1.0;
  for (FloatAttr bound : {getLow(), getHigh()})
    if (double distance = std::abs(toDouble(bound)); std::isfinite(distance))
      reach = std::max(reach, distance);
  return reach;
}

std::pair<double, double> ClipAttr::getOuterSlopes() const {
  return {std::isinf(toDouble(getLow())) ? 1.0 : 0.0,
          std::isinf(toDouble(getHigh())) ? 1.0 : 0.0};
}

bool ClipAttr::isGivenByResult() const { return true; }

bool ClipAttr::isNonnegative() const { return toDouble(getLow()) >= 0.0; }

LogicalResult ClipAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               FloatAttr low, FloatAttr high) {
  if (toDouble(low) < toDouble(high))
    return success();
  return emitError() << "expected a lower bound below the upper bound";
}

Value LeakyReluAttr::buildValue(ImplicitLocOpBuilder &builder,
                                Value operand) const {
  Scalar x(builder, operand);
  return Scalar::select(x.isAbove(0.0), x, x * toDouble(getAlpha()));
}

Value LeakyReluAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                                   Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  return Scalar::select(x.isAbove(0.0), g, g * toDouble(getAlpha()));
}

std::pair<double, double> LeakyReluAttr::getOuterSlopes() const {
  return {toDouble(getAlpha()), 1.0};
}

bool LeakyReluAttr::isHomogeneous() const { return true; }

Value ThresholdedReluAttr::buildValue(ImplicitLocOpBuilder &builder,
                                      Value operand) const {
  Scalar x(builder, operand);
  return gate(x.isAbove(toDouble(getAlpha())), x);
}

Value ThresholdedReluAttr::buildGradient(ImplicitLocOpBuilder &builder,
                                         Value operand, Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  return gate(x.isAbove(toDouble(getAlpha())), g);
}

double ThresholdedReluAttr::getReach() const {
  return std::max(1.0, std::abs(toDouble(getAlpha())));
}

std::pair<double, double> ThresholdedReluAttr::getOuterSlopes() const {
  return {0.0, 1.0};
}

Value AbsAttr::buildValue(ImplicitLocOpBuilder &builder, Value operand) const {
  Scalar x(builder, operand);
  return abs(x);
}

Value AbsAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                             Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  return Scalar::select(x.isAbove(0.0), g, gate(x.isBelow(0.0), -g));
}

std::pair<double, double> AbsAttr::getOuterSlopes() const {
  return {-1.0, 1.0};
}

bool AbsAttr::isHomogeneous() const { return true; }

bool AbsAttr::isNonnegative() const { return true; }

Value SignAttr::buildValue(ImplicitLocOpBuilder &builder, Value operand) const {
  Scalar x(builder, operand);
  Scalar upper = Scalar::select(x.isAbove(0.0), x.constant(1.0), x);
  return Scalar::select(x.isBelow(0.0), x.constant(-1.0), upper);
}

Value SignAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                              Value gradient) const {
  return Scalar(builder, gradient).constant(0.0);
}

std::pair<double, double> SignAttr::getOuterSlopes() const {
  return {0.0, 0.0};
}

Value NegAttr::buildValue(ImplicitLocOpBuilder &builder, Value operand) const {
  Scalar x(builder, operand);
  return -x;
}

Value NegAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                             Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  return -g;
}

std::pair<double, double> NegAttr::getOuterSlopes() const {
  return {-1.0, -1.0};
}

bool NegAttr::isHomogeneous() const { return true; }

Value HardSigmoidAttr::buildValue(ImplicitLocOpBuilder &builder,
                                  Value operand) const {
  Scalar x(builder, operand);
  return min(max(x * toDouble(getAlpha()) + toDouble(getBeta()), 0.0), 1.0);
}

Value HardSigmoidAttr::buildGradient(ImplicitLocOpBuilder &builder,
                                     Value operand, Value gradient) const {
  return buildGradientFromResult(builder, buildValue(builder, operand),
                                 gradient);
}

Value HardSigmoidAttr::buildGradientFromResult(ImplicitLocOpBuilder &builder,
                                               Value result,
                                               Value gradient) const {
  Scalar y(builder, result), g(builder, gradient);
  return gate(both(y, y.isAbove(0.0), y.isBelow(1.0)),
              g * toDouble(getAlpha()));
}

double HardSigmoidAttr::getReach() const {
  double alpha = toDouble(getAlpha()), beta = toDouble(getBeta());
  return std::max(std::abs(beta / alpha), std::abs((1.0 - beta) / alpha));
}

std::pair<double, double> HardSigmoidAttr::getOuterSlopes() const {
  return {0.0, 0.0};
}

bool HardSigmoidAttr::isGivenByResult() const { return true; }

bool HardSigmoidAttr::isNonnegative() const { return true; }

Value HardSwishAttr::buildValue(ImplicitLocOpBuilder &builder,
                                Value operand) const {
  Scalar x(builder, operand);
  return x * min(max(x * (1.0 / 6.0) + 0.5, 0.0), 1.0);
}

Value HardSwishAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                                   Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  return Scalar::select(x.isAbove(3.0), g,
                        gate(x.isAbove(-3.0), g * (x * (1.0 / 3.0) + 0.5)));
}

std::pair<double, double> HardSwishAttr::getOuterSlopes() const {
  return {0.0, 1.0};
}

//===----------------------------------------------------------------------===//
// Smooth functions
//===----------------------------------------------------------------------===//

Value SigmoidAttr::buildValue(ImplicitLocOpBuilder &builder,
                              Value operand) const {
  Scalar x(builder, operand);
  return sigmoid(x);
}

Value SigmoidAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                                 Value gradient) const {
  return buildGradientFromResult(builder, buildValue(builder, operand),
                                 gradient);
}

Value SigmoidAttr::buildGradientFromResult(ImplicitLocOpBuilder &builder,
                                           Value result, Value gradient) const {
  Scalar y(builder, result), g(builder, gradient);
  return g * (y * (1.0 - y));
}

std::pair<double, double> SigmoidAttr::getOuterSlopes() const {
  return {0.0, 0.0};
}

bool SigmoidAttr::isGivenByResult() const { return true; }

bool SigmoidAttr::isNonnegative() const { return true; }

Value TanhAttr::buildValue(ImplicitLocOpBuilder &builder, Value operand) const {
  Scalar x(builder, operand);
  return tanh(x);
}

Value TanhAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                              Value gradient) const {
  return buildGradientFromResult(builder, buildValue(builder, operand),
                                 gradient);
}

Value TanhAttr::buildGradientFromResult(ImplicitLocOpBuilder &builder,
                                        Value result, Value gradient) const {
  Scalar y(builder, result), g(builder, gradient);
  return g * (1.0 - y * y);
}

std::pair<double, double> TanhAttr::getOuterSlopes() const {
  return {0.0, 0.0};
}

bool TanhAttr::isGivenByResult() const { return true; }

Value ErfAttr::buildValue(ImplicitLocOpBuilder &builder, Value operand) const {
  Scalar x(builder, operand);
  return erf(x);
}

Value ErfAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                             Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  return g * (exp(-(x * x)) * (2.0 / std::sqrt(kPi)));
}

std::pair<double, double> ErfAttr::getOuterSlopes() const { return {0.0, 0.0}; }

Value ExpAttr::buildValue(ImplicitLocOpBuilder &builder, Value operand) const {
  Scalar x(builder, operand);
  return exp(x);
}

Value ExpAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                             Value gradient) const {
  return buildGradientFromResult(builder, buildValue(builder, operand),
                                 gradient);
}

Value ExpAttr::buildGradientFromResult(ImplicitLocOpBuilder &builder,
                                       Value result, Value gradient) const {
  Scalar y(builder, result), g(builder, gradient);
  return g * y;
}

std::pair<double, double> ExpAttr::getOuterSlopes() const {
  return {0.0, std::exp(8.0)};
}

bool ExpAttr::isGivenByResult() const { return true; }

bool ExpAttr::isNonnegative() const { return true; }

bool ExpAttr::isSteep() const { return true; }

Value SoftplusAttr::buildValue(ImplicitLocOpBuilder &builder,
                               Value operand) const {
  Scalar x(builder, operand);
  return softplus(x);
}

Value SoftplusAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                                  Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  return g * sigmoid(x);
}

std::pair<double, double> SoftplusAttr::getOuterSlopes() const {
  return {0.0, 1.0};
}

bool SoftplusAttr::isNonnegative() const { return true; }

Value SoftsignAttr::buildValue(ImplicitLocOpBuilder &builder,
                               Value operand) const {
  Scalar x(builder, operand);
  return x / (abs(x) + 1.0);
}

Value SoftsignAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                                  Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  Scalar width = abs(x) + 1.0;
  return g / (width * width);
}

// It is 3 % away from 1 there. Further away, samples would be too far apart.
double SoftsignAttr::getReach() const { return 32.0; }

std::pair<double, double> SoftsignAttr::getOuterSlopes() const {
  return {0.0, 0.0};
}

Value EluAttr::buildValue(ImplicitLocOpBuilder &builder, Value operand) const {
  Scalar x(builder, operand);
  double gamma = toDouble(getGamma());
  Scalar depth =
      expm1(x * (1.0 / toDouble(getBeta()))) * (gamma * toDouble(getAlpha()));
  return Scalar::select(x.isAbove(0.0), x * gamma, depth);
}

Value EluAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                             Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  double gamma = toDouble(getGamma()), beta = toDouble(getBeta());
  Scalar slope = exp(x * (1.0 / beta)) * (gamma * toDouble(getAlpha()) / beta);
  return Scalar::select(x.isAbove(0.0), g * gamma, g * slope);
}

double EluAttr::getReach() const { return 8.0 * toDouble(getBeta()); }

std::pair<double, double> EluAttr::getOuterSlopes() const {
  return {0.0, toDouble(getGamma())};
}

LogicalResult EluAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                              FloatAttr alpha, FloatAttr beta,
                              FloatAttr gamma) {
  if (toDouble(beta) > 0.0)
    return success();
  return emitError() << "expected a positive width";
}

Value GeluAttr::buildValue(ImplicitLocOpBuilder &builder, Value operand) const {
  Scalar x(builder, operand);
  return x * 0.5 * (erf(x * kSqrtHalf) + 1.0);
}

Value GeluAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                              Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  Scalar share = (erf(x * kSqrtHalf) + 1.0) * 0.5;
  Scalar density = exp(x * x * -0.5) * (1.0 / std::sqrt(2.0 * kPi));
  return g * (share + x * density);
}

std::pair<double, double> GeluAttr::getOuterSlopes() const {
  return {0.0, 1.0};
}

Value TanhGeluAttr::buildValue(ImplicitLocOpBuilder &builder,
                               Value operand) const {
  Scalar x(builder, operand);
  return x * getTanhShare(x);
}

Value TanhGeluAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                                  Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  Scalar share = getTanhShare(x);
  Scalar slope = (x * x * (3.0 * kCubic) + 1.0) * kTanhFactor;
  return g * (share + x * (share * (1.0 - share)) * slope);
}

std::pair<double, double> TanhGeluAttr::getOuterSlopes() const {
  return {0.0, 1.0};
}

Value SiluAttr::buildValue(ImplicitLocOpBuilder &builder, Value operand) const {
  Scalar x(builder, operand);
  return x * sigmoid(x);
}

Value SiluAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                              Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  Scalar s = sigmoid(x);
  return g * (s * (x * (1.0 - s) + 1.0));
}

std::pair<double, double> SiluAttr::getOuterSlopes() const {
  return {0.0, 1.0};
}

Value MishAttr::buildValue(ImplicitLocOpBuilder &builder, Value operand) const {
  Scalar x(builder, operand);
  return x * tanh(softplus(x));
}

Value MishAttr::buildGradient(ImplicitLocOpBuilder &builder, Value operand,
                              Value gradient) const {
  Scalar x(builder, operand), g(builder, gradient);
  Scalar t = tanh(softplus(x));
  return g * (t + x * (1.0 - t * t) * sigmoid(x));
}

std::pair<double, double> MishAttr::getOuterSlopes() const {
  return {0.0, 1.0};
}
