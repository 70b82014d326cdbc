//===- StateLayout.h - Places of the training state -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_STATE_LAYOUT_H
#define QTC_TARGET_STATE_LAYOUT_H

#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <vector>

namespace qtc {

/// A tensor of the training state.
struct StateTensor {
  qtrain::ParameterOp parameter;
  /// Bytes from the start of the state, a multiple of 64.
  int64_t offset;
};

/// The training state of a module: its parameters in bytewise order of their
/// names, then of their kinds, each on a cache line of its own. The layout is
/// the same for all targets.
class StateLayout {
public:
  explicit StateLayout(mlir::ModuleOp module);

  const std::vector<StateTensor> &getTensors() const { return tensors; }
  /// Size of the whole state in bytes.
  int64_t getBytes() const { return bytes; }
  /// The tensor of the parameter with `symbol`, or null.
  const StateTensor *lookup(llvm::StringRef symbol) const;

private:
  std::vector<StateTensor> tensors;
  int64_t bytes = 0;
};

} // namespace qtc

#endif // QTC_TARGET_STATE_LAYOUT_H
