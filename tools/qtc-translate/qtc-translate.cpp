//===- qtc-translate.cpp - The project's analog of mlir-translate ---------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Import.h"
#include "compiler/Pipelines/Registration.h"
#include "runtime/include/qtcrt/StandardStreams.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

/// `--mlir-to-llvmir` of mlir-translate, for modules in the LLVM dialect.
static void registerToLLVMIR() {
  static mlir::TranslateFromMLIRRegistration registration(
      "mlir-to-llvmir", "Translate MLIR to LLVM IR",
      [](mlir::Operation *op, llvm::raw_ostream &os) {
        llvm::LLVMContext context;
        auto module = mlir::translateModuleToLLVMIR(op, context);
        if (!module)
          return mlir::failure();
        module->print(os, nullptr);
        return mlir::success();
      },
      qtc::registerDialects);
}

int main(int argc, char **argv) {
  qtcrt::openStandardStreams();
  qtc::onnx_import::registerImportOnnxTranslation();
  registerToLLVMIR();
  return mlir::asMainReturnCode(
      mlir::mlirTranslateMain(argc, argv, "qtc translation driver\n"));
}
