//===- Tensor.h - Constant tensors of ONNX files ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_TENSOR_H
#define QTC_IMPORT_ONNX_TENSOR_H

#include "compiler/Import/ONNX/Refusal.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace onnx {
class TensorProto;
} // namespace onnx

namespace qtc::onnx_import {

/// Tensors with more elements are refused.
inline constexpr int64_t kMaxElements = int64_t(1) << 31;

/// Product of the extents in `shape`; fails if one is negative or the product
/// exceeds kMaxElements.
mlir::FailureOr<int64_t> countElements(llvm::ArrayRef<int64_t> shape);

/// A constant whose data stay in the file's message until they are read.
struct Tensor {
  std::string name;
  /// A value of onnx::TensorProto::DataType.
  int elementType = 0;
  llvm::SmallVector<int64_t, 4> shape;
  int64_t numElements = 0;
  onnx::TensorProto *proto = nullptr;
  /// All elements are the one element of `proto` (ConstantOfShape).
  bool isSplat = false;
  /// Evaluated from other constants (Folding.cpp).
  bool isFolded = false;

  /// Float of 16, 32 or 64 bits.
  bool isFloat() const;
  /// Integer or truth value.
  bool isInteger() const;
  /// The name ONNX gives the element type.
  std::string getElementTypeName() const;
};

/// Describes `proto` after checking that its shape is in range and that it
/// stores as many elements as that says. Nothing is allocated for elements.
mlir::FailureOr<Tensor> describeTensor(onnx::TensorProto &proto,
                                       llvm::StringRef name,
                                       llvm::StringRef folder,
                                       std::string &why);

/// Elements as floats; one element for a splat.
mlir::FailureOr<std::vector<float>>
readFloats(const Tensor &tensor, llvm::StringRef folder, std::string &why);

/// Refuses NaN and infinities.
mlir::LogicalResult checkFinite(llvm::ArrayRef<float> elements,
                                std::string &why);

/// Elements as integers; one element for a splat.
mlir::FailureOr<std::vector<int64_t>>
readIntegers(const Tensor &tensor, llvm::StringRef folder, std::string &why);

/// Frees the data, which cannot be read afterwards.
void releaseData(const Tensor &tensor);

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_TENSOR_H
