//===- WindowPhases.h - Windows as dense correlations -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Along one dimension, an input position of a convolution sees the errors of
// output positions only under some kernel positions: those whose product with
// the dilation has the right remainder by the stride. Positions of equal
// remainder form a phase; within it, the input gradient is a correlation with a
// part of the kernel that neither strides nor skips zeros.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_WINDOWPHASES_H
#define QTC_SUPPORT_WINDOWPHASES_H

#include "dialect/QTrain/IR/QTrain.h"

namespace qtc {

/// Results first + q · step, q < count, along one dimension. Each is the sum
/// over j < taps of the operand at offset + q · stride + j · dilation times the
/// kernel at firstTap + j · tapStep.
struct WindowPhase {
  int64_t first, step, count;
  int64_t offset, stride, dilation;
  int64_t taps, firstTap, tapStep;
};

/// The one phase of a convolution that has `outputs` positions along `dim`.
WindowPhase getForwardPhase(qtrain::WindowAttr window, unsigned dim,
                            int64_t outputs);

/// The phases of an input gradient that has `inputs` positions along `dim`.
/// Some have no taps; none is empty.
llvm::SmallVector<WindowPhase> getGradientPhases(qtrain::WindowAttr window,
                                                 unsigned dim, int64_t inputs);

/// Neighbouring results that see the taps [lower, upper) inside of the image.
struct WindowSegment {
  int64_t first, count;
  int64_t lower, upper;
};

/// The results of `phase` over an operand with `extent` positions.
llvm::SmallVector<WindowSegment> getSegments(const WindowPhase &phase,
                                             int64_t extent);

/// The same results as phases of their own, whose taps are all inside of the
/// operand.
llvm::SmallVector<WindowPhase> splitAtBorders(const WindowPhase &phase,
                                              int64_t extent);

/// Whether phases of `window` on an image of `extents`, and their segments, are
/// few enough to be listed.
bool hasFewPhases(qtrain::WindowAttr window, llvm::ArrayRef<int64_t> extents);

} // namespace qtc

#endif // QTC_SUPPORT_WINDOWPHASES_H
