//===- Link.cpp - Objects to trainers and libraries -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CPU/Link.h"

#include "compiler/Support/Files.h"
#include "compiler/Support/Programs.h"
#include "runtime/include/qtcrt/Printable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace qtc;

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

/// The program that links C++: $CXX, or a compiler of the system.
static llvm::Expected<std::string> findLinker() {
  std::vector<std::string> names = {"c++", "clang++", "g++"};
  auto chosen = llvm::sys::Process::GetEnv("CXX");
  if (chosen && !chosen->empty()) {
    if (auto path = llvm::sys::findProgramByName(*chosen))
      return *path;
    return llvm::createStringError("CXX: expected a program that links C++, "
                                   "but there is no '" +
                                   *chosen + "'; correct it, or unset it");
  }
  for (const std::string &name : names)
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  return llvm::createStringError(
      "no C++ linker driver found; install g++ or clang, or set CXX");
}

static constexpr llvm::StringLiteral kRuntimeLibraries[] = {"libqtcrt_main.a",
                                                            "libqtcrt.a"};

llvm::Expected<std::vector<std::string>> cpu::getLinkInputs() {
  llvm::Expected<std::string> linker = findLinker();
  if (!linker)
    return linker.takeError();
  std::vector<std::string> inputs = {*linker, QTC_ZLIB_LIBRARY};
  for (llvm::StringRef library : kRuntimeLibraries)
    inputs.push_back(findRuntime() + "/" + library.str());
  return inputs;
}

llvm::Error cpu::linkTrainer(llvm::StringRef output,
                             llvm::ArrayRef<std::string> objects) {
  llvm::Expected<std::string> linker = findLinker();
  if (!linker)
    return linker.takeError();
  std::string runtime = findRuntime();
  TemporaryFiles files;
  llvm::Expected<std::string> linked = files.reserve("trainer");
  if (!linked)
    return linked.takeError();
  std::vector<std::string> arguments = {*linker, "-o", *linked};
  llvm::append_range(arguments, objects);
  for (llvm::StringRef library : kRuntimeLibraries)
    arguments.push_back(runtime + "/" + library.str());
  for (llvm::StringRef flag :
       {"-static-libgcc", "-static-libstdc++", "-Wl,--gc-sections", "-pie",
        "-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack", QTC_ZLIB_LIBRARY,
        "-pthread", "-ldl", "-lm"})
    arguments.push_back(flag.str());

  if (llvm::Error error = runProgram(arguments))
    return llvm::createStringError("cannot link '" + output + "' with '" +
                                   *linker +
                                   "': " + llvm::toString(std::move(error)));
  auto bytes = readRegularFile(*linked, "a trainer");
  if (!bytes)
    return bytes.takeError();
  return writeFile(output, (*bytes)->getBuffer(), Contents::Program);
}

std::string cpu::getHeaderPath(llvm::StringRef library) {
  llvm::SmallString<128> header(library);
  llvm::sys::path::replace_extension(header, "h");
  return header.str().str();
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
  auto archive = llvm::writeArchiveToBuffer(
      members, llvm::SymtabWritingMode::NormalSymtab,
      llvm::object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false);
  if (!archive)
    return archive.takeError();
  if (llvm::Error error =
          writeFile(output, (*archive)->getBuffer(), Contents::Data))
    return error;
  std::string name = qtcrt::printable(llvm::sys::path::filename(output));
  return writeFile(
      getHeaderPath(output),
      "/* Interface of " + name +
          ": `qtcrt_compiled_model` describes the model and its step\n"
          "   functions; link with libqtcrt.a, which runs them. */\n"
          "#include \"qtcrt/abi.h\"\n",
      Contents::Data);
}
