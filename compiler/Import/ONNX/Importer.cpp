//===- Importer.cpp - State of one import ---------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Importer.h"
#include "compiler/Import/ONNX/NodeContext.h"
#include "compiler/Import/ONNX/ShapeInference.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringSet.h"

#include "onnx/onnx_pb.h"

#include <climits>
#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::onnx_import;
using llvm::StringRef;

std::string qtc::onnx_import::describeNode(const Node &node) {
  return "node " + quote(node.name) + " (" + printable(node.proto->op_type()) +
         ")";
}

Importer::Importer(Model &model, MLIRContext &context,
                   const ImportOptions &options)
    : model(model), builder(&context), options(options),
      availableElements(kMaxFoldedElements + 4 * model.fileSize),
      availableSplats(kMaxSplatElements) {
  context.loadDialect<func::FuncDialect, qtrain::QTrainDialect>();
}

Importer::~Importer() = default;

bool Importer::run(ImportObserver &observer) {
  std::string why;
  if (failed(start(why))) {
    observer.addProblem(why);
    return false;
  }
  bool isComplete = model.problems.empty();
  for (const std::string &problem : model.problems)
    if (!observer.addProblem(problem))
      return false;
  for (const Node &node : model.nodes) {
    observer.startNode(node);
    bool isBlocked = false;
    why.clear();
    bool isImported =
        !node.isLive || succeeded(importNode(node, why, isBlocked,
                                             observer.passesOverRefusals()));
    isComplete &= isImported;
    if (!observer.finishNode(node, isImported ? "" : why, isBlocked))
      return false;
  }
  if (!isComplete)
    return false;
  if (succeeded(finish(why)) && succeeded(createParameters(why)))
    return true;
  observer.addProblem(why);
  return false;
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

LogicalResult Importer::start(std::string &why) {
  if (options.batch < 1 || options.batch > (1 << 20))
    return Refusal(why) << "expected a batch of 1 to " << (1 << 20)
                        << ", but got " << options.batch;
  Location loc = builder.getUnknownLoc();
  module = ModuleOp::create(loc);
  builder.setInsertionPointToStart(module->getBody());
  function = builder.create<func::FuncOp>(loc, kForwardName,
                                          builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  for (const GraphInput &input : model.inputs)
    if (input.isLive)
      addInput(input);
    else
      addRemark("input " + quote(input.name) + " is not used");
  startOutputs();
  if (model.getProto().training_info_size() > 0)
    addRemark("the file's own training algorithm is not used");
  if (model.getGraph().quantization_annotation_size() > 0)
    addRemark("the file's quantization parameters are not used");
  adviseOnNormalization();
  return success();
}

/// The permutation from channels last to channels first, for this rank.
static Shape getChannelsFirst(size_t rank) {
  Shape permutation = {0, static_cast<int64_t>(rank) - 1};
  for (size_t dim = 1; dim + 1 < rank; ++dim)
    permutation.push_back(dim);
  return permutation;
}

/// True for images in NHWC, that is, if only transposes to NCHW read their
/// elements. Inputs of rank 3 stay as they are: [0, 2, 1] is its own inverse,
/// so it does not tell where channels are, and data have the shape of the file.
static bool isChannelsLast(const Model &model, const GraphInput &input) {
  if (input.shape.size() < 4)
    return false;
  Shape expected = getChannelsFirst(input.shape.size());
  bool isRead = false;
  for (const Node &node : model.nodes) {
    if (!node.isLive || !llvm::is_contained(node.operands, input.name))
      continue;
    if (node.proto->op_type() == "Shape")
      continue;
    if (node.proto->op_type() != "Transpose" ||
        node.proto->attribute_size() != 1)
      return false;
    const auto &permutation = node.proto->attribute(0).ints();
    if (Shape(permutation.begin(), permutation.end()) != expected)
      return false;
    isRead = true;
  }
  return isRead;
}

void Importer::addInput(const GraphInput &input) {
  Shape shape = input.shape;
  if (!shape.empty())
    shape[0] = options.batch;
  if (!input.problem.empty() || failed(countElements(shape))) {
    define(input.name, GraphValue());
    if (input.problem.empty())
      model.problems.push_back("input " + quote(input.name) + " of shape " +
                               formatShape(shape) + " is too large");
    return;
  }
  if (!fixedBatch)
    fixedBatch = input.getFixedBatch();
  Shape permutation;
  if (!input.isIndices && isChannelsLast(model, input)) {
    permutation = getChannelsFirst(shape.size());
    shape = permute(shape, permutation);
    addRemark("input " + quote(input.name) +
              " is transposed by the model: the program takes it as " +
              formatShape(shape));
  }
  Location loc = NameLoc::get(builder.getStringAttr(input.name));
  Type element =
      input.isIndices ? Type(builder.getI32Type()) : Type(builder.getF32Type());
  Value argument =
      getBody().addArgument(RankedTensorType::get(shape, element), loc);
  ++numInputs;
  // The ONNX value is the argument transposed back.
  define(input.name, GraphValue::makeActivation(argument, invert(permutation)));
  Tensor type;
  type.elementType = input.elementType;
  if (type.elementType != onnx::TensorProto::FLOAT && !input.isIndices)
    addRemark("input " + quote(input.name) + " has type " +
              type.getElementTypeName() + " and is taken as float");
}

/// Exporters fold BatchNormalization into convolutions unless told not to, and
/// the network then trains without it. PyTorch's does so even in training mode,
/// and whether the convolutions have biases depends on its version.
void Importer::adviseOnNormalization() {
  int64_t convolutions = 0, biased = 0;
  bool isPyTorch = model.getProto().producer_name() == "pytorch";
  bool mayBeFolded = false;
  for (const Node &node : model.nodes) {
    StringRef op = node.proto->op_type();
    if (op.ends_with("Normalization") || op == "LRN")
      return;
    if (op != "Conv" || !node.isLive)
      continue;
    ++convolutions;
    biased += node.proto->input_size() > 2;
    // The exporter that names nodes `/module/Conv` gives new names to weights
    // that it folds something into; tools that work on its files keep them.
    bool isRenamed = node.proto->input_size() > 1 &&
                     StringRef(node.proto->input(1)).starts_with("onnx::");
    bool keepsNames = StringRef(node.proto->name()).starts_with("/");
    mayBeFolded |= isRenamed || (isPyTorch && !keepsNames);
  }
  std::string count = convolutions == 1
                          ? "1 convolution"
                          : std::to_string(convolutions) + " convolutions";
  constexpr int64_t kSuspicious = 8;
  if (mayBeFolded)
    addRemark("the file has " + count +
              " and no BatchNormalization: PyTorch's exporter folds it away by "
              "default; if the network has it, export with "
              "torch.onnx.export(model, args, file, dynamo=False, "
              "training=torch.onnx.TrainingMode.TRAINING, "
              "do_constant_folding=False)");
  else if (convolutions >= kSuspicious && biased == convolutions)
    addRemark("all " + count +
              " have a bias and there is no BatchNormalization: it may have "
              "been folded when the model was exported");
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

FailureOr<GraphValue *> Importer::lookup(StringRef name, std::string &why) {
  auto known = values.find(name);
  if (known != values.end())
    return &known->second;
  if (model.isSparseInitializer(name))
    return Refusal(why) << "initializer " << quote(name)
                        << " is sparse, which is not supported";
  onnx::TensorProto *proto = model.getInitializer(name);
  if (!proto)
    return Refusal(why) << "value " << quote(name) << " is not defined";
  FailureOr<Tensor> tensor = describeTensor(*proto, name, model.folder, why);
  if (failed(tensor)) {
    why = "initializer " + quote(name) + ": " + why;
    return failure();
  }
  ConstantView view;
  view.root = addConstant(std::move(*tensor));
  view.shape = view.root->shape;
  define(name, GraphValue::makeConstant(std::move(view)));
  return &values[name];
}

void Importer::define(StringRef name, GraphValue value) {
  values[name] = std::move(value);
}

const Tensor *Importer::addConstant(Tensor tensor) {
  return &constants.emplace_back(std::move(tensor));
}

bool Importer::takeElements(int64_t count, bool isSplat) {
  int64_t &available = isSplat ? availableSplats : availableElements;
  if (count > available)
    return false;
  available -= count;
  return true;
}

onnx::TensorProto *Importer::makeTensorProto() {
  return ownedProtos.emplace_back(std::make_unique<onnx::TensorProto>()).get();
}

//===----------------------------------------------------------------------===//
// Parameters and random numbers
//===----------------------------------------------------------------------===//

Parameter &Importer::getParameter(const ConstantView &view, const void *owner) {
  Parameter &parameter = parameters[{view.root, owner}];
  if (!parameter.argument) {
    Location loc = NameLoc::get(builder.getStringAttr(view.root->name));
    if (view.root->isFolded)
      addRemark("parameter " + quote(view.root->name) +
                " is computed from constants: it is trained instead of them");
    // Parameters stand before the arguments for random numbers.
    parameter.argument = getBody().insertArgument(
        numInputs + parameters.size() - 1,
        RankedTensorType::get(view.root->shape, builder.getF32Type()), loc);
    parameter.readName = *view.use;
  }
  return parameter;
}

/// `value` after one step of a view.
static Value createStep(OpBuilder &builder, Value value,
                        const ConstantView::Step &step) {
  ArrayRef<int64_t> shape = qtrain::getShape(value);
  Shape newShape =
      step.isTranspose ? permute(shape, step.operand) : step.operand;
  auto type = RankedTensorType::get(newShape, builder.getF32Type());
  if (step.isTranspose)
    return builder.create<qtrain::TransposeOp>(
        step.loc, type, value, builder.getDenseI64ArrayAttr(step.operand));
  return builder.create<qtrain::ReshapeOp>(step.loc, type, value);
}

Value Importer::createView(const ConstantView &view,
                           const Parameter &parameter) {
  Value value = parameter.argument;
  for (const ConstantView::Step &step : view.steps)
    value = createStep(builder, value, step);
  return value;
}

Value Importer::getBuffer(const ConstantView &view) {
  Parameter &parameter = getParameter(view, view.use);
  parameter.kind = qtrain::StateKind::Buffer;
  parameter.argument.setType(
      RankedTensorType::get(view.shape, builder.getF32Type()));
  return parameter.argument;
}

void Importer::setNewValue(const ConstantView &view, Value value) {
  parameters[{view.root, view.use}].newValue = value;
}

std::pair<Value, Value> Importer::getRandomArguments() {
  if (!random) {
    Location loc = builder.getUnknownLoc();
    BlockArgument seed = getBody().addArgument(builder.getI64Type(), loc);
    random = {seed, getBody().addArgument(builder.getI32Type(), loc)};
  }
  return {random->first, random->second};
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

static LogicalResult checkOp(NodeContext &context, const OpEntry *entry) {
  const onnx::NodeProto &proto = *context.getNode().proto;
  if (!proto.domain().empty() && proto.domain() != "ai.onnx")
    return context.refuse() << "operators of domain " << quote(proto.domain())
                            << " are not supported";
  if (!entry)
    return context.refuse() << explainMissingOp(proto.op_type());
  if (failed(context.checkAttributes()))
    return failure();
  unsigned numInputs = context.getNumInputs();
  if (numInputs < entry->minInputs || numInputs > entry->maxInputs)
    return context.refuse() << "expected " << entry->minInputs
                            << (entry->maxInputs == entry->minInputs ? ""
                                : entry->maxInputs == UINT_MAX
                                    ? " or more"
                                    : " to " + std::to_string(entry->maxInputs))
                            << (entry->maxInputs == 1 ? " input" : " inputs")
                            << ", but got " << numInputs;
  for (unsigned i = 0; i < entry->minInputs; ++i)
    if (!context.hasInput(i))
      return context.refuse() << "input " << i << " is missing";
  return context.expectOneOutputUsed();
}

static LogicalResult runHandler(NodeContext &context) {
  const OpEntry *entry = findOp(context.getOpType());
  if (failed(checkOp(context, entry)) || failed(context.resolveInputs()))
    return failure();
  bool isFolded = entry->fold && context.hasConstantInputs();
  Handler handler = isFolded ? entry->fold : entry->handler;
  if (!handler)
    return context.refuse() << "the operator is not supported on data yet";
  if (failed(handler(context)))
    return failure();
  return context.expectAllRead();
}

/// Defines outputs of a refused node.
static void defineRefused(NodeContext &context) {
  Importer &importer = context.getImporter();
  const onnx::NodeProto &proto = *context.getNode().proto;
  std::vector<std::optional<Shape>> shapes = inferRefusedShapes(context);
  for (auto [name, shape] : llvm::zip_equal(proto.output(), shapes)) {
    if (!shape || importer.getModel().getNumUses(name) == 0)
      continue;
    auto cast = context.getBuilder().create<UnrealizedConversionCastOp>(
        context.getLoc(), context.makeType(*shape), ValueRange());
    importer.define(name, GraphValue::makeActivation(cast.getResult(0)));
  }
}

LogicalResult Importer::importNode(const Node &node, std::string &why,
                                   bool &isBlocked, bool infersShapes) {
  NodeContext context(*this, node, why);
  LogicalResult result = runHandler(context);
  isBlocked = failed(result) && context.isBlocked();
  context.commit();
  if (failed(result) && infersShapes && !context.hasResult() && !isBlocked) {
    // A check continues after the node if the shapes of its outputs can be
    // inferred. Casts stand for the missing operation.
    std::string reason = why;
    defineRefused(context);
    why = reason;
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Result
//===----------------------------------------------------------------------===//

FlatSymbolRefAttr Importer::getSymbol(const Parameter &parameter) {
  return qtrain::ParameterOp::getSymbol(builder.getContext(), parameter.kind,
                                        parameter.name);
}

LogicalResult Importer::finish(std::string &why) {
  SmallVector<Value> results;
  SmallVector<Location> names;
  for (const TrainedOutput &output : outputs) {
    FailureOr<Value> value = getOutput(output, why);
    if (failed(value) || failed(checkClasses(output, *value, why)))
      return failure();
    results.push_back(*value);
    names.push_back(getLocation(output));
  }
  if (failed(checkTrainable(why)))
    return failure();
  if (leftOutBiases > 0)
    addRemark(
        std::to_string(leftOutBiases) +
        (leftOutBiases == 1 ? " bias" : " biases") +
        " of zeros that the model computes: left out, because they are not "
        "parameters of the network");
  SmallVector<Attribute> attributes(results.size(),
                                    builder.getDictionaryAttr({}));
  nameParameters();
  for (const auto &[key, parameter] : parameters) {
    if (!parameter.newValue)
      continue;
    results.push_back(parameter.newValue);
    attributes.push_back(builder.getDictionaryAttr(builder.getNamedAttr(
        qtrain::QTrainDialect::kParameterAttrName, getSymbol(parameter))));
  }
  builder.create<func::ReturnOp>(FusedLoc::get(builder.getContext(), names),
                                 results);
  function.setType(builder.getFunctionType(getBody().getArgumentTypes(),
                                           ValueRange(results).getTypes()));
  function.setAllResultAttrs(attributes);
  return success();
}

/// Lists tensors and the number of copies of each; only a few if there are
/// many.
static std::string
describeCopies(ArrayRef<std::pair<const Tensor *, size_t>> copies) {
  constexpr size_t kMaxListed = 3;
  std::string text;
  for (auto [tensor, count] : copies.take_front(kMaxListed))
    text += (text.empty() ? "" : ", ") + quote(tensor->name) + " (" +
            std::to_string(count) + (count == 1 ? " copy)" : " copies)");
  if (copies.size() > kMaxListed)
    text += " and " + std::to_string(copies.size() - kMaxListed) + " more";
  return text;
}

/// One parameter of a tensor has the tensor's name: the first that is read by
/// that name, or the first of all. Any other is a copy with the name that its
/// node reads, numbered from the second of that name on.
void Importer::nameParameters() {
  llvm::MapVector<const Tensor *, SmallVector<Parameter *, 1>> uses;
  for (auto &[key, parameter] : parameters)
    uses[key.first].push_back(&parameter);
  llvm::StringSet<> taken;
  SmallVector<Parameter *> unnamed;
  SmallVector<std::pair<const Tensor *, size_t>> copies;
  for (auto &[tensor, sharing] : uses) {
    numUnread[tensor] = sharing.size();
    auto *keeper = llvm::find_if(
        sharing, [name = StringRef(tensor->name)](const Parameter *parameter) {
          return parameter->readName == name;
        });
    if (keeper == sharing.end())
      keeper = sharing.begin();
    (*keeper)->name = tensor->name;
    taken.insert(tensor->name);
    for (Parameter *parameter : sharing)
      if (parameter != *keeper)
        unnamed.push_back(parameter);
    if (sharing.size() > 1)
      copies.push_back({tensor, sharing.size() - 1});
  }
  SmallVector<Parameter *> numbered;
  for (Parameter *parameter : unnamed)
    if (taken.insert(parameter->readName).second)
      parameter->name = parameter->readName.str();
    else
      numbered.push_back(parameter);
  // Numbering continues after the last number of a name, because a search from
  // the start takes long for many copies.
  llvm::StringMap<unsigned> last;
  for (Parameter *parameter : numbered) {
    unsigned &number = last.try_emplace(parameter->readName, 1).first->second;
    do
      parameter->name = (parameter->readName + "." + Twine(++number)).str();
    while (model.defines(parameter->name) ||
           !taken.insert(parameter->name).second);
  }
  if (!copies.empty())
    addRemark("a bias, scale or statistic that several uses share is copied "
              "for each of them: " +
              describeCopies(copies));
}

FailureOr<std::vector<float>>
Importer::readParameter(const Tensor &tensor, float scale, std::string &why) {
  if (tensor.numElements == 0)
    return Refusal(why) << "parameter " << quote(tensor.name)
                        << " has no elements";
  FailureOr<std::vector<float>> elements =
      readFloats(tensor, model.folder, why);
  if (failed(elements) || failed(checkFinite(*elements, why))) {
    why = "parameter " + quote(tensor.name) + ": " + why;
    return failure();
  }
  if (--numUnread[&tensor] == 0)
    releaseData(tensor);
  if (scale != 1.0f)
    for (float &element : *elements) {
      element *= scale;
      if (!std::isfinite(element))
        return Refusal(why)
               << "parameter " << quote(tensor.name)
               << " becomes infinite when it is scaled by " << scale;
    }
  return elements;
}

LogicalResult Importer::createParameters(std::string &why) {
  std::vector<std::pair<const Tensor *, Parameter *>> sorted;
  for (auto &[key, parameter] : parameters)
    sorted.emplace_back(key.first, &parameter);
  // std::string compares bytes as unsigned numbers.
  llvm::sort(sorted, [](const auto &a, const auto &b) {
    return a.second->name < b.second->name;
  });
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(function);
  // All attributes are set at once, because MLIR keeps every list of attributes
  // that was ever made.
  SmallVector<DictionaryAttr> argumentAttrs(function.getNumArguments(),
                                            builder.getDictionaryAttr({}));
  auto mark = [&](BlockArgument argument, StringRef name, Attribute value) {
    argumentAttrs[argument.getArgNumber()] =
        builder.getDictionaryAttr(builder.getNamedAttr(name, value));
  };
  int64_t id = 0;
  for (auto [tensor, parameter] : sorted) {
    FailureOr<std::vector<float>> elements =
        readParameter(*tensor, parameter->scale, why);
    if (failed(elements))
      return failure();
    auto type = cast<RankedTensorType>(parameter->argument.getType());
    ElementsAttr value = DenseElementsAttr::get(type, ArrayRef(*elements));
    FlatSymbolRefAttr symbol = getSymbol(*parameter);
    // Buffers draw no random numbers.
    bool isTrained = parameter->kind == qtrain::StateKind::Parameter;
    builder.create<qtrain::ParameterOp>(
        NameLoc::get(builder.getStringAttr(parameter->name)), symbol,
        isTrained ? id++ : 0, parameter->kind, value);
    mark(parameter->argument, qtrain::QTrainDialect::kParameterAttrName,
         symbol);
  }
  if (random) {
    auto markRole = [&](BlockArgument argument, qtrain::Role role) {
      mark(argument, qtrain::QTrainDialect::kRoleAttrName,
           qtrain::RoleAttr::get(builder.getContext(), role));
    };
    markRole(random->first, qtrain::Role::Seed);
    markRole(random->second, qtrain::Role::Step);
  }
  function.setAllArgAttrs(argumentAttrs);
  return success();
}
