//===- Interrupts.cpp - Cleanup of an interrupted program -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Interrupts.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <mutex>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace qtc;
namespace fs = llvm::sys::fs;

namespace {
/// The programs and files that an interruption removes. The lock is held while
/// one of them is created, until it is recorded.
struct Leftovers {
  std::recursive_timed_mutex mutex;
  std::set<std::string> paths;
  std::set<pid_t> programs;
};
} // namespace

/// Never destroyed: a thread waits for signals until the very end.
static Leftovers &getLeftovers() {
  static auto *leftovers = new Leftovers();
  return *leftovers;
}

/// Ends a program and all that it has started, by force after a second.
static void endProgram(pid_t program) {
  ::kill(-program, SIGTERM);
  for (int round = 0; round < 100; ++round) {
    ::waitpid(program, nullptr, WNOHANG);
    if (::kill(-program, 0) != 0)
      return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ::kill(-program, SIGKILL);
}

static void removePath(const std::string &path) {
  if (fs::is_directory(path))
    fs::remove_directories(path, /*IgnoreErrors=*/true);
  else
    fs::remove(path);
}

void qtc::removeLeftovers() {
  Leftovers &leftovers = getLeftovers();
  // The lock is never released: nothing new may appear. A thread without memory
  // may hold it for ever.
  (void)leftovers.mutex.try_lock_for(std::chrono::seconds(1));
  for (pid_t program : leftovers.programs)
    endProgram(program);
  for (const std::string &path : leftovers.paths)
    removePath(path);
}

/// The signal is waited for, not caught, so that any function may be called.
static void waitForInterrupt(sigset_t interrupts) {
  int signal;
  if (::sigwait(&interrupts, &signal) != 0)
    return;
  qtc::removeLeftovers();
  std::signal(signal, SIG_DFL);
  ::pthread_sigmask(SIG_UNBLOCK, &interrupts, nullptr);
  std::raise(signal);
}

static sigset_t readSignalMask() {
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return mask;
}

const sigset_t &qtc::getOriginalSignalMask() {
  static const sigset_t mask = readSignalMask();
  return mask;
}

void qtc::handleInterrupts() {
  (void)getOriginalSignalMask();
  sigset_t interrupts;
  ::sigemptyset(&interrupts);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action {};
    // nohup and shells have reasons to ignore a signal.
    if (::sigaction(signal, nullptr, &action) == 0 &&
        action.sa_handler != SIG_IGN)
      ::sigaddset(&interrupts, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &interrupts, nullptr);
  std::thread(waitForInterrupt, interrupts).detach();
}

int qtc::runInterruptible(const std::function<pid_t()> &start) {
  Leftovers &leftovers = getLeftovers();
  std::unique_lock<std::recursive_timed_mutex> lock(leftovers.mutex);
  pid_t program = start();
  if (program < 0)
    return -1;
  leftovers.programs.insert(program);
  lock.unlock();
  siginfo_t info;
  while (::waitid(P_PID, static_cast<id_t>(program), &info,
                  WEXITED | WNOWAIT) != 0 &&
         errno == EINTR)
    ;
  // The number must not be given to another program while it is in the list.
  lock.lock();
  int status = -1;
  ::waitpid(program, &status, 0);
  leftovers.programs.erase(program);
  return status;
}

static std::error_code getSystemError() {
  return std::error_code(errno, std::generic_category());
}

llvm::Expected<TemporaryPath> TemporaryPath::createFolder() {
  llvm::SmallString<128> name;
  llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, name);
  llvm::sys::path::append(name, "qtc-XXXXXX");
  std::string path = name.str().str();
  Leftovers &leftovers = getLeftovers();
  std::lock_guard<std::recursive_timed_mutex> lock(leftovers.mutex);
  if (!::mkdtemp(path.data()))
    return llvm::createStringError("cannot create the temporary folder '" +
                                   path + "': " + getSystemError().message() +
                                   "; set TMPDIR to a folder for it");
  leftovers.paths.insert(path);
  return TemporaryPath(path);
}

llvm::Expected<TemporaryPath> TemporaryPath::createFile(llvm::StringRef folder,
                                                        int &descriptor) {
  llvm::SmallString<128> name(folder);
  llvm::sys::path::append(name, ".qtc-XXXXXX");
  std::string path = name.str().str();
  Leftovers &leftovers = getLeftovers();
  std::lock_guard<std::recursive_timed_mutex> lock(leftovers.mutex);
  descriptor = ::mkostemp(path.data(), O_CLOEXEC);
  if (descriptor < 0)
    return llvm::errorCodeToError(getSystemError());
  leftovers.paths.insert(path);
  return TemporaryPath(path);
}

TemporaryPath::~TemporaryPath() {
  if (path.empty())
    return;
  Leftovers &leftovers = getLeftovers();
  std::lock_guard<std::recursive_timed_mutex> lock(leftovers.mutex);
  removePath(path);
  leftovers.paths.erase(path);
}

std::error_code TemporaryPath::renameTo(llvm::StringRef target) {
  Leftovers &leftovers = getLeftovers();
  std::lock_guard<std::recursive_timed_mutex> lock(leftovers.mutex);
  if (std::error_code code = fs::rename(path, target))
    return code;
  leftovers.paths.erase(path);
  path.clear();
  return {};
}
