//===- TileTable.cpp - Schedules that contractions take -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CUDA/TileTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <optional>

using namespace qtc;
using namespace qtc::cuda;

/// Parses the spelling of a shape.
static std::optional<ContractionShape> parseShape(llvm::StringRef text) {
  bool canSplit = text.consume_back("+");
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, 'x');
  llvm::SmallVector<uint32_t> extents(parts.size());
  for (auto [part, extent] : llvm::zip(parts, extents))
    if (part.getAsInteger(10, extent))
      return std::nullopt;
  if (extents.size() != 3)
    return std::nullopt;
  return ContractionShape{extents[0], extents[1], extents[2], canSplit};
}

llvm::Error TileTable::add(llvm::StringRef entry) {
  auto [name, schedule] = entry.split(':');
  std::optional<ContractionShape> shape = parseShape(name);
  if (!shape)
    return llvm::createStringError(
        "expected ROWSxCOLUMNSxSTEPS[+]:SCHEDULE, but got '" + entry + "'");
  std::string spellings;
  for (const TileSchedule &known : rankTileSchedules(target, *shape)) {
    std::string spelling = known.getSpelling();
    llvm::StringRef tile = llvm::StringRef(spelling).rsplit('/').first;
    if (schedule == spelling || schedule == tile) {
      if (schedules.try_emplace(shape->getSpelling(), known).second)
        return llvm::Error::success();
      return llvm::createStringError("expected one schedule of contraction " +
                                     name + ", but got another, '" + schedule +
                                     "'");
    }
    spellings += (spellings.empty() ? "" : ", ") + spelling;
  }
  return llvm::createStringError("contraction " + name + " on " + target.name +
                                 ": expected one of " + spellings +
                                 ", but got '" + schedule + "'");
}

llvm::Expected<TileTable> TileTable::create(const TargetRecord &target,
                                            const TileChoices &choices) {
  TileTable table(target, choices.candidate);
  for (const std::string &entry : choices.entries)
    if (llvm::Error error = table.add(entry))
      return error;
  return table;
}

TileSchedule TileTable::choose(const ContractionShape &shape) const {
  if (auto found = schedules.find(shape.getSpelling());
      found != schedules.end())
    return found->second;
  std::vector<TileSchedule> ranked = rankTileSchedules(target, shape);
  return ranked[std::min<size_t>(candidate, ranked.size() - 1)];
}
