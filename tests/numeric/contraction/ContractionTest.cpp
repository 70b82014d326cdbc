//===- ContractionTest.cpp - Compiled contractions against loops ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   qtc-contraction-test [--isa=NAME] [--filter=TEXT] [--loops] [--asm]
//   qtc-contraction-test --bench [--floats] [--isa=NAME] [--filter=TEXT]
//                        [--batch=N] [--repeats=N]
//
// Without --bench every problem is compiled for all instruction sets of this
// processor and compared with plain loops: bytes bit for bit, floats with sums
// in double precision.
//
//===----------------------------------------------------------------------===//

#include "tests/numeric/contraction/Compile.h"
#include "tests/numeric/contraction/NarrowTest.h"
#include "tests/numeric/contraction/Problem.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <sys/mman.h>
#include <type_traits>
#include <unistd.h>

using namespace qtc;
using namespace qtc::test;

namespace {
struct Options {
  std::string isa, filter;
  bool bench = false, floats = false;
  int repeats = 7;
  int64_t batch = 128;
  CompileOptions compile;
};
} // namespace

/// A copy of elements that ends at the end of a page; the next page is
/// unreadable.
class GuardedCopy {
public:
  template <typename T> explicit GuardedCopy(const std::vector<T> &elements) {
    size_t page = sysconf(_SC_PAGESIZE), bytes = elements.size() * sizeof(T);
    size_t used = (bytes + page - 1) / page * page;
    size = used + page;
    void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      llvm::report_fatal_error("no memory for an operand");
    base = static_cast<char *>(memory);
    mprotect(base + used, page, PROT_NONE);
    data = base + used - bytes;
    std::memcpy(data, elements.data(), bytes);
  }
  GuardedCopy(const GuardedCopy &) = delete;
  GuardedCopy &operator=(const GuardedCopy &) = delete;
  ~GuardedCopy() { munmap(base, size); }

  char *data;

private:
  char *base;
  size_t size;
};

template <typename Factor, typename Sum>
static std::vector<void *> getArguments(Data<Factor, Sum> &data) {
  std::vector<void *> arguments = {data.first.data(), data.second.data()};
  if (!data.bias.empty())
    arguments.push_back(data.bias.data());
  arguments.push_back(data.result.data());
  if constexpr (std::is_integral_v<Sum>)
    arguments.push_back(&data.maximum);
  return arguments;
}

/// Convolutions with unusual extents and attributes.
static std::vector<Problem> getTestProblems() {
  std::vector<Problem> shapes = {
      // batch, height, width, inputs, outputs, kernel, strides, pads,
      // dilations, group
      {Pass::Forward, 1, 5, 5, 1, 1, {3, 3}},
      {Pass::Forward, 3, 7, 6, 3, 5, {3, 3}, {1, 1}, {1, 1, 1, 1}},
      {Pass::Forward, 4, 9, 11, 5, 20, {5, 5}, {1, 1}, {2, 2, 2, 2}},
      {Pass::Forward, 6, 8, 8, 20, 50, {5, 5}},
      {Pass::Forward, 2, 13, 9, 4, 17, {3, 3}, {2, 2}, {1, 1, 1, 1}},
      {Pass::Forward, 3, 14, 14, 3, 33, {7, 7}, {2, 2}, {3, 3, 3, 3}},
      {Pass::Forward, 1, 17, 17, 8, 16, {3, 3}, {3, 3}, {0, 1, 2, 0}},
      {Pass::Forward, 3, 10, 12, 6, 9, {3, 3}, {1, 1}, {2, 2, 2, 2}, {2, 2}},
      {Pass::Forward, 2, 12, 10, 4, 64, {3, 2}, {2, 1}, {0, 1, 2, 0}, {2, 1}},
      {Pass::Forward, 2, 11, 13, 5, 8, {2, 3}, {1, 2}, {1, 0, 0, 2}, {1, 3}},
      {Pass::Forward, 5, 6, 7, 12, 80, {1, 1}},
      {Pass::Forward, 3, 9, 9, 16, 24, {1, 1}, {2, 2}},
      {Pass::Forward, 3, 5, 5, 7, 13, {1, 1}, {1, 1}, {1, 0, 1, 2}},
      {Pass::Forward, 128, 1, 1, 80, 50, {1, 1}},
      {Pass::Forward, 6, 1, 1, 800, 500, {1, 1}},
      {Pass::Forward, 7, 1, 1, 500, 10, {1, 1}},
      {Pass::Forward, 5, 1, 1, 13, 130, {1, 1}},
      {Pass::Forward, 3, 4, 4, 50, 70, {4, 4}},
      {Pass::Forward, 9, 3, 5, 7, 11, {3, 5}},
      {Pass::Forward, 1, 6, 4, 3, 6, {2, 4}},
      {Pass::Forward, 4, 16, 16, 64, 64, {3, 3}, {1, 1}, {1, 1, 1, 1}},
      {Pass::Forward, 8, 8, 8, 32, 160, {3, 3}, {1, 1}, {1, 1, 1, 1}},
      {Pass::Forward, 13, 12, 12, 3, 96, {3, 3}, {1, 1}, {1, 1, 1, 1}},
      {Pass::Forward, 16, 28, 28, 1, 20, {5, 5}},
      {Pass::Forward, 1, 3, 40, 4, 4, {3, 1}, {1, 1}, {1, 0, 1, 0}},
      {Pass::Forward, 2, 40, 3, 9, 48, {1, 3}, {1, 1}, {0, 1, 0, 1}},
      {Pass::Forward, 2, 4, 5, 4, 17, {1, 2}},
      {Pass::Forward, 1, 4, 5, 20, 36, {1, 3}},
      {Pass::Forward, 2, 9, 7, 32, 20, {7, 5}},
      {Pass::Forward, 1, 4, 4, 16, 32, {4, 4}},
      {Pass::Forward, 2, 9, 8, 5, 20, {3, 3}, {2, 1}, {1, 1, 1, 1}},
      {Pass::Forward, 1, 6, 9, 7, 70, {2, 2}, {1, 1}, {0, 0, 0, 0}, {1, 1}},
      // Strides: phases of unequal taps and extents, phases without taps.
      {Pass::Forward, 2, 11, 10, 8, 20, {2, 2}, {3, 3}},
      {Pass::Forward, 2, 9, 13, 5, 24, {3, 5}, {2, 3}, {1, 2, 1, 2}},
      {Pass::Forward, 1, 13, 12, 6, 33, {4, 4}, {2, 2}, {1, 1, 1, 1}},
      {Pass::Forward, 2, 10, 9, 12, 16, {1, 1}, {3, 2}, {0, 1, 2, 0}},
      {Pass::Forward, 2, 15, 16, 4, 18, {3, 3}, {2, 3}, {2, 3, 2, 3}, {2, 2}},
      {Pass::Forward, 2, 14, 17, 7, 8, {3, 2}, {4, 6}, {1, 0, 3, 4}, {2, 4}},
      {Pass::Forward, 1, 3, 2, 9, 5, {5, 4}, {7, 5}, {3, 2, 2, 4}},
      // Padding beyond the reach of the kernel.
      {Pass::Forward, 3, 5, 4, 4, 9, {2, 3}, {1, 1}, {3, 4, 2, 5}},
      {Pass::Forward, 2, 4, 5, 6, 17, {1, 2}, {2, 3}, {5, 4, 3, 6}, {1, 2}},
      // Groups, with channels that fill neither words nor vectors.
      {Pass::Forward, 2, 7, 6, 8, 40, {3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 2},
      {Pass::Forward, 5, 6, 7, 15, 9, {3, 2}, {2, 1}, {1, 0, 1, 1}, {1, 1}, 3},
      {Pass::Forward, 3, 9, 8, 14, 35, {2, 3}, {1, 2}, {0, 2, 2, 0}, {2, 1}, 7},
      {Pass::Forward, 4, 5, 5, 32, 64, {1, 1}, {1, 1}, {0, 0, 0, 0}, {1, 1}, 2},
      {Pass::Forward, 6, 8, 8, 64, 96, {3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 2},
      {Pass::Forward, 3, 4, 5, 6, 6, {3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 6},
      {Pass::Forward, 1, 4, 5, 5, 15, {4, 5}, {1, 1}, {0, 0, 0, 0}, {1, 1}, 5},
      {Pass::Forward, 2, 6, 6, 3, 60, {3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, 3},
  };
  // Depthwise: vectors that overlap, multipliers, odd windows.
  std::vector<Problem> depthwise = {
      {Pass::Forward, 3, 9, 8, 8, 8, {3, 3}, {1, 1}, {1, 1, 1, 1}},
      {Pass::Forward, 2, 7, 9, 37, 37, {3, 3}, {2, 2}, {1, 1, 1, 1}},
      {Pass::Forward, 5, 5, 6, 64, 64, {5, 4}, {1, 2}, {2, 0, 2, 3}},
      {Pass::Forward, 1, 6, 5, 9, 18, {2, 3}, {1, 1}, {0, 1, 1, 1}},
      {Pass::Forward, 2, 8, 7, 12, 48, {3, 2}, {3, 2}, {1, 1, 2, 0}},
      {Pass::Forward, 2, 9, 11, 24, 24, {3, 3}, {1, 1}, {2, 4, 2, 4}, {2, 4}},
      {Pass::Forward, 2, 9, 8, 16, 32, {3, 3}, {2, 4}, {1, 2, 1, 2}, {2, 2}},
      {Pass::Forward, 3, 4, 5, 17, 17, {1, 1}, {2, 3}, {3, 4, 2, 5}},
      {Pass::Forward, 2, 5, 4, 10, 10, {5, 4}},
      {Pass::Forward, 1, 3, 3, 32, 32, {7, 7}, {1, 1}, {3, 3, 3, 3}},
      {Pass::Forward, 9, 33, 40, 8, 8, {3, 3}, {1, 1}, {1, 1, 1, 1}},
  };
  for (Problem &problem : depthwise) {
    problem.group = problem.inputs;
    shapes.push_back(problem);
  }
  std::vector<Problem> problems;
  for (const Problem &shape : shapes)
    for (Pass pass :
         {Pass::Forward, Pass::InputGradient, Pass::WeightGradient}) {
      Problem problem = shape;
      problem.pass = pass;
      problem.bias = pass == Pass::Forward;
      problems.push_back(problem);
      problem.floats = true;
      problems.push_back(problem);
      problem.floats = problem.bias = false;
      problem.nonnegative = true;
      problems.push_back(problem);
    }
  return problems;
}

/// The layers of VGG-small-7 on CIFAR-10 and of LeNet on MNIST.
static std::vector<Problem> getBenchProblems(int64_t batch, bool floats) {
  std::vector<Problem> shapes;
  auto add = [&](int64_t size, int64_t inputs, int64_t outputs, int64_t kernel,
                 int64_t pad) {
    Problem problem{Pass::Forward, batch,           size, size, inputs,
                    outputs,       {kernel, kernel}};
    problem.pads = {pad, pad, pad, pad};
    shapes.push_back(problem);
  };
  add(32, 3, 128, 3, 1);
  add(32, 128, 128, 3, 1);
  add(16, 128, 256, 3, 1);
  add(16, 256, 256, 3, 1);
  add(8, 256, 512, 3, 1);
  add(8, 512, 512, 3, 1);
  add(1, 8192, 10, 1, 0);
  add(28, 1, 20, 5, 0);
  add(12, 20, 50, 5, 0);
  add(4, 50, 500, 4, 0);
  add(1, 500, 10, 1, 0);
  std::vector<Problem> problems;
  for (const Problem &shape : shapes)
    for (Pass pass :
         {Pass::Forward, Pass::InputGradient, Pass::WeightGradient}) {
      Problem problem = shape;
      problem.pass = pass;
      problem.floats = floats;
      problem.nonnegative = !floats && pass != Pass::InputGradient;
      problems.push_back(problem);
    }
  return problems;
}

static bool isSelected(const Options &options, const Problem &problem) {
  return problem.getName().find(options.filter) != std::string::npos;
}

/// The result of `kernel`, whose operands end where nothing may be read.
template <typename Factor, typename Sum>
static void runGuarded(CompiledKernel &kernel, Data<Factor, Sum> &data) {
  std::memset(data.result.data(), 0x5a, data.result.size() * sizeof(Sum));
  GuardedCopy first(data.first), second(data.second);
  std::vector<void *> arguments = getArguments(data);
  arguments[0] = first.data;
  arguments[1] = second.data;
  kernel.run(arguments);
}

/// The difference, or an empty string.
static std::string testBytes(const Problem &problem, CompiledKernel &kernel) {
  ByteData expected = makeBytes(problem, 1), actual = expected;
  computeReference(problem, expected);
  actual.maximum = 0x7fffffff;
  runGuarded(kernel, actual);
  if (actual.maximum != expected.maximum)
    return "maximum " + std::to_string(expected.maximum) + ", got " +
           std::to_string(actual.maximum);
  for (size_t i = 0; i < actual.result.size(); ++i)
    if (actual.result[i] != expected.result[i])
      return "[" + std::to_string(i) + "] expected " +
             std::to_string(expected.result[i]) + ", but got " +
             std::to_string(actual.result[i]);
  return "";
}

static std::string testFloats(const Problem &problem, CompiledKernel &kernel) {
  constexpr double kTolerance = 1e-5; // of the sum of magnitudes
  FloatData actual = makeFloats(problem, 1);
  auto compute = [&](auto convert) {
    DoubleData exact;
    auto copy = [&](const std::vector<float> &from, std::vector<double> &to) {
      to.resize(from.size());
      llvm::transform(from, to.begin(), convert);
    };
    copy(actual.first, exact.first);
    copy(actual.second, exact.second);
    copy(actual.bias, exact.bias);
    exact.result.resize(actual.result.size());
    computeReference(problem, exact);
    return exact.result;
  };
  std::vector<double> sums = compute([](float x) { return double(x); });
  std::vector<double> magnitudes =
      compute([](float x) { return std::abs(double(x)); });
  runGuarded(kernel, actual);
  for (auto [i, sum] : llvm::enumerate(sums))
    // Written so that a result that is not a number fails.
    if (!(std::abs(actual.result[i] - sum) <= kTolerance * magnitudes[i]))
      return "[" + std::to_string(i) + "] expected " + std::to_string(sum) +
             ", but got " + std::to_string(actual.result[i]);
  return "";
}

static bool testProblem(mlir::MLIRContext &context, const Problem &problem,
                        const cpu::TargetRecord &target,
                        const Options &options) {
  auto kernel = compile(context, problem.getModule(), target, options.compile);
  std::string difference = "does not compile";
  if (kernel)
    difference = problem.floats ? testFloats(problem, *kernel)
                                : testBytes(problem, *kernel);
  if (difference.empty())
    return true;
  llvm::outs() << "FAIL " << target.name << " " << problem.getName() << ": "
               << difference << "\n";
  return false;
}

static int runTests(mlir::MLIRContext &context, const Options &options) {
  int passed = 0, failed = 0;
  for (const cpu::TargetRecord &target : cpu::getTargetRecords()) {
    if (!isSupported(target) ||
        (!options.isa.empty() && options.isa != target.name))
      continue;
    for (const Problem &problem : getTestProblems())
      if (isSelected(options, problem))
        ++(testProblem(context, problem, target, options) ? passed : failed);
    if (!llvm::StringRef("narrow").contains(options.filter))
      continue;
    TestCounts narrow = testNarrowAccumulators(context, target);
    passed += narrow.passed;
    failed += narrow.failed;
  }
  llvm::outs() << passed << " passed, " << failed << " failed\n";
  return failed > 0 || passed == 0;
}

static constexpr int64_t kPeakRounds = 200000;

/// Instructions in one round of the loop.
static int64_t getPeakDots(const cpu::TargetRecord &target) {
  return target.vectorRegisters == 32 ? 24 : 12;
}

/// A loop of independent dot products or multiply-adds on registers.
static std::string getPeakModule(const cpu::TargetRecord &target, bool floats) {
  int64_t count = getPeakDots(target);
  std::string element = floats ? "f32" : "i32";
  std::string buffer = "memref<1024x" + element + ">";
  std::string type =
      "vector<" + std::to_string(target.getLanes()) + "x" + element + ">";
  std::string text = "func.func @kernel(%acc: " + buffer +
                     ") {\n"
                     "%c0 = arith.constant 0 : index\n"
                     "%c1 = arith.constant 1 : index\n"
                     "%n = arith.constant " +
                     std::to_string(kPeakRounds) +
                     " : index\n"
                     "%v = vector.load %acc[%c0] : " +
                     buffer + ", " + type + "\n";
  auto list = [&](const std::string &prefix, const std::string &suffix) {
    std::string result;
    for (int64_t i = 0; i < count; ++i)
      result += (i ? ", " : "") + prefix + std::to_string(i) + suffix;
    return result;
  };
  std::string types;
  for (int64_t i = 0; i < count; ++i)
    types += (i ? ", " : "") + type;
  text += "%r:" + std::to_string(count) +
          " = scf.for %i = %c0 to %n step %c1 iter_args(" +
          list("%a", " = %v") + ") -> (" + types + ") {\n";
  for (int64_t i = 0; i < count; ++i) {
    std::string index = std::to_string(i);
    text += "%b" + index + " = ";
    if (floats)
      text += "vector.fma %v, %v, %a" + index + " : " + type + "\n";
    else
      text += "llvm.call_intrinsic \"" + target.getDotIntrinsic().str() +
              "\"(%a" + index + ", %v, %v) : (" + type + ", " + type + ", " +
              type + ") -> " + type + "\n";
  }
  text += "scf.yield " + list("%b", "") + " : " + types + "\n}\n";
  for (int64_t i = 0; i < count; ++i)
    text += "%o" + std::to_string(i) + " = arith.constant " +
            std::to_string(i * 16) + " : index\nvector.store %r#" +
            std::to_string(i) + ", %acc[%o" + std::to_string(i) +
            "] : " + buffer + ", " + type + "\n";
  return text + "return\n}\n";
}

/// Prints the best times of the operations of `kernel` and their sum, as speed
/// and as part of the best peak of the same time. Returns the sum.
static double measure(const Problem &problem, CompiledKernel &kernel,
                      CompiledKernel *peak, const cpu::TargetRecord &target,
                      const Options &options) {
  ByteData bytes;
  FloatData floats;
  std::vector<void *> arguments =
      problem.floats ? getArguments(floats = makeFloats(problem, 1))
                     : getArguments(bytes = makeBytes(problem, 1));
  std::vector<double> best(kernel.phases.size(), 1e30);
  double bestPeak = 1e30;
  std::vector<int32_t> sums(1024);
  for (int i = 0; i < options.repeats; ++i) {
    kernel.run(arguments);
    for (size_t p = 0; p < best.size(); ++p)
      best[p] = std::min(best[p], kernel.stamps[p + 1] - kernel.stamps[p]);
    if (!peak)
      continue;
    double start = getThreadSeconds();
    peak->run({sums.data()});
    bestPeak = std::min(bestPeak, getThreadSeconds() - start);
  }
  double seconds = std::accumulate(best.begin(), best.end(), 0.0);
  double speed = problem.getMacs() / seconds * 1e-9;
  llvm::outs() << llvm::format("%8.3f ms %6.1f GMAC/s ", seconds * 1e3, speed);
  if (peak) {
    int64_t products = target.getLanes() * (problem.floats ? 1 : 4);
    double limit =
        getPeakDots(target) * products * kPeakRounds / bestPeak * 1e-9;
    llvm::outs() << llvm::format("%3.0f %% of %.0f ", 100 * speed / limit,
                                 limit);
  }
  llvm::outs() << problem.getName() << ":";
  for (size_t p = 0; p < best.size(); ++p)
    llvm::outs() << " " << kernel.phases[p]
                 << llvm::format(" %.3f", best[p] * 1e3);
  llvm::outs() << "\n";
  llvm::outs().flush();
  return seconds;
}

static int runBench(mlir::MLIRContext &context, const Options &options) {
  const cpu::TargetRecord *target =
      cpu::lookupTargetRecord(options.isa.empty() ? "avx512vnni" : options.isa);
  bool hasPeak = options.floats || !target->widensBytes();
  std::unique_ptr<CompiledKernel> peak;
  if (hasPeak)
    peak =
        compile(context, getPeakModule(*target, options.floats), *target, {});
  double total = 0;
  for (const Problem &problem :
       getBenchProblems(options.batch, options.floats)) {
    if (!isSelected(options, problem))
      continue;
    CompileOptions compileOptions = options.compile;
    compileOptions.profile = true;
    auto kernel =
        compile(context, problem.getModule(), *target, compileOptions);
    if (!kernel)
      return 1;
    total += measure(problem, *kernel, peak.get(), *target, options);
  }
  llvm::outs() << llvm::format("%8.3f ms in all\n", total * 1e3);
  return 0;
}

int main(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (argument.consume_front("--isa="))
      options.isa = argument.str();
    else if (argument.consume_front("--filter="))
      options.filter = argument.str();
    else if (argument.consume_front("--repeats="))
      options.repeats = std::atoi(argument.data());
    else if (argument.consume_front("--batch="))
      options.batch = std::atoi(argument.data());
    else if (argument == "--bench")
      options.bench = true;
    else if (argument == "--floats")
      options.floats = true;
    else if (argument == "--loops")
      options.compile.printLoops = true;
    else if (argument == "--asm")
      options.compile.printAssembly = true;
    else {
      llvm::errs() << "error: unknown option '" << argument << "'\n";
      return 2;
    }
  }
  auto context = createContext();
  return options.bench ? runBench(*context, options)
                       : runTests(*context, options);
}
