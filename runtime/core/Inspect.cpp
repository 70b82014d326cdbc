//===- Inspect.cpp - the commands eval, info and hash ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/Commands.h"
#include "core/Progress.h"
#include "qtcrt/Checkpoint.h"
#include "qtcrt/DataSet.h"
#include "qtcrt/Error.h"
#include "qtcrt/Isa.h"
#include "qtcrt/Ports.h"
#include "qtcrt/Printable.h"
#include "qtcrt/Session.h"
#include "qtcrt/StateHash.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>
#include <zlib.h>

using namespace qtcrt;
using Json = nlohmann::ordered_json;
using Number = unsigned long long;

/// One line about an output of several.
static void printScores(const qtcrt_model &model, uint64_t index,
                        const OutputSums &sums) {
  std::string accuracy;
  if (predictsClasses(model, index))
    accuracy = concat("test_accuracy=", formatLoss(sums.accuracy()),
                      " correct=", sums.correct, " ");
  std::printf("output %s: %stest_loss=%s examples=%llu\n",
              inQuotes(model.outputs[index].name).c_str(), accuracy.c_str(),
              formatScaledLoss(sums.meanLoss()).c_str(),
              static_cast<Number>(sums.examples));
}

int qtcrt::runEval(const qtcrt_model &model, const Options &options) {
  Session session(model, static_cast<unsigned>(options.threads), options.isa,
                  options.batch);
  DataRequest request = requestFor(model);
  RunRecord record;
  if (!options.checkpoint.empty())
    record = loadCheckpoint(options.checkpoint, model, session.state(),
                            CheckpointUse::Read);
  request.standardization = record.standardization;
  std::string state = hashState(model, session.state());
  if (record.averageIsTested && record.average.count > 0) {
    std::fprintf(stderr, "remark: testing the average of %llu weights\n",
                 static_cast<Number>(record.average.count));
    record.average.writeMeans(model, session.state());
  }
  // There is no run, so the training set says how to standardize.
  request.train =
      standardizedChannels(model) > 0 && request.standardization.isEmpty();
  DataSet data = loadDataSet(options.data, request);
  printRemark(data);
  Progress progress;
  progress.begin("test", "example", data.test.count());
  MetricSums sums = session.evaluateAll(
      data.test, [] { return false; },
      [&](uint64_t done) { progress.update(done); });
  progress.clear();
  for (uint64_t i = 0; model.output_count > 1 && i < model.output_count; ++i)
    printScores(model, i, sums[i]);
  if (isClassifier(model))
    std::printf("result: test_accuracy=%s correct=%llu examples=%llu "
                "test_loss=%s state=%s\n",
                formatLoss(sums[0].accuracy()).c_str(),
                static_cast<Number>(sums[0].correct),
                static_cast<Number>(sums[0].examples),
                formatLoss(totalLoss(sums, model)).c_str(), state.c_str());
  else
    std::printf("result: test_loss=%s examples=%llu state=%s\n",
                formatScaledLoss(totalLoss(sums, model)).c_str(),
                static_cast<Number>(sums[0].examples), state.c_str());
  return 0;
}

namespace {

void printTensors(const qtcrt_model &model, const uint8_t *state) {
  std::string title = "tensor";
  size_t width = title.size();
  for (uint64_t i = 0; i < model.tensor_count; ++i)
    width = std::max(width, countColumns(printable(model.tensors[i].name)));
  std::printf("%s%s  %8s  %-8s\n", title.c_str(), padding(title, width).c_str(),
              "exponent", "crc32");
  for (uint64_t i = 0; i < model.tensor_count; ++i) {
    const qtcrt_tensor &tensor = model.tensors[i];
    if (tensor.kind == QTCRT_STATE_SCRATCH)
      continue;
    uint64_t bytes = tensor.elements * dtypeBytes(tensor.dtype);
    unsigned long crc = crc32_z(0, state + tensor.offset, bytes);
    std::string exponent =
        tensor.has_exponent ? std::to_string(tensor.exponent) : "-";
    std::string name = printable(tensor.name);
    std::printf("%s%s  %8s  %08lx\n", name.c_str(),
                padding(name, width).c_str(), exponent.c_str(), crc);
  }
}

} // namespace

int qtcrt::runHash(const qtcrt_model &model, const Options &options) {
  Buffer state(model.state_bytes, "the training state");
  loadCheckpoint(options.checkpoint, model, state.data(), CheckpointUse::Read);
  if (options.tensors)
    printTensors(model, state.data());
  else
    std::printf("%s\n", hashState(model, state.data()).c_str());
  return 0;
}

namespace {

Json describeVariants(const qtcrt_model &model) {
  Json variants = Json::array();
  for (int64_t batch : batchesOf(model)) {
    const qtcrt_variant *used = strongestVariant(model, batch);
    for (const qtcrt_variant &variant : variantsOf(model, batch))
      variants.push_back(
          {{"name", variant.name},
           {"batch", batch},
           {"supported", isSupported(variant)},
           {"used", &variant == used},
           {"arena_bytes", variant.arena_bytes},
           {"planned_bytes", model.state_bytes + variant.arena_bytes}});
  }
  return variants;
}

/// The parameters that training leaves alone, by name.
Json listFrozen(const qtcrt_model &model) {
  Json names = Json::array();
  for (uint64_t i = 0; i < model.tensor_count; ++i)
    if (model.tensors[i].kind == QTCRT_STATE_PARAMETER &&
        model.tensors[i].frozen)
      names.push_back(model.tensors[i].name);
  return names;
}

Json describeInputPorts(const qtcrt_model &model) {
  Json inputs = Json::array();
  for (uint64_t i = 0; i < countPorts(model, QTCRT_PORT_INPUT); ++i) {
    const qtcrt_port &port = model.ports[i];
    inputs.push_back(
        {{"name", port.name},
         {"shape", std::vector<int64_t>(port.shape, port.shape + port.rank)},
         {"elements", describeElements(port)}});
  }
  return inputs;
}

Json describeOutputs(const qtcrt_model &model) {
  Json outputs = Json::array();
  for (uint64_t i = 0; i < model.output_count; ++i) {
    const qtcrt_output &output = model.outputs[i];
    const qtcrt_port &port = predictionPort(model, i);
    outputs.push_back(
        {{"name", output.name},
         {"shape", std::vector<int64_t>(port.shape, port.shape + port.rank)},
         {"classes", output.classes},
         {"loss_weight", output.loss_weight}});
  }
  return outputs;
}

Json describeModel(const qtcrt_model &model) {
  uint64_t parameters = 0, bytes = 0;
  for (uint64_t i = 0; i < model.tensor_count; ++i) {
    const qtcrt_tensor &tensor = model.tensors[i];
    if (tensor.kind != QTCRT_STATE_PARAMETER)
      continue;
    parameters += tensor.elements;
    bytes += tensor.elements * dtypeBytes(tensor.dtype);
  }
  Json inputs = describeInputPorts(model);
  return {{"model", model.name},
          {"model_hash", model.model_hash},
          {"scheme", model.scheme},
          {"options", model.options},
          {"batch", model.variants[0].batch},
          {"batches", batchesOf(model)},
          {"input_shape", inputs[0]["shape"]},
          {"input_elements", inputs[0]["elements"]},
          {"inputs", inputs},
          {"classes", model.outputs[0].classes},
          {"outputs", unitsOf(model)},
          {"trained_outputs", describeOutputs(model)},
          {"parameters", parameters},
          {"parameter_bytes", bytes},
          {"frozen", listFrozen(model)},
          {"state_bytes", model.state_bytes},
          {"default_schedule", model.default_schedule},
          {"default_seed", model.default_seed},
          {"compiler_version", model.compiler_version},
          {"variants", describeVariants(model)}};
}

/// The extents of an example and what they are, as far as their number says.
std::string describeShape(const qtcrt_port &input) {
  std::string text;
  for (uint32_t dim = 0; dim < input.rank; ++dim)
    text += concat(dim > 0 ? "x" : "", input.shape[dim]);
  if (input.rank == 1)
    return text + " (features)";
  if (input.rank == 2)
    return text + " (channels x length)";
  return input.rank == 3 ? text + " (channels x height x width)" : "1";
}

/// One line; inputs have a name where there are several.
void printInput(const qtcrt_model &model, const qtcrt_port &port) {
  bool isOnly = countPorts(model, QTCRT_PORT_INPUT) == 1;
  std::string elements =
      takesPixels(model) ? "" : concat(", ", describeElements(port));
  std::printf("input             %s%s%s\n", describeShape(port).c_str(),
              elements.c_str(),
              isOnly ? "" : concat(", ", inQuotes(port.name)).c_str());
}

/// One line; outputs have a name where there are several.
void printOutput(const Json &output, bool isOnly) {
  auto classes = output["classes"].get<uint64_t>();
  std::string name =
      isOnly ? "" : concat(", ", inQuotes(output["name"].get<std::string>()));
  std::printf("%s           %llu%s\n", classes > 0 ? "classes" : "outputs",
              static_cast<Number>(classes > 0
                                      ? classes
                                      : output["shape"].back().get<uint64_t>()),
              name.c_str());
}

void printModel(const qtcrt_model &model, const Json &info) {
  auto number = [&](const char *key) {
    return static_cast<Number>(info[key].get<uint64_t>());
  };
  std::printf("model             %s (hash %s)\n", printable(model.name).c_str(),
              model.model_hash);
  std::printf("scheme            %s\n", model.scheme);
  std::printf("options           %s\n", printable(model.options).c_str());
  std::printf("batch             %s\n", listBatches(model).c_str());
  for (uint64_t i = 0; i < countPorts(model, QTCRT_PORT_INPUT); ++i)
    printInput(model, model.ports[i]);
  for (const Json &output : info["trained_outputs"])
    printOutput(output, model.output_count == 1);
  std::printf("parameters        %llu (%llu bytes)\n", number("parameters"),
              number("parameter_bytes"));
  std::string frozen;
  for (const Json &name : info["frozen"])
    frozen += (frozen.empty() ? "" : ", ") + printable(name.get<std::string>());
  if (!frozen.empty())
    std::printf("frozen            %s\n", frozen.c_str());
  std::printf("default schedule  %s\n", model.default_schedule);
  std::printf("default seed      %llu\n", number("default_seed"));
  std::printf("compiler          qtc %s\n\n", model.compiler_version);
  std::printf("%-12s %9s %14s %14s %14s  %s\n", "variant", "batch",
              "state bytes", "arena bytes", "planned bytes", "this processor");
  for (const Json &variant : info["variants"])
    std::printf("%-12s %9lld %14llu %14llu %14llu  %s\n",
                variant["name"].get<std::string>().c_str(),
                static_cast<long long>(variant["batch"].get<int64_t>()),
                number("state_bytes"),
                static_cast<Number>(variant["arena_bytes"].get<uint64_t>()),
                static_cast<Number>(variant["planned_bytes"].get<uint64_t>()),
                variant["used"].get<bool>()        ? "used"
                : variant["supported"].get<bool>() ? "supported"
                                                   : "not supported");
}

} // namespace

int qtcrt::runInfo(const qtcrt_model &model, const Options &options) {
  Json info = describeModel(model);
  if (options.json)
    std::printf(
        "%s\n",
        info.dump(2, ' ', true, Json::error_handler_t::replace).c_str());
  else
    printModel(model, info);
  return 0;
}
