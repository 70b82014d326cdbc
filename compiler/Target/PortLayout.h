//===- PortLayout.h - Numbers of the ports of a model -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_PORT_LAYOUT_H
#define QTC_TARGET_PORT_LAYOUT_H

#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <array>
#include <optional>

namespace qtc {

/// The ports of a module, which are the tensors that its public functions
/// exchange with their callers: inputs, targets, predictions, exponents,
/// metrics, then weights of metrics. All functions number them alike, even if
/// one of them has no targets.
class PortLayout {
public:
  explicit PortLayout(mlir::ModuleOp module);

  /// The number of the port that argument `index` of `function` is, or none.
  std::optional<unsigned> getPort(mlir::func::FuncOp function,
                                  unsigned index) const;

  unsigned getNumPorts() const;

private:
  static constexpr unsigned kNumPortRoles =
      static_cast<unsigned>(qtrain::Role::Weight) + 1;

  /// The most arguments that a function has of each role.
  std::array<unsigned, kNumPortRoles> counts = {};
};

} // namespace qtc

#endif // QTC_TARGET_PORT_LAYOUT_H
