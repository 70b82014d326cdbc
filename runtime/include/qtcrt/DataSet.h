//===- DataSet.h - labelled images in memory --------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_DATASET_H
#define QTCRT_DATASET_H

#include "qtcrt/Numbers.h"
#include "qtcrt/Standardization.h"
#include "qtcrt/abi.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qtcrt {

struct ImageShape {
  int64_t channels = 1, height = 1, width = 1;
  uint64_t elements() const {
    return static_cast<uint64_t>(channels) * height * width;
  }
  bool operator==(const ImageShape &other) const {
    return channels == other.channels && height == other.height &&
           width == other.width;
  }
};

/// "1x28x28".
std::string toString(const ImageShape &shape);

/// One split of a data set as a step gets it: examples of C planes of H rows of
/// W elements, and their targets.
struct DataSplit {
  ImageShape shape;                       ///< of an example
  std::vector<uint8_t> inputs;            ///< as the input port stores them
  std::vector<uint8_t> targets;           ///< as the target port stores them
  uint64_t elementBytes = 1;              ///< of an element of an input
  uint64_t targetBytes = sizeof(int32_t); ///< of an example's target

  uint64_t count() const { return targets.size() / targetBytes; }
  uint64_t inputBytes() const { return shape.elements() * elementBytes; }
  const uint8_t *input(uint64_t index) const {
    return inputs.data() + index * inputBytes();
  }
  const uint8_t *target(uint64_t index) const {
    return targets.data() + index * targetBytes;
  }
};

struct DataSet {
  DataSplit train; ///< empty when DataRequest::train is false
  DataSplit test;
  /// What the inputs were standardized with; empty if they were not.
  Standardization standardization;
  /// A sentence about the data for the user, or "".
  std::string remark;
};

/// The data that the model accepts; readers check it before they read examples.
struct DataRequest {
  ImageShape input;         ///< of the model; missing extents are 1
  bool takesPixels = true;  ///< inputs are uint8 pixels, otherwise numbers
  NumberFormat inputFormat; ///< of numbers
  bool standardized = false;
  /// To standardize with. If empty, that of the training split, which must be
  /// read then.
  Standardization standardization;

  int64_t classes = 0;            ///< targets are 0...classes-1; 0: numbers
  std::optional<int32_t> ignored; ///< label that is none of the classes
  uint64_t outputs = 1;           ///< numbers of a target; 1 for classes
  NumberFormat targetFormat;      ///< of numbers
  bool isLogistic = false;        ///< numbers of targets are in [0, 1]

  bool train = true;  ///< read the training split, too
  uint64_t limit = 0; ///< use the first examples of it only; 0: all
};

/// The request of a model that checkModel accepts.
DataRequest requestFor(const qtcrt_model &model);

/// One split of a data set as its files have it: as many targets (classes, or
/// DataRequest::outputs numbers each) as there are inputs.
struct RawSplit {
  ImageShape shape; ///< of an input
  NumberArray inputs;
  NumberArray targets;
  uint64_t count() const { return inputs.size() / shape.elements(); }
};

struct RawDataSet {
  RawSplit train; ///< empty when DataRequest::train is false
  RawSplit test;
};

/// One entry of the registry of formats.
struct DataFormat {
  const char *name; ///< the part of the SPEC before the colon
  const char *argument;
  const char *summary; ///< for --help
  RawDataSet (*read)(const std::string &argument, const DataRequest &request);
  bool hasNumbers; ///< targets may be numbers, otherwise they are classes
};

/// All formats; the end is marked by a null name.
extern const DataFormat dataFormats[];

/// The format that `--data` names (`FORMAT:ARGUMENT`). Throws UsageError for an
/// unknown format and where the argument is missing.
const DataFormat &findDataFormat(const std::string &spec);

/// Reads the data set of `--data` (`FORMAT:ARGUMENT`) and encodes it for the
/// model. Throws UsageError for an unknown format, Error for anything wrong
/// with the data.
DataSet loadDataSet(const std::string &spec, const DataRequest &request);

/// Whether images of `shape` can be fed to a model that takes `input`: equal
/// except for extents of 1, or one of them flat and of the same size.
bool fitsInput(const ImageShape &shape, const ImageShape &input);

/// Throws unless `fitsInput`; `file` is named.
void checkImageShape(const std::string &file, const ImageShape &shape,
                     const DataRequest &request);

/// Throws unless 0 <= label < request.classes or the label is ignored.
void checkLabel(const std::string &file, uint64_t index, int64_t label,
                const DataRequest &request);

/// Throws because the label, which may be too large for an integer, is out of
/// range.
[[noreturn]] void failLabel(const std::string &file, uint64_t index,
                            const std::string &label,
                            const DataRequest &request);

} // namespace qtcrt

#endif // QTCRT_DATASET_H
