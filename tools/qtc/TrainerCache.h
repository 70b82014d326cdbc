//===- TrainerCache.h - Compiled trainers of earlier runs -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A folder of trainers that `qtc train` compiled: $XDG_CACHE_HOME/qtc, or
// ~/.cache/qtc. Its files are executed, so nobody else may write to it. A
// trainer NAME-KEY ends with the hash of its other bytes; NAME-KEY.lock is
// locked while a process compiles it.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TOOLS_QTC_TRAINER_CACHE_H
#define QTC_TOOLS_QTC_TRAINER_CACHE_H

#include "compiler/Pipelines/Compiler.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Chrono.h"

#include <string>
#include <vector>

namespace qtc::tools {

/// XXH3-128 in hex of everything that determines the trainer for `options`, and
/// of nothing else: model, external data, compiler, runtime, linker and
/// options. The default seed is not part of it, because `qtc train` passes the
/// seed to the trainer.
llvm::Expected<std::string> getTrainerKey(const CompileOptions &options);

class TrainerCache {
public:
  /// Text about a trainer, one line each.
  using Notes = std::vector<std::string>;

  /// The files of a trainer.
  struct Entry {
    std::string path;   ///< of the trainer itself
    uint64_t bytes = 0; ///< 0 if there is only a lock
    llvm::sys::TimePoint<> lastUse;
  };

  /// Finds the folder, which may be missing. Fails if others can write to it,
  /// or if there is no place for it.
  static llvm::Expected<TrainerCache> find();

  /// The path of the trainer with `key`, whose name starts with `name`. If
  /// there is none, or it is broken, `compile` writes it to the path that it
  /// gets; another process that needs the same trainer waits for it. `compile`
  /// returns notes, which `recall` gets when the trainer is found later.
  /// Creates the folder if it is missing.
  llvm::Expected<std::string>
  get(llvm::StringRef name, llvm::StringRef key,
      llvm::function_ref<llvm::Expected<Notes>(const std::string &)> compile,
      llvm::function_ref<void(const Notes &)> recall);

  /// The trainers, the least recently used first.
  llvm::Expected<std::vector<Entry>> list() const;

  /// Removes all trainers except those that are being compiled; returns their
  /// number.
  llvm::Expected<unsigned> clear();

  llvm::StringRef getFolder() const { return folder; }
  /// Bytes that all trainers may take: 2 GiB, or $QTC_CACHE_LIMIT in MiB.
  uint64_t getLimit() const { return limit; }

private:
  TrainerCache() = default;

  llvm::Error create() const;

  /// Removes the least recently used trainers, except `kept`, until the limit
  /// holds.
  llvm::Error shrink(llvm::StringRef kept);

  std::string folder;
  uint64_t limit = 0;
};

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_TRAINER_CACHE_H
