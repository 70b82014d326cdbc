//===- qtc-opt.cpp - The project's analog of mlir-opt ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/Registration.h"
#include "runtime/include/qtcrt/StandardStreams.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  qtcrt::openStandardStreams();
  mlir::DialectRegistry registry;
  qtc::registerDialects(registry);
  qtc::registerPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "qtc modular optimizer driver\n", registry));
}
