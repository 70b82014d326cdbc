//===- DataSet.h - labelled images in memory --------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_DATASET_H
#define QTCRT_DATASET_H

#include "qtcrt/abi.h"

#include <cstdint>
#include <string>
#include <vector>

namespace qtcrt {

struct ImageShape {
  int64_t channels = 1, height = 1, width = 1;
  uint64_t bytes() const {
    return static_cast<uint64_t>(channels) * height * width;
  }
  bool operator==(const ImageShape &other) const {
    return channels == other.channels && height == other.height &&
           width == other.width;
  }
};

/// "1x28x28".
std::string toString(const ImageShape &shape);

/// One split of a data set: N images of C planes of H rows of W bytes, and N
/// class indices.
struct DataSplit {
  ImageShape shape;
  std::vector<uint8_t> images;
  std::vector<int32_t> labels;
  uint64_t count() const { return labels.size(); }
  const uint8_t *image(uint64_t index) const {
    return images.data() + index * shape.bytes();
  }
};

struct DataSet {
  DataSplit train; ///< empty when DataRequest::train is false
  DataSplit test;
};

/// The data that the model accepts; readers check it before they read pixels.
struct DataRequest {
  ImageShape input;    ///< of the model; rank-2 inputs: C, 1, 1
  int64_t classes = 0; ///< labels are 0...classes-1
  bool train = true;   ///< read the training split, too
};

/// One entry of the registry of formats.
struct DataFormat {
  const char *name; ///< the part of the SPEC before the colon
  const char *argument;
  const char *summary; ///< for --help
  DataSet (*read)(const std::string &argument, const DataRequest &request);
};

/// All formats; the end is marked by a null name.
extern const DataFormat dataFormats[];

/// The format that `--data` names (`FORMAT:ARGUMENT`). Throws UsageError for an
/// unknown format and where the argument is missing.
const DataFormat &findDataFormat(const std::string &spec);

/// Reads the data set of `--data` (`FORMAT:ARGUMENT`). Throws UsageError for an
/// unknown format, Error for anything wrong with the data.
DataSet loadDataSet(const std::string &spec, const DataRequest &request);

/// Whether images of `shape` can be fed to a model that takes `input`: equal
/// except for extents of 1, or one of them flat and of the same size.
bool fitsInput(const ImageShape &shape, const ImageShape &input);

/// Throws unless `fitsInput`; `file` is named.
void checkImageShape(const std::string &file, const ImageShape &shape,
                     const DataRequest &request);

/// Throws unless 0 <= label < request.classes.
void checkLabel(const std::string &file, uint64_t index, int64_t label,
                const DataRequest &request);

/// Throws because the label, which may be too large for an integer, is out of
/// range.
[[noreturn]] void failLabel(const std::string &file, uint64_t index,
                            const std::string &label,
                            const DataRequest &request);

/// Keeps the first `limit` examples (0: all).
void limitExamples(DataSplit &split, uint64_t limit);

} // namespace qtcrt

#endif // QTCRT_DATASET_H
