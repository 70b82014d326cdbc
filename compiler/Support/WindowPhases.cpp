//===- WindowPhases.cpp - Windows as dense correlations -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/WindowPhases.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace qtc;

WindowPhase qtc::getForwardPhase(qtrain::WindowAttr window, unsigned dim,
                                 int64_t outputs) {
  return {/*first=*/0,
          /*step=*/1,
          outputs,
          -window.getPads()[dim],
          window.getStrides()[dim],
          window.getDilations()[dim],
          window.getKernel()[dim],
          /*firstTap=*/0,
          /*tapStep=*/1};
}

// Input position x sees output position y under kernel position k where
// x + pad = y · stride + k · dilation. With g = gcd(stride, dilation), these k
// are stride / g apart, and the next k sees the position dilation / g before.
llvm::SmallVector<WindowPhase> qtc::getGradientPhases(qtrain::WindowAttr window,
                                                      unsigned dim,
                                                      int64_t inputs) {
  int64_t stride = window.getStrides()[dim];
  int64_t dilation = window.getDilations()[dim];
  int64_t kernel = window.getKernel()[dim];
  int64_t common = std::gcd(stride, dilation);
  int64_t tapStep = stride / common;
  llvm::SmallVector<WindowPhase> phases;
  for (int64_t first = 0; first < std::min(stride, inputs); ++first) {
    int64_t position = first + window.getPads()[dim];
    int64_t tap = 0, last = std::min(tapStep, kernel);
    while (tap < last && (position - tap * dilation) % stride != 0)
      ++tap;
    int64_t taps = tap < last ? llvm::divideCeil(kernel - tap, tapStep) : 0;
    int64_t lastTap = tap + (taps - 1) * tapStep;
    phases.push_back({first, stride, (inputs - first - 1) / stride + 1,
                      taps ? (position - lastTap * dilation) / stride : 0,
                      /*stride=*/1, dilation / common, taps, taps ? lastTap : 0,
                      -tapStep});
  }
  return phases;
}

llvm::SmallVector<WindowSegment> qtc::getSegments(const WindowPhase &phase,
                                                  int64_t extent) {
  llvm::SmallVector<WindowSegment> segments;
  for (int64_t q = 0; q < phase.count; ++q) {
    int64_t start = phase.offset + q * phase.stride;
    int64_t lower = 0, upper = phase.taps;
    while (lower < upper && start + lower * phase.dilation < 0)
      ++lower;
    while (lower < upper && start + (upper - 1) * phase.dilation >= extent)
      --upper;
    if (lower == upper)
      lower = upper = 0;
    if (!segments.empty() && segments.back().lower == lower &&
        segments.back().upper == upper)
      ++segments.back().count;
    else
      segments.push_back({q, 1, lower, upper});
  }
  return segments;
}

llvm::SmallVector<WindowPhase> qtc::splitAtBorders(const WindowPhase &phase,
                                                   int64_t extent) {
  llvm::SmallVector<WindowPhase> parts;
  for (const WindowSegment &segment : getSegments(phase, extent)) {
    WindowPhase part = phase;
    part.first += segment.first * phase.step;
    part.count = segment.count;
    part.offset +=
        segment.first * phase.stride + segment.lower * phase.dilation;
    part.taps = segment.upper - segment.lower;
    part.firstTap += segment.lower * phase.tapStep;
    parts.push_back(part);
  }
  return parts;
}

bool qtc::hasFewPhases(qtrain::WindowAttr window,
                       llvm::ArrayRef<int64_t> extents) {
  constexpr int64_t kMaxPhases = 1 << 12, kMaxPositions = 1 << 24;
  int64_t phases = 1;
  for (unsigned dim : {0u, 1u}) {
    int64_t extent = extents[dim] + window.getPads()[dim];
    phases *= std::min(window.getStrides()[dim], extents[dim]);
    if (extent > kMaxPositions ||
        extent * window.getKernel()[dim] > kMaxPositions)
      return false;
  }
  return phases <= kMaxPhases;
}
