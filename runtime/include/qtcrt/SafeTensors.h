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
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace qtcrt {

class ByteSource;

/// A tensor to write.
struct TensorView {
  std::string name;
  std::string dtype; ///< "I8", "F32", ...
  std::vector<int64_t> shape;
  const void *data = nullptr;
  uint64_t bytes = 0;
};

/// A tensor of a file.
struct StoredTensor {
  std::string dtype;
  std::vector<int64_t> shape;
  uint64_t begin = 0; ///< first byte, counted from the first tensor
  uint64_t bytes = 0;
};

struct SafeTensorsHeader {
  std::map<std::string, std::string> metadata;
  std::map<std::string, StoredTensor> tensors;
  uint64_t dataBytes = 0; ///< of all tensors
};

/// Writes the file whole or not at all, see writeFileAtomically. Throws Error;
/// then an old file at `path` is as it was.
void writeSafeTensors(const std::string &path,
                      const std::vector<TensorView> &tensors,
                      const std::map<std::string, std::string> &metadata);

/// An untrusted file, read front to back. All functions throw Error.
class SafeTensorsReader {
public:
  /// Reads and validates the header: length, JSON, keys, types, extents, ranges
  /// without gap or overlap. Throws if the header is longer than
  /// `maxHeaderBytes`, before reading it.
  SafeTensorsReader(const std::string &path, uint64_t maxHeaderBytes);
  ~SafeTensorsReader();

  const SafeTensorsHeader &header() const { return contents; }

  /// Reads all tensors, each to the address that `place` returns (null:
  /// nowhere), and returns the XXH3-128 of their bytes.
  std::string
  readData(const std::function<uint8_t *(const std::string &name)> &place);

private:
  std::unique_ptr<ByteSource> source;
  SafeTensorsHeader contents;
};

} // namespace qtcrt

#endif // QTCRT_SAFETENSORS_H
