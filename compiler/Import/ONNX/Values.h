//===- Values.h - ONNX values during an import ------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_VALUES_H
#define QTC_IMPORT_ONNX_VALUES_H

#include "compiler/Import/ONNX/Tensor.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <string>

namespace qtc::onnx_import {

using Shape = llvm::SmallVector<int64_t, 4>;

/// An integer of shape arithmetic: a number, or a multiple of the batch. The
/// two are kept apart so that a batch the file fixes can be replaced.
struct ShapeNumber {
  int64_t value = 0;
  bool timesBatch = false;

  bool operator==(const ShapeNumber &other) const {
    return value == other.value && timesBatch == other.timesBatch;
  }
};

/// A small integer tensor known at import time.
struct ShapeTensor {
  /// A value of onnx::TensorProto::DataType, INT64 if nothing else is known.
  int elementType = 7;
  Shape shape;
  llvm::SmallVector<ShapeNumber> elements;
};

/// Values with more dimensions are refused.
inline constexpr size_t kMaxRank = 16;

/// A constant as a node sees it: a tensor of the file under reshapes and
/// transposes, which its consumer folds or applies.
struct ConstantView {
  struct Step {
    bool isTranspose = false;
    /// A permutation or a shape.
    Shape operand;
    mlir::Location loc;
  };

  const Tensor *root = nullptr;
  Shape shape;
  llvm::SmallVector<Step, 2> steps;
  /// The input of the node that reads the view, which tells this use of the
  /// root from others; null until a node reads it.
  const std::string *use = nullptr;

  void transpose(llvm::ArrayRef<int64_t> permutation, mlir::Location loc);
  void reshape(llvm::ArrayRef<int64_t> newShape, mlir::Location loc);
};

/// A value of the ONNX graph.
struct GraphValue {
  enum class Kind {
    /// After a node that could not be imported (only in checks).
    Unknown,
    Activation,
    Constant,
    ShapeArithmetic,
  };

  Kind kind = Kind::Unknown;
  /// The activation in canonical layout, batch first.
  mlir::Value activation;
  /// If not empty, dimension i of the ONNX value is dimension `permutation`[i]
  /// of `activation`: transposes stay pending until others cancel them.
  Shape permutation;
  ConstantView constant;
  ShapeTensor integers;

  static GraphValue makeActivation(mlir::Value value, Shape permutation = {});
  static GraphValue makeConstant(ConstantView view);
  static GraphValue makeIntegers(ShapeTensor integers);

  /// The shape in ONNX's order, batch as compiled. Not for Unknown.
  Shape getShape() const;
};

bool isIdentity(llvm::ArrayRef<int64_t> permutation);
bool isPermutation(llvm::ArrayRef<int64_t> permutation);

/// Entry i of the result is entry `permutation`[i] of `values`.
Shape permute(llvm::ArrayRef<int64_t> values,
              llvm::ArrayRef<int64_t> permutation);

/// The permutation that undoes `permutation`.
Shape invert(llvm::ArrayRef<int64_t> permutation);

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_VALUES_H
