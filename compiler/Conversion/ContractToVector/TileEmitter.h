//===- TileEmitter.h - Accumulators in registers ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The inner kernel of a packed contraction: a tile of rows and columns whose
// accumulators stay in registers while it passes over steps.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACTTOVECTOR_TILEEMITTER_H
#define QTC_CONVERSION_CONTRACTTOVECTOR_TILEEMITTER_H

#include "compiler/Conversion/ContractToVector/DotProduct.h"
#include "compiler/Conversion/ContractToVector/Emitter.h"
#include "compiler/Target/CPU/ContractionSchedule.h"
#include "compiler/Target/CPU/TargetRecord.h"
#include "dialect/QKernel/IR/QKernel.h"

namespace qtc {

/// The flat buffers of a contraction.
struct ContractionBuffers {
  mlir::Value a, b, result;
  mlir::Value start, bias; ///< null if there is none
  /// For narrow accumulators: number of bits that are not stored (i32); else
  /// null.
  mlir::Value shift;
  /// Memory of the task for 16-bit factors of one block of a panel of B. If it
  /// is null, tiles widen the factors that they load.
  mlir::Value widened;
};

/// Columns of a panel as a tile covers them: full vectors, except that the last
/// one may have fewer lanes in use.
struct TileColumns {
  int64_t vectors;
  int64_t lastLanes;
};

/// The start of the part of a contraction that a tile belongs to: a panel of
/// one group and one split.
struct TilePosition {
  mlir::Value split;                     ///< index of the split
  mlir::Value a, b, start, bias, result; ///< offsets in the buffers
};

/// The steps of a block: the range of each step dimension.
struct StepRange {
  mlir::Value lower, upper;
};

class TileEmitter {
public:
  /// Makes the sizes of a contraction, so `emitter` has to be outside of the
  /// parallel loop.
  TileEmitter(Emitter &emitter, const cpu::TargetRecord &target,
              const cpu::ContractionGeometry &geometry,
              qkernel::ContractionAttr contraction,
              const ContractionBuffers &buffers);

  /// Makes tiles take B from `memory`, which has room for `extents` steps of
  /// 16-bit factors. emitWidened has to come before them.
  void setWidened(mlir::Value memory, llvm::ArrayRef<int64_t> extents);
  /// 16-bit factors of one step of a panel of B.
  int64_t getWidenedStep() const;

  TilePosition getPosition(mlir::Value split, mlir::Value group,
                           mlir::Value panel);

  /// Widens the steps in `block` of a panel of B, once for all tiles of rows.
  /// Returns the position to give to these tiles.
  TilePosition emitWidened(const TilePosition &position, TileColumns columns,
                           llvm::ArrayRef<StepRange> block);

  /// Computes a whole tile: start values, all steps, bias, maximum. Returns
  /// `maximum` with the magnitudes of the tile, or null if `maximum` is null.
  mlir::Value emitTile(const TilePosition &position, TileColumns columns,
                       mlir::Value row, int64_t rows, mlir::Value maximum);

  /// Adds the steps in `block` to a tile of the result.
  void emitUpdate(const TilePosition &position, TileColumns columns,
                  mlir::Value row, int64_t rows,
                  llvm::ArrayRef<StepRange> block);

  /// Sets one row of a panel to its start values.
  void emitStart(const TilePosition &position, TileColumns columns,
                 mlir::Value row);
  /// Adds the bias to one row of a panel, see emitTile.
  mlir::Value emitFinish(const TilePosition &position, TileColumns columns,
                         mlir::Value row, mlir::Value maximum);

  /// All steps.
  llvm::SmallVector<StepRange> getAllSteps();
  /// The extent of a step dimension.
  mlir::Value getSteps(unsigned dim) const { return steps[dim]; }

  /// 0 in all lanes of accumulators.
  mlir::Value getZero() { return dot.getZero(); }

private:
  /// Distances of splits, panels and groups in a buffer, and the first offset.
  struct Place {
    mlir::Value splitStride, panelStride, groupStride, offset;
  };

  /// Rows of A: a place that advances with the steps, and distances from it.
  struct Rows {
    mlir::Value base;
    Values offsets;
  };

  /// Lanes in use of vector `v`.
  int64_t getLanes(TileColumns columns, int64_t v) const {
    return v + 1 == columns.vectors ? columns.lastLanes : target.getLanes();
  }
  /// Whether a tile has as many rows as it can have.
  bool isWhole(TileColumns columns, int64_t rows) const {
    return rows == target.getTile(geometry.factors, columns.vectors).rows;
  }
  Values addSizes(llvm::ArrayRef<int64_t> numbers);
  llvm::SmallVector<Stride, 3> getStrides(llvm::ArrayRef<int64_t> numbers);
  bool isOneRun(int64_t rows, bool isWhole) const;
  Rows getRowsOfA(mlir::Value base, TileColumns columns, mlir::Value row,
                  int64_t rows);
  Values getRowOffsets(mlir::Value row, int64_t count,
                       mlir::ValueRange strides);
  Values getResultOffsets(const TilePosition &position, TileColumns columns,
                          mlir::Value row, int64_t rows);
  Values loadStart(const TilePosition &position, TileColumns columns);
  Values loadBias(const TilePosition &position, TileColumns columns);
  Values loadResult(TileColumns columns, mlir::ValueRange offsets);
  void storeResult(TileColumns columns, mlir::ValueRange offsets,
                   mlir::ValueRange accumulators);
  mlir::Value addBias(mlir::Value accumulator, mlir::Value bias);
  /// The form in which an accumulator is stored.
  mlir::Value narrow(mlir::Value accumulator);
  mlir::Value updateMaximum(mlir::Value maximum, mlir::Value accumulator);
  /// The loops from step dimension `dim` on.
  Values emitSteps(unsigned dim, llvm::ArrayRef<StepRange> block,
                   mlir::Value aOffset, mlir::Value bOffset,
                   mlir::ValueRange rows, mlir::ValueRange accumulators);
  void widenSteps(unsigned dim, llvm::ArrayRef<StepRange> block,
                  mlir::Value from, mlir::Value to, int64_t vectors);
  Values emitDots(mlir::Value aOffset, mlir::Value bOffset,
                  mlir::ValueRange rows, mlir::ValueRange accumulators);

  Emitter &e;
  const cpu::TargetRecord &target;
  const cpu::ContractionGeometry &geometry;
  ContractionBuffers buffers;
  DotProduct dot;
  /// Where the parts of A, B, the start values and the result lie.
  llvm::SmallVector<Place, 4> places;
  llvm::SmallVector<Divisor, 3> rowExtents;
  Values rowStrides, resultStrides, steps;
  /// Distances of steps in A, in packed B, and in the memory from which tiles
  /// read B.
  llvm::SmallVector<Stride, 3> aStrides, packedStrides, bStrides;
  /// Columns of a group.
  mlir::Value groupColumns;
};

} // namespace qtc

#endif // QTC_CONVERSION_CONTRACTTOVECTOR_TILEEMITTER_H
