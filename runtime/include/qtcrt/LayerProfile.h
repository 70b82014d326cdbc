//===- LayerProfile.h - Times of operations by layer and pass ---*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_LAYERPROFILE_H
#define QTCRT_LAYERPROFILE_H

#include "qtcrt/abi.h"

#include <string>
#include <vector>

namespace qtcrt {

/// An operation of a step and how long it took.
struct TimedOp {
  const qtcrt_op *op;
  double milliseconds;
  double leastMilliseconds = 0; ///< in its fastest step
};

/// One pass of one node: its multiply-accumulate kernel and the operations that
/// only this kernel needs.
struct LayerPass {
  std::string node;
  std::string pass; ///< "forward", "input gradient" or "weight gradient"
  double kernelMilliseconds = 0;
  double helperMilliseconds = 0;
  /// Kernel and helpers, each in its fastest step: an estimate for a machine
  /// without other load.
  double leastMilliseconds = 0;
  double macs = 0;
  double bytes = 0;       ///< read and written by the kernel
  double helperBytes = 0; ///< read and written by the helpers
};

/// The passes of all nodes that multiply, in the order of their kernels, and
/// the operations that belong to none of them.
struct LayerProfile {
  std::vector<LayerPass> passes;
  double otherMilliseconds = 0;
};

/// Groups the operations of a step, which are in the order of their execution.
/// A node's operations before a kernel prepare it; element-wise ones after it
/// finish it. Sums over channels and the operations that follow them belong to
/// the weight gradient (biases). An activation's element-wise work belongs to
/// the kernel before it, whose result it takes. Pools and losses belong to
/// none.
LayerProfile groupByLayer(const std::vector<TimedOp> &ops);

} // namespace qtcrt

#endif // QTCRT_LAYERPROFILE_H
