//===- FrontEnd.h - From a model to a scheme's numbers ----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `qtc compile` and `qtc check` run the same front end, so that they agree on
// every model. Everything that a scheme cannot train is reported here, at the
// node's location; later phases work for every module that passes.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_PIPELINES_FRONT_END_H
#define QTC_PIPELINES_FRONT_END_H

#include "compiler/Import/ONNX/Import.h"
#include "compiler/Loss/Loss.h"
#include "compiler/Pipelines/LayerSettings.h"
#include "compiler/Pipelines/TrainedOutput.h"
#include "compiler/Scheme/Scheme.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace qtc {

/// What the elements of an input are. A model's input of integers is indices,
/// any other is pixels or numbers.
enum class InputKind { Pixels, Numbers, Indices };

/// `pixels`, `float32` or `indices`.
llvm::StringRef stringifyInputKind(InputKind kind);
/// The spellings of all kinds, in the order of their values.
std::vector<std::string> getInputKindNames();
/// The spellings of `kinds`, with commas between them.
std::string spellInputs(llvm::ArrayRef<InputKind> kinds);

/// The options that determine the training step in the numbers of the scheme.
struct FrontEndOptions {
  const Scheme *scheme = nullptr;
  SchemeRequest schemeRequest;
  /// Examples per step, each number once. A front-end run is for one of them;
  /// parameters and their values are the same for all.
  std::vector<int64_t> batches = {128};
  /// The outputs that are trained, at least one.
  std::vector<TrainedOutput> outputs{1};
  /// The elements of the inputs: one for all, or one each.
  llvm::SmallVector<InputKind> inputs = {InputKind::Pixels};
  /// Whether the trainer standardizes inputs of numbers.
  bool standardize = false;
  /// See ImportOptions.
  std::optional<int64_t> classAxis;
  /// Normalization of pixels/255; one entry for all channels, or one each.
  std::vector<double> mean = {0.0}, std = {1.0};
  /// Applied to the imported module, before runFrontEnd.
  std::vector<LayerSetting> layers;
  bool assertInteger = true;
  /// Whether a remark names the recipe that suits the model, if there is one.
  bool recommendsRecipe = false;
  /// Verify the IR after every pass.
  bool verifyEach = false;
};

/// How models are imported for these options and `batch`, one of theirs.
onnx_import::ImportOptions getImportOptions(const FrontEndOptions &options,
                                            int64_t batch);

/// Sets the losses that are not given: one that has the function at the end of
/// the output as a part, such as Sigmoid; a loss of numbers, if the output is
/// one number for each example; else the first of the scheme. A remark says so
/// unless it is the first.
void chooseLosses(mlir::ModuleOp module, FrontEndOptions &options);

/// Recommends a recipe to the user of a model with normalizations, if the
/// options say so.
void recommendRecipe(mlir::ModuleOp module, const FrontEndOptions &options);

/// Turns an imported module into a training step, and that into the numbers of
/// the scheme if `applyScheme`. Problems of the model go to the context as
/// diagnostics, one for each node; the error is empty then.
llvm::Error runFrontEnd(mlir::ModuleOp module, const FrontEndOptions &options,
                        bool applyScheme = true);

/// Reports the parts of a partly imported model that the scheme cannot train,
/// as far as that does not depend on missing nodes.
void checkPartialModel(mlir::ModuleOp module, const Scheme &scheme);

/// Runs the passes of `manager` as `verifyEach` and MLIR's own options
/// (`--mlir-*`, see registerMLIROptions) say. Fails with diagnostics.
mlir::LogicalResult runPasses(mlir::PassManager &manager, mlir::ModuleOp module,
                              bool verifyEach);

/// Registers MLIR's command-line options of contexts, pass managers and the
/// printer; without effect from the second call on.
void registerMLIROptions();

/// The error of a failure that diagnostics have already reported.
llvm::Error makeReportedError();

} // namespace qtc

#endif // QTC_PIPELINES_FRONT_END_H
