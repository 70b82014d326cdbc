//===- Main.cpp - entry point of compiled trainers ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Trainer.h"

int main(int argc, char **argv) {
  return qtcrt::trainerMain(argc, argv, qtcrt_compiled_model);
}
