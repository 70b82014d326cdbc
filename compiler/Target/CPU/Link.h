//===- Link.h - Objects to trainers and libraries ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_CPU_LINK_H
#define QTC_TARGET_CPU_LINK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace qtc::cpu {

/// Links object files and the runtime to an executable. `output` is replaced
/// only on success.
llvm::Error linkTrainer(llvm::StringRef output,
                        llvm::ArrayRef<std::string> objects);

/// The files that each trainer is made from besides its objects: libraries and
/// the program that links them.
llvm::Expected<std::vector<std::string>> getLinkInputs();

/// The C header of a static library: next to it, with the extension `.h`.
std::string getHeaderPath(llvm::StringRef library);

/// Writes a static library of the objects and its header.
llvm::Error writeStaticLibrary(llvm::StringRef output,
                               llvm::ArrayRef<std::string> objects);

} // namespace qtc::cpu

#endif // QTC_TARGET_CPU_LINK_H
