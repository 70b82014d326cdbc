//===- StandardStreams.h - open stdin, stdout and stderr --------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For the start of every program of the project, the compiler's included.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_STANDARD_STREAMS_H
#define QTCRT_STANDARD_STREAMS_H

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace qtcrt {

/// Opens those of descriptors 0 to 2 that are closed (`>&-`). Otherwise the
/// next file that the program opens would take their place and receive the
/// output. Writing to stdout then fails, as it does on a closed descriptor;
/// stderr goes nowhere.
inline void openStandardStreams() {
  for (int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(descriptor, F_GETFD) < 0) // the least free descriptor is taken
      (void)open("/dev/null",
                 descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY);
}

/// Whether stdout can be written to, as far as that shows before: it was not
/// closed when the program started.
inline bool isStdoutOpen() {
  int flags = fcntl(STDOUT_FILENO, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

/// Writes what is buffered for stdout. Returns 0, or the error of this or an
/// earlier write.
inline int flushStdout() {
  errno = 0;
  if (std::fflush(stdout) == 0 && !std::ferror(stdout))
    return 0;
  return errno ? errno : EIO;
}

} // namespace qtcrt

#endif // QTCRT_STANDARD_STREAMS_H
