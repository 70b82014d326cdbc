//===- FakeRegression.h - a hand-written model of numbers -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_TESTS_FAKEREGRESSION_H
#define QTCRT_TESTS_FAKEREGRESSION_H

#include <cstdint>

/// The program FAKE_REGRESSION is the trainer of a linear model with mean
/// squared errors and batch 4: 2 outputs of 3 x 2 standardized inputs, all in
/// IEEE single. The weights start at 0, and the schedule is the step size.
/// FAKE_DIE_AT_STEP=N: the process dies when step N is about to run.
constexpr int64_t regressionBatch = 4, regressionOutputs = 2;
constexpr int64_t regressionChannels = 3, regressionLength = 2;
constexpr int64_t regressionFeatures = regressionChannels * regressionLength;

#endif // QTCRT_TESTS_FAKEREGRESSION_H
