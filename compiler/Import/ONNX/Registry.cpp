//===- Registry.cpp - Which operators are imported, and by what -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Handlers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <climits>

using namespace mlir;
using namespace qtc::onnx_import;

/// Name, handler, fewest and most inputs.
static constexpr OpEntry kOps[] = {
    {"Add", importAdd, 2, 2},
    {"AveragePool", importAveragePool, 1, 1},
    {"BatchNormalization", importBatchNormalization, 5, 5},
    {"Cast", importCast, 1, 1},
    {"Clip", importClip, 1, 3},
    {"Concat", importConcat, 1, UINT_MAX},
    {"Constant", importConstant, 0, 0},
    {"ConstantOfShape", importConstantOfShape, 1, 1},
    {"Conv", importConv, 2, 3},
    {"Div", importIntegerArithmetic, 2, 2},
    {"Dropout", importDropout, 1, 3},
    {"Flatten", importFlatten, 1, 1},
    {"Gather", importGather, 2, 2},
    {"Gemm", importGemm, 2, 3},
    {"GlobalAveragePool", importGlobalPool, 1, 1},
    {"GlobalMaxPool", importGlobalPool, 1, 1},
    {"Identity", importIdentity, 1, 1},
    {"LRN", importLRN, 1, 1},
    {"LogSoftmax", importSoftmax, 1, 1},
    {"MatMul", importMatMul, 2, 2},
    {"MaxPool", importMaxPool, 1, 1},
    {"Mul", importIntegerArithmetic, 2, 2},
    {"ReduceMean", importReduceMean, 1, 2},
    {"Relu", importRelu, 1, 1},
    {"Reshape", importReshape, 2, 2},
    {"Shape", importShape, 1, 1},
    {"Size", importSize, 1, 1},
    {"Slice", importSlice, 1, 5},
    {"Softmax", importSoftmax, 1, 1},
    {"Squeeze", importSqueeze, 1, 2},
    {"Sub", importIntegerArithmetic, 2, 2},
    {"Sum", importSum, 1, UINT_MAX},
    {"Transpose", importTranspose, 1, 1},
    {"Unsqueeze", importUnsqueeze, 1, 2},
};

const OpEntry *qtc::onnx_import::findOp(StringRef opType) {
  const OpEntry *entry = llvm::find_if(
      kOps, [&](const OpEntry &entry) { return entry.name == opType; });
  return entry == std::end(kOps) ? nullptr : entry;
}

std::string qtc::onnx_import::explainMissingOp(StringRef opType) {
  return llvm::StringSwitch<StringRef>(opType)
      .Cases("If", "Loop", "Scan", "control flow is not supported")
      .Cases("SequenceAt", "SequenceConstruct", "SequenceEmpty",
             "SequenceInsert", "SequenceErase", "SequenceLength",
             "SplitToSequence", "ConcatFromSequence", "SequenceMap",
             "sequences are not supported")
      .Cases("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
             "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger",
             "quantized models are not supported; export the float model")
      .Cases("LSTM", "GRU", "RNN", "recurrent layers are not supported")
      .Case("ArgMax",
            "not supported; export the model without it, up to the scores")
      .Default("the operator is not supported yet")
      .str();
}

//===----------------------------------------------------------------------===//
// Shapes behind refused nodes
//===----------------------------------------------------------------------===//

/// The larger operand of a broadcast.
static std::optional<Shape> inferBroadcast(NodeContext &node) {
  for (unsigned i : {0u, 1u})
    if (node.getNumInputs() == 2 && node.isActivation(i)) {
      Shape shape = node.getInput(i).getShape();
      if (node.isActivation(1 - i) && node.getInput(1 - i).getShape() != shape)
        return std::nullopt;
      return shape;
    }
  return std::nullopt;
}

std::optional<Shape> qtc::onnx_import::inferRefusedShape(NodeContext &node) {
  if (!node.hasInput(0) ||
      (!node.hasResolvedInputs() && failed(node.resolveInputs())))
    return std::nullopt;
  StringRef op = node.getOpType();
  std::optional<Shape> result;
  if (llvm::is_contained(
          {"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum"}, op)) {
    result = inferBroadcast(node);
  } else {
    bool keepsShape = llvm::is_contained({"BatchNormalization",
                                          "InstanceNormalization",
                                          "LayerNormalization",
                                          "GroupNormalization",
                                          "LpNormalization",
                                          "LRN",
                                          "Sigmoid",
                                          "Tanh",
                                          "HardSigmoid",
                                          "HardSwish",
                                          "Softplus",
                                          "Softsign",
                                          "Elu",
                                          "Selu",
                                          "Celu",
                                          "Gelu",
                                          "Mish",
                                          "LeakyRelu",
                                          "PRelu",
                                          "ThresholdedRelu",
                                          "Clip",
                                          "Abs",
                                          "Neg",
                                          "Exp",
                                          "Log",
                                          "Sqrt",
                                          "Erf",
                                          "Softmax",
                                          "LogSoftmax",
                                          "Hardmax",
                                          "Dropout",
                                          "Relu"},
                                         op);
    if (keepsShape && node.isActivation(0))
      result = node.getInput(0).getShape();
  }
  if (!result || failed(node.checkShape(*result)))
    return std::nullopt;
  return result;
}
