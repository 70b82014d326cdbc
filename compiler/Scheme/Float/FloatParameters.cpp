//===- FloatParameters.cpp - Initial weights of the fp32 scheme -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/Float/Float.h"
#include "compiler/Scheme/SchemeSupport.h"
#include "compiler/Support/Philox.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

/// Values in (−bound, bound). The runtime draws other seeds in the same way
/// (runtime/core/Session.cpp).
static void drawUniform(ParameterOp parameter, float bound, uint64_t seed) {
  auto type = cast<ShapedType>(parameter.getValue().getType());
  SmallVector<float> values(type.getNumElements());
  for (auto [index, value] : llvm::enumerate(values)) {
    uint32_t random =
        Philox::element(seed, index, parameter.getId(), /*step=*/0,
                        static_cast<uint32_t>(RandomPurpose::Initialization));
    // The middle of one of 2^32 equal parts of (−1, 1), exact in a double.
    double unit = std::ldexp(2.0 * random + 1.0, -32) - 1.0;
    value = static_cast<float>(unit * static_cast<double>(bound));
  }
  parameter.setValueAttr(DenseElementsAttr::get(type, ArrayRef(values)));
  parameter.setBound(APFloat(bound));
}

static void setZero(ParameterOp parameter) {
  auto type = cast<ShapedType>(parameter.getValue().getType());
  parameter.setValueAttr(DenseElementsAttr::get(type, 0.0f));
}

void fp32::initializeParameters(ModuleOp module, uint64_t seed) {
  SymbolTable symbols(module);
  DenseSet<Operation *> drawn;
  auto draw = [&](func::FuncOp function, Value weight) {
    int64_t fanIn = getTensorType(weight.getType()).getNumElements() /
                    getShape(weight).front();
    // He et al., "Delving deep into rectifiers", ICCV 2015, equation 10, as the
    // bound of a uniform distribution.
    auto bound =
        static_cast<float>(std::sqrt(6.0 / static_cast<double>(fanIn)));
    // A weight of several layers has the bound of the first.
    ParameterOp parameter = findParameter(function, symbols, weight);
    if (parameter && drawn.insert(parameter).second)
      drawUniform(parameter, bound, seed);
  };
  for (func::FuncOp function : getDefinedFunctions(module)) {
    for (auto layer : function.getOps<LayerOpInterface>())
      draw(function, layer.getWeight());
    for (auto add : function.getOps<BiasAddOp>())
      if (ParameterOp bias = findParameter(function, symbols, add.getBias()))
        setZero(bias);
  }
}
