//===- Session.cpp - a model in memory, ready to run ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Session.h"

#include "qtcrt/Error.h"
#include "qtcrt/Isa.h"
#include "qtcrt/Philox.h"
#include "qtcrt/StateHash.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace qtcrt;

namespace {

void require(bool condition, const char *what) {
  if (!condition)
    fail("the compiled model is inconsistent (", what,
         "); compile it again with the qtc this runtime belongs to");
}

float singleOf(uint32_t bits) {
  float single;
  std::memcpy(&single, &bits, sizeof(single));
  return single;
}

void checkTensor(const qtcrt_model &model, const qtcrt_tensor &tensor) {
  require(tensor.rank <= 8, "rank of a tensor");
  require(tensor.dtype <= QTCRT_FLOAT32, "type of a tensor");
  require(tensor.kind <= QTCRT_STATE_SCRATCH, "kind of a tensor");
  uint64_t largest = uint64_t{tensor.uniform} * (tensor.levels / 2);
  require(tensor.uniform == 0 ||
              (tensor.levels % 2 == 1 &&
               ((tensor.dtype == QTCRT_INT8 && largest <= 127) ||
                (tensor.dtype == QTCRT_INT16 && largest <= 32767))) ||
              (std::isfinite(singleOf(tensor.uniform)) &&
               tensor.dtype == QTCRT_FLOAT32),
          "initial values of a tensor");
  uint64_t elements = 1;
  for (uint32_t i = 0; i < tensor.rank; ++i)
    require(tensor.shape[i] > 0 &&
                !__builtin_mul_overflow(elements,
                                        static_cast<uint64_t>(tensor.shape[i]),
                                        &elements),
            "shape of a tensor");
  require(elements == tensor.elements, "elements of a tensor");
  uint64_t bytes = elements * dtypeBytes(tensor.dtype);
  require(elements <= model.state_bytes && bytes <= model.state_bytes &&
              tensor.offset % 64 == 0 &&
              tensor.offset <= model.state_bytes - bytes,
          "offset of a tensor");
  if (tensor.kind != QTCRT_STATE_EVALUATION)
    return;
  require(tensor.origin < model.tensor_count, "origin of a tensor");
  const qtcrt_tensor &origin = model.tensors[tensor.origin];
  require(origin.kind == QTCRT_STATE_BUFFER && origin.dtype == tensor.dtype &&
              origin.elements == tensor.elements &&
              origin.offset <= model.state_bytes - bytes,
          "origin of a tensor");
}

bool isBefore(const qtcrt_tensor &a, const qtcrt_tensor &b) {
  int order = std::strcmp(a.name, b.name);
  return order < 0 || (order == 0 && a.kind < b.kind);
}

} // namespace

void qtcrt::checkModel(const qtcrt_model &model) {
  if (model.abi_version != QTCRT_ABI_VERSION ||
      model.struct_size != sizeof(qtcrt_model))
    fail("the model was compiled for version ", model.abi_version,
         " of the runtime's interface, but this runtime has version ",
         QTCRT_ABI_VERSION, "; compile it again");
  require(model.batch > 0 && model.batch <= (1 << 24), "batch");
  require(model.channels > 0 && model.height > 0 && model.width > 0, "input");
  require(model.channels < (1 << 30) && model.height < (1 << 30) &&
              model.width < (1 << 30) &&
              static_cast<__int128>(model.channels) * model.height *
                      model.width <
                  (1 << 30),
          "input size");
  require(model.classes > 0 && model.classes <= (1 << 24), "classes");
  require(model.logits_dtype <= QTCRT_FLOAT32 &&
              model.logits_dtype != QTCRT_INT64,
          "type of the logits");
  require(model.schedule_kind <= QTCRT_SCHEDULE_LOG2, "schedule");
  require(model.loss <= QTCRT_LOSS_SQUARES, "loss");
  require(model.variant_count > 0, "variants");
  for (uint64_t i = 0; model.estimate_batches && i < model.variant_count; ++i) {
    const qtcrt_variant &variant = model.variants[i];
    require(variant.device ? variant.device->estimate_count > 0
                           : variant.estimate != nullptr,
            "estimation of statistics");
  }
  for (uint64_t i = 0; i < model.tensor_count; ++i) {
    checkTensor(model, model.tensors[i]);
    require(i == 0 || isBefore(model.tensors[i - 1], model.tensors[i]),
            "order of the tensors");
  }
}

void qtcrt::copyOrigin(const qtcrt_model &model, const qtcrt_tensor &tensor,
                       uint8_t *state) {
  std::memcpy(state + tensor.offset,
              state + model.tensors[tensor.origin].offset,
              tensor.elements * dtypeBytes(tensor.dtype));
}

uint64_t qtcrt::logitsBytes(const qtcrt_model &model) {
  return static_cast<uint64_t>(model.batch) * model.classes *
         dtypeBytes(model.logits_dtype);
}

Session::Session(const qtcrt_model &model, unsigned threads,
                 const std::string &isa)
    : compiled(model), chosen(selectVariant(model, isa)),
      stateMemory(model.state_bytes, "the training state"),
      arena(chosen.device ? 0 : chosen.arena_bytes, "the arena"),
      logits(logitsBytes(model), "the logits"),
      pool(threads ? threads : availableProcessors()) {
  if (model.state_bytes)
    std::memcpy(stateMemory.data(), model.initial_state, model.state_bytes);
  if (chosen.device)
    device.reset(static_cast<Device *>(
        chosen.device->open(&model, chosen.device, chosen.arena_bytes)));
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
  double bound = static_cast<double>(singleOf(tensor.uniform));
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

qtcrt_step Session::makeStep(const uint8_t *images) {
  qtcrt_step step{};
  step.state = stateMemory.data();
  step.arena = arena.data();
  step.input = images;
  step.logits = logits.data();
  step.logits_exponent = &logitsExponent;
  return step;
}

qtcrt_step Session::makeTraining(const uint8_t *images, const int32_t *labels,
                                 uint64_t seed, int64_t schedule,
                                 uint64_t step) {
  qtcrt_step operands = makeStep(images);
  operands.labels = labels;
  operands.seed = seed;
  operands.schedule = schedule;
  operands.step = static_cast<uint32_t>(step);
  return operands;
}

void Session::startTraining(const uint8_t *images, const int32_t *labels,
                            uint64_t seed, int64_t schedule, uint64_t step) {
  qtcrt_step operands = makeTraining(images, labels, seed, schedule, step);
  if (!device)
    return chosen.train(&pool, &operands);
  refreshDevice();
  device->startTraining(operands);
  hostHasState = false;
}

std::vector<double> Session::profileTraining(const uint8_t *images,
                                             const int32_t *labels,
                                             uint64_t seed, int64_t schedule,
                                             uint64_t step) {
  refreshDevice();
  hostHasState = false;
  return device->profileTraining(
      makeTraining(images, labels, seed, schedule, step));
}

void Session::startEvaluation(const uint8_t *images) {
  qtcrt_step operands = makeStep(images);
  if (!device)
    return chosen.evaluate(&pool, &operands);
  refreshDevice();
  device->startEvaluation(operands);
}

void Session::startEstimate(const uint8_t *images, uint64_t index) {
  qtcrt_step operands = makeStep(images);
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
  if (device)
    device->finish(logits.data(), &logitsExponent);
}

void Session::addTo(LossSums &sums, const int32_t *labels,
                    int64_t count) const {
  LogitsView view{logits.data(), compiled.logits_dtype, logitsExponent,
                  compiled.classes};
  addLogits(sums, view, static_cast<qtcrt_loss>(compiled.loss), labels, count);
}

LossSums Session::evaluateAll(const DataSplit &data,
                              const std::function<bool()> &stop,
                              const std::function<void(uint64_t)> &progress) {
  uint64_t batch = static_cast<uint64_t>(compiled.batch);
  uint64_t bytes = data.shape.bytes();
  Buffer images(batch * bytes, "a batch");
  LossSums sums;
  uint64_t done = 0;
  unsigned started = 0;
  auto finishOne = [&] {
    finish();
    --started;
    uint64_t count = std::min(batch, data.count() - done);
    addTo(sums, data.labels.data() + done, static_cast<int64_t>(count));
    done += count;
    progress(done);
  };
  for (uint64_t first = 0; first < data.count() && !stop(); first += batch) {
    uint64_t count = std::min(batch, data.count() - first);
    std::memcpy(images.data(), data.image(first), count * bytes);
    for (uint64_t i = count; i < batch; ++i)
      std::memcpy(images.data() + i * bytes, data.image(first + count - 1),
                  bytes);
    startEvaluation(images.data());
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
