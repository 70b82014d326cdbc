//===- IntegerLion.cpp - Signs of averages, on mantissas ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With the exact gradient G of a batch, W its magnitude bits, a learning rate
// of η bits, averages B1 / 256 and B2 / 256 and the weight decay d, on 16-bit
// parameters:
//
//     g = clip_16(round(G, W − 15))
//     c = sign(V · B1 + g · 2^8 · (256 − B1))
//     w' = clip_16(w − 2^η · c − d · 2^η · w)
//     V' = floor0((V · B2 + g · 2^8 · (256 − B2)) / 2^8)
//
// (Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023,
// program 1.) Exponents of gradients differ from step to step, so what is
// averaged are gradients divided by their largest magnitude, as everywhere in
// NITI (docs/numerics.md, section 4.19).
//
//===----------------------------------------------------------------------===//

#include "compiler/Optimizer/IntegerUpdateBuilder.h"

using namespace mlir;
using namespace qtc;
using qtrain::Rounding;

enum { Beta1, Beta2, WeightDecay };
static constexpr SchemeOption kOptions[] = {
    getNumberOption(
        "beta1", "0.9",
        "Share of the past in a step, from 0 to 1, in steps of 1/256"),
    getNumberOption(
        "beta2", "0.99",
        "Decay of the mean of gradients, from 0 to 0.996, in steps of 1/256"),
    getNumberOption(
        "weight-decay", "0",
        "Share of all parameters that a step with a rate of 0 takes away"),
};

namespace {
class IntegerLion : public IntegerRule {
public:
  IntegerLion(int64_t beta1, int64_t beta2, double weightDecay)
      : beta1(beta1), beta2(beta2), decay(Share::of(weightDecay)) {}

  ArrayRef<StringRef> getStates() const override {
    static constexpr StringRef names[] = {"momentum"};
    return names;
  }

  Need getNeed() const override { return {16, "lion"}; }

  SmallVector<Value> buildUpdate(IntegerUpdateBuilder &builder,
                                 const UpdateInputs &inputs) const override {
    constexpr int64_t kMore = 8, kOne = 1 << kMore, kGradientBits = 15;
    Value past = inputs.states.front();
    Value rate = builder.getRate(/*more=*/0);
    Value shift =
        builder.offset(builder.countBits(inputs.gradient), -kGradientBits);
    Value gradient = builder.round(inputs.gradient, shift);
    Value sign =
        builder.combine({past, gradient}, {beta1, (kOne - beta1) << kMore},
                        /*shift=*/0, Rounding::TowardZero, /*bits=*/2);
    Value step = builder.scale(sign, rate);
    // One bit less than 32: the difference to a parameter fits.
    if (decay.factor != 0)
      step = builder.addShare(step, inputs.parameter, decay, rate, /*bits=*/31);
    Value mean =
        builder.combine({past, gradient}, {beta2, (kOne - beta2) << kMore},
                        kMore, Rounding::TowardZero, /*bits=*/32);
    return {builder.update(inputs.parameter, step), mean};
  }

private:
  int64_t beta1, beta2; ///< in units of 1/256
  Share decay;
};
} // namespace

static llvm::Expected<std::unique_ptr<IntegerRule>>
createRule(const OptionValues &values) {
  double beta1, beta2, weightDecay;
  if (llvm::Error error =
          readNumbers(values, {{kOptions[Beta1], beta1},
                               {kOptions[Beta2], beta2, kDecays},
                               {kOptions[WeightDecay], weightDecay}}))
    return std::move(error);
  return std::make_unique<IntegerLion>(countParts(beta1), countParts(beta2),
                                       weightDecay);
}

const Optimizer &qtc::getIntegerLion() {
  static const Optimizer optimizer = {"lion",
                                      "signs of averaged gradients",
                                      "5,4@40%,3@60%,1@80%",
                                      kOptions,
                                      /*createFloatRule=*/nullptr,
                                      createRule};
  return optimizer;
}
