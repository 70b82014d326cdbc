//===- FrontEnd.h - From an imported model to a scheme's numbers -*- C++
//-*-===//
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

#include "compiler/Loss/Loss.h"
#include "compiler/Pipelines/LayerSettings.h"
#include "compiler/Scheme/Scheme.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <vector>

namespace qtc {

/// The options that determine the training step in the numbers of the scheme.
struct FrontEndOptions {
  const Scheme *scheme = nullptr;
  SchemeRequest schemeRequest;
  int64_t batch = 128;
  const Loss *loss = lookupLoss("cross-entropy");
  double lossDelta = 1.0; ///< LossConstants::delta
  /// The input is numbers instead of pixels, standardized by the trainer or as
  /// they are.
  bool numberInput = false, standardize = false;
  /// Normalization of pixels/255; one entry for all channels, or one each.
  std::vector<double> mean = {0.0}, std = {1.0};
  /// Applied to the imported module, before runFrontEnd.
  std::vector<LayerSetting> layers;
  bool assertInteger = true;
  /// Verify the IR after every pass.
  bool verifyEach = false;
};

/// Turns an imported module into a training step, and that into the numbers of
/// the scheme if `applyScheme`. Problems of the model go to the context as
/// diagnostics, one for each node; the error is empty then.
llvm::Error runFrontEnd(mlir::ModuleOp module, const FrontEndOptions &options,
                        bool applyScheme = true);

/// Reports the parts of a partly imported model that the scheme cannot train,
/// as far as that does not depend on missing nodes.
void checkPartialModel(mlir::ModuleOp module, const Scheme &scheme);

/// The error of a failure that diagnostics have already reported.
llvm::Error makeReportedError();

} // namespace qtc

#endif // QTC_PIPELINES_FRONT_END_H
