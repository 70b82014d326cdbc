//===- Interrupts.h - Cleanup of an interrupted program ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// SIGINT, SIGTERM and SIGHUP end the programs that this one has started, remove
// its temporary files, and then end it as they would have without a handler.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_INTERRUPTS_H
#define QTC_SUPPORT_INTERRUPTS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <csignal>
#include <functional>
#include <string>
#include <system_error>

namespace qtc {

/// Starts to handle the signals, except those that are ignored. To be called
/// before there are other threads. Throws std::system_error if the system
/// starts no thread.
void handleInterrupts();

/// Ends the programs that this one has started and removes its temporary files.
/// To be called right before the process ends.
void removeLeftovers();

/// The signal mask that other programs start with: that of this program before
/// `handleInterrupts`.
const sigset_t &getOriginalSignalMask();

/// Starts a program as the first of its own process group and waits for its
/// end. `start` returns its process, or -1. Returns the status of `waitpid`.
int runInterruptible(const std::function<pid_t()> &start);

/// A file or a folder that vanishes with the object, or when the program is
/// interrupted. No other user can look into it.
class TemporaryPath {
public:
  /// An empty folder where the system keeps temporary files.
  static llvm::Expected<TemporaryPath> createFolder();
  /// An empty file in `folder`. `descriptor` is open for writing.
  static llvm::Expected<TemporaryPath> createFile(llvm::StringRef folder,
                                                  int &descriptor);

  TemporaryPath(TemporaryPath &&other) : path(std::move(other.path)) {
    other.path.clear();
  }
  TemporaryPath(const TemporaryPath &) = delete;
  TemporaryPath &operator=(const TemporaryPath &) = delete;
  ~TemporaryPath();

  llvm::StringRef get() const { return path; }

  /// Gives a file its lasting name.
  std::error_code renameTo(llvm::StringRef target);

private:
  explicit TemporaryPath(std::string path) : path(std::move(path)) {}

  std::string path; ///< empty once it has been moved or renamed
};

} // namespace qtc

#endif // QTC_SUPPORT_INTERRUPTS_H
