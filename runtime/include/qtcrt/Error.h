//===- Error.h - errors of the runtime --------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_ERROR_H
#define QTCRT_ERROR_H

#include <stdexcept>
#include <string>
#include <utility>

namespace qtcrt {

/// A failure the user can do something about. The text starts lower-case, names
/// the file or option, what was expected and what to do; `trainerMain` prints
/// it as one line `error: ...`, with control characters escaped, and exits with
/// 1.
class Error : public std::runtime_error {
public:
  explicit Error(const std::string &message) : std::runtime_error(message) {}
};

/// Wrong usage of the command line: printed like `Error`, exit status 2.
class UsageError : public Error {
public:
  explicit UsageError(const std::string &message) : Error(message) {}
};

namespace detail {
inline void append(std::string &out, const std::string &text) { out += text; }
inline void append(std::string &out, const char *text) { out += text; }
inline void append(std::string &out, char letter) { out += letter; }
template <typename T> inline void append(std::string &out, T number) {
  out += std::to_string(number);
}
} // namespace detail

/// The texts and numbers of `parts`, one after the other.
template <typename... Parts> std::string concat(Parts &&...parts) {
  std::string out;
  (detail::append(out, std::forward<Parts>(parts)), ...);
  return out;
}

/// Throws an `Error` with the text `concat(parts...)`.
template <typename... Parts> [[noreturn]] void fail(Parts &&...parts) {
  throw Error(concat(std::forward<Parts>(parts)...));
}

/// The C library's text for `number` (an errno), starting lower-case.
std::string describeErrno(int number);

/// `name`, as `printable` shows it, between single quotes.
std::string inQuotes(const std::string &name);

} // namespace qtcrt

#endif // QTCRT_ERROR_H
