//===- ShapeInference.cpp - Shapes behind refused nodes -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/ShapeInference.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CrashRecoveryContext.h"

#include "onnx/onnx_pb.h"
#include "onnx/shape_inference/implementation.h"

#include <exception>
#if LLVM_ADDRESS_SANITIZER_BUILD
#include <sanitizer/lsan_interface.h>
#endif

using namespace mlir;
using namespace qtc::onnx_import;
using llvm::StringRef;
using onnx::TensorProto;

/// Larger nodes are not given to the library.
static constexpr size_t kMaxNodeBytes = size_t(1) << 16;
/// Constants of more elements are given without them: what decides on shapes is
/// small.
static constexpr int64_t kMaxDataElements = 64;

//===----------------------------------------------------------------------===//
// A model of one node
//===----------------------------------------------------------------------===//

namespace {
/// Writes a node that was refused as a model for the library.
class NodeModel {
public:
  /// The batch is the one that the file fixes, if it does: constants of the
  /// file may contain it.
  explicit NodeModel(NodeContext &node)
      : node(node), batch(node.getImporter().getBatch()),
        fileBatch(node.getImporter().getFixedBatch().value_or(batch)) {}

  /// Fails for a node that the library does not know or shall not see.
  LogicalResult build();
  /// Runs the library's rules, whatever they do.
  LogicalResult infer();
  /// The shape of output `name` as it is compiled.
  std::optional<Shape> getShape(StringRef name) const;

private:
  void addInput(unsigned index);
  void addElements(unsigned index, TensorProto &tensor);
  void adaptToSchema();

  NodeContext &node;
  int64_t batch, fileBatch;
  onnx::ModelProto model;
  onnx::NodeProto *proto = nullptr;
  const onnx::OpSchema *schema = nullptr;
};
} // namespace

static bool hasSubgraph(const onnx::NodeProto &node) {
  return llvm::any_of(node.attribute(), [](const auto &attribute) {
    return attribute.has_g() || attribute.graphs_size() > 0;
  });
}

LogicalResult NodeModel::build() {
  const onnx::NodeProto &original = *node.getNode().proto;
  if (original.ByteSizeLong() > kMaxNodeBytes || hasSubgraph(original))
    return failure();
  std::string domain = original.domain() == "ai.onnx" ? "" : original.domain();
  int64_t opset = domain.empty() ? node.getOpset() : 1;
  if (opset > INT_MAX)
    return failure();
  schema = onnx::OpSchemaRegistry::Schema(original.op_type(),
                                          static_cast<int>(opset), domain);
  if (!schema)
    return failure();
  constexpr int kIRVersion = 8;
  model.set_ir_version(kIRVersion);
  onnx::OperatorSetIdProto *id = model.add_opset_import();
  id->set_domain(domain);
  id->set_version(opset);
  proto = model.mutable_graph()->add_node();
  *proto = original;
  proto->set_domain(domain);
  llvm::StringSet<> seen;
  for (unsigned i = 0, e = node.getNumInputs(); i < e; ++i)
    if (node.hasInput(i) && seen.insert(original.input(i)).second)
      addInput(i);
  adaptToSchema();
  return success();
}

void NodeModel::addInput(unsigned index) {
  const GraphValue &value = node.getInput(index);
  const std::string &name = proto->input(index);
  Shape shape = value.getShape();
  bool isActivation = node.isActivation(index);
  if (isActivation && !shape.empty() && shape[0] == batch)
    shape[0] = fileBatch;
  int elementType = TensorProto::FLOAT;
  if (node.isShapeTensor(index))
    elementType = node.isConstant(index) ? value.constant.root->elementType
                                         : value.integers.elementType;
  FailureOr<int64_t> count = countElements(shape);
  if (!isActivation && succeeded(count) && *count <= kMaxDataElements) {
    TensorProto *tensor = model.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(elementType);
    for (int64_t extent : shape)
      tensor->add_dims(extent);
    addElements(index, *tensor);
    return;
  }
  onnx::ValueInfoProto *info = model.mutable_graph()->add_input();
  info->set_name(name);
  auto *type = info->mutable_type()->mutable_tensor_type();
  type->set_elem_type(elementType);
  for (int64_t extent : shape)
    type->mutable_shape()->add_dim()->set_dim_value(extent);
  (void)type->mutable_shape();
}

void NodeModel::addElements(unsigned index, TensorProto &tensor) {
  FailureOr<ConstantArray> array = node.getArray(index);
  if (failed(array))
    return;
  int64_t count = ShapedType::getNumElements(array->shape);
  for (int64_t i = 0; i < count; ++i) {
    int64_t stored = array->isSplat ? 0 : i;
    if (array->isFloat()) {
      tensor.add_float_data(static_cast<float>(array->floats[stored]));
      continue;
    }
    ShapeNumber number = array->integers[stored];
    int64_t integer = number.value * (number.timesBatch ? fileBatch : 1);
    if (tensor.data_type() == TensorProto::INT64)
      tensor.add_int64_data(integer);
    else
      tensor.add_int32_data(static_cast<int32_t>(integer));
  }
}

/// Writes what operator sets newer than the library say in another way.
void NodeModel::adaptToSchema() {
  StringRef op = node.getOpType();
  auto drop = [&](StringRef name) {
    for (int i = proto->attribute_size() - 1; i >= 0; --i)
      if (StringRef(proto->attribute(i).name()) == name &&
          !schema->attributes().count(name.str()))
        proto->mutable_attribute()->DeleteSubrange(i, 1);
  };
  // The number of outputs says the same.
  if (op == "Split")
    drop("num_outputs");
  if (op == "Resize")
    drop("antialias");
  if (!op.starts_with("Reduce") || schema->max_input() != 1 ||
      proto->input_size() != 2)
    return;
  // Axes were an attribute.
  FailureOr<Shape> axes = node.getIntegers(1);
  if (failed(axes) || axes->empty())
    return;
  drop("noop_with_empty_axes");
  proto->mutable_input()->RemoveLast();
  onnx::AttributeProto *attribute = proto->add_attribute();
  attribute->set_name("axes");
  attribute->set_type(onnx::AttributeProto::INTS);
  for (int64_t axis : *axes)
    attribute->add_ints(axis);
}

#if LLVM_ADDRESS_SANITIZER_BUILD
using LeakScope = __lsan::ScopedDisabler;
#else
namespace {
struct LeakScope {
  LeakScope() {}
};
} // namespace
#endif

/// The library divides by numbers of the file and reads dimensions that shapes
/// do not have, so that a node may end it with a signal or an exception. A
/// signal leaves behind what it held.
LogicalResult NodeModel::infer() {
  LeakScope scope;
  bool isInferred = false;
  llvm::CrashRecoveryContext::Enable();
  llvm::CrashRecoveryContext().RunSafely([&] {
    try {
      schema->Verify(*proto);
      onnx::shape_inference::InferShapes(model);
      isInferred = true;
    } catch (const std::exception &) {
      // The shapes stay unknown, and the check says so.
    }
  });
  llvm::CrashRecoveryContext::Disable();
  return success(isInferred);
}

std::optional<Shape> NodeModel::getShape(StringRef name) const {
  const auto &infos = model.graph().value_info();
  auto info = llvm::find_if(infos, [&](const onnx::ValueInfoProto &info) {
    return StringRef(info.name()) == name;
  });
  if (info == infos.end() || !info->type().has_tensor_type())
    return std::nullopt;
  const auto &type = info->type().tensor_type();
  if (type.elem_type() != TensorProto::FLOAT || !type.has_shape())
    return std::nullopt;
  Shape shape;
  for (const auto &dim : type.shape().dim())
    shape.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
  if (!shape.empty() && shape[0] == fileBatch)
    shape[0] = batch;
  return shape;
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

/// Operators whose result has the shape of their first input, whatever their
/// attributes, their domain and the version of the library.
static bool keepsShape(StringRef op) {
  static const llvm::StringSet<> ops = {"Abs",         "BatchNormalization",
                                        "Celu",        "Clip",
                                        "Dropout",     "Elu",
                                        "Erf",         "Exp",
                                        "Gelu",        "GroupNormalization",
                                        "HardSigmoid", "HardSwish",
                                        "Hardmax",     "InstanceNormalization",
                                        "LRN",         "LayerNormalization",
                                        "LeakyRelu",   "Log",
                                        "LogSoftmax",  "LpNormalization",
                                        "Mish",        "Neg",
                                        "PRelu",       "RMSNormalization",
                                        "Relu",        "Selu",
                                        "Sigmoid",     "Softmax",
                                        "Softplus",    "Softsign",
                                        "Sqrt",        "Swish",
                                        "Tanh",        "ThresholdedRelu"};
  return ops.contains(op);
}

std::vector<std::optional<Shape>>
qtc::onnx_import::inferRefusedShapes(NodeContext &node) {
  const onnx::NodeProto &proto = *node.getNode().proto;
  std::vector<std::optional<Shape>> shapes(proto.output_size());
  if (shapes.empty() ||
      (!node.hasResolvedInputs() && failed(node.resolveInputs())))
    return shapes;
  NodeModel model(node);
  if (succeeded(model.build()) && succeeded(model.infer()))
    for (auto [shape, name] : llvm::zip_equal(shapes, proto.output()))
      shape = model.getShape(name);
  if (!shapes[0] && keepsShape(node.getOpType()) && node.isActivation(0))
    shapes[0] = node.getInput(0).getShape();
  for (std::optional<Shape> &shape : shapes)
    if (shape && (shape->empty() || shape->size() > kMaxRank ||
                  failed(node.checkShape(*shape))))
      shape.reset();
  return shapes;
}
