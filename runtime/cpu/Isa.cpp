//===- Isa.cpp - instruction sets of this processor -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Isa.h"

#include "qtcrt/Error.h"

#include <algorithm>
#include <cstdio>
#include <sched.h>
#include <thread>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

using namespace qtcrt;

namespace {

struct Features {
  bool avx2 = false;
  bool avxvnni = false;
  bool avx512 = false;
  bool avx512vnni = false;
};

#if defined(__x86_64__)
bool hasBit(uint32_t value, int bit) { return (value >> bit) & 1; }

/// Registers the operating system saves (XCR0).
uint64_t savedRegisters() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

Features detect() {
  Features features;
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !hasBit(c, 27) || !hasBit(c, 28))
    return features;
  bool fma = hasBit(c, 12);
  uint64_t saved = savedRegisters();
  if ((saved & 0x06) != 0x06 || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
    return features;
  features.avx2 = fma && hasBit(b, 5);
  // F, DQ, CD, BW and VL; mask registers and all of the vector registers.
  features.avx512 = features.avx2 && hasBit(b, 16) && hasBit(b, 17) &&
                    hasBit(b, 28) && hasBit(b, 30) && hasBit(b, 31) &&
                    (saved & 0xe6) == 0xe6;
  features.avx512vnni = features.avx512 && hasBit(c, 11);
  if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d))
    features.avxvnni = features.avx2 && hasBit(a, 4);
  return features;
}
#else
Features detect() { return {}; }
#endif

/// Processors the control group grants (cgroup v2), or `limit`.
unsigned quotaProcessors(unsigned limit) {
  std::FILE *file = std::fopen("/sys/fs/cgroup/cpu.max", "r");
  if (!file)
    return limit;
  long long quota = 0, period = 0;
  int read = std::fscanf(file, "%lld %lld", &quota, &period);
  std::fclose(file);
  if (read != 2 || quota <= 0 || period <= 0)
    return limit;
  long long whole = (quota + period - 1) / period;
  return whole < limit ? static_cast<unsigned>(whole) : limit;
}

} // namespace

bool qtcrt::isIsaSupported(uint32_t isa) {
  static const Features features = detect();
  switch (isa) {
  case QTCRT_ISA_BASELINE:
    return true;
  case QTCRT_ISA_AVX2:
    return features.avx2;
  case QTCRT_ISA_AVX512:
    return features.avx512;
  case QTCRT_ISA_AVXVNNI:
    return features.avxvnni;
  case QTCRT_ISA_AVX512VNNI:
    return features.avx512vnni;
  }
  return false;
}

bool qtcrt::isSupported(const qtcrt_variant &variant) {
  if (!variant.device)
    return isIsaSupported(variant.isa);
  uint32_t needed = variant.device->capability;
  uint32_t capability = variant.device->detect();
  return capability > 0 &&
         (variant.device->exact ? capability == needed : capability >= needed);
}

/// A rank that grows with the variant's requirements on the machine.
static uint32_t strengthOf(const qtcrt_variant &variant) {
  // Exact code uses more features of the same capability.
  return variant.device
             ? 2 * variant.device->capability + (variant.device->exact ? 1 : 0)
             : variant.isa;
}

const qtcrt_variant *qtcrt::strongestVariant(const qtcrt_model &model) {
  const qtcrt_variant *best = nullptr;
  for (uint64_t i = 0; i < model.variant_count; ++i)
    if (isSupported(model.variants[i]) &&
        (!best || strengthOf(model.variants[i]) > strengthOf(*best)))
      best = &model.variants[i];
  return best;
}

const qtcrt_variant &qtcrt::selectVariant(const qtcrt_model &model,
                                          const std::string &name) {
  std::string names;
  for (uint64_t i = 0; i < model.variant_count; ++i) {
    const qtcrt_variant &variant = model.variants[i];
    names += (i ? ", " : "") + std::string(variant.name);
    if (name == variant.name) {
      if (!variant.device && !isSupported(variant))
        fail("--isa=", name, ": this processor or operating system lacks it; ",
             "leave the option out to use the strongest supported variant");
      return variant;
    }
  }
  if (!name.empty())
    throw UsageError(concat("--isa: unknown instruction set ", inQuotes(name),
                            ", expected one of: ", names));
  const qtcrt_variant *best = strongestVariant(model);
  if (!best && model.variants[0].device)
    return model.variants[0];
  if (!best)
    fail("this processor supports none of the instruction sets the trainer was "
         "compiled for (",
         names, "): compile with --mcpu=baseline or --mcpu=auto");
  return *best;
}

unsigned qtcrt::availableProcessors() {
  unsigned count = std::max(1u, std::thread::hardware_concurrency());
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
    count = static_cast<unsigned>(CPU_COUNT(&set));
  return quotaProcessors(count);
}
