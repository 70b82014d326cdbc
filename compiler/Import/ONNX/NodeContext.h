//===- NodeContext.h - A handler's view of a node ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_NODECONTEXT_H
#define QTC_IMPORT_ONNX_NODECONTEXT_H

#include "compiler/Import/ONNX/Importer.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "llvm/ADT/StringSet.h"

namespace onnx {
class AttributeProto;
} // namespace onnx

namespace qtc::onnx_import {

/// A number in an attribute of a node that multiplies a constant.
struct Factor {
  llvm::StringRef attribute;
  float value = 1.0f;
};

/// One node while its handler runs: typed access to attributes and inputs, and
/// the place for results. A node whose handler leaves an attribute unread is
/// refused.
class NodeContext {
public:
  NodeContext(Importer &importer, const Node &node, std::string &why)
      : importer(importer), node(node), why(why) {}

  /// Starts a refusal of this node.
  Refusal refuse() { return Refusal(why); }
  void remark(const llvm::Twine &text);
  llvm::StringRef getOpType() const;
  const Node &getNode() const { return node; }
  int64_t getOpset() const { return importer.getModel().opset; }
  Importer &getImporter() { return importer; }
  mlir::OpBuilder &getBuilder() { return importer.getBuilder(); }
  mlir::Location getLoc();

  //===--------------------------------------------------------------------===//
  // Attributes: `value` stays as it is if there is none
  //===--------------------------------------------------------------------===//

  bool hasAttribute(llvm::StringRef name) const;
  mlir::LogicalResult read(llvm::StringRef name, int64_t &value);
  mlir::LogicalResult read(llvm::StringRef name, float &value);
  mlir::LogicalResult read(llvm::StringRef name, std::string &value);
  mlir::LogicalResult read(llvm::StringRef name, Shape &value);
  mlir::LogicalResult read(llvm::StringRef name, std::vector<float> &value);
  mlir::LogicalResult read(llvm::StringRef name, std::optional<Tensor> &value);
  /// Checks well-formedness of the attributes before the handler runs.
  mlir::LogicalResult checkAttributes();
  /// Refuses the first attribute that no one has read.
  mlir::LogicalResult expectAllRead();

  //===--------------------------------------------------------------------===//
  // Inputs
  //===--------------------------------------------------------------------===//

  unsigned getNumInputs() const;
  bool hasInput(unsigned index) const;
  /// Looks up the inputs; called before the handler runs.
  mlir::LogicalResult resolveInputs();
  bool hasResolvedInputs() const { return resolved; }
  /// True if an input could not be imported.
  bool isBlocked() const { return blocked; }

  const GraphValue &getInput(unsigned index) const { return *inputs[index]; }
  bool isActivation(unsigned index) const {
    return hasKind(index, GraphValue::Kind::Activation);
  }
  bool isConstant(unsigned index) const {
    return hasKind(index, GraphValue::Kind::Constant);
  }
  /// An integer constant or a value of shape arithmetic.
  bool isShapeTensor(unsigned index) const;
  /// An activation in canonical layout.
  mlir::FailureOr<mlir::Value> getActivation(unsigned index);
  /// A float constant; `role` names it in refusals.
  mlir::FailureOr<ConstantView> getWeight(unsigned index, llvm::StringRef role);
  /// The parameter that `view` shows, in the view's shape; all uses of a tensor
  /// with one `owner` are tied (ParameterKey). `factor` is folded into the
  /// initial value; uses that are tied have one factor.
  mlir::FailureOr<mlir::Value>
  getParameter(const ConstantView &view, const void *owner, Factor factor = {});
  /// True if `view` is a constant of zeros that nodes make from one number, as
  /// opposed to a parameter that happens to start with zeros.
  bool isComputedZero(const ConstantView &view);
  /// True if no input depends on the model's input.
  bool hasConstantInputs() const;
  /// The elements of a constant or a value of shape arithmetic.
  mlir::FailureOr<ConstantArray> getArray(unsigned index);
  mlir::FailureOr<ShapeTensor> getShapeTensor(unsigned index);
  /// Integers that do not depend on the batch.
  mlir::FailureOr<Shape> getIntegers(unsigned index);
  /// A float or integer constant of one element.
  mlir::FailureOr<double> getScalar(unsigned index);
  /// `axis` counted from the front for rank `rank`.
  mlir::FailureOr<int64_t> normalizeAxis(int64_t axis, int64_t rank);

  //===--------------------------------------------------------------------===//
  // Results
  //===--------------------------------------------------------------------===//

  template <typename OpTy, typename... Args>
  mlir::Value create(llvm::ArrayRef<int64_t> shape, Args &&...args) {
    return getBuilder().create<OpTy>(getLoc(), makeType(shape),
                                     std::forward<Args>(args)...);
  }
  mlir::RankedTensorType makeType(llvm::ArrayRef<int64_t> shape);
  /// `value` in another shape; itself if it has that shape.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  /// Refuses shapes that are too large for a tensor.
  mlir::LogicalResult checkShape(llvm::ArrayRef<int64_t> shape);
  /// Counts the elements of a constant of `shape` that is to be made. It is
  /// stored with all its elements or, if `isSplat`, with one. Refuses too many.
  mlir::FailureOr<int64_t> takeElements(llvm::ArrayRef<int64_t> shape,
                                        bool isSplat);

  /// Each of these sets the first output.
  mlir::LogicalResult setActivation(mlir::Value value, Shape permutation = {});
  mlir::LogicalResult setConstant(ConstantView view);
  /// A constant named like the output.
  mlir::LogicalResult setTensor(Tensor tensor);
  mlir::LogicalResult setArray(ConstantArray array);
  mlir::LogicalResult setIntegers(ShapeTensor integers);
  mlir::LogicalResult setResult(GraphValue value);
  bool hasResult() const { return result.has_value(); }
  /// Defines the outputs; those without result are Unknown.
  void commit();
  /// Refuses uses of outputs that no handler defines.
  mlir::LogicalResult expectOneOutputUsed();

private:
  bool hasKind(unsigned index, GraphValue::Kind kind) const {
    return index < inputs.size() && inputs[index] &&
           inputs[index]->kind == kind;
  }
  /// Sets `attribute` to null if there is none.
  mlir::LogicalResult find(llvm::StringRef name, int type,
                           const onnx::AttributeProto *&attribute);

  Importer &importer;
  const Node &node;
  std::string &why;
  bool blocked = false;
  bool resolved = false;
  llvm::SmallVector<GraphValue *, 4> inputs;
  llvm::StringSet<> consumed;
  std::optional<GraphValue> result;
};

/// Gives `node` its meaning: calls setX() once or refuses.
using Handler = mlir::LogicalResult (*)(NodeContext &node);

struct OpEntry {
  llvm::StringLiteral name;
  /// Null for operators that are not supported on data.
  Handler handler;
  /// Used instead of `handler` if all inputs are constant; null for operators
  /// whose handler evaluates constants itself.
  Handler fold;
  unsigned minInputs;
  unsigned maxInputs;
};

/// The registry line of `opType`, or null.
const OpEntry *findOp(llvm::StringRef opType);

/// The reason why an operator without a registry line is refused.
std::string explainMissingOp(llvm::StringRef opType);

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_NODECONTEXT_H
