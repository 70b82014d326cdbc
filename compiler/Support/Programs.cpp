//===- Programs.cpp - Other programs and their files ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Programs.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

using namespace qtc;

TemporaryFiles::~TemporaryFiles() {
  for (const std::string &path : paths)
    llvm::sys::fs::remove(path);
}

static llvm::Error makeError(const llvm::Twine &what, std::error_code code) {
  return llvm::createStringError(what + ": " + code.message());
}

llvm::Expected<std::string> TemporaryFiles::create(llvm::StringRef name,
                                                   llvm::StringRef bytes) {
  int descriptor;
  llvm::SmallString<128> path;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile(
          "qtc-" + name, "o", descriptor, path))
    return makeError("cannot create a temporary file", code);
  paths.push_back(path.str().str());
  llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
  stream << bytes;
  stream.flush();
  std::error_code code = stream.error();
  stream.clear_error();
  if (code)
    return makeError("cannot write temporary file '" + path + "'", code);
  return paths.back();
}

/// Runs a program whose stdout and stderr are files, perhaps the same one.
static llvm::Error execute(llvm::ArrayRef<std::string> arguments,
                           llvm::StringRef output, llvm::StringRef messages) {
  std::vector<llvm::StringRef> references(arguments.begin(), arguments.end());
  std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), output,
                                                messages};
  std::string message;
  int status = llvm::sys::ExecuteAndWait(
      references.front(), references, std::nullopt, redirects, 0, 0, &message);
  if (status == 0)
    return llvm::Error::success();
  if (auto text = llvm::MemoryBuffer::getFile(messages);
      text && message.empty())
    message = (*text)->getBuffer().trim().split('\n').first.str();
  return llvm::createStringError(message);
}

llvm::Error qtc::runProgram(llvm::ArrayRef<std::string> arguments) {
  TemporaryFiles files;
  llvm::Expected<std::string> log = files.create("log", "");
  if (!log)
    return log.takeError();
  return execute(arguments, *log, *log);
}

llvm::Expected<std::string>
qtc::readProgram(llvm::ArrayRef<std::string> arguments) {
  TemporaryFiles files;
  llvm::Expected<std::string> output = files.create("output", "");
  if (!output)
    return output.takeError();
  llvm::Expected<std::string> log = files.create("log", "");
  if (!log)
    return log.takeError();
  if (llvm::Error error = execute(arguments, *output, *log))
    return error;
  auto text = llvm::MemoryBuffer::getFile(*output);
  if (!text)
    return makeError("cannot read '" + *output + "'", text.getError());
  return (*text)->getBuffer().str();
}
