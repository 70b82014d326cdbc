//===- Lion.cpp - Signs of averaged gradients -----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With decays β1 and β2, weight decay d and g = G/B, the gradient of the mean
// loss:
//
//     c = β1 · m + (1 − β1) · g
//     w' = (1 − rate·d) · w − rate · sign(c),  m' = β2 · m + (1 − β2) · g
//
// (Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023,
// program 1.) B enters by the factors of G.
//
//===----------------------------------------------------------------------===//

#include "compiler/Optimizer/Optimizer.h"
#include "compiler/Optimizer/UpdateBuilder.h"

using namespace mlir;
using namespace qtc;

enum { Beta1, Beta2, WeightDecay };
static constexpr SchemeOption kOptions[] = {
    getNumberOption("beta1", "0.9",
                    "Share of past gradients in a step, from 0 to below 1"),
    getNumberOption("beta2", "0.99",
                    "Decay of the mean of gradients, from 0 to below 1"),
    getNumberOption("weight-decay", "0", "Weight decay of all parameters"),
};

namespace {
class Lion : public FloatRule {
public:
  Lion(double beta1, double beta2, double weightDecay)
      : beta1(beta1), beta2(beta2), weightDecay(weightDecay) {}

  ArrayRef<StringRef> getStates() const override {
    static constexpr StringRef names[] = {"momentum"};
    return names;
  }

  SmallVector<Value> buildNumbers(UpdateBuilder &builder) const override {
    Value rate = builder.widen(builder.getRate());
    SmallVector<Value> numbers(Count);
    numbers[Keep] = builder.round(builder.subtract(
        builder.createDouble(1.0),
        builder.multiply(rate, builder.createDouble(weightDecay))));
    numbers[Step] =
        builder.round(builder.multiply(rate, builder.createDouble(-1.0)));
    return numbers;
  }

  SmallVector<Value> buildUpdate(UpdateBuilder &builder,
                                 const UpdateInputs &inputs) const override {
    Value past = inputs.states.front();
    auto average = [&](ValueRange terms, double first, double second) {
      return builder.combine(
          llvm::to_vector(terms),
          {builder.createSingle(first), builder.createSingle(second)});
    };
    double batch = builder.getBatch();
    Value blend =
        average({past, inputs.gradient}, beta1, (1.0 - beta1) / batch);
    Value mean = average({past, inputs.gradient}, beta2, (1.0 - beta2) / batch);
    Value parameter =
        builder.combine({inputs.parameter, builder.sign(blend)},
                        {inputs.numbers[Keep], inputs.numbers[Step]});
    return {parameter, mean};
  }

private:
  /// 1 − rate·d, −rate.
  enum Number { Keep, Step, Count };

  double beta1, beta2, weightDecay;
};
} // namespace

static llvm::Expected<std::unique_ptr<FloatRule>>
createRule(const OptionValues &values) {
  double beta1, beta2, weightDecay;
  if (llvm::Error error =
          readNumbers(values, {{kOptions[Beta1], beta1},
                               {kOptions[Beta2], beta2},
                               {kOptions[WeightDecay], weightDecay, kSingles}}))
    return std::move(error);
  return std::make_unique<Lion>(beta1, beta2, weightDecay);
}

const Optimizer &qtc::getFloatLion() {
  static const Optimizer optimizer = {"lion", "signs of averaged gradients",
                                      "0.0003,0.00003@60%,0.000003@90%",
                                      kOptions, createRule};
  return optimizer;
}
