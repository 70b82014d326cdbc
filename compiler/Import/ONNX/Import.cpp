//===- Import.cpp - From ONNX files to qtrain modules ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Import.h"
#include "compiler/Import/ONNX/FileAccess.h"
#include "compiler/Import/ONNX/Importer.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace qtc::onnx_import;
using llvm::StringRef;

namespace {
/// Ends an import at the first refusal.
struct FirstRefusal : ImportObserver {
  bool finishNode(const Node &node, StringRef why, bool isBlocked) override {
    if (why.empty())
      return true;
    reason = describeNode(node) + ": " + why.str();
    return false;
  }
  bool addProblem(StringRef why) override {
    reason = why.str();
    return false;
  }

  std::string reason;
};
} // namespace

std::vector<std::string> ImportOptions::getOutputNames() const {
  std::vector<std::string> names;
  for (const OutputOptions &output : outputs)
    names.push_back(output.name);
  return names;
}

OwningOpRef<ModuleOp>
qtc::onnx_import::importOnnxBuffer(StringRef bytes, StringRef name,
                                   StringRef folder, MLIRContext &context,
                                   const ImportOptions &options) {
  Location loc = UnknownLoc::get(&context);
  std::string why, file = printable(name);
  FailureOr<std::unique_ptr<Model>> model =
      Model::parse(bytes, folder, options.getOutputNames(), why);
  if (failed(model)) {
    emitError(loc) << file << ": " << why;
    return {};
  }
  Importer importer(**model, context, options);
  FirstRefusal refusal;
  if (!importer.run(refusal)) {
    emitError(loc) << file << ": " << refusal.reason;
    return {};
  }
  OwningOpRef<ModuleOp> module = importer.takeModule();
  if (failed(verify(*module)))
    return {};
  for (const std::string &remark : importer.remarks)
    emitRemark(loc) << file << ": " << remark;
  return module;
}

OwningOpRef<ModuleOp>
qtc::onnx_import::importOnnxFile(StringRef path, MLIRContext &context,
                                 const ImportOptions &options) {
  std::string why;
  FailureOr<std::unique_ptr<llvm::MemoryBuffer>> buffer = readFile(path, why);
  if (failed(buffer)) {
    emitError(UnknownLoc::get(&context)) << printable(path) << ": " << why;
    return {};
  }
  return importOnnxBuffer((*buffer)->getBuffer(), path, getFolder(path),
                          context, options);
}
