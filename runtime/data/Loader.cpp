//===- Loader.cpp - batches of training examples --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Loader.h"

#include "qtcrt/Error.h"

#include <cstring>
#include <system_error>

using namespace qtcrt;

Loader::Loader(const DataSplit &data, const LoaderOptions &options,
               uint64_t epoch, uint64_t position)
    : data(data), options(options), epoch(epoch), position(position),
      batchesPerEpoch(data.count() / options.batch) {
  if (batchesPerEpoch == 0)
    fail("the training set has ", data.count(), " examples, fewer than one ",
         "batch of ", options.batch);
  for (Batch &slot : slots)
    slot = Batch(data, options.batch);
  try {
    thread = std::thread([this] { run(); });
  } catch (const std::system_error &) {
    fail("the system cannot start the data thread; stop other programs");
  }
}

Loader::~Loader() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
  }
  changed.notify_all();
  thread.join();
}

/// Makes an example number `place` of a batch, as it is.
static void copyExample(const Column &column, uint64_t example,
                        const Buffer &batch, uint64_t place) {
  uint64_t bytes = column.exampleBytes();
  std::memcpy(batch.data() + place * bytes, column.example(example), bytes);
}

void Loader::assemble(Batch &batch) {
  if (position == batchesPerEpoch) {
    position = 0;
    ++epoch;
    orderValid = false;
  }
  if (options.shuffle && !orderValid) {
    order = shuffledOrder(data.count(), options.seed, epoch);
    orderValid = true;
  }
  uint64_t first = position * options.batch;
  for (uint64_t i = 0; i < options.batch; ++i) {
    uint64_t example = options.shuffle ? order[first + i] : first + i;
    for (size_t input = 0; input < data.inputs.size(); ++input)
      copyInput(data.inputs[input], example, batch.inputs[input], i);
    for (size_t output = 0; output < data.targets.size(); ++output)
      copyExample(data.targets[output], example, batch.targets[output], i);
  }
  ++position;
}

void Loader::copyInput(const Column &column, uint64_t example, Buffer &batch,
                       uint64_t place) const {
  if (options.augment != Augmentation::CropFlip)
    return copyExample(column, example, batch, place);
  uint8_t *out = batch.data() + place * column.exampleBytes();
  cropFlip(column.example(example), out, column.shape, example, options.seed,
           epoch);
}

void Loader::run() {
  while (true) {
    {
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait(
          lock, [this] { return stopping || produced - released < slotCount; });
      if (stopping)
        return;
    }
    std::exception_ptr error;
    try {
      assemble(slots[produced % slotCount]);
    } catch (...) {
      error = std::current_exception();
    }
    {
      std::lock_guard<std::mutex> lock(mutex);
      if (error)
        failure = error;
      else
        ++produced;
    }
    changed.notify_all();
    if (error)
      return;
  }
}

const Batch &Loader::next() {
  std::unique_lock<std::mutex> lock(mutex);
  released = consumed;
  changed.notify_all();
  changed.wait(lock, [this] { return failure || produced > consumed; });
  if (produced == consumed)
    std::rethrow_exception(failure);
  return slots[consumed++ % slotCount];
}
