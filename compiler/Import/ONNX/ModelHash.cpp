//===- ModelHash.cpp - Identity of a model and its external data ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/ExternalData.h"
#include "compiler/Import/ONNX/FileAccess.h"
#include "compiler/Import/ONNX/Import.h"
#include "compiler/Import/ONNX/Model.h"
#include "compiler/Support/FileHash.h"

#include "onnx/onnx_pb.h"

#include <set>

using namespace mlir;
using namespace qtc;
using namespace qtc::onnx_import;

namespace {
/// Collects the locations of external data, sorted.
class LocationCollector {
public:
  void visit(const onnx::GraphProto &graph) {
    for (const onnx::TensorProto &tensor : graph.initializer())
      visit(tensor);
    for (const onnx::NodeProto &node : graph.node())
      for (const onnx::AttributeProto &attribute : node.attribute())
        visit(attribute);
  }

  std::set<std::string> locations;

private:
  void visit(const onnx::AttributeProto &attribute) {
    if (attribute.has_t())
      visit(attribute.t());
    if (attribute.has_g())
      visit(attribute.g());
    for (const onnx::TensorProto &tensor : attribute.tensors())
      visit(tensor);
    for (const onnx::GraphProto &graph : attribute.graphs())
      visit(graph);
  }
  void visit(const onnx::TensorProto &tensor) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL)
      return;
    for (const onnx::StringStringEntryProto &entry : tensor.external_data())
      if (entry.key() == "location")
        locations.insert(entry.value());
  }
};
} // namespace

/// The locations in the model `bytes`. What cannot be parsed or found is
/// refused when the file is imported.
static std::set<std::string> findLocations(llvm::StringRef bytes,
                                           llvm::StringRef folder) {
  std::string ignored;
  FailureOr<std::unique_ptr<Model>> model =
      Model::parse(bytes, folder, /*outputs=*/{}, ignored);
  LocationCollector collector;
  if (succeeded(model))
    collector.visit((*model)->getGraph());
  return std::move(collector.locations);
}

std::vector<std::string>
qtc::onnx_import::listExternalFiles(llvm::StringRef path) {
  std::string ignored, folder = getFolder(path);
  std::vector<std::string> files;
  FailureOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
      readFile(path, ignored);
  if (failed(buffer))
    return files;
  for (const std::string &location :
       findLocations((*buffer)->getBuffer(), folder)) {
    FailureOr<std::string> file = resolveLocation(location, folder, ignored);
    if (succeeded(file))
      files.push_back(std::move(*file));
  }
  return files;
}

llvm::Expected<std::string>
qtc::onnx_import::hashOnnxFile(llvm::StringRef path) {
  std::string why;
  FailureOr<std::unique_ptr<llvm::MemoryBuffer>> buffer = readFile(path, why);
  if (failed(buffer))
    return llvm::createStringError("'" + path + "': " + why);
  llvm::StringRef bytes = (*buffer)->getBuffer();
  std::string folder = getFolder(path), combined = hashBytes(bytes);
  std::set<std::string> locations = findLocations(bytes, folder);
  if (locations.empty())
    return combined;
  for (const std::string &location : locations) {
    combined += '\0' + location + '\0';
    FailureOr<std::string> file = resolveLocation(location, folder, why);
    if (failed(file))
      continue;
    llvm::Expected<std::string> hash = hashFile(*file);
    if (!hash)
      return hash.takeError();
    combined += *hash;
  }
  return hashBytes(combined);
}
