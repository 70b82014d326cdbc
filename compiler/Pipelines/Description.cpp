//===- Description.cpp - What the runtime knows of a model ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/Description.h"

#include "compiler/Import/ONNX/Import.h"
#include "compiler/Support/NodeLocation.h"
#include "runtime/include/qtcrt/abi.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace qtc;

std::string qtc::getPortName(Location loc) {
  auto name = dyn_cast<NameLoc>(loc);
  return name ? name.getName().str() : "";
}

bool qtc::areIndices(Type type) {
  return getElementTypeOrSelf(type).isInteger(32);
}

/// Training batches to estimate statistics on (numerics contract, section 3). A
/// forward pass takes more than a third of a step, so they cost about 3 % of an
/// epoch of 400 steps.
static constexpr uint32_t kEstimateBatches = 32;

/// Adds `options` with their values, named as `--PREFIX` and their name, or
/// only what changes evaluation.
static void
describeValues(llvm::json::Object &object, llvm::ArrayRef<SchemeOption> options,
               const llvm::Twine &prefix,
               llvm::function_ref<std::string(const SchemeOption &)> getValue,
               bool evaluationOnly) {
  for (const SchemeOption &option : options) {
    std::string value = getValue(option);
    if (option.omitsDefault && value == option.defaultValue)
      continue;
    if (evaluationOnly)
      value =
          option.getEvaluationPart ? option.getEvaluationPart(value).str() : "";
    if (!value.empty())
      object[(prefix + option.name).str()] = value;
  }
}

/// Adds the options of an only output one by one, or several outputs as a list.
static void describeOutputs(llvm::json::Object &object,
                            llvm::ArrayRef<TrainedOutput> outputs,
                            bool evaluationOnly) {
  if (outputs.size() > 1) {
    object["output"] = llvm::json::Array(llvm::map_range(
        outputs, [](const TrainedOutput &output) { return output.spell(); }));
    return;
  }
  const TrainedOutput &output = outputs.front();
  object["loss"] = output.loss->name;
  describeValues(
      object, output.loss->options, "",
      [&](const SchemeOption &option) {
        return output.lossValues.get(option).str();
      },
      evaluationOnly);
  if (output.weight != 1.0 && !evaluationOnly)
    object["loss-weight"] = spellNumber(output.weight);
  if (!output.name.empty())
    object["output"] = output.name;
}

/// The options that change results, or only those that change what `eval`
/// computes, as a JSON object. The batch is not one of them: the state does not
/// depend on it, and checkpoints record it apart.
static std::string describeOptions(const CompileOptions &options,
                                   bool evaluationOnly) {
  llvm::json::Object object;
  describeOutputs(object, options.outputs, evaluationOnly);
  object["normalize"] = options.normalize;
  if (!llvm::all_equal(options.inputs) ||
      options.inputs.front() == InputKind::Numbers)
    object["input"] = spellInputs(options.inputs);
  if (options.classAxis)
    object["class-axis"] = std::to_string(*options.classAxis);
  if (!evaluationOnly)
    object["init"] = options.schemeRequest.schemeInit ? "scheme" : "onnx";
  const SchemeRequest &request = options.schemeRequest;
  // There were checkpoints before there was a choice.
  const Optimizer *optimizer = options.scheme->getOptimizer(request);
  if (!evaluationOnly && optimizer &&
      optimizer != options.scheme->optimizers.front())
    object["optimizer"] = optimizer->name;
  if (!evaluationOnly && !options.layers.empty())
    object["layer"] = llvm::json::Array(llvm::map_range(
        options.layers, [](const LayerSetting &s) { return s.spell(); }));
  describeValues(
      object, options.scheme->getOptions(request), options.scheme->name + "-",
      [&](const SchemeOption &option) { return request.get(option); },
      evaluationOnly);
  return llvm::formatv("{0}", llvm::json::Value(std::move(object))).str();
}

/// The rows of the smallest table that `indices` are for.
static int64_t countRows(Value indices) {
  int64_t count = INT32_MAX;
  for (Operation *user : indices.getUsers())
    if (auto gather = dyn_cast<qtrain::GatherOp>(user))
      count = std::min(count, qtrain::getShape(gather.getTable())[0]);
  return count;
}

static qtcrt_encoding getEncoding(Type input) {
  if (areIndices(input))
    return QTCRT_ENCODING_CLASS;
  return getElementTypeOrSelf(input).isUnsignedInteger(8)
             ? QTCRT_ENCODING_PIXEL
             : QTCRT_ENCODING_NUMBER;
}

namespace {
class Describer {
public:
  Describer(ModuleOp module, const CompileOptions &options)
      : module(module), options(options) {}

  llvm::Error run();

  ModelDescription description;

private:
  PortDescription &addPort(const std::string &name, Type type,
                           qtcrt_port_role role);
  void describeInput(BlockArgument argument);
  void describeTarget(BlockArgument argument, unsigned output);
  void describeResults(func::FuncOp step, qtrain::Role role,
                       qtcrt_port_role portRole);
  void describePorts(func::FuncOp step);
  llvm::Error describeOutputs(func::FuncOp step);

  ModuleOp module;
  const CompileOptions &options;
};
} // namespace

/// Adds the port that a value of `type` is.
PortDescription &Describer::addPort(const std::string &name, Type type,
                                    qtcrt_port_role role) {
  PortDescription &port = description.ports.emplace_back();
  port.name = name;
  port.role = role;
  port.dtype = getDtype(getElementTypeOrSelf(type));
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return port;
  // Where examples have positions, these are rows.
  int64_t positions = tensor.getDimSize(0) / options.batches.front();
  if (positions > 1)
    port.shape.push_back(positions);
  llvm::append_range(port.shape, tensor.getShape().drop_front());
  return port;
}

void Describer::describeInput(BlockArgument argument) {
  PortDescription &port = addPort(getPortName(argument.getLoc()),
                                  argument.getType(), QTCRT_PORT_INPUT);
  port.encoding = getEncoding(argument.getType());
  port.exponent = port.dtype == QTCRT_INT8 ? kInputExponent : 0;
  bool areNumbers = port.encoding == QTCRT_ENCODING_NUMBER;
  port.isStandardized = options.standardize && areNumbers;
  if (port.encoding == QTCRT_ENCODING_CLASS)
    port.classes = countRows(argument);
}

void Describer::describeTarget(BlockArgument argument, unsigned output) {
  const OutputDescription &described = description.outputs[output];
  const Loss &loss = *options.outputs[output].loss;
  PortDescription &port =
      addPort(described.name, argument.getType(), QTCRT_PORT_TARGET);
  port.output = output;
  bool isNumber = !loss.takesClasses;
  port.encoding = isNumber ? QTCRT_ENCODING_NUMBER : QTCRT_ENCODING_CLASS;
  port.classes = described.classes;
  port.exponent = isNumber && port.dtype == QTCRT_INT32 ? kTargetExponent : 0;
  // What a probability is compared with is one.
  port.areShares = isNumber && loss.getLink;
}

/// Describes the results of `step` with `role`.
void Describer::describeResults(func::FuncOp step, qtrain::Role role,
                                qtcrt_port_role portRole) {
  unsigned found = 0;
  for (auto [index, type] : llvm::enumerate(step.getResultTypes())) {
    if (qtrain::getResultRole(step, index) != role)
      continue;
    auto name = step.getResultAttrOfType<StringAttr>(
        index, qtrain::QTrainDialect::kNameAttrName);
    unsigned output = name ? qtrain::getOutputIndex(step, index) : found++;
    PortDescription &port = addPort(
        name ? name.str() : description.outputs[output].name, type, portRole);
    port.output = output;
    if (!name)
      continue;
    port.encoding = QTCRT_ENCODING_NUMBER;
    port.exponent = port.dtype == QTCRT_INT64 ? -qtrain::kMetricFraction : 0;
  }
}

/// Describes the ports of the training step, numbered as in PortLayout: its
/// arguments, then results by role.
void Describer::describePorts(func::FuncOp step) {
  unsigned targets = 0;
  for (BlockArgument argument : step.getArguments()) {
    auto role = qtrain::getRole(step, argument.getArgNumber());
    if (role == qtrain::Role::Input)
      describeInput(argument);
    else if (role == qtrain::Role::Target)
      describeTarget(argument, targets++);
  }
  describeResults(step, qtrain::Role::Prediction, QTCRT_PORT_PREDICTION);
  describeResults(step, qtrain::Role::Exponent, QTCRT_PORT_EXPONENT);
  describeResults(step, qtrain::Role::Metric, QTCRT_PORT_METRIC);
  describeResults(step, qtrain::Role::Weight, QTCRT_PORT_WEIGHT);
}

/// Describes the outputs that `step` predicts.
llvm::Error Describer::describeOutputs(func::FuncOp step) {
  llvm::SmallVector<llvm::StringRef> names =
      getOutputNames(step.getBody().front().getTerminator()->getLoc());
  unsigned result = 0;
  for (auto [output, name] : llvm::zip_equal(options.outputs, names)) {
    while (qtrain::getResultRole(step, result) != qtrain::Role::Prediction)
      ++result;
    auto prediction = cast<RankedTensorType>(step.getResultTypes()[result++]);
    llvm::Expected<LossConstants> constants =
        readConstants(*output.loss, output.lossValues);
    if (!constants)
      return constants.takeError();
    OutputDescription &described = description.outputs.emplace_back();
    described.name = name.str();
    described.lossWeight = output.weight;
    if (output.loss->takesClasses)
      described.classes = prediction.getDimSize(1);
    described.ignoredLabel = constants->ignored;
    if (output.loss->getGuessValue)
      described.guessLoss = output.loss->getGuessValue(described.classes);
  }
  return llvm::Error::success();
}

llvm::Error Describer::run() {
  auto step =
      module.lookupSymbol<func::FuncOp>(qtrain::QTrainDialect::kTrainStepName);
  if (llvm::Error error = describeOutputs(step))
    return error;
  describePorts(step);
  description.name = llvm::sys::path::stem(options.modelPath).str();
  description.scheme = options.scheme->name.str();
  description.options = describeOptions(options, /*evaluationOnly=*/false);
  description.evaluationOptions =
      describeOptions(options, /*evaluationOnly=*/true);
  description.compilerVersion = getCompilerVersion().str();
  description.defaultSchedule =
      options.scheme->getDefaultSchedule(options.schemeRequest).str();
  description.defaultSeed = options.schemeRequest.seed;
  description.scheduleKind = options.scheme->scheduleKind;
  if (module.lookupSymbol(qtrain::QTrainDialect::kEstimateName))
    description.estimateBatches = kEstimateBatches;
  llvm::Expected<std::string> hash =
      onnx_import::hashOnnxFile(options.modelPath);
  if (!hash)
    return hash.takeError();
  description.modelHash = *hash;
  return llvm::Error::success();
}

llvm::Expected<ModelDescription>
qtc::describeModel(ModuleOp module, const CompileOptions &options) {
  Describer describer(module, options);
  if (llvm::Error error = describer.run())
    return std::move(error);
  return std::move(describer.description);
}
