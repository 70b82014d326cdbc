//===- DataSet.cpp - the registry of data formats -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/DataSet.h"

#include "data/Encode.h"
#include "data/Readers.h"
#include "qtcrt/Error.h"
#include "qtcrt/Ports.h"
#include "qtcrt/ShellCommand.h"

#include <algorithm>
#include <limits>
#include <utility>

using namespace qtcrt;

// To add a format: a file with its reader, and one line here.
const DataFormat qtcrt::dataFormats[] = {
    {"mnist", "DIR", "IDX files of MNIST, Fashion-MNIST or EMNIST", readMnist,
     /*isGeneral=*/false},
    {"cifar10", "DIR", "binary CIFAR-10, or *_train.bin and *_val.bin",
     readCifar10, /*isGeneral=*/false},
    {"cifar100", "DIR", "binary CIFAR-100 (fine labels)", readCifar100,
     /*isGeneral=*/false},
    {"npy", "DIR", "train_x.npy train_y.npy test_x.npy test_y.npy", readNpy,
     /*isGeneral=*/true},
    {"synthetic", "digits", "rendered digits, needs no file", renderSynthetic,
     /*isGeneral=*/false},
    {nullptr, nullptr, nullptr, nullptr, false}};

std::string qtcrt::toString(const ImageShape &shape) {
  return concat(shape.channels, "x", shape.height, "x", shape.width);
}

bool qtcrt::fitsInput(const ImageShape &shape, const ImageShape &input) {
  auto isFlat = [](const ImageShape &s) {
    return s.height == 1 && s.width == 1;
  };
  // [N, C, L], [N, C, 1, L] and [N, 1, C, L] have the same bytes.
  auto dropUnits = [](const ImageShape &s) {
    std::vector<int64_t> extents;
    for (int64_t extent : {s.channels, s.height, s.width})
      if (extent != 1)
        extents.push_back(extent);
    return extents;
  };
  return dropUnits(shape) == dropUnits(input) ||
         ((isFlat(shape) || isFlat(input)) &&
          shape.elements() == input.elements());
}

void qtcrt::checkImageShape(const std::string &file, const ImageShape &shape,
                            const ColumnRequest &request) {
  if (fitsInput(shape, request.shape))
    return;
  ImageShape moved{shape.width, shape.channels, shape.height};
  bool arePixels = request.encoding == QTCRT_ENCODING_PIXEL;
  fail(inQuotes(file), arePixels ? ": images are " : ": inputs are ",
       toString(shape), ", but the model's ", "input is ",
       toString(request.shape), " (channels x height x width); ",
       moved == request.shape
           ? "move the channels to the front: array.transpose(0, 3, 1, 2)"
           : "use data of the model's size");
}

void qtcrt::checkLabel(const std::string &file, uint64_t index, int64_t label,
                       const DataRequest &request) {
  for (const ColumnRequest &target : request.targets)
    if (label != target.ignored && (label < 0 || label >= target.classes))
      fail(inQuotes(file), ": label ", label, " of example ", index,
           " is out of range: the model has ", target.classes,
           " classes (0 to ", target.classes - 1, ")");
}

Batch::Batch(const DataSplit &data, uint64_t count) {
  for (const Column &input : data.inputs)
    inputs.emplace_back(count * input.exampleBytes(), "a batch");
  for (const Column &target : data.targets)
    targets.emplace_back(count * target.exampleBytes(), "a batch");
}

namespace {

void checkSplit(const std::string &spec, const char *name,
                const RawSplit &split, const DataRequest &request) {
  if (split.count() == 0)
    fail("--data=", quoteForShell(spec), ": the ", name, " set is empty");
  if (split.count() > std::numeric_limits<int32_t>::max())
    fail("--data=", quoteForShell(spec), ": the ", name, " set has ",
         split.count(), " examples, expected at most 2147483647");
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    if (split.inputs[i].count() != split.count())
      fail("--data=", quoteForShell(spec), ": the ", name,
           " set is inconsistent");
    checkImageShape(spec, split.inputs[i].shape, request.inputs[i]);
  }
}

/// Keeps the first `limit` examples (0: all).
void limitExamples(RawSplit &split, const DataRequest &request) {
  if (!request.limit || request.limit >= split.count())
    return;
  auto keep = [&](RawColumn &column) {
    NumberArray &array = column.numbers;
    array.data.resize(request.limit * column.shape.elements() *
                      array.type.bytes);
    array.data.shrink_to_fit();
  };
  std::for_each(split.inputs.begin(), split.inputs.end(), keep);
  std::for_each(split.targets.begin(), split.targets.end(), keep);
}

/// Throws unless the format can hold what the model takes.
void checkFormat(const std::string &spec, const DataFormat &format,
                 const DataRequest &request) {
  if (format.isGeneral)
    return;
  auto refuse = [&](const std::string &what) {
    fail("--data=", quoteForShell(spec), ": ", format.name,
         " has one image and one class per example, but the model has ", what,
         "; use --data=npy:DIR");
  };
  for (const ColumnRequest &target : request.targets)
    if (target.encoding != QTCRT_ENCODING_CLASS)
      fail("--data=", quoteForShell(spec), ": the targets of ", format.name,
           " are classes, but the model predicts numbers; ",
           adviseToCompile("--loss=cross-entropy"));
  if (request.inputs.size() > 1)
    refuse(concat(request.inputs.size(), " inputs"));
  for (const ColumnRequest &target : request.targets)
    if (target.shape.elements() > 1)
      refuse(concat("a class for each of ", target.shape.elements(),
                    " positions"));
}

} // namespace

const DataFormat &qtcrt::findDataFormat(const std::string &spec) {
  size_t colon = spec.find(':');
  std::string name = spec.substr(0, colon), known;
  for (const DataFormat *format = dataFormats; format->name; ++format) {
    known +=
        concat(known.empty() ? "" : ", ", format->name, ":", format->argument);
    if (colon == std::string::npos || name != format->name)
      continue;
    if (colon + 1 == spec.size())
      throw UsageError(concat("--data: ", inQuotes(spec),
                              " lacks the part after the colon, expected ",
                              name, ":", format->argument));
    return *format;
  }
  throw UsageError(concat("--data: unknown format ", inQuotes(spec),
                          ", expected one of: ", known));
}

DataSet qtcrt::loadDataSet(const std::string &spec,
                           const DataRequest &request) {
  const DataFormat &format = findDataFormat(spec);
  checkFormat(spec, format, request);
  RawDataSet raw = format.read(spec.substr(spec.find(':') + 1), request);
  if (request.train) {
    checkSplit(spec, "training", raw.train, request);
    limitExamples(raw.train, request);
  }
  checkSplit(spec, "test", raw.test, request);
  return encodeDataSet(std::move(raw), request);
}

/// The elements of `port` for one example.
static ImageShape exampleShape(const qtcrt_port &port) {
  ImageShape shape;
  int64_t *extents[] = {&shape.channels, &shape.height, &shape.width};
  for (uint32_t dim = 0; dim < port.rank; ++dim)
    *extents[std::min(dim, 2u)] *= port.shape[dim];
  return shape;
}

DataRequest qtcrt::requestFor(const qtcrt_model &model) {
  DataRequest request;
  request.inputs.clear();
  request.targets.clear();
  for (uint64_t i = 0; i < model.port_count; ++i) {
    const qtcrt_port &port = model.ports[i];
    ColumnRequest column{port.name,
                         exampleShape(port),
                         static_cast<qtcrt_encoding>(port.encoding),
                         port.classes,
                         {port.dtype, port.exponent},
                         port.standardized != 0,
                         /*ignored=*/std::nullopt,
                         port.are_shares != 0};
    if (port.role == QTCRT_PORT_INPUT)
      request.inputs.push_back(column);
    if (port.role != QTCRT_PORT_TARGET)
      continue;
    const qtcrt_output &output = model.outputs[port.output];
    if (output.ignores_label)
      column.ignored = output.ignored_label;
    request.targets.push_back(column);
  }
  return request;
}
