//===- Ramp.h - rates between two entries of a schedule ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A ramp leads from the rate a to the rate b. After the share x of its steps,
// 0 <= x <= 1, the rate is a + (b - a) * x, or b + (a - b) * (1 + cos(pi x))/2.
// All is computed in double without library functions that round, so a run is
// the same on every machine.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_RAMP_H
#define QTCRT_RAMP_H

#include <cstdint>

namespace qtcrt {

enum class Ramp { Linear, Cosine };

/// cos(pi * x) for 0 <= x <= 1: exact at 0, 1/2 and 1, and within 3e-16.
double cosineOfPi(double x);

/// The rate between `a` and `b`, never outside of them.
double rateBetween(Ramp ramp, double a, double b, double x);

/// The integer m for which 2^m is nearest, in octaves, to the rate between 2^a
/// and 2^b; never outside of a and b.
int64_t exponentBetween(Ramp ramp, int64_t a, int64_t b, double x);

} // namespace qtcrt

#endif // QTCRT_RAMP_H
