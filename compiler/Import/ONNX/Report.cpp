//===- Report.cpp - Judging a model node by node --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/FileAccess.h"
#include "compiler/Import/ONNX/Import.h"
#include "compiler/Import/ONNX/Importer.h"
#include "compiler/Support/NodeLocation.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "runtime/include/qtcrt/Printable.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"

#include "onnx/onnx_pb.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::onnx_import;
using llvm::StringRef;

int64_t ModelReport::countNodes(NodeStatus status) const {
  return llvm::count_if(
      nodes, [&](const NodeReport &node) { return node.status == status; });
}

bool ModelReport::isSupported() const {
  return problems.empty() && countNodes(NodeStatus::Unsupported) == 0 &&
         countNodes(NodeStatus::Unknown) == 0;
}

//===----------------------------------------------------------------------===//
// Judging
//===----------------------------------------------------------------------===//

namespace {
/// Follows an import past refused nodes, and judges the imported operations.
class Checker : public ImportObserver {
public:
  Checker(Importer &importer, ModelReport &report)
      : importer(importer), model(importer.getModel()), report(report) {}

  void run(const ModuleJudge &judge);

private:
  bool passesOverRefusals() const override { return true; }
  void startNode(const Node &node) override;
  bool finishNode(const Node &node, StringRef why, bool isBlocked) override;
  bool addProblem(StringRef why) override;
  void judgeModule(const ModuleJudge &judge, bool isComplete);
  void addError(Diagnostic &diagnostic);
  llvm::iterator_range<Block::iterator> getNewOps();
  void countWork(NodeReport &entry);
  void countConstants(const Node &node, NodeReport &entry);
  void describeOutput(const Node &node, NodeReport &entry);
  void findScaledConvolutions();

  Importer &importer;
  Model &model;
  ModelReport &report;
  /// The last operation before those of the node under way; null at the start.
  Operation *before = nullptr;
  size_t countedParameters = 0;
  llvm::StringSet<> countedConstants;
};
} // namespace

/// A shape with the batch as N.
static std::string formatBatched(ArrayRef<int64_t> shape, int64_t batchDim) {
  std::string result;
  for (auto [i, extent] : llvm::enumerate(shape)) {
    result += i == 0 ? "" : "x";
    result += static_cast<int64_t>(i) == batchDim ? "N"
              : extent < 0                        ? "?"
                                                  : std::to_string(extent);
  }
  return result;
}

void Checker::describeOutput(const Node &node, NodeReport &entry) {
  std::string ignored;
  if (node.proto->output_size() == 0 || node.proto->output(0).empty())
    return;
  FailureOr<GraphValue *> value =
      importer.lookup(node.proto->output(0), ignored);
  if (failed(value) || (*value)->kind == GraphValue::Kind::Unknown)
    return;
  if ((*value)->kind != GraphValue::Kind::Activation) {
    entry.shape = formatShape((*value)->getShape());
    if (entry.status == NodeStatus::Supported)
      entry.status = NodeStatus::Folded;
    return;
  }
  const Shape &permutation = (*value)->permutation;
  int64_t batch = permutation.empty()
                      ? 0
                      : llvm::find(permutation, 0) - permutation.begin();
  entry.shape = formatBatched((*value)->getShape(), batch);
}

/// The operations of the node under way.
llvm::iterator_range<Block::iterator> Checker::getNewOps() {
  Block &body = importer.getBody();
  return {before ? std::next(before->getIterator()) : body.begin(), body.end()};
}

/// Adds up parameters and products of the node under way.
void Checker::countWork(NodeReport &entry) {
  for (const auto &[key, parameter] :
       llvm::drop_begin(importer.getParameters(), countedParameters)) {
    if (parameter.kind == qtrain::StateKind::Parameter)
      entry.parameters += key.first->numElements;
    countedConstants.insert(key.first->name);
  }
  countedParameters = importer.getParameters().size();
  for (Operation &op : getNewOps())
    if (auto contraction = dyn_cast<qtrain::ContractionOpInterface>(op))
      entry.macs += contraction.getMultiplyAccumulates() / importer.getBatch();
}

/// Counts the constants of a refused node as its parameters. Running
/// statistics, the last inputs of BatchNormalization, are not parameters.
void Checker::countConstants(const Node &node, NodeReport &entry) {
  std::string ignored;
  for (const auto &[index, input] : llvm::enumerate(node.proto->input())) {
    bool isStatistic = entry.opType == "BatchNormalization" && index > 2;
    if (input.empty() || isStatistic)
      continue;
    FailureOr<GraphValue *> value = importer.lookup(input, ignored);
    if (failed(value) || (*value)->kind != GraphValue::Kind::Constant)
      continue;
    const Tensor &tensor = *(*value)->constant.root;
    if (tensor.isFloat() && !tensor.shape.empty() &&
        countedConstants.insert(tensor.name).second)
      entry.parameters += tensor.numElements;
  }
}

void Checker::startNode(const Node &node) {
  Block &body = importer.getBody();
  before = body.empty() ? nullptr : &body.back();
}

bool Checker::finishNode(const Node &node, StringRef why, bool isBlocked) {
  NodeReport entry;
  entry.name = node.name;
  entry.opType = node.proto->op_type();
  if (node.proto->domain() != "ai.onnx")
    entry.domain = node.proto->domain();
  entry.reason = why.str();
  if (!node.isLive)
    entry.reason = node.partOf;
  entry.status = !node.isLive  ? NodeStatus::Unused
                 : why.empty() ? NodeStatus::Supported
                 : isBlocked   ? NodeStatus::Unknown
                               : NodeStatus::Unsupported;
  if (node.isLive) {
    countWork(entry);
    if (!why.empty())
      countConstants(node, entry);
    describeOutput(node, entry);
  }
  if (node.isLive && why.empty() && entry.opType == "Constant")
    ++report.constants;
  else
    report.nodes.push_back(std::move(entry));
  return true;
}

bool Checker::addProblem(StringRef why) {
  report.problems.push_back(why.str());
  return true;
}

/// Assigns an error to the nodes that it is about. A node has one reason: the
/// first one, because later ones are mostly consequences of it.
void Checker::addError(Diagnostic &diagnostic) {
  std::optional<ModelNode> node = findModelNode(diagnostic.getLocation());
  bool isKnown = false;
  for (NodeReport &entry : report.nodes) {
    if (!node || node->opType.empty() || entry.name != node->name ||
        entry.opType != node->opType)
      continue;
    isKnown = true;
    if (entry.status != NodeStatus::Supported)
      continue;
    entry.status = NodeStatus::Unsupported;
    entry.reason = getUserText(diagnostic);
  }
  if (!isKnown)
    report.problems.push_back(getUserText(diagnostic));
}

void Checker::judgeModule(const ModuleJudge &judge, bool isComplete) {
  ModuleOp module = importer.getModule();
  ScopedDiagnosticHandler handler(
      module.getContext(), [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
          addError(diagnostic);
        return success();
      });
  if (isComplete && failed(verify(module)))
    return;
  judge(module, isComplete);
}

/// Some exporters turn BatchNormalization into a constant factor after the
/// convolution.
void Checker::findScaledConvolutions() {
  llvm::StringSet<> convolved;
  auto isConvolved = [&](StringRef name) { return convolved.contains(name); };
  auto isConstant = [&](StringRef name) {
    std::string ignored;
    FailureOr<GraphValue *> value = importer.lookup(name, ignored);
    return succeeded(value) && (*value)->kind == GraphValue::Kind::Constant;
  };
  for (const Node &node : model.nodes) {
    if (node.proto->op_type() == "Conv")
      for (const std::string &output : node.proto->output())
        convolved.insert(output);
    if (node.proto->op_type() == "Mul" &&
        llvm::any_of(node.operands, isConvolved) &&
        llvm::any_of(node.operands, isConstant))
      report.hints.push_back(describeNode(node) +
                             ": a constant factor after a convolution is "
                             "usually left over from BatchNormalization in a "
                             "model for inference");
  }
}

void Checker::run(const ModuleJudge &judge) {
  for (const GraphInput &input : model.inputs)
    if (input.isLive)
      report.input += (report.input.empty() ? "" : ", ") +
                      printable(input.name) + " " +
                      formatBatched(input.shape, 0);
  bool isComplete = importer.run(*this);
  report.hints = importer.remarks;
  findScaledConvolutions();
  if (judge && importer.getModule())
    judgeModule(judge, isComplete);
}

FailureOr<ModelReport> qtc::onnx_import::checkOnnxBuffer(
    StringRef bytes, StringRef name, StringRef folder, MLIRContext &context,
    const ImportOptions &options, const ModuleJudge &judge) {
  std::string why;
  FailureOr<std::unique_ptr<Model>> model =
      Model::parse(bytes, folder, options.getOutputNames(), why);
  if (failed(model))
    return emitError(UnknownLoc::get(&context))
           << printable(name) << ": " << why;
  ModelReport report;
  report.file = printable(name);
  const onnx::ModelProto &proto = (*model)->getProto();
  report.producer = printable(proto.producer_name());
  if (!proto.producer_version().empty())
    report.producer += " " + printable(proto.producer_version());
  report.irVersion = proto.ir_version();
  report.opset = (*model)->opset;
  Importer importer(**model, context, options);
  Checker(importer, report).run(judge);
  return report;
}

FailureOr<ModelReport>
qtc::onnx_import::checkOnnxFile(StringRef path, MLIRContext &context,
                                const ImportOptions &options,
                                const ModuleJudge &judge) {
  std::string why;
  FailureOr<std::unique_ptr<llvm::MemoryBuffer>> buffer = readFile(path, why);
  if (failed(buffer))
    return emitError(UnknownLoc::get(&context))
           << printable(path) << ": " << why;
  return checkOnnxBuffer((*buffer)->getBuffer(), path, getFolder(path), context,
                         options, judge);
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

/// `count` with a unit where it is long: 431080 is "431.1 k".
static std::string formatCount(int64_t count) {
  if (count == 0)
    return "-";
  if (count < 10000)
    return std::to_string(count);
  double value = static_cast<double>(count);
  StringRef units = "kMGTPE";
  size_t unit = 0;
  for (value /= 1000; value >= 999.95 && unit + 1 < units.size(); ++unit)
    value /= 1000;
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.1f ", value) << units[unit];
  return text;
}

static std::string formatStatus(const NodeReport &node) {
  switch (node.status) {
  case NodeStatus::Supported:
    return "ok";
  case NodeStatus::Folded:
    return "ok (folded)";
  case NodeStatus::Unsupported:
    return "unsupported: " + node.reason;
  case NodeStatus::Unknown:
    return "unknown: " + node.reason;
  case NodeStatus::Unused:
    return node.reason.empty() ? "unused" : "ok (part of " + node.reason + ")";
  }
  return "";
}

using Row = std::vector<std::string>;

/// Prints rows of equal length, of which the first is the heading, with
/// `numbers` to the right. The last column is as wide as it is.
static void printTable(ArrayRef<Row> rows, ArrayRef<unsigned> numbers,
                       llvm::raw_ostream &os) {
  size_t last = rows.front().size() - 1;
  SmallVector<size_t> widths(last, 0);
  for (const Row &row : rows)
    for (size_t i = 0; i < last; ++i)
      widths[i] = std::max(widths[i], qtcrt::countColumns(row[i]));
  for (const Row &row : rows) {
    for (size_t i = 0; i < last; ++i) {
      std::string space = qtcrt::padding(row[i], widths[i]);
      os << (llvm::is_contained(numbers, i) ? space + row[i] : row[i] + space)
         << "  ";
    }
    os << row.back() << "\n";
  }
}

/// "1 node", "2 nodes"
static std::string formatNumber(int64_t count, StringRef what) {
  return (count < 10000 ? std::to_string(count) : formatCount(count)) + " " +
         what.str() + (count == 1 ? "" : "s");
}

static void printSummary(const ModelReport &report, llvm::raw_ostream &os) {
  int64_t parameters = 0, macs = 0;
  for (const NodeReport &node : report.nodes) {
    parameters += node.parameters;
    macs += node.macs;
  }
  os << "total: " << formatNumber(report.nodes.size(), "node");
  if (report.constants)
    os << " (and " << formatNumber(report.constants, "constant") << ")";
  os << ", " << parameters << " parameter" << (parameters == 1 ? "" : "s")
     << ", " << formatNumber(macs, "MAC") << " per example, "
     << report.countNodes(NodeStatus::Unsupported) << " unsupported";
  if (int64_t unknown = report.countNodes(NodeStatus::Unknown))
    os << ", " << unknown << " of unknown shape";
  os << "\n";
}

/// Lists the operators of unsupported nodes, each once.
static void printMissing(const ModelReport &report, llvm::raw_ostream &os) {
  struct Entry {
    int64_t count = 0;
    StringRef first;
  };
  llvm::MapVector<std::pair<StringRef, StringRef>, Entry> missing;
  for (const NodeReport &node : report.nodes) {
    if (node.status != NodeStatus::Unsupported)
      continue;
    Entry &entry = missing[{node.domain, node.opType}];
    if (entry.count++ == 0)
      entry.first = node.name;
  }
  if (missing.empty())
    return;
  auto sorted = missing.takeVector();
  llvm::stable_sort(sorted, [](const auto &left, const auto &right) {
    return left.second.count > right.second.count;
  });
  std::vector<Row> rows = {{"unsupported op", "nodes", "first node"}};
  for (const auto &[op, entry] : sorted) {
    auto [domain, opType] = op;
    std::string prefix = domain.empty() ? "" : domain.str() + "::";
    rows.push_back({qtcrt::clipFront(printable(prefix + opType.str()), 40),
                    std::to_string(entry.count), printable(entry.first)});
  }
  os << "\n";
  printTable(rows, /*numbers=*/{1}, os);
}

void qtc::onnx_import::printReport(const ModelReport &report,
                                   llvm::raw_ostream &os) {
  os << report.file << ": opset " << report.opset << ", IR version "
     << report.irVersion;
  if (!report.producer.empty())
    os << ", made by " << report.producer;
  if (!report.input.empty())
    os << ", input " << report.input;
  os << "\n\n";
  std::vector<Row> rows = {
      {"node", "op", "output shape", "parameters", "MACs", "status"}};
  for (const NodeReport &node : report.nodes)
    rows.push_back({qtcrt::clipFront(printable(node.name), 40),
                    qtcrt::clipFront(printable(node.opType), 24),
                    node.shape.empty() ? "?" : node.shape,
                    formatCount(node.parameters), formatCount(node.macs),
                    qtcrt::printable(formatStatus(node))});
  printTable(rows, /*numbers=*/{3, 4}, os);
  os << "\n";
  printSummary(report, os);
  for (const std::string &problem : report.problems)
    os << "problem: " << qtcrt::printable(problem) << "\n";
  for (const std::string &hint : report.hints)
    os << "hint: " << qtcrt::printable(hint) << "\n";
  printMissing(report, os);
}
