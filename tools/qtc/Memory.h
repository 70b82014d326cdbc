//===- Memory.h - Memory that runs out --------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TOOLS_QTC_MEMORY_H
#define QTC_TOOLS_QTC_MEMORY_H

namespace qtc::tools {

/// Makes memory that runs out, in any library and thread, one error line and
/// the exit status of a failure.
void handleLackOfMemory();

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_MEMORY_H
