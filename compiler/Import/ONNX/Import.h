//===- Import.h - From ONNX files to qtrain modules -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads ONNX models and gives qtrain float operations in the canonical layout
// (activations NCHW, convolution weights OIHW) with static shapes. Every
// attribute of every node is honoured or refused by name. Files are not
// trusted: whatever they hold, the result is a module or one line of
// diagnostic.
//
// No protobuf type appears here: only this folder depends on protobuf.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_IMPORT_H
#define QTC_IMPORT_ONNX_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace qtc::onnx_import {

/// Name of the function that an import makes.
inline constexpr llvm::StringLiteral kForwardName = "forward";

/// An output of the model that is trained.
struct OutputOptions {
  /// The first output of the model if empty.
  std::string name;
  /// Whether the output is a score for each class, so that a Softmax at its end
  /// belongs to the loss. If nothing is said, it is unless there is one number
  /// for each example and no Softmax.
  std::optional<bool> hasClasses = true;
};

struct ImportOptions {
  /// Replaces the first dimension of the model's input, symbolic or not.
  int64_t batch = 128;
  /// Refuse models without parameters to train or classes to distinguish.
  bool forTraining = true;
  /// The outputs that are trained, at least one, each of them once. All others
  /// are left out.
  std::vector<OutputOptions> outputs{1};
  /// The dimension of the classes in an output with several positions per
  /// example, counted from the end if negative. By default that of a Softmax at
  /// the end, or else 1 of images and the last one of sequences.
  std::optional<int64_t> classAxis;

  std::vector<std::string> getOutputNames() const;
};

/// Imports the model in file `path`. The module holds one `qtrain.parameter`
/// per weight or bias and
///
///   func.func @forward(%input: tensor<NxCxHxWxf32>, ...,
///                      %p: tensor<...> {qtrain.parameter = @name}, ...,
///                      %seed: i64 {qtrain.role = #qtrain.role<seed>},
///                      %step: i32 {qtrain.role = #qtrain.role<step>})
///       -> (tensor<NxKxf32>, ..., tensor<...> {qtrain.parameter = @name}, ...)
///
/// with `%seed` and `%step` only if the model has Dropout. An input of indices
/// has type tensor<...xi32>. The first results are the outputs that are
/// trained; where an example has P positions with a class each, they have N·P
/// rows. Further results are new values of running statistics, parameters of
/// kind `buffer`. The location of the terminator names the outputs (see
/// compiler/Support/NodeLocation.h). Operations carry their node
/// (compiler/Support/NodeLocation.h), whose name is
/// `<OpType>_<index>` if it has none.
///
/// On failure one error is emitted through `context`, naming file and node, and
/// the result is null. Remarks about a successful import (folded scales,
/// removed Softmax, ...) are emitted, naming the file too.
mlir::OwningOpRef<mlir::ModuleOp> importOnnxFile(llvm::StringRef path,
                                                 mlir::MLIRContext &context,
                                                 const ImportOptions &options);

/// The same for a model in memory. `name` stands for the file in messages.
/// External data are looked up in `folder` and refused if that is empty.
mlir::OwningOpRef<mlir::ModuleOp>
importOnnxBuffer(llvm::StringRef bytes, llvm::StringRef name,
                 llvm::StringRef folder, mlir::MLIRContext &context,
                 const ImportOptions &options);

/// The hash that identifies the model in file `path`: XXH3-128 of its bytes, in
/// hex. A model with external data has the XXH3-128 of that hash and of the
/// names and hashes of the other files.
llvm::Expected<std::string> hashOnnxFile(llvm::StringRef path);

/// The files with external data of the model in file `path`, as far as it can
/// be read and they exist.
std::vector<std::string> listExternalFiles(llvm::StringRef path);

/// The result of importing a node.
enum class NodeStatus {
  Supported,
  /// Evaluated at import time: shape arithmetic, transposed weights, ...
  Folded,
  /// Not supported; see NodeReport::reason.
  Unsupported,
  /// An earlier unsupported node hides the shape of an input.
  Unknown,
  /// Does not contribute to the model's output.
  Unused,
};

struct NodeReport {
  std::string name;
  std::string opType;
  /// Empty for the operators of ONNX itself.
  std::string domain;
  NodeStatus status = NodeStatus::Unknown;
  /// The reason why the node is not supported, or the name of the node that a
  /// node without a user is part of.
  std::string reason;
  /// Shape of the first output, `N` for the batch; empty if unknown.
  std::string shape;
  /// Elements of the parameters first used here.
  int64_t parameters = 0;
  /// Multiply-accumulates of the forward pass of one example.
  int64_t macs = 0;
};

struct ModelReport {
  std::string file;
  std::string producer;
  int64_t irVersion = 0;
  int64_t opset = 0;
  /// Names and shapes of the inputs.
  std::string input;
  std::vector<NodeReport> nodes;
  /// Constant nodes, which `nodes` leaves out.
  int64_t constants = 0;
  /// Problems of the model as a whole.
  std::vector<std::string> problems;
  /// Changes that the importer makes, and suggestions for the user.
  std::vector<std::string> hints;

  int64_t countNodes(NodeStatus status) const;
  /// True if the model imports.
  bool isSupported() const;
};

/// Judges an imported module by the errors it emits at the locations of
/// operations. Unless `isComplete`, nodes are missing: `@forward` has those
/// that were imported and no end.
using ModuleJudge = std::function<void(mlir::ModuleOp, bool isComplete)>;

/// Judges every node of the model in file `path`, even after one that is not
/// supported, by the importer and by `judge` if there is one. Fails, with one
/// error emitted through `context`, only if the file is not a well-formed ONNX
/// graph.
mlir::FailureOr<ModelReport> checkOnnxFile(llvm::StringRef path,
                                           mlir::MLIRContext &context,
                                           const ImportOptions &options,
                                           const ModuleJudge &judge = {});

/// The same for a model in memory.
mlir::FailureOr<ModelReport>
checkOnnxBuffer(llvm::StringRef bytes, llvm::StringRef name,
                llvm::StringRef folder, mlir::MLIRContext &context,
                const ImportOptions &options, const ModuleJudge &judge = {});

/// Prints the table of `qtc check`.
void printReport(const ModelReport &report, llvm::raw_ostream &os);

/// Registers `--import-onnx` (with `--batch`) and `--check-onnx`.
void registerImportOnnxTranslation();

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_IMPORT_H
