//===- SafeTensors.h - reading and writing safetensors files ----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// https://huggingface.co/docs/safetensors: 8 bytes little-endian header length,
// a JSON header padded with spaces to a multiple of 8, the tensors' bytes.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_SAFETENSORS_H
#define QTCRT_SAFETENSORS_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace qtcrt {

/// A tensor to write.
struct TensorView {
  std::string name;
  std::string dtype; ///< "I8", "F32", ...
  std::vector<int64_t> shape;
  const void *data = nullptr;
  uint64_t bytes = 0;
};

/// A tensor that was read; `data` points into the file's bytes.
struct StoredTensor {
  std::string dtype;
  std::vector<int64_t> shape;
  const uint8_t *data = nullptr;
  uint64_t bytes = 0;
};

struct SafeTensorsFile {
  std::map<std::string, std::string> metadata;
  std::map<std::string, StoredTensor> tensors;
  std::vector<uint8_t> bytes; ///< of the tensors
};

/// Writes the file whole or not at all: into PATH.tmp, flushed to the disk,
/// renamed to PATH, the folder flushed. On an Error the temporary is removed
/// and an old file at `path` is as it was.
void writeSafeTensors(const std::string &path,
                      const std::vector<TensorView> &tensors,
                      const std::map<std::string, std::string> &metadata);

/// Reads and validates an untrusted file with at most `maxDataBytes` of
/// tensors: header length, JSON, types, extents, ranges without gap or overlap.
/// Throws Error.
SafeTensorsFile readSafeTensors(const std::string &path, uint64_t maxDataBytes);

} // namespace qtcrt

#endif // QTCRT_SAFETENSORS_H
