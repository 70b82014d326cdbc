//===- Signals.h - orderly interruption -------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CORE_SIGNALS_H
#define QTCRT_CORE_SIGNALS_H

namespace qtcrt {

/// From now on SIGINT, SIGTERM and SIGHUP are noted instead of ending the
/// process; a second one ends it at once. Writing to a pipe that nobody reads
/// is an error of write.
void catchInterrupts();

/// The signal that arrived, or 0.
int pendingInterrupt();

} // namespace qtcrt

#endif // QTCRT_CORE_SIGNALS_H
