//===- LayerSettings.h - Training options of single layers ------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `--freeze PATTERN` and `--layer PATTERN:key=value` set attributes of
// `qtrain.parameter`, which the backward pass and the schemes read.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_PIPELINES_LAYER_SETTINGS_H
#define QTC_PIPELINES_LAYER_SETTINGS_H

#include "compiler/Scheme/Scheme.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>

namespace qtc {

/// What a user sets for all parameters that match a pattern.
struct LayerSetting {
  /// The option, for errors: `--freeze` or `--layer`.
  std::string option;
  /// A shell pattern for names of parameters, or of nodes that use them.
  std::string pattern;
  /// ParameterOp::getFrozen, getRate, getWeightBits and getHeadroom; without a
  /// value they are left alone.
  std::optional<bool> frozen = std::nullopt;
  std::optional<double> rate = std::nullopt;
  std::optional<int64_t> weightBits = std::nullopt;
  std::optional<int64_t> headroom = std::nullopt;

  /// PATTERN:key=value[,key=value], one spelling for each meaning.
  std::string spell() const;
};

/// The value of `key` in `option`, a factor on `what`: a positive number in
/// single precision. For schemes that count in octaves, it is a power of two.
llvm::Expected<double> parseFactor(llvm::StringRef option, llvm::StringRef key,
                                   llvm::StringRef what, llvm::StringRef text,
                                   const Scheme &scheme);

/// The setting of `--freeze=text`.
llvm::Expected<LayerSetting> parseFreeze(llvm::StringRef text);

/// The setting of `--layer=text`. Fails if `scheme` does not define a key, or
/// not this value.
llvm::Expected<LayerSetting> parseLayer(llvm::StringRef text,
                                        const Scheme &scheme);

/// The keys of `--layer`, each with its values, for the help text.
std::string describeLayerKeys();

/// Applies `settings` to the parameters of `module`, an imported model, in
/// order: later ones win. Fails if a pattern matches nothing, or if nothing is
/// left to train.
llvm::Error applyLayerSettings(mlir::ModuleOp module,
                               llvm::ArrayRef<LayerSetting> settings);

} // namespace qtc

#endif // QTC_PIPELINES_LAYER_SETTINGS_H
