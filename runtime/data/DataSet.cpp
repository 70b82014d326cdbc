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
     /*hasNumbers=*/false},
    {"cifar10", "DIR", "binary CIFAR-10, or *_train.bin and *_val.bin",
     readCifar10, /*hasNumbers=*/false},
    {"cifar100", "DIR", "binary CIFAR-100 (fine labels)", readCifar100,
     /*hasNumbers=*/false},
    {"npy", "DIR", "train_x.npy train_y.npy test_x.npy test_y.npy", readNpy,
     /*hasNumbers=*/true},
    {"synthetic", "digits", "rendered digits, needs no file", renderSynthetic,
     /*hasNumbers=*/false},
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
                            const DataRequest &request) {
  if (fitsInput(shape, request.input))
    return;
  ImageShape moved{shape.width, shape.channels, shape.height};
  fail(inQuotes(file), request.takesPixels ? ": images are " : ": inputs are ",
       toString(shape), ", but the model's ", "input is ",
       toString(request.input), " (channels x height x width); ",
       moved == request.input
           ? "move the channels to the front: array.transpose(0, 3, 1, 2)"
           : "use data of the model's size");
}

void qtcrt::checkLabel(const std::string &file, uint64_t index, int64_t label,
                       const DataRequest &request) {
  if (label != request.ignored && (label < 0 || label >= request.classes))
    failLabel(file, index, std::to_string(label), request);
}

void qtcrt::failLabel(const std::string &file, uint64_t index,
                      const std::string &label, const DataRequest &request) {
  fail(inQuotes(file), ": label ", label, " of example ", index,
       " is out of range: the model has ", request.classes, " classes (0 to ",
       request.classes - 1, ")");
}

namespace {

void checkSplit(const std::string &spec, const char *name,
                const RawSplit &split, const DataRequest &request) {
  if (split.count() == 0)
    fail("--data=", quoteForShell(spec), ": the ", name, " set is empty");
  if (split.count() > std::numeric_limits<int32_t>::max())
    fail("--data=", quoteForShell(spec), ": the ", name, " set has ",
         split.count(), " examples, expected at most 2147483647");
  if (split.inputs.size() != split.count() * split.shape.elements() ||
      split.targets.size() != split.count() * request.outputs)
    fail("--data=", quoteForShell(spec), ": the ", name,
         " set is inconsistent");
  checkImageShape(spec, split.shape, request);
}

/// Keeps the first `limit` examples (0: all).
void limitExamples(RawSplit &split, const DataRequest &request) {
  if (!request.limit || request.limit >= split.count())
    return;
  auto keep = [&](NumberArray &array, uint64_t elements) {
    array.data.resize(request.limit * elements * array.type.bytes);
    array.data.shrink_to_fit();
  };
  keep(split.inputs, split.shape.elements());
  keep(split.targets, request.outputs);
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
  if (request.classes == 0 && !format.hasNumbers)
    fail("--data=", quoteForShell(spec), ": the targets of ", format.name,
         " are classes, but the model predicts numbers; ",
         adviseToCompile("--loss=cross-entropy"));
  RawDataSet raw = format.read(spec.substr(spec.find(':') + 1), request);
  if (request.train) {
    checkSplit(spec, "training", raw.train, request);
    limitExamples(raw.train, request);
  }
  checkSplit(spec, "test", raw.test, request);
  return encodeDataSet(std::move(raw), request);
}

DataRequest qtcrt::requestFor(const qtcrt_model &model) {
  const qtcrt_port &input = inputPort(model), &target = targetPort(model);
  DataRequest request;
  request.input = {1, 1, 1};
  int64_t *extents[] = {&request.input.channels, &request.input.height,
                        &request.input.width};
  for (uint32_t dim = 1; dim < input.rank; ++dim)
    *extents[std::min(dim - 1, 2u)] *= input.shape[dim];
  request.takesPixels = takesPixels(model);
  request.inputFormat = {input.dtype, input.exponent};
  request.standardized = input.standardized != 0;
  request.classes = model.classes;
  if (model.ignores_label)
    request.ignored = model.ignored_label;
  request.outputs = predictsClasses(model) ? 1 : outputsOf(model);
  request.targetFormat = {target.dtype, target.exponent};
  request.isLogistic = model.loss == QTCRT_LOSS_LOGISTIC;
  return request;
}
