//===- TrainedOutput.h - Outputs and their losses ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `--output NAME:loss=LOSS,weight=FACTOR`.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_PIPELINES_TRAINED_OUTPUT_H
#define QTC_PIPELINES_TRAINED_OUTPUT_H

#include "compiler/Loss/Loss.h"
#include "compiler/Scheme/Scheme.h"
#include "llvm/Support/Error.h"

#include <string>

namespace qtc {

/// An output of the model with the loss that trains it.
struct TrainedOutput {
  std::string name; ///< the first output of the model if empty
  /// Null until the model's end decides, see chooseLoss.
  const Loss *loss = nullptr;
  OptionValues lossValues; ///< of the options of `loss`
  /// Training minimizes the sum of the losses, each times this.
  double weight = 1.0;

  /// Sets the loss, with default values of its options.
  void setLoss(const Loss &chosen);

  /// NAME:key=value,... with the weight, the loss if it is known, and its
  /// options that are not the default.
  std::string spell() const;
};

/// The output of `--output=text`. Fails if `scheme` does not define the loss.
llvm::Expected<TrainedOutput> parseOutput(llvm::StringRef text,
                                          const Scheme &scheme);

/// The loss called `name`, which is what `option` asks for. Fails if `scheme`
/// does not define it.
llvm::Expected<const Loss *>
findLossOf(const Scheme &scheme, llvm::StringRef option, llvm::StringRef name);

} // namespace qtc

#endif // QTC_PIPELINES_TRAINED_OUTPUT_H
