//===- TuneFile.cpp - Measured schedules as a file ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/TuneFile.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace qtc;
using namespace qtc::tools;

std::vector<std::string> TunedSchedules::getEntries() const {
  std::vector<std::string> entries;
  for (const auto &[shape, schedule] : schedules)
    entries.push_back(shape + ":" + schedule);
  return entries;
}

llvm::Error tools::writeTuneFile(llvm::StringRef path,
                                 const TunedSchedules &tuned) {
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code);
  if (!code) {
    llvm::json::OStream json(stream, /*IndentSize=*/2);
    json.object([&] {
      json.attribute("device", tuned.device);
      json.attribute("code", tuned.code);
      json.attributeObject("schedules", [&] {
        for (const auto &[shape, schedule] : tuned.schedules)
          json.attribute(shape, schedule);
      });
    });
    stream << "\n";
    stream.flush();
    code = stream.error();
    stream.clear_error();
  }
  if (code)
    return llvm::createStringError("cannot write '" + path +
                                   "': " + code.message());
  return llvm::Error::success();
}

llvm::Expected<TunedSchedules> tools::readTuneFile(llvm::StringRef path) {
  auto text = llvm::MemoryBuffer::getFile(path);
  if (!text)
    return llvm::createStringError(
        "cannot read '" + path + "': " + text.getError().message() +
        "; --tune writes it on a machine with a GPU");
  auto json = llvm::json::parse((*text)->getBuffer());
  if (!json)
    return llvm::createStringError("'" + path + "' is no file of --tune: " +
                                   llvm::toString(json.takeError()));
  TunedSchedules tuned;
  llvm::json::Path::Root root("file");
  llvm::json::ObjectMapper mapper(*json, root);
  if (!mapper || !mapper.map("device", tuned.device) ||
      !mapper.map("code", tuned.code) ||
      !mapper.map("schedules", tuned.schedules))
    return llvm::createStringError("'" + path + "' is no file of --tune: " +
                                   llvm::toString(root.getError()));
  return tuned;
}
