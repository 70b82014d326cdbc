//===- OutputCheck.h - Outputs that would replace inputs --------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TOOLS_QTC_OUTPUT_CHECK_H
#define QTC_TOOLS_QTC_OUTPUT_CHECK_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace qtc::tools {

/// Refuses `output`, a file that is written for `option`, if it is the model or
/// a file with its external data, by this or another name.
llvm::Error checkIsNoInput(llvm::StringRef option, llvm::StringRef output,
                           llvm::StringRef model);

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_OUTPUT_CHECK_H
