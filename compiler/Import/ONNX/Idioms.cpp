//===- Idioms.cpp - Functions that exporters take apart -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A group of nodes is compared by its formula in one form, whatever the order
// and the nesting of its products and sums: `mul(c;...)` and `add(c;...)` have
// their constant first, left out if it has no effect, then the other operands
// in alphabetical order. `inv` is a reciprocal, `x` the operand of the group.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Idioms.h"

#include "compiler/Import/ONNX/Model.h"
#include "compiler/Import/ONNX/Tensor.h"

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include "onnx/onnx_pb.h"

#include <cmath>

using namespace mlir;
using namespace qtc::onnx_import;
using llvm::StringRef;

namespace {

/// A function and its formula.
struct Idiom {
  StringRef formula;
  StringRef opType;
  /// Attribute `approximate` of Gelu.
  StringRef approximate = "";
  /// Attributes of HardSigmoid, if alpha is not 0.
  float alpha = 0.0f, beta = 0.0f;
};

constexpr float kSixth = 1.0f / 6.0f;

constexpr Idiom kIdioms[] = {
    {"mul(Sigmoid(x);x)", "Swish"},
    {"mul(inv(add(1;Exp(mul(-1;x))));x)", "Swish"},
    {"mul(1/6;clip(0;6;add(3;x));x)", "HardSwish"},
    {"mul(hardsigmoid(1/6;0.5;x);x)", "HardSwish"},
    {"mul(0.5;add(1;Erf(mul(1/sqrt(2);x)));x)", "Gelu"},
    {"mul(0.5;add(1;Tanh(mul(sqrt(2/pi);add(mul(0.044715;x;x;x);x))));x)",
     "Gelu", "tanh"},
    {"mul(Tanh(Softplus(x));x)", "Mish"},
    {"mul(1/6;clip(0;6;add(3;x)))", "HardSigmoid", "", kSixth, 0.5f},
    {"inv(add(1;Exp(mul(-1;x))))", "Sigmoid"},
};

struct KnownNumber {
  double value;
  StringRef spelling;
};

const KnownNumber kNumbers[] = {
    {1.0 / 6.0, "1/6"},
    {std::sqrt(0.5), "1/sqrt(2)"},
    {std::sqrt(2.0 / 3.14159265358979323846), "sqrt(2/pi)"},
    {0.044715, "0.044715"},
};

/// Exporters round constants to singles, or write six digits of them.
std::string spell(double number) {
  constexpr double kTolerance = 1e-5;
  for (const KnownNumber &known : kNumbers)
    if (std::abs(number - known.value) <= kTolerance * known.value)
      return known.spelling.str();
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.9g", number);
  return text;
}

/// Finds the formulas of groups of nodes.
class Recognizer {
public:
  explicit Recognizer(Model &model) : model(model) {
    for (Node &node : model.nodes)
      for (const std::string &output : node.proto->output())
        producers[output] = &node;
  }

  void run() {
    // Groups may be parts of others, such as Sigmoid in Swish.
    for (Node &node : llvm::reverse(model.nodes))
      if (isPlain(node) && node.proto->output_size() == 1 &&
          llvm::is_contained({"Mul", "Div", "Reciprocal"},
                             StringRef(node.proto->op_type())))
        recognize(node);
  }

private:
  using Formula = std::optional<std::string>;

  /// More nodes than the longest formula has, with room for constants.
  static constexpr unsigned kMaxNodes = 16;
  /// More values than the longest formula reads. Without a limit, a chain in
  /// which each node reads the one before twice has a formula of any length.
  static constexpr unsigned kMaxReads = 64;

  static bool isPlain(const Node &node) {
    return node.proto->domain().empty() || node.proto->domain() == "ai.onnx";
  }

  void recognize(Node &root);
  void replace(Node &root, const Idiom &idiom);
  void collectOperands(const Node &root);
  std::optional<double> getConstant(StringRef value, unsigned depth = 0);
  std::optional<double> readAttribute(const Node &node, StringRef name,
                                      double value);
  Formula describe(StringRef value);
  Formula describeNode(const Node &node);
  Formula describeClip(const Node &node);
  Formula describeProduct(StringRef value);
  Formula describeSum(StringRef value);
  bool addFactors(StringRef value, int power, double &factor,
                  SmallVectorImpl<std::string> &others);
  bool addTerms(StringRef value, int sign, double &constant,
                SmallVectorImpl<std::string> &others);

  /// The node that computes `value` by `opType` of data, or null.
  Node *getNode(StringRef value, StringRef opType) const {
    Node *node = value == operand ? nullptr : producers.lookup(value);
    return node && isPlain(*node) && node->proto->op_type() == opType ? node
                                                                      : nullptr;
  }

  Model &model;
  llvm::StringMap<Node *> producers;
  /// The value that is called x.
  StringRef operand;
  /// Values that the formula may still read.
  unsigned availableReads = 0;
  /// The nodes of the formula.
  llvm::SmallSetVector<Node *, kMaxNodes> group;
  /// Values that may be x.
  llvm::SetVector<StringRef> candidates;
};

void Recognizer::recognize(Node &root) {
  collectOperands(root);
  StringRef value = root.proto->output(0);
  for (StringRef candidate : candidates) {
    operand = candidate;
    availableReads = kMaxReads;
    group.clear();
    Formula formula = describe(value);
    if (!formula)
      continue;
    const Idiom *idiom = llvm::find_if(
        kIdioms, [&](const Idiom &idiom) { return idiom.formula == *formula; });
    if (idiom != std::end(kIdioms))
      return replace(root, *idiom);
  }
}

void Recognizer::replace(Node &root, const Idiom &idiom) {
  onnx::NodeProto *proto = model.makeNode();
  proto->set_name(root.proto->name());
  proto->set_op_type(idiom.opType.str());
  proto->add_output(root.proto->output(0));
  auto addAttribute = [&](const char *name,
                          onnx::AttributeProto::AttributeType type) {
    onnx::AttributeProto *attribute = proto->add_attribute();
    attribute->set_name(name);
    attribute->set_type(type);
    return attribute;
  };
  if (!idiom.approximate.empty())
    addAttribute("approximate", onnx::AttributeProto::STRING)
        ->set_s(idiom.approximate.str());
  if (idiom.alpha != 0.0f) {
    addAttribute("alpha", onnx::AttributeProto::FLOAT)->set_f(idiom.alpha);
    addAttribute("beta", onnx::AttributeProto::FLOAT)->set_f(idiom.beta);
  }
  // The name of the operand lies in a message that stays.
  proto->add_input(operand.str());
  for (Node *node : group)
    if (node != &root)
      node->partOf = root.name;
  root.proto = proto;
  root.operands = {proto->input(0)};
}

/// The values from which a small group of nodes computes the output of `root`.
void Recognizer::collectOperands(const Node &root) {
  candidates.clear();
  llvm::SmallSetVector<const Node *, kMaxNodes> nodes;
  nodes.insert(&root);
  for (unsigned i = 0; i < nodes.size() && i < kMaxNodes; ++i) {
    for (StringRef value : nodes[i]->operands) {
      if (getConstant(value))
        continue;
      candidates.insert(value);
      if (const Node *producer = producers.lookup(value))
        nodes.insert(producer);
    }
  }
}

/// The number that `value` is, if it is a constant of one element.
std::optional<double> Recognizer::getConstant(StringRef value, unsigned depth) {
  constexpr unsigned kMaxDepth = 4;
  onnx::TensorProto *tensor = model.getInitializer(value);
  if (const Node *node = producers.lookup(value)) {
    if (depth < kMaxDepth && isPlain(*node) && node->operands.size() == 1 &&
        node->proto->op_type() == "Sqrt") {
      std::optional<double> square = getConstant(node->operands[0], depth + 1);
      return square ? std::optional(std::sqrt(*square)) : std::nullopt;
    }
    if (node->proto->op_type() != "Constant" ||
        node->proto->attribute_size() != 1)
      return std::nullopt;
    const onnx::AttributeProto &attribute = node->proto->attribute(0);
    if (attribute.name() == "value_float")
      return attribute.f();
    if (attribute.name() == "value")
      // Descriptions of tensors do not change them.
      tensor = const_cast<onnx::TensorProto *>(&attribute.t());
  }
  if (!tensor)
    return std::nullopt;
  std::string ignored;
  FailureOr<Tensor> constant =
      describeTensor(*tensor, value, model.folder, ignored);
  if (failed(constant) || constant->numElements != 1 || !constant->isFloat())
    return std::nullopt;
  FailureOr<std::vector<float>> elements =
      readFloats(*constant, model.folder, ignored);
  if (failed(elements))
    return std::nullopt;
  return elements->front();
}

/// The formula of `value`; none if it depends on more than x, or is too long.
Recognizer::Formula Recognizer::describe(StringRef value) {
  if (availableReads == 0)
    return std::nullopt;
  --availableReads;
  if (value == operand)
    return "x";
  if (std::optional<double> number = getConstant(value))
    return spell(*number);
  Node *node = producers.lookup(value);
  if (!node || !isPlain(*node))
    return std::nullopt;
  group.insert(node);
  StringRef op = node->proto->op_type();
  if (llvm::is_contained({"Mul", "Div", "Pow", "Neg", "Reciprocal"}, op))
    return describeProduct(value);
  if (op == "Add" || op == "Sub")
    return describeSum(value);
  return describeNode(*node);
}

std::optional<double> Recognizer::readAttribute(const Node &node,
                                                StringRef name, double value) {
  for (const onnx::AttributeProto &attribute : node.proto->attribute())
    if (attribute.name() == name)
      return attribute.f();
  return value;
}

Recognizer::Formula Recognizer::describeNode(const Node &node) {
  StringRef op = node.proto->op_type();
  if (op == "Clip")
    return describeClip(node);
  if (node.operands.size() != 1)
    return std::nullopt;
  Formula inner = describe(node.operands[0]);
  if (!inner)
    return std::nullopt;
  if (op == "HardSigmoid")
    return "hardsigmoid(" + spell(*readAttribute(node, "alpha", 0.2f)) + ";" +
           spell(*readAttribute(node, "beta", 0.5)) + ";" + *inner + ")";
  if (llvm::is_contained({"Sigmoid", "Tanh", "Erf", "Exp", "Softplus"}, op))
    return op.str() + "(" + *inner + ")";
  return std::nullopt;
}

/// Bounds are attributes or, since operator set 11, inputs.
Recognizer::Formula Recognizer::describeClip(const Node &node) {
  if (node.operands.empty())
    return std::nullopt;
  std::optional<double> low = readAttribute(node, "min", NAN),
                        high = readAttribute(node, "max", NAN);
  if (node.operands.size() == 3) {
    low = getConstant(node.operands[1]);
    high = getConstant(node.operands[2]);
  }
  Formula inner = describe(node.operands[0]);
  if (!inner || !low || !high)
    return std::nullopt;
  return "clip(" + spell(*low) + ";" + spell(*high) + ";" + *inner + ")";
}

/// Multiplies `factor` and `others` by `value` to the power of 1 or -1.
bool Recognizer::addFactors(StringRef value, int power, double &factor,
                            SmallVectorImpl<std::string> &others) {
  if (std::optional<double> number = getConstant(value)) {
    factor *= power > 0 ? *number : 1.0 / *number;
    return true;
  }
  auto add = [&](StringRef next, int nextPower) {
    return addFactors(next, nextPower, factor, others);
  };
  for (StringRef op : {"Mul", "Div", "Neg", "Reciprocal", "Pow"}) {
    Node *node = getNode(value, op);
    if (!node)
      continue;
    if (availableReads == 0)
      return false;
    --availableReads;
    group.insert(node);
    ArrayRef<StringRef> operands = node->operands;
    if (op == "Neg" || op == "Reciprocal") {
      factor *= op == "Neg" ? -1.0 : 1.0;
      return operands.size() == 1 &&
             add(operands[0], op == "Neg" ? power : -power);
    }
    if (operands.size() != 2)
      return false;
    if (op != "Pow")
      return add(operands[0], power) &&
             add(operands[1], op == "Mul" ? power : -power);
    std::optional<double> exponent = getConstant(operands[1]);
    if (exponent != 2.0 && exponent != 3.0)
      return false;
    for (int i = 0; i < *exponent; ++i)
      if (!add(operands[0], power))
        return false;
    return true;
  }
  Formula other = describe(value);
  if (other)
    others.push_back(power > 0 ? *other : "inv(" + *other + ")");
  return other.has_value();
}

/// Adds `value`, or subtracts it with `sign` -1.
bool Recognizer::addTerms(StringRef value, int sign, double &constant,
                          SmallVectorImpl<std::string> &others) {
  if (std::optional<double> number = getConstant(value)) {
    constant += sign * *number;
    return true;
  }
  for (StringRef op : {"Add", "Sub"})
    if (Node *node = getNode(value, op)) {
      if (availableReads == 0 || node->operands.size() != 2)
        return false;
      --availableReads;
      group.insert(node);
      return addTerms(node->operands[0], sign, constant, others) &&
             addTerms(node->operands[1], op == "Add" ? sign : -sign, constant,
                      others);
    }
  Formula other = describe(value);
  if (!other || sign < 0)
    return false;
  others.push_back(*other);
  return true;
}

/// The common form of a product or a sum.
static std::string join(StringRef name, double constant, double neutral,
                        SmallVectorImpl<std::string> &others) {
  llvm::sort(others);
  if (constant == neutral && others.size() == 1)
    return others.front();
  if (constant != neutral)
    others.insert(others.begin(), spell(constant));
  return (name + "(" + llvm::join(others, ";") + ")").str();
}

Recognizer::Formula Recognizer::describeProduct(StringRef value) {
  double factor = 1.0;
  SmallVector<std::string> others;
  if (!addFactors(value, 1, factor, others))
    return std::nullopt;
  return join("mul", factor, 1.0, others);
}

Recognizer::Formula Recognizer::describeSum(StringRef value) {
  double constant = 0.0;
  SmallVector<std::string> others;
  if (!addTerms(value, 1, constant, others))
    return std::nullopt;
  return join("add", constant, 0.0, others);
}

} // namespace

void qtc::onnx_import::recognizeIdioms(Model &model) {
  Recognizer(model).run();
}
