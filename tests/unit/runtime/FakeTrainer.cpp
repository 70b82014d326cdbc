//===- FakeTrainer.cpp - a hand-written model as a program
//-----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// `main` comes from qtcrt_main, the model from another file.
