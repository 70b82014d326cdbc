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

static OwningOpRef<ModuleOp> buildModule(Importer &importer, std::string &why) {
  Model &model = importer.getModel();
  if (!model.problems.empty()) {
    why = model.problems.front();
    return {};
  }
  if (failed(importer.start(why)))
    return {};
  if (!model.problems.empty()) {
    why = model.problems.front();
    return {};
  }
  for (const Node &node : model.nodes) {
    bool isBlocked = false;
    if (!node.isLive || succeeded(importer.importNode(node, why, isBlocked)))
      continue;
    why = describeNode(node) + ": " + why;
    return {};
  }
  if (failed(importer.finish(why)) || failed(importer.createParameters(why)))
    return {};
  return importer.takeModule();
}

OwningOpRef<ModuleOp> qtc::onnx_import::importOnnxBuffer(
    StringRef bytes, StringRef name, StringRef folder, MLIRContext &context,
    const ImportOptions &options, std::vector<std::string> *remarks) {
  Location loc = UnknownLoc::get(&context);
  std::string why, file = printable(name);
  FailureOr<std::unique_ptr<Model>> model = Model::parse(bytes, folder, why);
  if (failed(model)) {
    emitError(loc) << file << ": " << why;
    return {};
  }
  Importer importer(**model, context, options);
  OwningOpRef<ModuleOp> module = buildModule(importer, why);
  if (!module) {
    emitError(loc) << file << ": " << why;
    return {};
  }
  if (failed(verify(*module)))
    return {};
  if (remarks)
    *remarks = std::move(importer.remarks);
  else
    for (const std::string &remark : importer.remarks)
      emitRemark(loc) << file << ": " << remark;
  return module;
}

OwningOpRef<ModuleOp>
qtc::onnx_import::importOnnxFile(StringRef path, MLIRContext &context,
                                 const ImportOptions &options,
                                 std::vector<std::string> *remarks) {
  std::string why;
  FailureOr<std::unique_ptr<llvm::MemoryBuffer>> buffer = readFile(path, why);
  if (failed(buffer)) {
    emitError(UnknownLoc::get(&context)) << printable(path) << ": " << why;
    return {};
  }
  return importOnnxBuffer((*buffer)->getBuffer(), path, getFolder(path),
                          context, options, remarks);
}
