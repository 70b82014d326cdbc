//===- Model.h - A parsed and ordered ONNX graph ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_MODEL_H
#define QTC_IMPORT_ONNX_MODEL_H

#include "compiler/Import/ONNX/Refusal.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace google::protobuf {
class Arena;
} // namespace google::protobuf
namespace onnx {
class GraphProto;
class ModelProto;
class NodeProto;
class TensorProto;
class ValueInfoProto;
} // namespace onnx

namespace qtc::onnx_import {

/// The oldest version of the default operator set that is imported.
inline constexpr int64_t kOldestOpset = 7;

/// Models with more inputs that they use are refused, and so are more outputs
/// to train.
inline constexpr size_t kMaxInputs = 8, kMaxOutputs = 8;

/// Graphs with more nodes are refused.
inline constexpr int kMaxNodes = 100000;

struct Node {
  const onnx::NodeProto *proto = nullptr;
  /// The file's name, or `<OpType>_<index>`.
  std::string name;
  /// Position in the file.
  unsigned index = 0;
  /// Rank among the Dropout nodes of the file, for Dropout.
  unsigned dropoutRank = 0;
  /// Contributes to the output that is imported.
  bool isLive = false;
  /// The node whose function includes this one (Idioms.h); empty if there is
  /// none.
  std::string partOf;
  /// Names that the node reads: its inputs that are present and, for control
  /// flow, what its subgraphs read from outside.
  std::vector<llvm::StringRef> operands;
};

/// An input of the graph that is not an initializer.
struct GraphInput {
  std::string name;
  int elementType = 0;
  /// Empty if the input has no known rank or is not a tensor. Negative extents
  /// are symbolic.
  llvm::SmallVector<int64_t, 4> shape;
  /// Contributes to the output.
  bool isLive = false;
  /// Integers that are only indices of rows of constants.
  bool isIndices = false;
  /// The reason why the input cannot be imported; empty if it can.
  std::string problem;

  /// The extent of the batch, if the file fixes it.
  std::optional<int64_t> getFixedBatch() const;
};

/// A model whose names are all defined once and whose nodes are in an order of
/// execution. The graph has at least one output.
class Model {
public:
  /// Parses `bytes` and checks the structure of the graph, of which `outputs`
  /// are imported; an empty name is that of the first one, and so is none.
  static mlir::FailureOr<std::unique_ptr<Model>>
  parse(llvm::StringRef bytes, llvm::StringRef folder,
        std::vector<std::string> outputs, std::string &why);
  ~Model();

  const onnx::ModelProto &getProto() const { return *proto; }
  const onnx::GraphProto &getGraph() const;
  /// Null if there is none.
  onnx::TensorProto *getInitializer(llvm::StringRef name) const {
    return initializers.lookup(name);
  }
  bool isSparseInitializer(llvm::StringRef name) const {
    return sparseInitializers.contains(name);
  }
  /// True if the file has a value called `name`.
  bool defines(llvm::StringRef name) const {
    return initializers.contains(name) || producers.contains(name);
  }
  /// The number of uses of `name` as an input of a live node or an output of
  /// the graph.
  unsigned getNumUses(llvm::StringRef name) const { return uses.lookup(name); }
  /// The names of the values that the model computes.
  llvm::ArrayRef<std::string> getOutputs() const { return outputs; }

  /// An empty message that lives as long as the model.
  onnx::NodeProto *makeNode();

  /// Folder of the model, empty if it has none.
  std::string folder;
  /// Bytes of the model without its external data.
  int64_t fileSize = 0;
  /// Version of the default operator set.
  int64_t opset = 0;
  std::vector<Node> nodes;
  std::vector<GraphInput> inputs;
  /// Parts of the ONNX language that are not imported, as a whole.
  std::vector<std::string> problems;

private:
  Model();

  mlir::LogicalResult parseBytes(llvm::StringRef bytes, std::string &why);
  void readOpset();
  mlir::LogicalResult checkNames(std::string &why) const;
  mlir::LogicalResult collectNames(std::string &why);
  mlir::LogicalResult chooseOutputs(std::string &why);
  mlir::LogicalResult collectNodes(std::string &why);
  mlir::LogicalResult sortNodes(std::string &why);
  mlir::LogicalResult markLive(std::string &why);
  bool isOnlyIndices(const GraphInput &input) const;
  void checkInputs();
  void findProblems();

  std::vector<std::string> outputs;
  /// The names that nodes, inputs and initializers define.
  llvm::StringSet<> defined;
  /// Index in `nodes` of the node that computes a value.
  llvm::StringMap<unsigned> producers;
  /// Inputs and initializers.
  llvm::StringMap<onnx::TensorProto *> initializers;
  llvm::StringSet<> sparseInitializers;
  llvm::StringMap<unsigned> uses;
  std::unique_ptr<google::protobuf::Arena> arena;
  onnx::ModelProto *proto = nullptr;
};

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_MODEL_H
