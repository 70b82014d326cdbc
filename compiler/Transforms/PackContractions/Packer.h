//===- Packer.h - Operations of packed contractions -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operations from which the rewrites of `qkernel-pack-contractions` build
// their results.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_PACKCONTRACTIONS_PACKER_H
#define QTC_TRANSFORMS_PACKCONTRACTIONS_PACKER_H

#include "compiler/Target/CPU/ContractionSchedule.h"
#include "compiler/Target/CPU/TargetRecord.h"
#include "dialect/QKernel/IR/QKernel.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

#include <array>
#include <limits>

namespace qtc {

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return mlir::cast<mlir::ShapedType>(value.getType()).getShape();
}

inline mlir::Type elementOf(mlir::Value value) {
  return mlir::cast<mlir::ShapedType>(value.getType()).getElementType();
}

/// The addresses of a contraction's operands while it is put together.
struct Addresses {
  Addresses(mlir::MLIRContext *context, cpu::Factors factors, int64_t columns,
            int64_t panel)
      : context(context), factors(factors), columns(columns), panel(panel) {}

  void addRow(int64_t extent, int64_t stride) {
    rows.push_back(extent);
    rowStrides.push_back(stride);
  }
  void addStep(int64_t extent, int64_t aStride, int64_t bStride) {
    steps.push_back(extent);
    aStrides.push_back(aStride);
    bStrides.push_back(bStride);
  }
  /// Cuts the columns into groups with these distances in A, B and the start
  /// values.
  void setGroups(int64_t count, llvm::ArrayRef<int64_t> strides) {
    groups = count;
    if (count > 1)
      groupStrides.assign(strides.begin(), strides.end());
  }
  int64_t getStepCount() const {
    int64_t count = 1;
    for (int64_t extent : steps)
      count *= extent;
    return count;
  }
  qkernel::ContractionAttr getAttribute(int64_t splits) const {
    return qkernel::ContractionAttr::get(
        context, rows, rowStrides, resultStrides, steps, aStrides, bStrides,
        columns, panel, panelStride, offsets, groups, groupStrides, splits);
  }
  cpu::ContractionGeometry getGeometry(int64_t splits) const {
    return {factors,    rows,
            rowStrides, getAttribute(splits).getAllResultStrides(),
            steps,      aStrides,
            bStrides,   columns,
            panel,      groups,
            splits};
  }

  mlir::MLIRContext *context;
  cpu::Factors factors;
  int64_t columns, panel;
  int64_t panelStride = 0, groups = 1;
  llvm::SmallVector<int64_t> rows, rowStrides, resultStrides;
  llvm::SmallVector<int64_t> steps, aStrides, bStrides, offsets, groupStrides;
};

/// An image that pack_activation made, or one that needs no packing.
struct PackedImage {
  mlir::Value elements;
  int64_t channels;
  int64_t rowStride, imageStride;
};

/// Packed weights and, for operands with an offset, start values.
struct PackedWeights {
  mlir::Value elements;
  mlir::Value start;
};

/// The place of an image within its padded form.
struct Placement {
  std::array<int64_t, 4> pads = {0, 0, 0, 0};
  std::array<int64_t, 2> dilation = {1, 1};
  bool isTrivial() const {
    return llvm::all_of(pads, [](int64_t pad) { return pad == 0; }) &&
           dilation[0] == 1 && dilation[1] == 1;
  }
  /// The padded extent of `extent` positions.
  int64_t getExtent(unsigned dim, int64_t extent) const {
    return (extent - 1) * dilation[dim] + 1 + pads[dim] + pads[dim + 2];
  }
};

/// Builds the operations that replace one convolution.
class Packer {
public:
  Packer(mlir::PatternRewriter &rewriter, mlir::Operation *op,
         llvm::StringRef kind, int64_t macs, const cpu::TargetRecord &target)
      : rewriter(rewriter), loc(op->getLoc()), target(target), kind(kind),
        macs(macs), element(elementOf(op->getOperand(0))),
        factors(element.isF32() ? cpu::Factors::Floats : cpu::Factors::Bytes) {
    // The zeros of merged groups do not count as products.
    if (auto attribute = op->getAttrOfType<mlir::IntegerAttr>(
            qkernel::QKernelDialect::kMacsAttrName))
      this->macs = attribute.getInt();
  }

  int64_t getPanel(int64_t columns) const {
    return target.getPanelVectors(factors, columns) * target.getLanes();
  }
  /// Elements of a step.
  int64_t getDepth() const { return cpu::getDepth(factors); }
  /// Whether A has an offset, so that accumulators have start values.
  bool needsOffset(bool nonnegative) const {
    return factors == cpu::Factors::Bytes && !nonnegative;
  }
  Addresses getAddresses(int64_t columns) const {
    return {rewriter.getContext(), factors, columns, getPanel(columns)};
  }

  mlir::Value empty(llvm::ArrayRef<int64_t> shape, mlir::Type type) {
    return rewriter.create<mlir::tensor::EmptyOp>(loc, shape, type);
  }
  /// Accumulators before they are stored anywhere.
  mlir::Value emptySums(llvm::ArrayRef<int64_t> shape) {
    return empty(shape, element.isF32() ? element : rewriter.getI32Type());
  }

  /// An image in the form of `qkernel.pack_activation`. One that has this form
  /// already is not copied if `inPlace`; nothing may be read after it then.
  PackedImage packImage(mlir::Value image, const Placement &placement,
                        bool offset, int64_t channels, int64_t block,
                        int64_t interleave, bool inPlace);
  /// The weights of one panel and group are `steps` steps long.
  PackedWeights packWeights(mlir::Value weights, qkernel::WeightOrder order,
                            int64_t columns, int64_t steps, bool needsStart,
                            int64_t group,
                            llvm::ArrayRef<int64_t> classes = {1, 1});
  qkernel::ContractOp
  contract(llvm::ArrayRef<qkernel::ContractionAttr> contractions, mlir::Value a,
           mlir::Value b, mlir::Value start, mlir::Value bias, mlir::Value sums,
           mlir::Value maximum);
  /// The cheapest number of partial sums of at most `maxProducts` products. It
  /// divides the first step dimension, whose parts must not be longer.
  int64_t
  chooseSplits(const Addresses &addresses,
               int64_t maxProducts = std::numeric_limits<int64_t>::max()) const;
  /// An image as a batch of its pixels.
  mlir::Value flattenPixels(mlir::Value image);
  /// Leaves a depthwise convolution to the kernels for direct convolutions.
  template <typename OpTy> void markDirect(OpTy op) {
    rewriter.modifyOpInPlace(op, [&] {
      op.setDirect(true);
      setKind(op, kind, macs);
    });
  }
  /// Weight gradients in the order of weights, and their maximum.
  mlir::Operation *unpackWeights(mlir::Value parts, mlir::Value errorSums,
                                 mlir::Value weights, mlir::Value maximum,
                                 bool saturate);
  /// `factor` · the sum over all positions of `image`.
  mlir::Value sumChannels(mlir::Value image, int64_t factor);
  /// The start values if `image` is B and A has an offset.
  mlir::Value getStart(mlir::Value image) { return sumChannels(image, -128); }

private:
  /// Elements after packed activations.
  int64_t getSlack() const;
  void setKind(mlir::Operation *op, llvm::StringRef name, int64_t count) {
    op->setAttr(qkernel::QKernelDialect::kKindAttrName,
                rewriter.getStringAttr(name));
    op->setAttr(qkernel::QKernelDialect::kMacsAttrName,
                rewriter.getI64IntegerAttr(count));
  }

  mlir::PatternRewriter &rewriter;
  mlir::Location loc;
  const cpu::TargetRecord &target;
  llvm::StringRef kind;
  int64_t macs;
  mlir::Type element;
  cpu::Factors factors;
};

} // namespace qtc

#endif // QTC_TRANSFORMS_PACKCONTRACTIONS_PACKER_H
