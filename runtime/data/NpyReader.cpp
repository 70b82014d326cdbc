//===- NpyReader.cpp - NumPy arrays ---------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "data/ByteSource.h"
#include "data/NpyHeader.h"
#include "data/Readers.h"
#include "qtcrt/Error.h"
#include "qtcrt/ShellCommand.h"

#include <optional>
#include <string_view>

using namespace qtcrt;

namespace {

/// More bytes than a file can have.
constexpr uint64_t maxBytes = uint64_t{1} << 43;

std::string shapeText(const std::vector<uint64_t> &shape) {
  std::string out = "(";
  for (size_t i = 0; i < shape.size(); ++i)
    out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + (shape.size() == 1 ? ",)" : ")");
}

ImageShape imageShape(const std::string &path, const NpyHeader &header,
                      const DataRequest &request) {
  const std::vector<uint64_t> &s = header.shape;
  auto extent = [&](size_t i) { return static_cast<int64_t>(s[i]); };
  if (s.size() < 2 || s.size() > 4)
    fail(inQuotes(path), ": the array has shape ", shapeText(s),
         ", expected [N,C,H,W], [N,H,W] or [N,F]");
  uint64_t limit = request.input.elements();
  for (size_t i = 1; i < s.size(); ++i)
    if (s[i] == 0 || s[i] > limit)
      fail(inQuotes(path), ": inputs of shape ", shapeText(s),
           " do not fit the ", "model's input ", toString(request.input));
  if (s.size() == 4)
    return {extent(1), extent(2), extent(3)};
  if (s.size() == 3)
    return {1, extent(1), extent(2)};
  bool fits = s[1] == limit; // a flat row takes the shape of the input
  return fits ? request.input : ImageShape{extent(1), 1, 1};
}

bool isOneOf(char letter, std::string_view letters) {
  return letters.find(letter) != std::string_view::npos;
}

/// The type that `descr` names; nothing unless it is of numbers that arrays
/// here may hold.
std::optional<NumberType> parseType(const std::string &descr) {
  std::string name = descr;
  NumberType type;
  type.bigEndian = !name.empty() && name[0] == '>';
  if (!name.empty() && isOneOf(name[0], "<>|="))
    name.erase(0, 1);
  if (name.size() != 2)
    return std::nullopt;
  type.kind = name[0];
  type.bytes = static_cast<unsigned>(name[1] - '0');
  std::string_view sizes = type.kind == 'f'           ? "48"
                           : type.kind == 'b'         ? "1"
                           : isOneOf(type.kind, "iu") ? "1248"
                                                      : "";
  return isOneOf(name[1], sizes) ? std::optional(type) : std::nullopt;
}

bool isInteger(const std::optional<NumberType> &type) {
  return type && (type->kind == 'i' || type->kind == 'u');
}

/// The letter of the kind in `descr`; 'O', that of objects, if there is none.
char kindOf(const std::string &descr) {
  size_t place = descr.find_first_not_of("<>|=");
  return place == std::string::npos ? 'O' : descr[place];
}

/// Advice for images of another type than uint8.
std::string pixelAdvice(const std::string &descr) {
  std::string numbers =
      "for numbers of any range " + adviseToCompile("--input=float32");
  switch (kindOf(descr)) {
  case 'f':
    return "for values from 0 to 1 save (array * "
           "255).round().astype('uint8'), " +
           numbers;
  case 'b':
    return "save array.astype('uint8') * 255";
  case 'i':
  case 'u':
    return "for values from 0 to 255 save array.astype('uint8'), " + numbers;
  default:
    return "save pixels as uint8";
  }
}

/// Advice for an array that holds no numbers of a type that is known.
std::string numberAdvice(const std::string &descr) {
  return isOneOf(kindOf(descr), "fbiu") ? "save array.astype('float64')"
                                        : "save numbers";
}

/// Throws unless the model can take inputs of the type.
NumberType checkInputType(const std::string &path, const NpyHeader &header,
                          const DataRequest &request) {
  std::optional<NumberType> type = parseType(header.descr);
  bool isPixel = type && type->kind == 'u' && type->bytes == 1;
  if (request.takesPixels && !isPixel)
    fail(inQuotes(path), ": images have type ", inQuotes(header.descr),
         ", expected uint8 pixels from 0 to 255; ", pixelAdvice(header.descr));
  if (!type)
    fail(inQuotes(path), ": inputs have type ", inQuotes(header.descr),
         ", expected float32, float64, integers or booleans; ",
         numberAdvice(header.descr));
  return *type;
}

void readInputs(const std::string &path, const DataRequest &request,
                RawSplit &split, uint64_t &count) {
  ByteSource file(path);
  NpyHeader header = readNpyHeader(file);
  NumberArray &inputs = split.inputs;
  inputs.file = path;
  inputs.type = checkInputType(path, header, request);
  split.shape = imageShape(path, header, request);
  checkImageShape(path, split.shape, request);
  count = header.shape[0];
  uint64_t bytes = split.shape.elements() * inputs.type.bytes;
  if (count > maxBytes / bytes)
    fail(inQuotes(path), ": ", count, " images are too many");
  file.append(inputs.data, count * bytes, "the elements");
  file.expectEnd();
}

/// The element at `bytes`, as the bits of an int64.
uint64_t decodeInteger(const uint8_t *bytes, const NumberType &type) {
  uint64_t value = 0;
  unsigned size = type.bytes;
  for (unsigned i = 0; i < size; ++i)
    value |= uint64_t{bytes[type.bigEndian ? size - 1 - i : i]} << (8 * i);
  if (type.kind == 'i' && size < 8 && (value >> (8 * size - 1)) & 1)
    value |= ~uint64_t{0} << (8 * size);
  return value;
}

/// Advice for labels of another type than integers.
std::string labelAdvice(char kind) {
  std::string classes = "save array.astype('int64')";
  if (kind == 'f')
    return "for numbers to predict " + adviseToCompile("--loss=mse") +
           ", for classes " + classes;
  if (isOneOf(kind, "b?"))
    return classes;
  return "save np.unique(array, return_inverse=True)[1], which numbers the "
         "classes";
}

void readLabels(const std::string &path, const DataRequest &request,
                RawSplit &split, uint64_t &count) {
  ByteSource file(path);
  NpyHeader header = readNpyHeader(file);
  const std::vector<uint64_t> &s = header.shape;
  if (s.empty() || s.size() > 2 || (s.size() == 2 && s[1] != 1))
    fail(inQuotes(path), ": labels have shape ", shapeText(s),
         ", expected [N] class indices; save array.argmax(1) if each row has ",
         "a 1 for its class, or ", adviseToCompile("--loss=mse"),
         " if rows are numbers to predict");
  std::optional<NumberType> type = parseType(header.descr);
  if (!isInteger(type))
    fail(inQuotes(path), ": labels have type ", inQuotes(header.descr),
         ", expected class indices of an integer type; ",
         labelAdvice(kindOf(header.descr)));
  count = s[0];
  std::vector<uint8_t> bytes;
  file.append(bytes, count * type->bytes, "the labels");
  file.expectEnd();
  std::vector<int32_t> labels;
  labels.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t bits = decodeInteger(bytes.data() + i * type->bytes, *type);
    if (type->kind == 'u' && bits > INT64_MAX)
      failLabel(path, i, std::to_string(bits), request);
    int64_t label = static_cast<int64_t>(bits);
    checkLabel(path, i, label, request);
    labels.push_back(static_cast<int32_t>(label));
  }
  split.targets.appendClasses(labels);
}

/// Reads targets that are numbers.
void readNumbers(const std::string &path, const DataRequest &request,
                 RawSplit &split, uint64_t &count) {
  ByteSource file(path);
  NpyHeader header = readNpyHeader(file);
  const std::vector<uint64_t> &s = header.shape;
  std::optional<NumberType> type = parseType(header.descr);
  if (!type)
    fail(inQuotes(path), ": targets have type ", inQuotes(header.descr),
         ", expected float32, float64, integers or booleans; ",
         numberAdvice(header.descr));
  bool isFlat = s.size() == 1 && request.outputs == 1;
  if (!isFlat && (s.size() != 2 || s[1] != request.outputs))
    fail(inQuotes(path), ": targets have shape ", shapeText(s),
         ", expected [N,", request.outputs, "] for a model with ",
         request.outputs, request.outputs == 1 ? " output" : " outputs",
         isInteger(type) ? "; if they are classes, " : "",
         isInteger(type) ? adviseToCompile("--loss=cross-entropy") : "");
  count = s[0];
  uint64_t bytes = request.outputs * type->bytes;
  if (count > maxBytes / bytes)
    fail(inQuotes(path), ": ", count, " targets are too many");
  split.targets.file = path;
  split.targets.type = *type;
  file.append(split.targets.data, count * bytes, "the targets");
  file.expectEnd();
}

RawSplit readSplit(const std::string &folder, const std::string &name,
                   const DataRequest &request) {
  std::string inputs = folder + "/" + name + "_x.npy";
  std::string targets = folder + "/" + name + "_y.npy";
  RawSplit split;
  uint64_t inputCount = 0, targetCount = 0;
  readInputs(inputs, request, split, inputCount);
  bool areClasses = request.classes > 0;
  (areClasses ? readLabels : readNumbers)(targets, request, split, targetCount);
  if (inputCount != targetCount)
    fail(inQuotes(inputs), " has ", inputCount,
         request.takesPixels ? " images" : " examples", ", but ",
         inQuotes(targets), " has ", targetCount,
         areClasses ? " labels" : " targets");
  return split;
}

} // namespace

RawDataSet qtcrt::readNpy(const std::string &folder,
                          const DataRequest &request) {
  listFolder(folder);
  RawDataSet data;
  if (request.train)
    data.train = readSplit(folder, "train", request);
  data.test = readSplit(folder, "test", request);
  return data;
}
