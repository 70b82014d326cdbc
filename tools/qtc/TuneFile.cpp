//===- TuneFile.cpp - Measured schedules as a file ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/TuneFile.h"

#include "compiler/Support/Files.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

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
  std::string text;
  llvm::raw_string_ostream stream(text);
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
  return writeFile(path, text, Contents::Data);
}

/// The nesting of arrays and objects in a JSON text. The parser would recurse
/// to that depth.
static unsigned getNesting(llvm::StringRef text) {
  unsigned depth = 0, deepest = 0;
  bool isString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (isString && c == '\\')
      ++i;
    else if (c == '"')
      isString = !isString;
    else if (!isString && (c == '[' || c == '{'))
      deepest = std::max(deepest, ++depth);
    else if (!isString && (c == ']' || c == '}') && depth > 0)
      --depth;
  }
  return deepest;
}

llvm::Expected<TunedSchedules> tools::readTuneFile(llvm::StringRef path) {
  constexpr uint64_t kMaxBytes = uint64_t(16) << 20; // 200 000 shapes
  constexpr unsigned kNesting = 2;
  auto text = readRegularFile(path, "a file of --tune", kMaxBytes);
  if (!text)
    return llvm::createStringError(
        "'" + path + "': " + llvm::toString(text.takeError()) +
        "; --tune writes it on a machine with a GPU");
  llvm::StringRef content = (*text)->getBuffer();
  if (getNesting(content) > kNesting)
    return llvm::createStringError(
        "'" + path +
        "' is not a file that --tune wrote: it is nested too deeply");
  auto json = llvm::json::parse(content);
  if (!json)
    return llvm::createStringError("'" + path +
                                   "' is not a file that --tune wrote: " +
                                   llvm::toString(json.takeError()));
  TunedSchedules tuned;
  llvm::json::Path::Root root("file");
  llvm::json::ObjectMapper mapper(*json, root);
  if (!mapper || !mapper.map("device", tuned.device) ||
      !mapper.map("code", tuned.code) ||
      !mapper.map("schedules", tuned.schedules))
    return llvm::createStringError("'" + path +
                                   "' is not a file that --tune wrote: " +
                                   llvm::toString(root.getError()));
  return tuned;
}
