//===- Link.cpp - Objects to trainers and libraries -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CPU/Link.h"

#include "compiler/Support/Programs.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace qtc;

static llvm::Error makeError(const llvm::Twine &what, std::error_code code) {
  return llvm::createStringError(what + ": " + code.message());
}

/// The folder with the runtime's libraries: next to the installed compiler, or
/// in the build tree.
static std::string findRuntime() {
  std::string self = llvm::sys::fs::getMainExecutable(nullptr, nullptr);
  llvm::SmallString<128> installed(llvm::sys::path::parent_path(self));
  llvm::sys::path::append(installed, "..", "lib");
  if (llvm::sys::fs::exists(installed + "/libqtcrt.a"))
    return installed.str().str();
  return QTC_RUNTIME_LIBRARY_DIR;
}

/// A program that links C++: $CXX, or what the system calls so.
static llvm::Expected<std::string> findLinker() {
  std::vector<std::string> names = {"c++", "clang++", "g++"};
  if (auto chosen = llvm::sys::Process::GetEnv("CXX"))
    names.insert(names.begin(), *chosen);
  for (const std::string &name : names)
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  return llvm::createStringError(
      "no C++ linker driver found; install g++ or clang, or set CXX");
}

llvm::Error cpu::linkTrainer(llvm::StringRef output,
                             llvm::ArrayRef<std::string> objects) {
  llvm::Expected<std::string> linker = findLinker();
  if (!linker)
    return linker.takeError();
  std::string runtime = findRuntime();
  std::string temporary =
      (output + ".tmp" + llvm::Twine(llvm::sys::Process::getProcessId())).str();
  std::vector<std::string> arguments = {*linker, "-o", temporary};
  llvm::append_range(arguments, objects);
  for (llvm::StringRef library : {"libqtcrt_main.a", "libqtcrt.a"})
    arguments.push_back(runtime + "/" + library.str());
  for (llvm::StringRef flag :
       {"-static-libgcc", "-static-libstdc++", "-Wl,--gc-sections", "-pie",
        "-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack", QTC_ZLIB_LIBRARY,
        "-pthread", "-ldl", "-lm"})
    arguments.push_back(flag.str());

  if (llvm::Error error = runProgram(arguments)) {
    llvm::sys::fs::remove(temporary);
    return llvm::createStringError("cannot link '" + output + "' with '" +
                                   *linker +
                                   "': " + llvm::toString(std::move(error)));
  }
  if (std::error_code code = llvm::sys::fs::rename(temporary, output)) {
    llvm::sys::fs::remove(temporary);
    return makeError("cannot write '" + output + "'", code);
  }
  return llvm::Error::success();
}

llvm::Error cpu::writeStaticLibrary(llvm::StringRef output,
                                    llvm::ArrayRef<std::string> objects) {
  std::vector<llvm::NewArchiveMember> members;
  for (const std::string &object : objects) {
    auto member = llvm::NewArchiveMember::getFile(object,
                                                  /*Deterministic=*/true);
    if (!member)
      return member.takeError();
    member->MemberName = llvm::sys::path::filename(member->MemberName);
    members.push_back(std::move(*member));
  }
  if (llvm::Error error = llvm::writeArchive(
          output, members, llvm::SymtabWritingMode::NormalSymtab,
          llvm::object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false))
    return error;
  llvm::SmallString<128> header(output);
  llvm::sys::path::replace_extension(header, "h");
  std::error_code code;
  llvm::raw_fd_ostream stream(header, code);
  if (code)
    return makeError("cannot write '" + header + "'", code);
  stream << "/* Interface of " << llvm::sys::path::filename(output)
         << ": `qtcrt_compiled_model` describes the model and its step\n"
            "   functions; link with libqtcrt.a, which runs them. */\n"
            "#include \"qtcrt/abi.h\"\n";
  return llvm::Error::success();
}
