//===- Model.cpp - A parsed and ordered ONNX graph ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Model.h"

#include "compiler/Import/ONNX/Idioms.h"
#include "compiler/Import/ONNX/Tensor.h"
#include "runtime/include/qtcrt/Printable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

#include "google/protobuf/arena.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/stubs/logging.h"
#include "onnx/onnx_pb.h"

#include <climits>
#include <new>
#include <queue>

using namespace mlir;
using namespace qtc::onnx_import;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

namespace {
/// Memory that the messages of one file may take. An empty message needs two
/// bytes in the file and a hundred times as much in memory, so a small hostile
/// file could otherwise exhaust the memory.
struct MemoryBudget {
  size_t available = 0;
};
} // namespace

static thread_local MemoryBudget budget;

static void *allocateBlock(size_t size) {
  if (size > budget.available)
    throw std::bad_alloc();
  budget.available -= size;
  return ::operator new(size);
}

static void freeBlock(void *block, size_t) { ::operator delete(block); }

Model::Model() {
  google::protobuf::ArenaOptions options;
  options.max_block_size = size_t(1) << 20;
  options.block_alloc = allocateBlock;
  options.block_dealloc = freeBlock;
  arena = std::make_unique<google::protobuf::Arena>(options);
}

Model::~Model() = default;

onnx::NodeProto *Model::makeNode() {
  return google::protobuf::Arena::CreateMessage<onnx::NodeProto>(arena.get());
}

LogicalResult Model::parseBytes(StringRef bytes, std::string &why) {
  if (bytes.empty())
    return Refusal(why) << "the file is empty";
  if (bytes.size() > INT_MAX)
    return Refusal(why) << "the file has more than 2 GiB, the limit of the "
                           "format; store the weights as external data";
  google::protobuf::LogSilencer silencer;
  google::protobuf::io::CodedInputStream stream(
      reinterpret_cast<const uint8_t *>(bytes.data()),
      static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(INT_MAX);
  stream.SetRecursionLimit(50);
  try {
    proto =
        google::protobuf::Arena::CreateMessage<onnx::ModelProto>(arena.get());
    if (!proto->ParsePartialFromCodedStream(&stream) ||
        !stream.ConsumedEntireMessage())
      return Refusal(why) << "not an ONNX model, or a damaged one: the file "
                             "cannot be parsed";
  } catch (const std::bad_alloc &) {
    return Refusal(why) << "the file describes far more objects than its size "
                           "justifies";
  }
  if (!proto->has_graph())
    return Refusal(why) << "not an ONNX model: the file has no graph";
  return success();
}

FailureOr<std::unique_ptr<Model>> Model::parse(StringRef bytes,
                                               StringRef folder,
                                               std::vector<std::string> outputs,
                                               std::string &why) {
  constexpr size_t kLeastBudget = size_t(256) << 20;
  budget.available = std::max(kLeastBudget, 4 * bytes.size());
  std::unique_ptr<Model> model(new Model());
  model->folder = folder.str();
  model->outputs = std::move(outputs);
  model->fileSize = bytes.size();
  if (failed(model->parseBytes(bytes, why)))
    return failure();
  // Attributes of Constant nodes may add a few messages later.
  budget.available = kLeastBudget;
  model->readOpset();
  if (failed(model->checkNames(why)) || failed(model->collectNames(why)) ||
      failed(model->collectNodes(why)) || failed(model->sortNodes(why)))
    return failure();
  recognizeIdioms(*model);
  if (failed(model->markLive(why)))
    return failure();
  model->checkInputs();
  model->findProblems();
  return model;
}

const onnx::GraphProto &Model::getGraph() const { return proto->graph(); }

void Model::readOpset() {
  for (const onnx::OperatorSetIdProto &id : proto->opset_import())
    if (id.domain().empty() || id.domain() == "ai.onnx")
      opset = id.version();
}

//===----------------------------------------------------------------------===//
// Inputs and initializers
//===----------------------------------------------------------------------===//

std::optional<int64_t> GraphInput::getFixedBatch() const {
  if (shape.empty() || shape[0] < 0)
    return std::nullopt;
  return shape[0];
}

/// Describes the input in `input`, or the reason why it cannot be imported.
static void describeInput(const onnx::ValueInfoProto &info, GraphInput &input) {
  if (!info.type().has_tensor_type()) {
    Refusal(input.problem) << "is not a tensor";
    return;
  }
  const onnx::TypeProto::Tensor &type = info.type().tensor_type();
  input.elementType = type.elem_type();
  if (!type.has_shape()) {
    Refusal(input.problem) << "has no shape";
    return;
  }
  bool isSymbolic = false;
  for (const auto &dim : type.shape().dim()) {
    bool isBatch = input.shape.empty();
    int64_t extent = dim.has_dim_value() ? dim.dim_value() : -1;
    if (!isBatch && dim.has_dim_value() && extent <= 0)
      Refusal(input.problem)
          << "has an extent of " << extent << " in dimension "
          << input.shape.size() << "; expected a positive number";
    if (extent <= 0)
      extent = -1;
    if (!isBatch && !dim.has_dim_value() && !isSymbolic) {
      isSymbolic = true;
      Refusal(input.problem)
          << "has a symbolic dimension " << input.shape.size()
          << (dim.dim_param().empty() ? "" : " " + quote(dim.dim_param()))
          << "; only the batch may be symbolic";
    }
    if (extent > kMaxElements)
      Refusal(input.problem)
          << "has an extent of " << extent << ", which is out of range";
    input.shape.push_back(extent);
  }
}

/// Finds the reason why the program could not be given the elements of `input`.
static void checkElements(GraphInput &input) {
  if (!input.problem.empty())
    return;
  size_t rank = input.shape.size();
  if (input.isIndices ? rank < 1 || rank > 4 : rank < 2 || rank > 4)
    Refusal(input.problem) << "has rank " << rank << ", but expected "
                           << (input.isIndices ? "1 (N), " : "")
                           << "2 (N, F), 3 (N, C, L) or 4 (N, C, H, W)";
  Tensor tensor;
  tensor.elementType = input.elementType;
  if (input.problem.empty() && !tensor.isFloat() && !input.isIndices)
    Refusal(input.problem) << "has elements of type "
                           << tensor.getElementTypeName()
                           << ", but expected floats, or indices that only "
                              "Gather reads";
}

/// Names become keys of checkpoints, which are UTF-8, and end at a zero byte in
/// trainers.
static LogicalResult checkName(StringRef role, StringRef name,
                               std::string &why) {
  if (qtcrt::isName(name))
    return success();
  return Refusal(why) << role << " " << quote(name)
                      << ": expected a name in UTF-8 without zero bytes";
}

LogicalResult Model::checkNames(std::string &why) const {
  for (const onnx::TensorProto &tensor : getGraph().initializer())
    if (failed(checkName("initializer", tensor.name(), why)))
      return failure();
  for (const auto &[role, values] : {std::pair("input", &getGraph().input()),
                                     std::pair("output", &getGraph().output())})
    for (const onnx::ValueInfoProto &info : *values)
      if (failed(checkName(role, info.name(), why)))
        return failure();
  for (const onnx::NodeProto &node : getGraph().node()) {
    if (failed(checkName("node", node.name(), why)) ||
        failed(checkName("operator", node.op_type(), why)) ||
        failed(checkName("domain", node.domain(), why)))
      return failure();
    for (const auto *values : {&node.input(), &node.output()})
      for (const std::string &name : *values)
        if (failed(checkName("value", name, why)))
          return failure();
    for (const onnx::AttributeProto &attribute : node.attribute())
      if (failed(checkName("attribute", attribute.name(), why)))
        return failure();
  }
  return success();
}

LogicalResult Model::collectNames(std::string &why) {
  auto *graph = proto->mutable_graph();
  for (onnx::TensorProto &tensor : *graph->mutable_initializer())
    if (!initializers.try_emplace(tensor.name(), &tensor).second)
      return Refusal(why) << "initializer " << quote(tensor.name())
                          << " is defined twice";
  for (const onnx::SparseTensorProto &tensor : graph->sparse_initializer())
    sparseInitializers.insert(tensor.values().name());
  llvm::StringSet<> seen;
  for (const onnx::ValueInfoProto &info : graph->input()) {
    if (!seen.insert(info.name()).second)
      return Refusal(why) << "input " << quote(info.name())
                          << " is defined twice";
    // Before IR version 4 initializers had to be inputs as well.
    if (initializers.contains(info.name()))
      continue;
    inputs.emplace_back();
    inputs.back().name = info.name();
    describeInput(info, inputs.back());
  }
  return chooseOutputs(why);
}

LogicalResult Model::chooseOutputs(std::string &why) {
  const auto &known = getGraph().output();
  if (known.empty() || known[0].name().empty())
    return Refusal(why) << "the graph has no output";
  std::vector<std::string> names;
  for (const onnx::ValueInfoProto &info : known)
    names.push_back(info.name());
  if (outputs.empty())
    outputs.push_back(names.front());
  if (outputs.size() > kMaxOutputs)
    return Refusal(why) << "option '--output': expected at most " << kMaxOutputs
                        << " outputs, but got " << outputs.size();
  llvm::StringSet<> chosen;
  for (std::string &output : outputs) {
    if (output.empty())
      output = names.front();
    if (!llvm::is_contained(names, output))
      return Refusal(why) << "option '--output': expected " << listNames(names)
                          << ", but got " << quote(output);
    if (!chosen.insert(output).second)
      return Refusal(why) << "option '--output': " << quote(output)
                          << " is given twice";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

/// Appends the names that `graph` reads but does not define.
static void collectOuterReads(const onnx::GraphProto &graph,
                              std::vector<StringRef> &reads);

/// Appends the inputs of `node` that are present, and what its subgraphs read
/// from outside.
static void collectOperands(const onnx::NodeProto &node,
                            std::vector<StringRef> &operands) {
  for (const std::string &input : node.input())
    if (!input.empty())
      operands.push_back(input);
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.has_g())
      collectOuterReads(attribute.g(), operands);
    for (const onnx::GraphProto &graph : attribute.graphs())
      collectOuterReads(graph, operands);
  }
}

static void collectOuterReads(const onnx::GraphProto &graph,
                              std::vector<StringRef> &reads) {
  llvm::StringSet<> inner;
  std::vector<StringRef> names;
  for (const onnx::ValueInfoProto &info : graph.input())
    inner.insert(info.name());
  for (const onnx::TensorProto &tensor : graph.initializer())
    inner.insert(tensor.name());
  for (const onnx::NodeProto &node : graph.node()) {
    collectOperands(node, names);
    for (const std::string &output : node.output())
      inner.insert(output);
  }
  for (const onnx::ValueInfoProto &info : graph.output())
    names.push_back(info.name());
  llvm::copy_if(names, std::back_inserter(reads), [&](StringRef name) {
    return !name.empty() && !inner.contains(name);
  });
}

LogicalResult Model::collectNodes(std::string &why) {
  if (getGraph().node_size() > kMaxNodes)
    return Refusal(why) << "the graph has " << getGraph().node_size()
                        << " nodes; expected at most " << kMaxNodes;
  for (const GraphInput &input : inputs)
    defined.insert(input.name);
  for (const auto &entry : sparseInitializers)
    defined.insert(entry.getKey());
  for (const auto &entry : initializers)
    defined.insert(entry.getKey());
  unsigned dropouts = 0;
  for (const onnx::NodeProto &node : getGraph().node()) {
    Node result;
    result.proto = &node;
    result.index = nodes.size();
    result.name = node.name().empty()
                      ? node.op_type() + "_" + std::to_string(result.index)
                      : node.name();
    if (node.op_type() == "Dropout")
      result.dropoutRank = dropouts++;
    collectOperands(node, result.operands);
    for (const std::string &output : node.output()) {
      if (output.empty())
        continue;
      if (!defined.insert(output).second)
        return Refusal(why) << "node " << quote(result.name) << ": value "
                            << quote(output) << " is defined twice";
      producers[output] = result.index;
    }
    nodes.push_back(std::move(result));
  }
  return success();
}

/// Sorts the nodes into an order of execution, close to the file's order.
LogicalResult Model::sortNodes(std::string &why) {
  std::vector<unsigned> missing(nodes.size());
  std::vector<std::vector<unsigned>> consumers(nodes.size());
  for (const Node &node : nodes)
    for (StringRef operand : node.operands) {
      auto producer = producers.find(operand);
      if (producer == producers.end())
        continue;
      consumers[producer->second].push_back(node.index);
      ++missing[node.index];
    }
  std::priority_queue<unsigned, std::vector<unsigned>, std::greater<>> ready;
  for (unsigned i = 0; i < nodes.size(); ++i)
    if (missing[i] == 0)
      ready.push(i);
  std::vector<Node> sorted;
  while (!ready.empty()) {
    unsigned index = ready.top();
    ready.pop();
    sorted.push_back(nodes[index]);
    for (unsigned consumer : consumers[index])
      if (--missing[consumer] == 0)
        ready.push(consumer);
  }
  if (sorted.size() != nodes.size()) {
    auto isLate = [&](const Node &node) { return missing[node.index] != 0; };
    return Refusal(why) << "the graph has a cycle, near node "
                        << quote(llvm::find_if(nodes, isLate)->name);
  }
  nodes = std::move(sorted);
  return success();
}

/// Marks the nodes that the outputs need, and counts the uses of values
/// in them.
LogicalResult Model::markLive(std::string &why) {
  llvm::StringSet<> wanted;
  for (StringRef output : getOutputs()) {
    wanted.insert(output);
    ++uses[output];
    if (!defined.contains(output))
      return Refusal(why) << "output " << quote(output) << " is not defined";
  }
  for (Node &node : llvm::reverse(nodes)) {
    node.isLive = llvm::any_of(node.proto->output(), [&](auto &output) {
      return !output.empty() && wanted.contains(output);
    });
    for (StringRef operand : node.operands) {
      if (!defined.contains(operand))
        return Refusal(why) << "node " << quote(node.name) << ": input "
                            << quote(operand) << " is not defined";
      if (!node.isLive)
        continue;
      wanted.insert(operand);
      ++uses[operand];
    }
  }
  for (GraphInput &input : inputs)
    input.isLive = wanted.contains(input.name);
  return success();
}

/// Whether all that the graph does with `input`, which is integers, is to look
/// up rows.
bool Model::isOnlyIndices(const GraphInput &input) const {
  llvm::StringSet<> indices;
  indices.insert(input.name);
  bool isRead = false;
  for (const Node &node : nodes) {
    if (!node.isLive || llvm::none_of(node.operands, [&](StringRef operand) {
          return indices.contains(operand);
        }))
      continue;
    StringRef op = node.proto->op_type();
    if ((op == "Cast" || op == "Identity") && node.proto->output_size() == 1)
      indices.insert(node.proto->output(0));
    else if (op == "Gather" && node.proto->input_size() == 2 &&
             !indices.contains(node.proto->input(0)))
      isRead = true;
    else if (op != "Shape")
      return false;
  }
  return isRead && llvm::none_of(getOutputs(), [&](StringRef output) {
           return indices.contains(output);
         });
}

void Model::checkInputs() {
  for (GraphInput &input : inputs) {
    Tensor tensor;
    tensor.elementType = input.elementType;
    input.isIndices = tensor.isInteger() && isOnlyIndices(input);
    checkElements(input);
  }
}

//===----------------------------------------------------------------------===//
// The model as a whole
//===----------------------------------------------------------------------===//

void Model::findProblems() {
  auto add = [&] { return Refusal(problems.emplace_back()); };
  if (proto->ir_version() < 3)
    add() << "IR version " << proto->ir_version()
          << " is not supported; expected 3 or newer";
  if (opset < kOldestOpset)
    add() << "operator set " << opset << " is not supported; expected "
          << kOldestOpset << " or newer";
  for (const onnx::FunctionProto &function : proto->functions())
    if (function.domain().empty() || function.domain() == "ai.onnx") {
      add() << "function " << quote(function.name())
            << " redefines an operator, which is not supported";
      break;
    }
  std::vector<const GraphInput *> live;
  for (const GraphInput &input : inputs)
    if (input.isLive)
      live.push_back(&input);
  if (live.empty())
    add() << "the output does not depend on any input";
  if (live.size() > kMaxInputs)
    add() << "expected at most " << kMaxInputs << " inputs, but got "
          << live.size() << ": " << quote(live[0]->name) << ", "
          << quote(live[1]->name) << ", ...";
  for (const GraphInput *input : live)
    if (!input->problem.empty())
      add() << "input " << quote(input->name) << " " << input->problem;
    else if (input->getFixedBatch() != live[0]->getFixedBatch() &&
             input->getFixedBatch() && live[0]->getFixedBatch())
      add() << "input " << quote(input->name) << " has a batch of "
            << *input->getFixedBatch() << ", but input " << quote(live[0]->name)
            << " one of " << *live[0]->getFixedBatch();
}
