//===- Translation.cpp - ONNX import in qtc-translate ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/FileAccess.h"
#include "compiler/Import/ONNX/Import.h"
#include "dialect/QTrain/IR/QTrain.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ManagedStatic.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace qtc::onnx_import;
using llvm::StringRef;

namespace {
struct TranslationOptions {
  llvm::cl::opt<int64_t> batch{"batch",
                               llvm::cl::desc("Batch of the imported model"),
                               llvm::cl::init(ImportOptions().batch)};
};
} // namespace

static llvm::ManagedStatic<TranslationOptions> translationOptions;

static ImportOptions getOptions() {
  ImportOptions options;
  options.batch = translationOptions->batch;
  return options;
}

/// External data are read only for files.
static std::string findFolder(StringRef name) {
  return llvm::sys::fs::is_regular_file(name) ? getFolder(name) : "";
}

static OwningOpRef<Operation *> importMain(llvm::SourceMgr &sources,
                                           MLIRContext *context) {
  const llvm::MemoryBuffer *buffer =
      sources.getMemoryBuffer(sources.getMainFileID());
  StringRef name = buffer->getBufferIdentifier();
  ImportOptions options = getOptions();
  // The translation shows the operations of any graph.
  options.forTraining = false;
  return importOnnxBuffer(buffer->getBuffer(), name, findFolder(name), *context,
                          options);
}

static LogicalResult checkMain(const std::shared_ptr<llvm::SourceMgr> &sources,
                               llvm::raw_ostream &os, MLIRContext *context) {
  const llvm::MemoryBuffer *buffer =
      sources->getMemoryBuffer(sources->getMainFileID());
  StringRef name = buffer->getBufferIdentifier();
  FailureOr<ModelReport> report = checkOnnxBuffer(
      buffer->getBuffer(), name, findFolder(name), *context, getOptions());
  if (failed(report))
    return failure();
  printReport(*report, os);
  return success();
}

void qtc::onnx_import::registerImportOnnxTranslation() {
  *translationOptions; // Registers the options.
  TranslateToMLIRRegistration import(
      "import-onnx", "Import an ONNX model as qtrain float operations",
      [](llvm::SourceMgr &sources, MLIRContext *context) {
        return importMain(sources, context);
      },
      [](DialectRegistry &registry) {
        registry.insert<func::FuncDialect, qtc::qtrain::QTrainDialect>();
      });
  TranslateRegistration check(
      "check-onnx", "Report which nodes of an ONNX model import", checkMain);
}
