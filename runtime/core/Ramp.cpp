//===- Ramp.cpp - rates between two entries of a schedule -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled with -ffp-contract=off: a fused product has other bits.
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Ramp.h"

#include <algorithm>
#include <cmath>
#include <iterator>

using namespace qtcrt;

double qtcrt::cosineOfPi(double x) {
  // With t = 1/2 - x and u = 1 - 4 t^2, cos(pi x) = sin(pi t) = t * (2 + u *
  // R(u)). The factors are exact where t = 0 or u = 0. R is interpolated at
  // the Chebyshev nodes of [0, 1]; its error is below the rounding of t.
  constexpr double coefficients[] = {1.0,
                                     0.1331497249319154,
                                     0.008149724931908155,
                                     0.00028655561135681177,
                                     6.5420466546607995e-06,
                                     1.0481317457304984e-07,
                                     1.2430800779453822e-09,
                                     1.1703542404111154e-11};
  double u = 4 * x * (1 - x);
  double r = 0;
  for (auto c = std::rbegin(coefficients); c != std::rend(coefficients); ++c)
    r = r * u + *c;
  return (0.5 - x) * (2 + u * r);
}

double qtcrt::rateBetween(Ramp ramp, double a, double b, double x) {
  double rate = ramp == Ramp::Linear ? a + (b - a) * x
                                     : b + (a - b) * ((1 + cosineOfPi(x)) / 2);
  return std::clamp(rate, std::min(a, b), std::max(a, b));
}

int64_t qtcrt::exponentBetween(Ramp ramp, int64_t a, int64_t b, double x) {
  // In units of the larger rate nothing overflows. The smaller one may become
  // 0. A rate above one so small is at least 2^-64, the least x, so its square
  // does not underflow.
  int64_t low = std::min(a, b), high = std::max(a, b);
  auto scaled = [high](int64_t exponent) {
    return std::ldexp(1.0, static_cast<int>(exponent - high));
  };
  double rate = rateBetween(ramp, scaled(a), scaled(b), x);
  if (rate <= scaled(low))
    return low;
  // rate^2 is in [2^(e - 1), 2^e), so log2 of the rate rounds to floor(e / 2).
  int e;
  std::frexp(rate * rate, &e);
  return high + (e >> 1);
}
