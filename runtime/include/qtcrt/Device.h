//===- Device.h - a device that runs compiled steps -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_DEVICE_H
#define QTCRT_DEVICE_H

#include "qtcrt/abi.h"

#include <cstdint>

/// What compiled code sees of a device: nothing.
struct qtcrt_device {};

namespace qtcrt {

/// A device with memory of its own that holds the training state and runs the
/// launches of a step. One thread at a time may use it.
class Device : public qtcrt_device {
public:
  virtual ~Device() = default;

  /// Copies the whole training state to or from the device.
  virtual void uploadState(const uint8_t *state) = 0;
  virtual void downloadState(uint8_t *state) = 0;

  /// Runs a step and waits for it. Of `step`, `state` and `arena` are not used:
  /// the device has its own.
  virtual void train(const qtcrt_step &step) = 0;
  virtual void evaluate(const qtcrt_step &step) = 0;

  /// Bytes of the device's memory that this one has taken.
  virtual uint64_t allocatedBytes() const = 0;
};

} // namespace qtcrt

#endif // QTCRT_DEVICE_H
