//===- Session.cpp - a model in memory, ready to run ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Session.h"

#include "core/ModelCheck.h"
#include "qtcrt/Isa.h"
#include "qtcrt/Philox.h"
#include "qtcrt/Ports.h"
#include "qtcrt/StateHash.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace qtcrt;

void qtcrt::copyOrigin(const qtcrt_model &model, const qtcrt_tensor &tensor,
                       uint8_t *state) {
  std::memcpy(state + tensor.offset,
              state + model.tensors[tensor.origin].offset,
              tensor.elements * dtypeBytes(tensor.dtype));
}

/// Memory for the ports that a step writes.
static std::vector<Buffer> allocateOutputs(const qtcrt_model &model,
                                           int64_t batch) {
  std::vector<Buffer> outputs(model.port_count);
  for (uint64_t i = 0; i < model.port_count; ++i)
    if (isOutput(model.ports[i]))
      outputs[i] = Buffer(portBytes(model.ports[i], batch), "the results");
  return outputs;
}

Session::Session(const qtcrt_model &model, unsigned threads,
                 const std::string &isa, int64_t batch)
    : compiled(model), chosen(selectVariant(model, isa, batch)),
      stateMemory(model.state_bytes, "the training state"),
      arena(chosen.device ? 0 : chosen.arena_bytes, "the arena"),
      outputs(allocateOutputs(model, chosen.batch)),
      pool(threads ? threads : availableProcessors()) {
  if (model.state_bytes)
    std::memcpy(stateMemory.data(), model.initial_state, model.state_bytes);
  if (chosen.device)
    device.reset(static_cast<Device *>(chosen.device->open(&model, &chosen)));
}

uint8_t *Session::state() {
  if (!hostHasState)
    device->downloadState(stateMemory.data());
  hostHasState = true;
  deviceHasState = false;
  return stateMemory.data();
}

void Session::refreshDevice() {
  if (!deviceHasState)
    device->uploadState(stateMemory.data());
  deviceHasState = true;
}

/// The 32-bit random number that element `index` starts from.
static uint32_t initialRandom(const qtcrt_tensor &tensor, uint64_t seed,
                              uint64_t index) {
  return randomBlock(seed, index, tensor.id, /*step=*/0,
                     RandomPurpose::Initialisation)[index & 3];
}

/// Uniform integers times the tensor's scale.
template <typename Mantissa>
static void drawMantissas(Mantissa *mantissas, const qtcrt_tensor &tensor,
                          uint64_t seed) {
  for (uint64_t i = 0; i < tensor.elements; ++i) {
    uint64_t random = initialRandom(tensor, seed, i);
    int level = static_cast<int>((random * tensor.levels) >> 32);
    mantissas[i] = static_cast<Mantissa>((level - tensor.levels / 2) *
                                         static_cast<int>(tensor.uniform));
  }
}

/// Uniform floats within the tensor's bound, as the compiler draws them.
static void drawFloats(float *values, const qtcrt_tensor &tensor,
                       uint64_t seed) {
  double bound = static_cast<double>(uniformBound(tensor));
  for (uint64_t i = 0; i < tensor.elements; ++i) {
    double random = initialRandom(tensor, seed, i);
    double unit = std::ldexp(2.0 * random + 1.0, -32) - 1.0;
    values[i] = static_cast<float>(unit * bound);
  }
}

void Session::drawInitialState(uint64_t seed) {
  for (uint64_t i = 0; i < compiled.tensor_count; ++i) {
    const qtcrt_tensor &tensor = compiled.tensors[i];
    uint8_t *place = state() + tensor.offset;
    if (!tensor.uniform)
      continue;
    if (tensor.dtype == QTCRT_INT8)
      drawMantissas(reinterpret_cast<int8_t *>(place), tensor, seed);
    else if (tensor.dtype == QTCRT_INT16)
      drawMantissas(reinterpret_cast<int16_t *>(place), tensor, seed);
    else
      drawFloats(reinterpret_cast<float *>(place), tensor, seed);
  }
}

qtcrt_step Session::makeStep(const Batch &batch) {
  qtcrt_step step{};
  step.state = stateMemory.data();
  step.arena = arena.data();
  auto input = batch.inputs.begin();
  auto target = batch.targets.begin();
  for (uint64_t i = 0; i < compiled.port_count; ++i) {
    uint32_t role = compiled.ports[i].role;
    if (role == QTCRT_PORT_INPUT)
      step.ports[i] = (input++)->data();
    else if (role != QTCRT_PORT_TARGET)
      step.ports[i] = outputs[i].data();
    else if (target != batch.targets.end()) // `estimate` needs none
      step.ports[i] = (target++)->data();
  }
  return step;
}

qtcrt_step Session::makeTraining(const Batch &batch, uint64_t seed,
                                 int64_t schedule, uint64_t step) {
  qtcrt_step operands = makeStep(batch);
  operands.seed = seed;
  operands.schedule = schedule;
  operands.step = static_cast<uint32_t>(step);
  return operands;
}

void Session::startTraining(const Batch &batch, uint64_t seed, int64_t schedule,
                            uint64_t step) {
  qtcrt_step operands = makeTraining(batch, seed, schedule, step);
  if (!device)
    return chosen.train(&pool, &operands);
  refreshDevice();
  device->startTraining(operands);
  hostHasState = false;
}

std::vector<double> Session::profileTraining(const Batch &batch, uint64_t seed,
                                             int64_t schedule, uint64_t step) {
  refreshDevice();
  hostHasState = false;
  return device->profileTraining(makeTraining(batch, seed, schedule, step));
}

void Session::startEvaluation(const Batch &batch) {
  qtcrt_step operands = makeStep(batch);
  if (!device)
    return chosen.evaluate(&pool, &operands);
  refreshDevice();
  device->startEvaluation(operands);
}

void Session::startEstimate(const Batch &batch, uint64_t index) {
  qtcrt_step operands = makeStep(batch);
  operands.step = static_cast<uint32_t>(index);
  if (!device)
    return chosen.estimate(&pool, &operands);
  refreshDevice();
  device->startEstimate(operands);
  hostHasState = false;
}

void Session::resetStatistics() {
  for (uint64_t i = 0; i < compiled.tensor_count; ++i) {
    const qtcrt_tensor &tensor = compiled.tensors[i];
    if (tensor.kind == QTCRT_STATE_EVALUATION)
      copyOrigin(compiled, tensor, state());
  }
}

void Session::finish() {
  if (!device)
    return;
  std::vector<void *> ports;
  for (const Buffer &output : outputs)
    ports.push_back(output.data());
  device->finish(ports.data());
}

void Session::addTo(MetricSums &sums, int64_t count) const {
  addMetrics(sums, compiled, outputs, count);
}

/// Copies `count` examples from `first` on, and repeats the last one.
static void fillColumn(const Column &column, uint64_t first, uint64_t count,
                       const Buffer &buffer) {
  uint64_t bytes = column.exampleBytes();
  std::memcpy(buffer.data(), column.example(first), count * bytes);
  for (uint64_t end = count * bytes; end < buffer.size(); end += bytes)
    std::memcpy(buffer.data() + end, column.example(first + count - 1), bytes);
}

/// The same for inputs and targets.
static void fillBatch(const DataSplit &data, uint64_t first, uint64_t count,
                      const Batch &batch) {
  for (size_t i = 0; i < data.inputs.size(); ++i)
    fillColumn(data.inputs[i], first, count, batch.inputs[i]);
  for (size_t i = 0; i < data.targets.size(); ++i)
    fillColumn(data.targets[i], first, count, batch.targets[i]);
}

MetricSums Session::evaluateAll(const DataSplit &data,
                                const std::function<bool()> &stop,
                                const std::function<void(uint64_t)> &progress) {
  uint64_t batch = static_cast<uint64_t>(chosen.batch);
  Batch examples(data, batch);
  MetricSums sums = startSums(compiled);
  uint64_t done = 0;
  unsigned started = 0;
  auto finishOne = [&] {
    finish();
    --started;
    uint64_t count = std::min(batch, data.count() - done);
    addTo(sums, static_cast<int64_t>(count));
    done += count;
    progress(done);
  };
  for (uint64_t first = 0; first < data.count() && !stop(); first += batch) {
    fillBatch(data, first, std::min(batch, data.count() - first), examples);
    startEvaluation(examples);
    if (++started == stepsAhead())
      finishOne();
  }
  while (started > 0)
    finishOne();
  return sums;
}

uint64_t Session::plannedBytes() const {
  return compiled.state_bytes + chosen.arena_bytes;
}

uint64_t Session::allocatedBytes() const {
  return stateMemory.size() + arena.size() +
         (device ? device->allocatedBytes() : 0);
}
