//===- DataSet.h - examples in memory ---------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_DATASET_H
#define QTCRT_DATASET_H

#include "qtcrt/Memory.h"
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

/// What a port gets from the examples of a split, as the port stores it.
struct Column {
  ImageShape shape; ///< of an example: C planes of H rows of W elements
  uint64_t elementBytes = 1;
  std::vector<uint8_t> bytes;

  uint64_t exampleBytes() const { return shape.elements() * elementBytes; }
  uint64_t count() const { return bytes.size() / exampleBytes(); }
  const uint8_t *example(uint64_t index) const {
    return bytes.data() + index * exampleBytes();
  }
};

/// One split of a data set as a step gets it.
struct DataSplit {
  std::vector<Column> inputs;  ///< one for each input port, in their order
  std::vector<Column> targets; ///< one for each output

  uint64_t count() const { return targets.empty() ? 0 : targets[0].count(); }
};

/// `count` examples as the ports store them, 64-byte aligned.
struct Batch {
  std::vector<Buffer> inputs;  ///< one for each input port, in their order
  std::vector<Buffer> targets; ///< one for each output

  Batch() = default;
  /// Takes memory for `count` examples of `data`.
  Batch(const DataSplit &data, uint64_t count);
};

struct DataSet {
  DataSplit train; ///< empty when DataRequest::train is false
  DataSplit test;
  /// What the inputs were standardized with; empty if they were not.
  Standardization standardization;
  /// A sentence about the data for the user, or "".
  std::string remark;
};

/// What a port accepts.
struct ColumnRequest {
  std::string name; ///< of the model's input or output
  ImageShape shape; ///< of an example; missing extents are 1
  qtcrt_encoding encoding = QTCRT_ENCODING_PIXEL;
  int64_t classes = 0; ///< CLASS: elements are 0...classes-1
  NumberFormat format; ///< of NUMBER
  bool standardized = false;
  std::optional<int32_t> ignored; ///< of CLASS: a label that is no class
  bool areShares = false;         ///< of NUMBER: numbers are in [0, 1]
};

/// The data that the model accepts; readers check it before they read examples.
struct DataRequest {
  std::vector<ColumnRequest> inputs{1};  ///< one for each input port
  std::vector<ColumnRequest> targets{1}; ///< one for each output
  /// To standardize with. If empty, that of the training split, which must be
  /// read then.
  Standardization standardization;

  bool train = true;  ///< read the training split, too
  uint64_t limit = 0; ///< use the first examples of it only; 0: all
};

/// The request of a model that checkModel accepts.
DataRequest requestFor(const qtcrt_model &model);

/// What files have for a port. Classes are 32-bit integers.
struct RawColumn {
  ImageShape shape; ///< of an example
  NumberArray numbers;
  uint64_t count() const { return numbers.size() / shape.elements(); }
};

/// One split of a data set as its files have it.
struct RawSplit {
  std::vector<RawColumn> inputs{1};  ///< one for each input port
  std::vector<RawColumn> targets{1}; ///< one for each output, or one for all
  uint64_t count() const { return targets[0].count(); }
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
  /// Examples may have any inputs and targets, otherwise they are images and
  /// their classes, which all outputs learn.
  bool isGeneral;
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
                     const ColumnRequest &request);

/// Throws unless the label is a class of all outputs, or ignored.
void checkLabel(const std::string &file, uint64_t index, int64_t label,
                const DataRequest &request);

} // namespace qtcrt

#endif // QTCRT_DATASET_H
