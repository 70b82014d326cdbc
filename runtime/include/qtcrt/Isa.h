//===- Isa.h - instruction sets of this processor ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_ISA_H
#define QTCRT_ISA_H

#include "qtcrt/abi.h"

#include <string>

namespace qtcrt {

/// Whether processor and operating system support `isa` (enum qtcrt_isa).
bool isIsaSupported(uint32_t isa);

/// Whether this machine, or its device, can run a variant.
bool isSupported(const qtcrt_variant &variant);

/// The strongest variant this machine supports, or null.
const qtcrt_variant *strongestVariant(const qtcrt_model &model);

/// The variant to run: the one called `name`, or for an empty name the
/// strongest supported. Throws UsageError for an unknown name, and Error for
/// one that this processor does not support. Faults of a device are reported
/// when it is opened.
const qtcrt_variant &selectVariant(const qtcrt_model &model,
                                   const std::string &name);

/// Processors this process may use: affinity mask and control-group quota.
unsigned availableProcessors();

} // namespace qtcrt

#endif // QTCRT_ISA_H
