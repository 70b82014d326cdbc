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
#include <string>
#include <vector>

/// The type that compiled code sees; it has no members.
struct qtcrt_device {};

namespace qtcrt {

/// A device with memory of its own that holds the training state and runs the
/// launches of a step. One thread at a time may use it.
class Device : public qtcrt_device {
public:
  virtual ~Device() = default;

  /// The name that the manufacturer gives it.
  virtual std::string name() const = 0;

  /// Copies the whole training state to or from the device. No step may be
  /// under way.
  virtual void uploadState(const uint8_t *state) = 0;
  virtual void downloadState(uint8_t *state) = 0;

  /// Steps that may be started before the first of them is finished.
  static constexpr unsigned stepsAhead = 2;

  /// Starts a step after those already started. The caller may change the data
  /// of `step` as soon as this returns. The state, the arena and the ports of
  /// `step` that it would write are not used, because the device has its own.
  virtual void startTraining(const qtcrt_step &step) = 0;
  virtual void startEvaluation(const qtcrt_step &step) = 0;
  virtual void startEstimate(const qtcrt_step &step) = 0;

  /// Waits for the oldest step that was started, and copies the ports that it
  /// has written to `ports`, indexed as qtcrt_model::ports.
  virtual void finish(void *const *ports) = 0;

  /// Runs a training step and returns the seconds of each of its launches. No
  /// other step may be under way.
  virtual std::vector<double> profileTraining(const qtcrt_step &step) = 0;

  /// Seconds of each of `rounds` copies of `bytes` within the device's memory;
  /// empty if there is not enough free memory for both copies.
  virtual std::vector<double> timeCopies(uint64_t bytes, unsigned rounds) = 0;

  /// Bytes of the device's memory that this object has allocated.
  virtual uint64_t allocatedBytes() const = 0;
};

} // namespace qtcrt

#endif // QTCRT_DEVICE_H
