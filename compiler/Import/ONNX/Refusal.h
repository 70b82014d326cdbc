//===- Refusal.h - Reasons why an import fails ------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_REFUSAL_H
#define QTC_IMPORT_ONNX_REFUSAL_H

#include "mlir/Support/LogicalResult.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <type_traits>

namespace qtc::onnx_import {

/// `text`, which comes from a file, as qtcrt::printable shows it, and cut if it
/// is too long.
std::string printable(llvm::StringRef text);

/// The same in quotes.
std::string quote(llvm::StringRef name);

/// Names in quotes with commas between them, and "..." for all but a few.
std::string listNames(llvm::ArrayRef<std::string> names);

/// `shape` as "2x3x4", "scalar" if it is empty.
std::string formatShape(llvm::ArrayRef<int64_t> shape);

/// A refusal under way: text streamed into it goes to a string that outlives
/// it, and it converts to failure.
///
///   return refuse() << "expected rank 2, but got " << rank;
class Refusal {
public:
  explicit Refusal(std::string &text) : text(text) { text.clear(); }

  template <typename T> Refusal &&operator<<(const T &value) && {
    llvm::raw_string_ostream stream(text);
    if constexpr (std::is_floating_point_v<T>)
      stream << llvm::format("%g", static_cast<double>(value));
    else
      stream << value;
    return static_cast<Refusal &&>(*this);
  }
  operator mlir::LogicalResult() const { return mlir::failure(); }
  template <typename T> operator mlir::FailureOr<T>() const {
    return mlir::failure();
  }

private:
  std::string &text;
};

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_REFUSAL_H
