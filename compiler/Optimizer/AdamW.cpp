//===- AdamW.cpp - Adam with decoupled weight decay -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With decays β1 and β2, ε, weight decay d and g = G/B, the gradient of the
// mean loss, in step t = 1, 2, …:
//
//     m' = β1 · m + (1 − β1) · g,  v' = β2 · v + (1 − β2) · g²
//     w' = (1 − rate·d) · w
//          − rate / (1 − β1^t) · m' / (sqrt(v') / sqrt(1 − β2^t) + ε)
//
// (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019,
// algorithm 2, whose schedule multiplier and α are the rate here, in the form
// of torch.optim.AdamW, which also multiplies the decay by the rate.) B enters
// by the factors of G and G², so m and v are those of PyTorch.
//
//===----------------------------------------------------------------------===//

#include "compiler/Optimizer/Optimizer.h"
#include "compiler/Optimizer/UpdateBuilder.h"

#include <limits>

using namespace mlir;
using namespace qtc;

enum { Beta1, Beta2, Epsilon, WeightDecay };
static constexpr SchemeOption kOptions[] = {
    getNumberOption("beta1", "0.9",
                    "Decay of the mean of gradients, from 0 to below 1"),
    getNumberOption(
        "beta2", "0.999",
        "Decay of the mean of squared gradients, from 0 to below 1"),
    getNumberOption("epsilon", "1e-08",
                    "Number added to the root that divides a step"),
    getNumberOption("weight-decay", "0.01", "Weight decay of all parameters"),
};

namespace {
class AdamW : public FloatRule {
public:
  AdamW(double beta1, double beta2, double epsilon, double weightDecay)
      : beta1(beta1), beta2(beta2), epsilon(epsilon), weightDecay(weightDecay) {
  }

  ArrayRef<StringRef> getStates() const override {
    static constexpr StringRef names[] = {"moment1", "moment2"};
    return names;
  }

  SmallVector<Value> buildNumbers(UpdateBuilder &builder) const override {
    Value rate = builder.widen(builder.getRate());
    Value one = builder.createDouble(1.0);
    Value keep = builder.subtract(
        one, builder.multiply(rate, builder.createDouble(weightDecay)));
    Value step =
        builder.divide(builder.multiply(rate, builder.createDouble(-1.0)),
                       builder.createBiasCorrection(beta1));
    Value scale =
        builder.divide(one, builder.root(builder.createBiasCorrection(beta2)));
    SmallVector<Value> numbers(Count);
    numbers[Keep] = builder.round(keep);
    numbers[Step] = builder.round(step);
    numbers[Scale] = builder.round(scale);
    return numbers;
  }

  SmallVector<Value> buildUpdate(UpdateBuilder &builder,
                                 const UpdateInputs &inputs) const override {
    double batch = builder.getBatch();
    Value first =
        builder.combine({inputs.states[0], inputs.gradient},
                        {builder.createSingle(beta1),
                         builder.createSingle((1.0 - beta1) / batch)});
    Value second = builder.combine(
        {inputs.states[1], builder.square(inputs.gradient)},
        {builder.createSingle(beta2),
         builder.createSingle((1.0 - beta2) / (batch * batch))});
    Value direction = builder.divideByRoot(first, second, inputs.numbers[Scale],
                                           builder.createSingle(epsilon));
    Value parameter =
        builder.combine({inputs.parameter, direction},
                        {inputs.numbers[Keep], inputs.numbers[Step]});
    return {parameter, first, second};
  }

private:
  /// 1 − rate·d, −rate / (1 − β1^t), 1 / sqrt(1 − β2^t).
  enum Number { Keep, Step, Scale, Count };

  double beta1, beta2, epsilon, weightDecay;
};
} // namespace

static llvm::Expected<std::unique_ptr<FloatRule>>
createRule(const OptionValues &values) {
  constexpr NumberRange kNormal = {kSingles.limit,
                                   "from 1.2e-38 to below 3.4e38"};
  double beta1, beta2, epsilon, weightDecay;
  if (llvm::Error error =
          readNumbers(values, {{kOptions[Beta1], beta1},
                               {kOptions[Beta2], beta2},
                               {kOptions[Epsilon], epsilon, kNormal}}))
    return std::move(error);
  // Where no gradient has ever been, the root is 0.
  if (epsilon < std::numeric_limits<float>::min())
    return values.refuse(kOptions[Epsilon], "a number " + kNormal.spelling);
  if (llvm::Error error =
          readNumbers(values, {{kOptions[WeightDecay], weightDecay, kSingles}}))
    return std::move(error);
  return std::make_unique<AdamW>(beta1, beta2, epsilon, weightDecay);
}

const Optimizer &qtc::getFloatAdamW() {
  static const Optimizer optimizer = {
      "adamw", "Adam with decoupled weight decay",
      "0.001,0.0001@60%,0.00001@90%", kOptions, createRule};
  return optimizer;
}
