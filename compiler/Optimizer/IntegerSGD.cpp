//===- IntegerSGD.cpp - Gradient descent on mantissas ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With the exact gradient G of a batch, W its magnitude bits, a learning rate
// of mu bits, the momentum M / 256 and the weight decay d:
//
//     G' = G + sat(d · w · 2^(W − 8)),  g = clip_16(round(G', W − (mu + 8)))
//     V' = floor0((V · M + g · 2^16) / 2^8)
//     w' = clip_16(w − nearest(V' · (256 − M) / 2^16))
//
// Without momentum w' = clip_16(w − g). The update of 8-bit parameters has 8
// bits less throughout, and no momentum: its steps would be rounded to nothing
// (docs/numerics.md, section 4.19).
//
// Without momentum and decay this is Wang et al., "NITI: Training Integer
// Neural Networks Using Integer-only Arithmetic", TPDS 2022, section 5.1: the
// largest gradient takes 2^mu units whatever the scale of the loss. A decay of
// the share d · 2^mu of a weight keeps that. V has 8 more bits than g, because
// what is lost from an average must be smaller than what a step adds; rounding
// toward zero lets it end at 0. The factor 256 − M makes a step in equilibrium
// as long as one without momentum.
//
//===----------------------------------------------------------------------===//

#include "compiler/Optimizer/IntegerUpdateBuilder.h"

using namespace mlir;
using namespace qtc;
using qtrain::Rounding;

enum { Momentum, WeightDecay };
static constexpr SchemeOption kOptions[] = {
    getNumberOption(
        "momentum", "0",
        "Momentum of 16-bit parameters, from 0 to 0.996, in steps of 1/256",
        /*omitsDefault=*/true),
    getNumberOption(
        "weight-decay", "0",
        "Share of all parameters that a step with a rate of 0 takes away",
        /*omitsDefault=*/true),
};

namespace {
class IntegerSGD : public IntegerRule {
public:
  IntegerSGD(int64_t momentum, double weightDecay)
      : momentum(momentum), decay(Share::of(weightDecay)) {}

  ArrayRef<StringRef> getStates() const override {
    static constexpr StringRef names[] = {"momentum"};
    return momentum != 0 ? ArrayRef(names) : ArrayRef<StringRef>();
  }

  Need getNeed() const override {
    return momentum != 0 ? Need{16, "a momentum"} : Need();
  }

  SmallVector<Value> buildUpdate(IntegerUpdateBuilder &builder,
                                 const UpdateInputs &inputs) const override {
    constexpr int64_t kMore = 8, kOne = 1 << kMore;
    int64_t fraction = static_cast<int64_t>(builder.getWidth()) - 8;
    Value kept = builder.getRate(fraction);
    Value bits = builder.countBits(inputs.gradient);
    Value shift = builder.subtract(bits, kept);
    Value gradient = inputs.gradient;
    if (decay.factor != 0)
      gradient = builder.addShare(gradient, inputs.parameter, decay,
                                  builder.offset(bits, -fraction), /*bits=*/64);
    Value step = builder.round(gradient, shift);
    if (momentum == 0)
      return {builder.update(inputs.parameter, step)};
    Value velocity = builder.combine({inputs.states.front(), step},
                                     {momentum, kOne << kMore}, kMore,
                                     Rounding::TowardZero, /*bits=*/32);
    Value smooth = builder.combine(velocity, {kOne - momentum}, 2 * kMore,
                                   Rounding::Nearest, builder.getWidth());
    return {builder.update(inputs.parameter, smooth), velocity};
  }

private:
  int64_t momentum; ///< in units of 1/256
  Share decay;
};
} // namespace

static llvm::Expected<std::unique_ptr<IntegerRule>>
createRule(const OptionValues &values) {
  double momentum, weightDecay;
  if (llvm::Error error =
          readNumbers(values, {{kOptions[Momentum], momentum, kDecays},
                               {kOptions[WeightDecay], weightDecay}}))
    return std::move(error);
  if (momentum != 0.0 && countParts(momentum) == 0)
    return values.refuse(kOptions[Momentum], "0 or at least 1/256");
  return std::make_unique<IntegerSGD>(countParts(momentum), weightDecay);
}

const Optimizer &qtc::getIntegerSGD() {
  static const Optimizer optimizer = {
      "sgd",
      "stochastic gradient descent, perhaps with momentum",
      "4,2@40%,0@60%,-1@80%",
      kOptions,
      /*createFloatRule=*/nullptr,
      createRule,
      "3,1@40%,-1@60%,-3@80%"};
  return optimizer;
}
