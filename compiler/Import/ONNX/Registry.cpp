//===- Registry.cpp - Imported operators and their handlers ---------------===//
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

/// Name, handler, folder, fewest and most inputs.
static constexpr OpEntry kOps[] = {
    {"Abs", importFunction, foldElementwise, 1, 1},
    {"Add", importAdd, foldElementwise, 2, 2},
    {"And", nullptr, foldElementwise, 2, 2},
    {"AveragePool", importAveragePool, nullptr, 1, 1},
    {"BatchNormalization", importBatchNormalization, nullptr, 5, 5},
    {"Cast", importCast, nullptr, 1, 1},
    {"CastLike", importCastLike, nullptr, 2, 2},
    {"Ceil", nullptr, foldElementwise, 1, 1},
    {"Celu", importFunction, nullptr, 1, 1},
    {"Clip", importClip, nullptr, 1, 3},
    {"Concat", importConcat, foldConcat, 1, UINT_MAX},
    {"Constant", importConstant, nullptr, 0, 0},
    {"ConstantOfShape", importConstantOfShape, nullptr, 1, 1},
    {"Conv", importConv, nullptr, 2, 3},
    {"Div", nullptr, foldElementwise, 2, 2},
    {"Dropout", importDropout, nullptr, 1, 3},
    {"Elu", importFunction, nullptr, 1, 1},
    {"Equal", nullptr, foldElementwise, 2, 2},
    {"Erf", importFunction, nullptr, 1, 1},
    {"Exp", importFunction, nullptr, 1, 1},
    {"Expand", nullptr, foldExpand, 2, 2},
    {"Flatten", importFlatten, nullptr, 1, 1},
    {"Floor", nullptr, foldElementwise, 1, 1},
    {"Gather", importGather, foldGather, 2, 2},
    {"GatherND", nullptr, foldGatherND, 2, 2},
    {"Gelu", importFunction, nullptr, 1, 1},
    {"Gemm", importGemm, nullptr, 2, 3},
    {"GlobalAveragePool", importGlobalPool, nullptr, 1, 1},
    {"GlobalMaxPool", importGlobalPool, nullptr, 1, 1},
    {"Greater", nullptr, foldElementwise, 2, 2},
    {"GreaterOrEqual", nullptr, foldElementwise, 2, 2},
    {"HardSigmoid", importFunction, nullptr, 1, 1},
    {"HardSwish", importFunction, nullptr, 1, 1},
    {"Identity", importIdentity, nullptr, 1, 1},
    {"LRN", importLRN, nullptr, 1, 1},
    {"LeakyRelu", importFunction, nullptr, 1, 1},
    {"Less", nullptr, foldElementwise, 2, 2},
    {"LessOrEqual", nullptr, foldElementwise, 2, 2},
    {"LogSoftmax", importSoftmax, nullptr, 1, 1},
    {"MatMul", importMatMul, nullptr, 2, 2},
    {"Max", importExtremum, foldElementwise, 1, UINT_MAX},
    {"MaxPool", importMaxPool, nullptr, 1, 1},
    {"Min", importExtremum, foldElementwise, 1, UINT_MAX},
    {"Mish", importFunction, nullptr, 1, 1},
    {"Mod", nullptr, foldElementwise, 2, 2},
    {"Mul", nullptr, foldElementwise, 2, 2},
    {"Neg", importFunction, foldElementwise, 1, 1},
    {"Not", nullptr, foldElementwise, 1, 1},
    {"Or", nullptr, foldElementwise, 2, 2},
    {"PRelu", importPRelu, nullptr, 2, 2},
    {"Pow", nullptr, foldElementwise, 2, 2},
    {"Range", nullptr, foldRange, 3, 3},
    {"Reciprocal", nullptr, foldElementwise, 1, 1},
    {"ReduceMax", importReduction, foldReduction, 1, 2},
    {"ReduceMean", importReduction, foldReduction, 1, 2},
    {"ReduceMin", nullptr, foldReduction, 1, 2},
    {"ReduceProd", nullptr, foldReduction, 1, 2},
    {"ReduceSum", nullptr, foldReduction, 1, 2},
    {"Relu", importRelu, nullptr, 1, 1},
    {"Reshape", importReshape, nullptr, 2, 2},
    {"Selu", importFunction, nullptr, 1, 1},
    {"Shape", importShape, nullptr, 1, 1},
    {"Sigmoid", importFunction, nullptr, 1, 1},
    {"Size", importSize, nullptr, 1, 1},
    {"Slice", nullptr, foldSlice, 1, 5},
    {"Softplus", importFunction, nullptr, 1, 1},
    {"Softsign", importFunction, nullptr, 1, 1},
    {"Softmax", importSoftmax, nullptr, 1, 1},
    {"Sqrt", nullptr, foldElementwise, 1, 1},
    {"Squeeze", importSqueeze, nullptr, 1, 2},
    {"Sub", nullptr, foldElementwise, 2, 2},
    {"Sum", importSum, foldElementwise, 1, UINT_MAX},
    {"Swish", importFunction, nullptr, 1, 1},
    {"Tanh", importFunction, nullptr, 1, 1},
    {"ThresholdedRelu", importFunction, nullptr, 1, 1},
    {"Tile", nullptr, foldTile, 2, 2},
    {"Transpose", importTranspose, nullptr, 1, 1},
    {"Unsqueeze", importUnsqueeze, nullptr, 1, 2},
    {"Where", nullptr, foldWhere, 3, 3},
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
