//===- Assembler.cpp - PTX to machine code --------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CUDA/Assembler.h"

#include "compiler/Support/Programs.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace qtc;

llvm::Expected<std::string> cuda::findAssembler() {
  if (auto path = llvm::sys::findProgramByName("ptxas"))
    return *path;
  std::string home =
      llvm::sys::Process::GetEnv("CUDA_HOME").value_or("/usr/local/cuda");
  if (auto path = llvm::sys::findProgramByName("ptxas", {home + "/bin"}))
    return *path;
  return llvm::createStringError(
      "machine code needs ptxas, which is not on the path and not in '" + home +
      "/bin': install the CUDA toolkit, set CUDA_HOME, or leave out --cubin");
}

llvm::Expected<std::string> cuda::assemble(llvm::StringRef ptx,
                                           const TargetRecord &target) {
  llvm::Expected<std::string> program = findAssembler();
  if (!program)
    return program.takeError();
  TemporaryFiles files;
  llvm::Expected<std::string> text = files.create("code.ptx", ptx);
  if (!text)
    return text.takeError();
  llvm::Expected<std::string> code = files.reserve("code.cubin");
  if (!code)
    return code.takeError();
  if (llvm::Error error = runProgram(
          {*program, ("-arch=" + target.name).str(), *text, "-o", *code}))
    return llvm::createStringError(
        "'" + *program +
        "' does not accept the code: " + llvm::toString(std::move(error)));
  auto bytes = llvm::MemoryBuffer::getFile(*code, /*IsText=*/false);
  if (!bytes)
    return llvm::createStringError("cannot read '" + *code +
                                   "': " + bytes.getError().message());
  return (*bytes)->getBuffer().str();
}
