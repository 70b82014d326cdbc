//===- Programs.cpp - Other programs and their files ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Programs.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace qtc;

static llvm::Error makeError(const llvm::Twine &what, std::error_code code) {
  return llvm::createStringError(what + ": " + code.message());
}

llvm::Expected<std::string> TemporaryFiles::reserve(llvm::StringRef name) {
  if (!folder) {
    llvm::Expected<TemporaryPath> created = TemporaryPath::createFolder();
    if (!created)
      return created.takeError();
    folder.emplace(std::move(*created));
  }
  llvm::SmallString<128> path(folder->get());
  llvm::sys::path::append(path, name);
  return path.str().str();
}

llvm::Expected<std::string> TemporaryFiles::create(llvm::StringRef name,
                                                   llvm::StringRef bytes) {
  llvm::Expected<std::string> path = reserve(name);
  if (!path)
    return path.takeError();
  std::error_code code;
  llvm::raw_fd_ostream stream(*path, code);
  if (!code) {
    stream << bytes;
    stream.flush();
    code = stream.error();
    stream.clear_error();
  }
  if (code)
    return makeError("cannot write temporary file '" + *path + "'", code);
  return *path;
}

static std::vector<char *> getPointers(std::vector<std::string> &words) {
  std::vector<char *> pointers;
  for (std::string &word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// This program's environment with temporary files in `folder`.
static std::vector<std::string> makeEnvironment(llvm::StringRef folder) {
  std::vector<std::string> variables = {("TMPDIR=" + folder).str()};
  for (char **variable = environ; *variable; ++variable)
    if (!llvm::StringRef(*variable).starts_with("TMPDIR="))
      variables.push_back(*variable);
  return variables;
}

/// Starts a program whose stdout and stderr are files, perhaps the same one.
/// Returns its process, or -1 and an errno in `error`.
static pid_t spawn(std::vector<std::string> words, const std::string &output,
                   const std::string &messages, int &error) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output.c_str(),
                                     kFlags, 0600);
  if (output == messages)
    ::posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  else
    ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, messages.c_str(),
                                       kFlags, 0600);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  ::posix_spawnattr_setsigmask(&attributes, &getOriginalSignalMask());
  std::vector<std::string> variables =
      makeEnvironment(llvm::sys::path::parent_path(messages));
  pid_t program = -1;
  error =
      ::posix_spawn(&program, words.front().c_str(), &files, &attributes,
                    getPointers(words).data(), getPointers(variables).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return error ? -1 : program;
}

/// Runs a program to its end. The error is the first line of its messages.
static llvm::Error execute(llvm::ArrayRef<std::string> arguments,
                           const std::string &output,
                           const std::string &messages) {
  int error = 0;
  int status = runInterruptible(
      [&] { return spawn(arguments.vec(), output, messages, error); });
  if (error)
    return llvm::createStringError(llvm::Twine(std::strerror(error)));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return llvm::Error::success();
  if (WIFSIGNALED(status))
    return llvm::createStringError(llvm::Twine(::strsignal(WTERMSIG(status))));
  if (auto text = llvm::MemoryBuffer::getFile(messages))
    return llvm::createStringError(
        (*text)->getBuffer().trim().split('\n').first);
  return llvm::createStringError("it failed");
}

llvm::Error qtc::runProgram(llvm::ArrayRef<std::string> arguments) {
  TemporaryFiles files;
  llvm::Expected<std::string> log = files.reserve("log");
  if (!log)
    return log.takeError();
  return execute(arguments, *log, *log);
}

llvm::Expected<std::string>
qtc::readProgram(llvm::ArrayRef<std::string> arguments) {
  TemporaryFiles files;
  llvm::Expected<std::string> output = files.reserve("output");
  if (!output)
    return output.takeError();
  llvm::Expected<std::string> log = files.reserve("log");
  if (!log)
    return log.takeError();
  if (llvm::Error error = execute(arguments, *output, *log))
    return error;
  auto text = llvm::MemoryBuffer::getFile(*output);
  if (!text)
    return makeError("cannot read '" + *output + "'", text.getError());
  return (*text)->getBuffer().str();
}

llvm::Error qtc::becomeProgram(llvm::ArrayRef<std::string> arguments) {
  std::vector<std::string> words = arguments.vec();
  ::pthread_sigmask(SIG_SETMASK, &getOriginalSignalMask(), nullptr);
  ::execv(words.front().c_str(), getPointers(words).data());
  return llvm::createStringError("cannot run '" + words.front() +
                                 "': " + std::strerror(errno));
}
