//===- Commands.h - the commands of a trainer -------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CORE_COMMANDS_H
#define QTCRT_CORE_COMMANDS_H

#include "qtcrt/CommandLine.h"
#include "qtcrt/DataSet.h"

namespace qtcrt {

// Each returns the exit status or throws Error or UsageError.
int runTrain(const qtcrt_model &model, const Options &options);
int runEval(const qtcrt_model &model, const Options &options);
int runBench(const qtcrt_model &model, const Options &options);
int runInfo(const qtcrt_model &model, const Options &options);
int runHash(const qtcrt_model &model, const Options &options);

/// Prints the remark of the data set to stderr, if it has one.
void printRemark(const DataSet &data);

} // namespace qtcrt

#endif // QTCRT_CORE_COMMANDS_H
