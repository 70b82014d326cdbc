//===- FakeModel.h - a hand-written model for tests -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_TESTS_FAKEMODEL_H
#define QTCRT_TESTS_FAKEMODEL_H

#include "qtcrt/abi.h"

/// A perceptron on 1x12x12 images, 10 classes, batches of 16 or 6, in the form
/// that a compiler would emit, with every kind of state tensor. It depends on
/// data, order, seed, step, schedule and state, so any mistake of the runtime
/// changes its state. FAKE_STEP_MICROSECONDS in the environment slows its steps
/// down.
const qtcrt_model &fakeModel();

constexpr int64_t fakeBatch = 16, fakeOtherBatch = 6, fakeSide = 12,
                  fakeClasses = 10;
constexpr int64_t fakeFeatures = fakeSide * fakeSide;

/// Places of the model's ports.
enum FakePort {
  FakeInput,
  FakeTarget,
  FakePrediction,
  FakeExponent,
  FakeLoss,
  FakeAccuracy
};

#endif // QTCRT_TESTS_FAKEMODEL_H
