//===- Isa.cpp - instruction sets of this processor -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Isa.h"

#include "qtcrt/Error.h"
#include "qtcrt/ShellCommand.h"

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

std::vector<int64_t> qtcrt::batchesOf(const qtcrt_model &model) {
  std::vector<int64_t> batches;
  for (uint64_t i = 0; i < model.variant_count; ++i)
    if (batches.empty() || batches.back() != model.variants[i].batch)
      batches.push_back(model.variants[i].batch);
  return batches;
}

std::string qtcrt::listBatches(const qtcrt_model &model,
                               const char *separator) {
  std::string text;
  for (int64_t batch : batchesOf(model))
    text += concat(text.empty() ? "" : separator, batch);
  return text;
}

VariantRange qtcrt::variantsOf(const qtcrt_model &model, int64_t batch) {
  const qtcrt_variant *end = model.variants + model.variant_count;
  auto isOfBatch = [batch](const qtcrt_variant &variant) {
    return variant.batch == batch;
  };
  const qtcrt_variant *first = std::find_if(model.variants, end, isOfBatch);
  return {first, std::find_if_not(first, end, isOfBatch)};
}

std::string qtcrt::listVariants(const qtcrt_model &model) {
  std::string text;
  for (const qtcrt_variant &variant :
       variantsOf(model, model.variants[0].batch))
    text += concat(text.empty() ? "" : ", ", variant.name);
  return text;
}

const qtcrt_variant *qtcrt::strongestVariant(const qtcrt_model &model,
                                             int64_t batch) {
  const qtcrt_variant *best = nullptr;
  for (const qtcrt_variant &variant : variantsOf(model, batch))
    if (isSupported(variant) &&
        (!best || strengthOf(variant) > strengthOf(*best)))
      best = &variant;
  return best;
}

const qtcrt_variant &qtcrt::selectVariant(const qtcrt_model &model,
                                          const std::string &name,
                                          int64_t batch) {
  if (batch == 0)
    batch = model.variants[0].batch;
  VariantRange variants = variantsOf(model, batch);
  if (variants.isEmpty())
    throw UsageError(concat("--batch: the trainer has no code for batches of ",
                            batch, ", expected one of: ", listBatches(model),
                            "; leave the option out, or ",
                            adviseToCompile(concat("--batch=", batch))));
  for (const qtcrt_variant &variant : variants) {
    if (name != variant.name)
      continue;
    if (!variant.device && !isSupported(variant))
      fail("--isa=", name, ": this processor or operating system lacks it; ",
           "leave the option out to use the strongest supported variant");
    return variant;
  }
  if (!name.empty())
    throw UsageError(concat("--isa: unknown instruction set ", inQuotes(name),
                            ", expected one of: ", listVariants(model)));
  const qtcrt_variant *best = strongestVariant(model, batch);
  if (!best && variants.first->device)
    return *variants.first;
  if (!best)
    fail("this processor supports none of the instruction sets the trainer was "
         "compiled for (",
         listVariants(model), "): compile with --mcpu=baseline or --mcpu=auto");
  return *best;
}

unsigned qtcrt::availableProcessors() {
  unsigned count = std::max(1u, std::thread::hardware_concurrency());
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
    count = static_cast<unsigned>(CPU_COUNT(&set));
  return quotaProcessors(count);
}
