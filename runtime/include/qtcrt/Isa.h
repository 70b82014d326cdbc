//===- Isa.h - instruction sets of this processor ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_ISA_H
#define QTCRT_ISA_H

#include "qtcrt/abi.h"

#include <cstdint>
#include <string>
#include <vector>

namespace qtcrt {

/// Whether processor and operating system support `isa` (enum qtcrt_isa).
bool isIsaSupported(uint32_t isa);

/// Whether this machine, or its device, can run a variant.
bool isSupported(const qtcrt_variant &variant);

/// The batch sizes of the variants, in their order: the default comes first.
std::vector<int64_t> batchesOf(const qtcrt_model &model);

/// The same as text.
std::string listBatches(const qtcrt_model &model, const char *separator = ", ");

/// Variants that lie one after another.
struct VariantRange {
  const qtcrt_variant *first, *last;
  const qtcrt_variant *begin() const { return first; }
  const qtcrt_variant *end() const { return last; }
  bool isEmpty() const { return first == last; }
};

/// The variants for `batch`; none if it is not one of batchesOf.
VariantRange variantsOf(const qtcrt_model &model, int64_t batch);

/// The names of the variants of each batch, as text.
std::string listVariants(const qtcrt_model &model);

/// The strongest variant for `batch` that this machine supports, or null.
const qtcrt_variant *strongestVariant(const qtcrt_model &model, int64_t batch);

/// The variant to run: for `batch`, or for the default if that is 0, the one
/// called `name`, or for an empty name the strongest supported. Throws
/// UsageError for an unknown batch or name, and Error for a variant that this
/// processor does not support. Faults of a device are reported when it is
/// opened.
const qtcrt_variant &selectVariant(const qtcrt_model &model,
                                   const std::string &name, int64_t batch = 0);

/// Processors this process may use: affinity mask and control-group quota.
unsigned availableProcessors();

} // namespace qtcrt

#endif // QTCRT_ISA_H
