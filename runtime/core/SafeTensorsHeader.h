//===- SafeTensorsHeader.h - the JSON part of safetensors -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CORE_SAFETENSORSHEADER_H
#define QTCRT_CORE_SAFETENSORSHEADER_H

#include "qtcrt/SafeTensors.h"

namespace qtcrt {

/// The header of a file with these tensors, in this order. Throws Error when a
/// name or an entry of the metadata is not UTF-8.
std::string formatHeader(const std::string &path,
                         const std::vector<TensorView> &tensors,
                         const std::map<std::string, std::string> &metadata);

/// Parses the untrusted header `text` of `path`, whose tensors have `dataBytes`
/// bytes, in one pass and in time linear in its length. Every byte of the data
/// belongs to exactly one tensor, no key appears twice, and only spaces
/// follow the JSON object. Throws Error.
SafeTensorsHeader parseHeader(const std::string &path, const std::string &text,
                              uint64_t dataBytes);

} // namespace qtcrt

#endif // QTCRT_CORE_SAFETENSORSHEADER_H
