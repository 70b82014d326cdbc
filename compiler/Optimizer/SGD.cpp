//===- SGD.cpp - Gradient descent with momentum ---------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Stochastic gradient descent with momentum μ and weight decay d:
//
//     v' = μ · v + G + B·d·w,  w' = w − (rate / B) · v'
//
// (Sutskever et al., "On the importance of initialization and momentum in deep
// learning", ICML 2013, in the form of torch.optim.SGD.) G sums the gradients
// of B examples, so v is B times as large as in PyTorch, and no tensor is
// divided. With Nesterov's look-ahead the step goes along G + B·d·w + μ · v'.
//
//===----------------------------------------------------------------------===//

#include "compiler/Optimizer/Optimizer.h"
#include "compiler/Optimizer/UpdateBuilder.h"

using namespace mlir;
using namespace qtc;

static constexpr StringRef kSwitch[] = {"on", "off"};

enum { Momentum, Nesterov, WeightDecay };
static constexpr SchemeOption kOptions[] = {
    getNumberOption("momentum", "0.9", "Momentum, from 0 to below 1"),
    {"nesterov", "off", "Look-ahead along the momentum (Nesterov)", kSwitch,
     nullptr, nullptr, /*omitsDefault=*/true},
    getNumberOption("weight-decay", "0", "Weight decay of all parameters"),
};

namespace {
class SGD : public FloatRule {
public:
  SGD(double momentum, bool nesterov, double weightDecay)
      : momentum(momentum), nesterov(nesterov), weightDecay(weightDecay) {}

  ArrayRef<StringRef> getStates() const override {
    static constexpr StringRef names[] = {"momentum"};
    return momentum != 0.0 ? ArrayRef(names) : ArrayRef<StringRef>();
  }

  /// −rate / B.
  SmallVector<Value> buildNumbers(UpdateBuilder &builder) const override {
    return {builder.multiply(builder.getRate(),
                             builder.createSingle(-1.0 / builder.getBatch()))};
  }

  SmallVector<Value> buildUpdate(UpdateBuilder &builder,
                                 const UpdateInputs &inputs) const override {
    Value velocity;
    Value direction = inputs.gradient;
    if (momentum != 0.0) {
      velocity = addGradient(builder, inputs, {inputs.states.front()}, {});
      direction =
          nesterov ? addGradient(builder, inputs, {}, {velocity}) : velocity;
    } else if (weightDecay != 0.0) {
      direction = addGradient(builder, inputs, {}, {});
    }
    Value parameter =
        builder.combine({inputs.parameter, direction},
                        {builder.createSingle(1.0), inputs.numbers.front()});
    return velocity ? SmallVector<Value>{parameter, velocity}
                    : SmallVector<Value>{parameter};
  }

private:
  /// G + B·d·w, with μ times `before` and `after` before and after it. The
  /// first term is overwritten, so it is none that is needed later.
  Value addGradient(UpdateBuilder &builder, const UpdateInputs &inputs,
                    ArrayRef<Value> before, ArrayRef<Value> after) const {
    SmallVector<Value> terms, factors;
    auto add = [&](Value term, double factor) {
      terms.push_back(term);
      factors.push_back(builder.createSingle(factor));
    };
    for (Value velocity : before)
      add(velocity, momentum);
    add(inputs.gradient, 1.0);
    if (weightDecay != 0.0)
      add(inputs.parameter, builder.getBatch() * weightDecay);
    for (Value velocity : after)
      add(velocity, momentum);
    return builder.combine(terms, factors);
  }

  double momentum;
  bool nesterov;
  double weightDecay;
};
} // namespace

static llvm::Expected<std::unique_ptr<FloatRule>>
createRule(const OptionValues &values) {
  double momentum, weightDecay;
  if (llvm::Error error =
          readNumbers(values, {{kOptions[Momentum], momentum},
                               {kOptions[WeightDecay], weightDecay, kSingles}}))
    return std::move(error);
  bool nesterov = values.get(kOptions[Nesterov]) == "on";
  if (nesterov && momentum == 0.0)
    return values.refuse(kOptions[Nesterov],
                         "off without a momentum (" +
                             values.spell(kOptions[Momentum]) + "=0)");
  return std::make_unique<SGD>(momentum, nesterov, weightDecay);
}

const Optimizer &qtc::getFloatSGD() {
  static const Optimizer optimizer = {
      "sgd", "stochastic gradient descent with momentum",
      "0.05,0.005@60%,0.0005@90%", kOptions, createRule};
  return optimizer;
}
