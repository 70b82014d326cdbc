//===- ExternalData.cpp - Tensor data in files of their own ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/ExternalData.h"

#include "runtime/include/qtcrt/Printable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include "onnx/onnx_pb.h"

using namespace mlir;
using namespace qtc::onnx_import;
using llvm::StringRef;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace {
/// The place of the bytes.
struct Place {
  std::string file;
  int64_t offset = 0;
};
} // namespace

static LogicalResult readNumber(StringRef key, StringRef text, int64_t &number,
                                std::string &why) {
  if (text.getAsInteger(10, number) || number < 0)
    return Refusal(why) << "external data: " << key << " " << quote(text)
                        << " is not a number";
  return success();
}

FailureOr<std::string> qtc::onnx_import::resolveLocation(StringRef location,
                                                         StringRef folder,
                                                         std::string &why) {
  if (folder.empty())
    return Refusal(why) << "external data need a model that is a file";
  bool climbs =
      llvm::any_of(llvm::make_range(path::begin(location), path::end(location)),
                   [](StringRef component) { return component == ".."; });
  if (location.empty() || !qtcrt::isName(location) || climbs ||
      path::is_absolute(location))
    return Refusal(why) << "external data: location " << quote(location)
                        << " is not a relative path inside the model's folder";
  llvm::SmallString<256> joined(folder), real, realFolder;
  path::append(joined, location);
  if (fs::real_path(folder, realFolder) || fs::real_path(joined, real))
    return Refusal(why) << "external data: cannot find " << quote(location)
                        << " in the model's folder";
  if (!realFolder.ends_with("/"))
    realFolder += '/';
  if (!StringRef(real).starts_with(realFolder))
    return Refusal(why) << "external data: location " << quote(location)
                        << " leads out of the model's folder";
  return real.str().str();
}

static FailureOr<Place> findPlace(const onnx::TensorProto &tensor,
                                  StringRef folder, int64_t bytes,
                                  std::string &why) {
  StringRef location;
  Place place;
  int64_t length = bytes;
  for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == "offset" &&
             failed(readNumber("offset", entry.value(), place.offset, why)))
      return failure();
    else if (entry.key() == "length" &&
             failed(readNumber("length", entry.value(), length, why)))
      return failure();
  }
  if (length != bytes)
    return Refusal(why) << "external data: expected a length of " << bytes
                        << " bytes, but got " << length;
  FailureOr<std::string> file = resolveLocation(location, folder, why);
  if (failed(file))
    return failure();
  place.file = *file;
  fs::file_status status;
  if (fs::status(place.file, status) || !fs::is_regular_file(status))
    return Refusal(why) << "external data: " << quote(location)
                        << " is not a regular file";
  int64_t available = status.getSize();
  if (place.offset > available || bytes > available - place.offset)
    return Refusal(why) << "external data: expected " << bytes
                        << " bytes at offset " << place.offset << " of "
                        << quote(location) << ", but it has " << available;
  return place;
}

LogicalResult
qtc::onnx_import::findExternalData(const onnx::TensorProto &tensor,
                                   StringRef folder, int64_t bytes,
                                   std::string &why) {
  return findPlace(tensor, folder, bytes, why);
}

FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
qtc::onnx_import::readExternalData(const onnx::TensorProto &tensor,
                                   StringRef folder, int64_t bytes,
                                   std::string &why) {
  FailureOr<Place> place = findPlace(tensor, folder, bytes, why);
  if (failed(place))
    return failure();
  // The file is read rather than mapped, so that a shrinking file cannot end
  // the process.
  auto buffer = llvm::MemoryBuffer::getFileSlice(
      place->file, bytes, place->offset, /*IsVolatile=*/true);
  if (!buffer)
    return Refusal(why) << "external data: cannot read " << quote(place->file)
                        << ": " << buffer.getError().message();
  return std::move(*buffer);
}
