//===- FlagSupport.h - Pieces of command-line options -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TOOLS_QTC_FLAG_SUPPORT_H
#define QTC_TOOLS_QTC_FLAG_SUPPORT_H

#include "compiler/Scheme/SchemeOption.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallVector.h"

#include <string>

namespace CLI {
class App;
}

namespace qtc::tools {

/// Whether the user gives an option.
bool isGiven(const CLI::App &parser, llvm::StringRef name);

/// The error of an option that is not as `expected`.
llvm::Error refuse(const llvm::Twine &option, const llvm::Twine &expected,
                   const llvm::Twine &got);

/// An option of one name, for all optimizers or losses that read it.
struct SharedOption {
  llvm::StringRef kind; ///< "--optimizer=" or "--loss="
  llvm::SmallVector<llvm::StringRef> readers;
  /// That of each reader.
  llvm::SmallVector<const SchemeOption *> options;

  /// `--optimizer=A or --optimizer=B`.
  std::string listReaders() const;
  /// What the option means, with each default if they differ.
  std::string describe() const;
};

/// Options by name.
using SharedOptions = llvm::MapVector<llvm::StringRef, SharedOption>;

/// Adds the options that `reader` reads.
void addReader(SharedOptions &shared, llvm::StringRef kind,
               llvm::StringRef reader, llvm::ArrayRef<SchemeOption> options);

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_FLAG_SUPPORT_H
