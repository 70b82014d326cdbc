//===- Loader.h - batches of training examples ------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_LOADER_H
#define QTCRT_LOADER_H

#include "qtcrt/Augment.h"
#include "qtcrt/DataSet.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

namespace qtcrt {

/// The options that determine every batch of a data set.
struct LoaderOptions {
  uint64_t batch = 1;
  uint64_t seed = 0;
  bool shuffle = true;
  Augmentation augment = Augmentation::None;
};

/// Assembles training batches on a thread of its own, one ahead of the step.
/// Batch `position` of `epoch` holds the examples [position * batch, ...) of
/// the epoch's order; the incomplete last batch is dropped.
class Loader {
public:
  /// The first batch is number `position` of `epoch`. `data` must outlive the
  /// loader and hold one batch at least.
  Loader(const DataSplit &data, const LoaderOptions &options, uint64_t epoch,
         uint64_t position);
  ~Loader();
  Loader(const Loader &) = delete;
  Loader &operator=(const Loader &) = delete;

  /// The next batch, valid until the following call.
  const Batch &next();

private:
  void run();
  void assemble(Batch &batch);
  /// Copies an input of an example, changed as the options say, to `place`.
  void copyInput(const Column &column, uint64_t example, Buffer &batch,
                 uint64_t place) const;

  const DataSplit &data;
  LoaderOptions options;
  uint64_t epoch, position, batchesPerEpoch;
  std::vector<uint32_t> order;
  bool orderValid = false;

  static constexpr uint64_t slotCount = 2;
  Batch slots[slotCount];
  std::mutex mutex;
  std::condition_variable changed;
  uint64_t produced = 0; ///< batches assembled
  uint64_t consumed = 0; ///< batches handed out
  uint64_t released = 0; ///< batches the step is done with
  bool stopping = false;
  std::exception_ptr failure;
  std::thread thread;
};

} // namespace qtcrt

#endif // QTCRT_LOADER_H
