//===- Trainer.h - the program a compiled model becomes ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_TRAINER_H
#define QTCRT_TRAINER_H

#include "qtcrt/abi.h"

namespace qtcrt {

/// The command line of a trainer: train, eval, bench, info, hash. Returns the
/// exit status: 0 success, 1 failure (one line `error: ...` on stderr), 2 wrong
/// usage, 128 + signal when a run was interrupted. Never throws.
int trainerMain(int argc, char **argv, const qtcrt_model &model);

} // namespace qtcrt

#endif // QTCRT_TRAINER_H
