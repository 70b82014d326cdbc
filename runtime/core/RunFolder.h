//===- RunFolder.h - where a run writes its files ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CORE_RUNFOLDER_H
#define QTCRT_CORE_RUNFOLDER_H

#include "qtcrt/CommandLine.h"

#include <string>

namespace qtcrt {

/// The folder of one run. It belongs to this process alone, and results of
/// another run in it are not lost. All functions throw Error.
class RunFolder {
public:
  /// Claims --out if it exists already, so that a checkpoint in it does not
  /// change while it is read. Throws if another process has claimed the folder,
  /// or if it holds a checkpoint, unless --overwrite is given or the checkpoint
  /// to resume is in the same folder.
  explicit RunFolder(const Options &options);
  ~RunFolder();
  RunFolder(const RunFolder &) = delete;
  RunFolder &operator=(const RunFolder &) = delete;

  /// Creates and claims the folder: --out, or runs/MODEL-N with the first N
  /// that is free. Removes temporary files of runs that were killed.
  void open(const std::string &model);

  /// The path of the folder, without a slash at its end.
  const std::string &path() const { return folder; }
  std::string checkpoint() const { return folder + "/" + checkpointName; }
  /// Whether the checkpoint to resume is in the folder.
  bool isResumed() const;

private:
  void createNumbered(const std::string &model);
  void claim();
  [[noreturn]] void refuseToReplace() const;
  void removeLeftovers() const;

  std::string folder;        ///< empty until it is known
  const std::string resumed; ///< checkpoint to resume, "" if there is none
  const bool overwrite;
  int lock = -1; ///< descriptor of the folder; the lock dies with it
};

} // namespace qtcrt

#endif // QTCRT_CORE_RUNFOLDER_H
