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

#include <algorithm>
#include <cctype>
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
                      const ColumnRequest &request) {
  const std::vector<uint64_t> &s = header.shape;
  auto extent = [&](size_t i) { return static_cast<int64_t>(s[i]); };
  uint64_t limit = request.shape.elements();
  if (s.size() == 1 && limit == 1)
    return request.shape;
  if (s.size() < 2 || s.size() > 4)
    fail(inQuotes(path), ": the array has shape ", shapeText(s),
         ", expected [N,C,H,W], [N,H,W] or [N,F]");
  for (size_t i = 1; i < s.size(); ++i)
    if (s[i] == 0 || s[i] > limit)
      fail(inQuotes(path), ": inputs of shape ", shapeText(s),
           " do not fit the ", "model's input ", toString(request.shape));
  if (s.size() == 4)
    return {extent(1), extent(2), extent(3)};
  if (s.size() == 3)
    return {1, extent(1), extent(2)};
  bool fits = s[1] == limit; // a flat row takes the shape of the input
  return fits ? request.shape : ImageShape{extent(1), 1, 1};
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
                          const ColumnRequest &request) {
  std::optional<NumberType> type = parseType(header.descr);
  bool isPixel = type && type->kind == 'u' && type->bytes == 1;
  if (request.encoding == QTCRT_ENCODING_CLASS && !isInteger(type))
    fail(inQuotes(path), ": inputs have type ", inQuotes(header.descr),
         ", expected indices of an integer type; save "
         "array.astype('int64')");
  if (request.encoding == QTCRT_ENCODING_PIXEL && !isPixel)
    fail(inQuotes(path), ": images have type ", inQuotes(header.descr),
         ", expected uint8 pixels from 0 to 255; ", pixelAdvice(header.descr));
  if (!type)
    fail(inQuotes(path), ": inputs have type ", inQuotes(header.descr),
         ", expected float32, float64, integers or booleans; ",
         numberAdvice(header.descr));
  return *type;
}

/// The array's elements, which are `count` times `perExample` of `type`.
NumberArray readElements(ByteSource &file, const NumberType &type,
                         uint64_t count, uint64_t perExample,
                         const char *what) {
  uint64_t bytes = perExample * type.bytes;
  if (count > maxBytes / bytes)
    fail(inQuotes(file.path()), ": ", count, " examples are too many");
  NumberArray array;
  array.file = file.path();
  array.type = type;
  file.append(array.data, count * bytes, what);
  file.expectEnd();
  return array;
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

/// Makes 32-bit classes of integers, of which every example has `perExample`.
/// `what` names one of them in the error if it is none of the request's.
NumberArray toClasses(const NumberArray &array, uint64_t perExample,
                      const ColumnRequest &request, const char *what) {
  auto classes = static_cast<uint64_t>(request.classes);
  std::vector<int32_t> result(array.size());
  for (uint64_t i = 0; i < result.size(); ++i) {
    const uint8_t *bytes = array.data.data() + i * array.type.bytes;
    uint64_t bits = decodeInteger(bytes, array.type);
    auto number = static_cast<int64_t>(bits);
    bool isNegative = array.type.kind == 'i' && number < 0;
    bool isIgnored = number == request.ignored && isNegative == (number < 0);
    if ((isNegative || bits >= classes) && !isIgnored)
      fail(inQuotes(array.file), ": ", what, " ",
           isNegative ? std::to_string(number) : std::to_string(bits),
           " of example ", i / perExample, " is out of range: the model has ",
           classes, " classes (0 to ", classes - 1, ")");
    result[i] = static_cast<int32_t>(number);
  }
  NumberArray out;
  out.file = array.file;
  out.appendClasses(result);
  return out;
}

RawColumn readInput(const std::string &path, const ColumnRequest &request) {
  ByteSource file(path);
  NpyHeader header = readNpyHeader(file);
  NumberType type = checkInputType(path, header, request);
  RawColumn column;
  column.shape = imageShape(path, header, request);
  checkImageShape(path, column.shape, request);
  uint64_t elements = column.shape.elements();
  column.numbers =
      readElements(file, type, header.shape[0], elements, "the elements");
  if (request.encoding == QTCRT_ENCODING_CLASS)
    column.numbers = toClasses(column.numbers, elements, request, "index");
  return column;
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

/// Whether an array of `shape` has one target of `request` per example.
bool hasTargetShape(const std::vector<uint64_t> &shape,
                    const ImageShape &request) {
  uint64_t elements = 1;
  for (size_t i = 1; i < shape.size(); ++i)
    if (__builtin_mul_overflow(elements, shape[i], &elements))
      return false;
  return !shape.empty() && elements == request.elements();
}

RawColumn readLabels(const std::string &path, const ColumnRequest &request) {
  ByteSource file(path);
  NpyHeader header = readNpyHeader(file);
  uint64_t perExample = request.shape.elements();
  if (!hasTargetShape(header.shape, request.shape)) {
    if (perExample > 1)
      fail(inQuotes(path), ": labels have shape ", shapeText(header.shape),
           ", expected [N,", perExample, "] class indices, one for each of ",
           perExample, " positions");
    fail(inQuotes(path), ": labels have shape ", shapeText(header.shape),
         ", expected [N] class indices; save array.argmax(1) if each row has ",
         "a 1 for its class, or ", adviseToCompile("--loss=mse"),
         " if rows are numbers to predict");
  }
  std::optional<NumberType> type = parseType(header.descr);
  if (!isInteger(type))
    fail(inQuotes(path), ": labels have type ", inQuotes(header.descr),
         ", expected class indices of an integer type; ",
         labelAdvice(kindOf(header.descr)));
  NumberArray labels =
      readElements(file, *type, header.shape[0], perExample, "the labels");
  return {request.shape, toClasses(labels, perExample, request, "label")};
}

/// Reads targets that are numbers.
RawColumn readNumbers(const std::string &path, const ColumnRequest &request) {
  ByteSource file(path);
  NpyHeader header = readNpyHeader(file);
  const std::vector<uint64_t> &s = header.shape;
  std::optional<NumberType> type = parseType(header.descr);
  if (!type)
    fail(inQuotes(path), ": targets have type ", inQuotes(header.descr),
         ", expected float32, float64, integers or booleans; ",
         numberAdvice(header.descr));
  uint64_t outputs = request.shape.elements();
  bool isFlat = s.size() == 1 && outputs == 1;
  if (!isFlat && (s.size() != 2 || s[1] != outputs))
    fail(inQuotes(path), ": targets have shape ", shapeText(s),
         ", expected [N,", outputs, "] for a model with ", outputs,
         outputs == 1 ? " output" : " outputs",
         isInteger(type) ? "; if they are classes, " : "",
         isInteger(type) ? adviseToCompile("--loss=cross-entropy") : "");
  return {request.shape,
          readElements(file, *type, s[0], outputs, "the targets")};
}

/// The file of one of several inputs or outputs: PREFIX_NAME.npy, with `_` for
/// characters that file names may lack.
std::string fileOf(const std::string &prefix, const ColumnRequest &column) {
  std::string text = column.name;
  for (char &letter : text)
    if (!std::isalnum(static_cast<unsigned char>(letter)) &&
        !isOneOf(letter, "_.-"))
      letter = '_';
  return concat(prefix, "_", text, ".npy");
}

/// The files of all inputs, or of all outputs: PREFIX.npy for an only one.
std::vector<std::string> listFiles(const std::string &prefix,
                                   const std::vector<ColumnRequest> &columns,
                                   const char *what) {
  if (columns.size() == 1)
    return {prefix + ".npy"};
  std::vector<std::string> files;
  for (const ColumnRequest &column : columns) {
    std::string file = fileOf(prefix, column);
    if (std::find(files.begin(), files.end(), file) != files.end())
      fail("two ", what, "s of the model would be read from ", inQuotes(file),
           "; rename one of them");
    files.push_back(file);
  }
  return files;
}

std::vector<RawColumn> readInputs(const std::string &folder,
                                  const std::string &name,
                                  const DataRequest &request) {
  std::vector<std::string> files =
      listFiles(name + "_x", request.inputs, "input");
  std::vector<RawColumn> inputs;
  for (size_t i = 0; i < files.size(); ++i) {
    std::string path = folder + "/" + files[i];
    if (files.size() > 1 && !pathExists(path))
      fail(inQuotes(folder), ": found no file ", inQuotes(files[i]),
           ", for input ", inQuotes(request.inputs[i].name), " of the model");
    inputs.push_back(readInput(path, request.inputs[i]));
  }
  return inputs;
}

/// The path of the targets of an output, which are in `file`, one of its own if
/// there are several outputs. Without it, an output learns the targets that all
/// share, and an only output those of its own.
std::string findTargets(const std::string &folder, const std::string &name,
                        const std::string &file, const ColumnRequest &target) {
  std::string shared = name + "_y.npy", own = fileOf(name + "_y", target);
  for (const std::string &candidate : {file, shared, own})
    if (pathExists(folder + "/" + candidate))
      return folder + "/" + candidate;
  if (file == shared) // the reader says that it is missing
    return folder + "/" + file;
  fail(inQuotes(folder), ": found neither ", inQuotes(own), " nor ",
       inQuotes(shared), ", for output ", inQuotes(target.name),
       " of the model");
}

RawSplit readSplit(const std::string &folder, const std::string &name,
                   const DataRequest &request) {
  RawSplit split;
  split.inputs = readInputs(folder, name, request);
  split.targets.clear();
  std::vector<std::string> files =
      listFiles(name + "_y", request.targets, "output");
  for (size_t i = 0; i < files.size(); ++i) {
    const ColumnRequest &target = request.targets[i];
    std::string path = findTargets(folder, name, files[i], target);
    bool areClasses = target.encoding == QTCRT_ENCODING_CLASS;
    split.targets.push_back(
        (areClasses ? readLabels : readNumbers)(path, target));
    for (const RawColumn &input : split.inputs)
      if (input.count() != split.targets[i].count())
        fail(inQuotes(input.numbers.file), " has ", input.count(),
             request.inputs[0].encoding == QTCRT_ENCODING_PIXEL ? " images"
                                                                : " examples",
             ", but ", inQuotes(path), " has ", split.targets[i].count(),
             areClasses ? " labels" : " targets");
  }
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
