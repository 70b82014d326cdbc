//===- Importer.h - State of one import -------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_IMPORTER_H
#define QTC_IMPORT_ONNX_IMPORTER_H

#include "compiler/Import/ONNX/ConstantArray.h"
#include "compiler/Import/ONNX/Import.h"
#include "compiler/Import/ONNX/Model.h"
#include "compiler/Import/ONNX/Values.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

#include <deque>

namespace qtc::onnx_import {

/// Identifies a parameter: all uses of one tensor with one owner are one
/// parameter. Weights have no owner, so all nodes that share one are tied. The
/// owner of a bias is the weight of its layer, and that of any other use is
/// ConstantView::use, which no other use has.
using ParameterKey = std::pair<const Tensor *, const void *>;

/// A tensor of the training state in use.
struct Parameter {
  mlir::BlockArgument argument;
  qtrain::StateKind kind = qtrain::StateKind::Parameter;
  /// The new value that the forward pass gives a buffer.
  mlir::Value newValue;
  /// Constant of the graph folded into the initial value.
  float scale = 1.0f;
  /// The value that the first node with this parameter reads.
  llvm::StringRef readName;
  /// Name in the training state, known when all nodes are imported.
  std::string name;
};

/// Follows an import and decides whether it continues after a refusal.
class ImportObserver {
public:
  virtual ~ImportObserver() = default;
  /// The import continues after nodes that are refused, as far as the shapes of
  /// their outputs are known.
  virtual bool passesOverRefusals() const { return false; }
  /// The import starts with `node`.
  virtual void startNode(const Node &node) {}
  /// Nodes that are not live are left out. `why` is empty for a node that was
  /// imported; `isBlocked` says that an earlier refusal is the reason.
  virtual bool finishNode(const Node &node, llvm::StringRef why,
                          bool isBlocked) = 0;
  /// The model as a whole cannot be imported.
  virtual bool addProblem(llvm::StringRef why) = 0;
};

/// Builds a module from a model, node by node. The handlers (Handlers.h) give
/// nodes their meaning; this class keeps the state that they share.
class Importer {
public:
  Importer(Model &model, mlir::MLIRContext &context,
           const ImportOptions &options);
  ~Importer();

  /// Imports the model. Returns true if the module is complete; after a refusal
  /// that `observer` passes over, `@forward` has the nodes that were imported
  /// and no end.
  bool run(ImportObserver &observer);

  //===--------------------------------------------------------------------===//
  // For NodeContext
  //===--------------------------------------------------------------------===//

  Model &getModel() { return model; }
  mlir::OpBuilder &getBuilder() { return builder; }
  int64_t getBatch() const { return options.batch; }
  /// The batch that the file fixes, if it does.
  std::optional<int64_t> getFixedBatch() const { return fixedBatch; }
  /// Notes the dimension of the classes of a Softmax that ends the model.
  void setSoftmaxAxis(const Node &node, int64_t axis);
  /// True for a Softmax that ends the model and is left to the loss.
  bool isFinalSoftmax(const Node &node) const;

  /// The value called `name`, describing it first if it is an initializer.
  mlir::FailureOr<GraphValue *> lookup(llvm::StringRef name, std::string &why);
  void define(llvm::StringRef name, GraphValue value);
  /// Keeps a constant that a node holds or makes.
  const Tensor *addConstant(Tensor tensor);
  /// An empty message that lives as long as the import.
  onnx::TensorProto *makeTensorProto();

  /// Takes `count` elements from the limit of constant evaluation, or from that
  /// of constants of one number (ConstantArray.h). False if fewer are left.
  bool takeElements(int64_t count, bool isSplat);
  /// Notes that a bias of zeros that the file computes is left out.
  void leaveOutBias() { ++leftOutBiases; }

  /// The parameter of `owner` that `view` shows, made if there is none yet.
  Parameter &getParameter(const ConstantView &view, const void *owner);
  /// `parameter` in the shape of `view`.
  mlir::Value createView(const ConstantView &view, const Parameter &parameter);
  /// The buffer of this use of `view`, which is stored in the view's shape.
  mlir::Value getBuffer(const ConstantView &view);
  /// Sets the value that training gives the buffer of this use of `view`.
  void setNewValue(const ConstantView &view, mlir::Value value);
  /// Function arguments for counter-based random numbers.
  std::pair<mlir::Value, mlir::Value> getRandomArguments();

  void addRemark(const llvm::Twine &remark) { remarks.push_back(remark.str()); }

  mlir::ModuleOp getModule() const { return module.get(); }
  mlir::OwningOpRef<mlir::ModuleOp> takeModule() { return std::move(module); }
  const llvm::MapVector<ParameterKey, Parameter> &getParameters() const {
    return parameters;
  }
  mlir::Block &getBody() { return function.getBody().front(); }
  std::vector<std::string> remarks;

private:
  /// Makes the function and its inputs. Fails only if the options do.
  mlir::LogicalResult start(std::string &why);
  /// Imports one node. On failure its outputs are Unknown, and `isBlocked`
  /// tells whether an Unknown input is the reason. If it is not, and with
  /// `infersShapes`, outputs of known shape are casts that stand for the
  /// missing operation.
  mlir::LogicalResult importNode(const Node &node, std::string &why,
                                 bool &isBlocked, bool infersShapes);
  /// Returns the model's outputs, checked and of rank 2, and the buffers' new
  /// values.
  mlir::LogicalResult finish(std::string &why);
  /// Reads the parameters' initial values into `qtrain.parameter` operations.
  mlir::LogicalResult createParameters(std::string &why);
  void addInput(const GraphInput &input);
  void adviseOnNormalization();
  //===--------------------------------------------------------------------===//
  // Outputs
  //===--------------------------------------------------------------------===//

  /// An output that is trained.
  struct TrainedOutput {
    std::string name;
    std::optional<bool> hasClasses; ///< see OutputOptions
    /// The Softmax at its end, or null.
    const Node *finalSoftmax;
    std::optional<int64_t> softmaxAxis;

    /// Whether it cannot be one number for each example.
    bool mustHaveClasses() const {
      return hasClasses.value_or(finalSoftmax != nullptr);
    }
  };

  void startOutputs();
  const Node *findFinalSoftmax(llvm::StringRef wanted) const;
  mlir::Location getLocation(const TrainedOutput &output);
  /// The output in canonical layout and of rank 2.
  mlir::FailureOr<mlir::Value> getOutput(const TrainedOutput &output,
                                         std::string &why);
  mlir::Value getNumbers(const TrainedOutput &output, const GraphValue &value);
  mlir::FailureOr<mlir::Value> getScores(const TrainedOutput &output,
                                         const GraphValue &value,
                                         std::string &why);
  mlir::FailureOr<mlir::Value> getPositions(const TrainedOutput &output,
                                            const GraphValue &value,
                                            std::string &why);
  mlir::Value reshapeOutput(const TrainedOutput &output,
                            const GraphValue &value,
                            llvm::ArrayRef<int64_t> order,
                            llvm::ArrayRef<int64_t> shape);
  mlir::LogicalResult checkClasses(const TrainedOutput &output,
                                   mlir::Value value, std::string &why) const;
  mlir::LogicalResult checkTrainable(std::string &why) const;

  mlir::FlatSymbolRefAttr getSymbol(const Parameter &parameter);
  void nameParameters();
  mlir::FailureOr<std::vector<float>>
  readParameter(const Tensor &tensor, float scale, std::string &why);

  Model &model;
  mlir::OpBuilder builder;
  ImportOptions options;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  unsigned numInputs = 0;
  std::optional<int64_t> fixedBatch;
  std::optional<std::pair<mlir::BlockArgument, mlir::BlockArgument>> random;
  llvm::SmallVector<TrainedOutput, 1> outputs;
  llvm::StringMap<GraphValue> values;
  llvm::MapVector<ParameterKey, Parameter> parameters;
  /// The number of parameters of a tensor that have not been read yet.
  llvm::DenseMap<const Tensor *, size_t> numUnread;
  std::deque<Tensor> constants;
  int64_t availableElements, availableSplats;
  int64_t leftOutBiases = 0;
  std::deque<std::unique_ptr<onnx::TensorProto>> ownedProtos;
};

/// Name of `node` for messages: 'conv1' (Conv).
std::string describeNode(const Node &node);

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_IMPORTER_H
