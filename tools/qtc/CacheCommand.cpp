//===- CacheCommand.cpp - qtc cache ---------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/Commands.h"
#include "tools/qtc/Session.h"
#include "tools/qtc/TrainerCache.h"

#include "runtime/include/qtcrt/Printable.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <CLI/CLI.hpp>

#include <memory>

using namespace qtc;
using namespace qtc::tools;

static llvm::format_object<double> inMiB(uint64_t bytes) {
  return llvm::format("%.1f MiB", static_cast<double>(bytes) / (1 << 20));
}

static llvm::Error showCache(TrainerCache &cache) {
  auto entries = cache.list();
  if (!entries)
    return entries.takeError();
  uint64_t bytes = 0, count = 0;
  for (const TrainerCache::Entry &entry : *entries) {
    bytes += entry.bytes;
    count += entry.bytes > 0;
  }
  llvm::outs() << "folder   " << qtcrt::printable(cache.getFolder()) << "\n"
               << "entries  " << count << "\n"
               << "size     " << inMiB(bytes) << " of at most "
               << inMiB(cache.getLimit()) << " (QTC_CACHE_LIMIT)\n";
  return llvm::Error::success();
}

static llvm::Error clearCache(TrainerCache &cache) {
  llvm::Expected<unsigned> removed = cache.clear();
  if (!removed)
    return removed.takeError();
  llvm::outs() << "removed " << *removed
               << (*removed == 1 ? " trainer" : " trainers") << " from "
               << qtcrt::printable(cache.getFolder()) << "\n";
  return llvm::Error::success();
}

void tools::addCacheCommand(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand(
      "cache", "Show, or remove, the trainers that `qtc train` keeps");
  auto clear = std::make_shared<bool>(false);
  command->add_flag("--clear", *clear, "Remove them");
  command->callback([clear, &status] {
    llvm::Expected<TrainerCache> cache = TrainerCache::find();
    llvm::Error error = !cache   ? cache.takeError()
                        : *clear ? clearCache(*cache)
                                 : showCache(*cache);
    status = error ? reportFailure(std::move(error)) : finishOutput();
  });
}
