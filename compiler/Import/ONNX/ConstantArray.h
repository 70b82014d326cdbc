//===- ConstantArray.h - Constants with their elements ----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nodes that have only constant inputs are evaluated during the import
// (Folding.cpp). The constants have the form defined here.
//
// Memory is bounded. Evaluation reads and makes at most kMaxFoldedElements
// elements in total, and four for each byte of the file. A constant that
// repeats one number is stored as that number. Such constants have at most
// kMaxSplatElements elements in total, because each of these is a parameter
// later.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_CONSTANTARRAY_H
#define QTC_IMPORT_ONNX_CONSTANTARRAY_H

#include "compiler/Import/ONNX/Values.h"

namespace qtc::onnx_import {

/// Elements of any file that evaluation may read and make: with 16 bytes each,
/// 256 MiB.
inline constexpr int64_t kMaxFoldedElements = int64_t(1) << 24;
/// Elements of all constants of one number that nodes make: twice the weights
/// of VGG-19, the largest classifier at hand without trained weights.
inline constexpr int64_t kMaxSplatElements = int64_t(1) << 28;

/// A constant with its elements, in one of the two lists: all of them, or the
/// one that all are equal to (`isSplat`).
struct ConstantArray {
  /// A value of onnx::TensorProto::DataType.
  int elementType = 0;
  Shape shape;
  bool isSplat = false;
  std::vector<double> floats;
  std::vector<ShapeNumber> integers;

  bool isFloat() const;
  /// The number of stored elements.
  int64_t getStoredCount() const { return floats.size() + integers.size(); }
  /// True if all elements are equal to one stored element, whether `isSplat` or
  /// not.
  bool hasOneValue() const { return isSplat || getStoredCount() == 1; }
};

/// The source of each element of a result: element (i, j, ...) of axes that
/// together have the elements of `shape` is element axes[0].at(i) +
/// axes[1].at(j) + ... of the operand.
struct Rearrangement {
  struct Axis {
    int64_t count = 1;
    int64_t start = 0;
    int64_t step = 0;
    /// If not 0, positions repeat with this period.
    int64_t period = 0;
    /// If not empty, the positions themselves.
    std::vector<int64_t> positions = {};

    int64_t at(int64_t index) const {
      if (!positions.empty())
        return positions[index];
      return start + (period ? index % period : index) * step;
    }
  };

  Shape shape;
  std::vector<Axis> axes;
};

/// Distance of neighbours along each dimension, in row-major order.
Shape getStrides(llvm::ArrayRef<int64_t> shape);

/// `shape` with its dimensions in another order.
Rearrangement makeTranspose(llvm::ArrayRef<int64_t> shape,
                            llvm::ArrayRef<int64_t> permutation);

/// Broadcasts `shape` to `target`, which it fits.
Rearrangement makeExpansion(llvm::ArrayRef<int64_t> shape,
                            llvm::ArrayRef<int64_t> target);

/// `array` rearranged. The positions are in range.
ConstantArray rearrange(const ConstantArray &array,
                        const Rearrangement &rearrangement);

/// True if `value` fits the integer type `elementType`.
bool fitsType(int elementType, int64_t value);

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_CONSTANTARRAY_H
