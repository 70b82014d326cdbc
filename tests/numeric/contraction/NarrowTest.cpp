//===- NarrowTest.cpp - Accumulators of 16 bits ---------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/numeric/contraction/NarrowTest.h"

#include "tests/numeric/contraction/Compile.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <random>

using namespace qtc;
using namespace qtc::test;

// Rows and columns that fill no tile; the same contraction as Layout computes.
static constexpr int64_t kRows = 29, kColumns = 21, kLength = 64;

/// {0}: bytes of B, {1}: columns of a panel, {2} and {3}: bytes of a step and
/// of a panel.
static const char *kModule = R"(
func.func @kernel(%a: memref<1856xi8>, %b: memref<{0}xi8>,
                  %acc: memref<29x21xi16>, %max: memref<i32>,
                  %shift: memref<i32>) {{
  qkernel.contract ins(%a, %b : memref<1856xi8>, memref<{0}xi8>)
    outs(%acc, %max, %shift : memref<29x21xi16>, memref<i32>, memref<i32>)
    {{contraction = #qkernel.contraction<rows = [29] strides [64],
     steps = [16] a [4] b [{2}], columns = 21 panel {1} stride {3}>}
  return
}
)";

static int64_t getBytesOfB(int64_t panel) {
  return static_cast<int64_t>(llvm::alignTo(kColumns, panel)) * kLength;
}

namespace {
/// Operands whose columns lie in panels of one vector.
struct Operands {
  explicit Operands(int64_t panel) : panel(panel), b(getBytesOfB(panel)) {}

  int64_t panel;
  std::vector<int8_t> a = std::vector<int8_t>(kRows * kLength);
  std::vector<int8_t> b;

  int8_t &atB(int64_t step, int64_t column) {
    return b[(column / panel * (kLength / 4) + step / 4) * panel * 4 +
             column % panel * 4 + step % 4];
  }
  std::vector<int32_t> multiply() {
    std::vector<int32_t> sums;
    for (int64_t row = 0; row < kRows; ++row)
      for (int64_t column = 0; column < kColumns; ++column) {
        int32_t sum = 0;
        for (int64_t k = 0; k < kLength; ++k)
          sum += a[row * kLength + k] * atB(k, column);
        sums.push_back(sum);
      }
    return sums;
  }
};

struct Case {
  std::string name;
  Operands operands;
};
} // namespace

/// Random operands up to `largest` in `used` of the steps.
static Case makeRandom(int64_t panel, int largest, int64_t used) {
  Case result{"up to " + std::to_string(largest) + " in " +
                  std::to_string(used) + " steps",
              Operands(panel)};
  std::mt19937 random(largest * 1000 + used);
  for (int64_t k = 0; k < used; ++k) {
    for (int64_t row = 0; row < kRows; ++row)
      result.operands.a[row * kLength + k] = random() % (largest + 1);
    for (int64_t column = 0; column < kColumns; ++column)
      result.operands.atB(k, column) =
          int(random() % (2 * largest + 1)) - largest;
  }
  return result;
}

/// One sum is `a`·`b`·`used`, negative ones are one product smaller.
static Case makeExtreme(int64_t panel, int a, int b, int64_t used) {
  Case result{std::to_string(a) + " * " + std::to_string(b) + " in " +
                  std::to_string(used) + " steps",
              Operands(panel)};
  for (int64_t k = 0; k < used; ++k) {
    result.operands.a[k] = a;
    result.operands.atB(k, kColumns - 1) = b;
    result.operands.atB(k, 0) = k + 1 < used ? -b : 0;
  }
  return result;
}

static int64_t getMagnitudeBits(int64_t maximum) {
  int64_t bits = 0;
  while (maximum > int64_t(1) << bits)
    ++bits;
  return bits;
}

/// `nearest` of the numerics contract on sign and magnitude.
static int64_t roundNearest(int64_t value, int64_t shift) {
  int64_t magnitude = std::abs(value);
  if (shift > 0)
    magnitude = (magnitude + (int64_t(1) << (shift - 1))) >> shift;
  return value < 0 ? -magnitude : magnitude;
}

/// The fault of the values that a kernel stored, or an empty string.
static std::string check(const std::vector<int32_t> &sums,
                         const std::vector<int16_t> &stored, int32_t maximum,
                         int32_t shift) {
  int32_t largest = 0;
  for (int32_t sum : sums)
    largest = std::max(largest, std::abs(sum));
  if (maximum != largest)
    return "maximum " + std::to_string(largest) + ", got " +
           std::to_string(maximum);
  int64_t bits = getMagnitudeBits(largest);
  if (shift < 0 || shift > std::max<int64_t>(bits - 8, 0) ||
      largest >> shift > 32767)
    return "a shift of " + std::to_string(shift) + " is wrong for " +
           std::to_string(largest);
  int64_t n = std::max<int64_t>(bits - 7, 0);
  for (size_t i = 0; i < sums.size(); ++i) {
    int32_t kept = std::abs(sums[i]) >> shift;
    if (stored[i] != (sums[i] < 0 ? -kept : kept))
      return "sum " + std::to_string(sums[i]) + " stored as " +
             std::to_string(stored[i]) + " after " + std::to_string(shift);
    if (roundNearest(stored[i], n - shift) != roundNearest(sums[i], n))
      return "sum " + std::to_string(sums[i]) + " rounds differently";
  }
  return "";
}

TestCounts qtc::test::testNarrowAccumulators(mlir::MLIRContext &context,
                                             const cpu::TargetRecord &target) {
  TestCounts counts;
  int64_t panel = target.getLanes();
  std::string module = llvm::formatv(kModule, getBytesOfB(panel), panel,
                                     panel * 4, panel * kLength);
  auto kernel = compile(context, module, target, {});
  if (!kernel) {
    llvm::outs() << "FAIL " << target.name << " narrow: does not compile\n";
    return {0, 1};
  }
  std::vector<Case> cases;
  for (auto [largest, used] :
       {std::pair(127, 64), std::pair(127, 8), std::pair(11, 64),
        std::pair(3, 64), std::pair(1, 3), std::pair(1, 0)})
    cases.push_back(makeRandom(panel, largest, used));
  // 2^15, which 16 bits do not hold, and its neighbours; 2^8 and 2^7.
  for (auto [a, b, used] :
       {std::tuple(64, 8, 64), std::tuple(127, 86, 3), std::tuple(127, 127, 2),
        std::tuple(64, 2, 2), std::tuple(64, 2, 1), std::tuple(1, 1, 1),
        std::tuple(127, 127, 64)})
    cases.push_back(makeExtreme(panel, a, b, used));
  for (Case &test : cases) {
    std::vector<int32_t> sums = test.operands.multiply();
    for (int32_t before : {0, 3, 5, 9, 16, 17, -1, 0x5a5a5a5a, -0x5a5a5a5a}) {
      std::vector<int16_t> stored(sums.size());
      int32_t maximum = 0x7fffffff, shift = before;
      auto run = [&] {
        std::fill(stored.begin(), stored.end(), 0x5a5a);
        kernel->run({test.operands.a.data(), test.operands.b.data(),
                     stored.data(), &maximum, &shift});
        return check(sums, stored, maximum, shift);
      };
      std::string message = run();
      int32_t found = shift;
      if (message.empty())
        message = run();
      if (message.empty() && shift != found)
        message = "a right shift is not kept";
      ++(message.empty() ? counts.passed : counts.failed);
      if (!message.empty())
        llvm::outs() << "FAIL " << target.name << " narrow, " << test.name
                     << ", shift " << before << " before: " << message << "\n";
    }
  }
  return counts;
}
