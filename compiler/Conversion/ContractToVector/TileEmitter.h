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

/// Offsets of consecutive rows. Where all rows of a tile lie in one run, they
/// differ by constants, which become displacements of one address.
struct RowOffsets {
  /// Offsets of the rows, or of the first one if a distance is known.
  Values offsets;
  /// From each row to the next.
  std::optional<int64_t> distance;
  int64_t count = 0;

  /// The offset of a row, behind `base`.
  mlir::Value get(Emitter &e, mlir::Value base, int64_t row) const;
  /// Makes a known distance that from a first row at 0, and returns `base` with
  /// what has been taken from the offsets.
  mlir::Value moveFirst(Emitter &e, mlir::Value base);
};

class TileEmitter {
public:
  TileEmitter(Emitter &emitter, const cpu::TargetRecord &target,
              const cpu::ContractionGeometry &geometry,
              qkernel::ContractionAttr contraction,
              const ContractionBuffers &buffers)
      : e(emitter), target(target), geometry(geometry),
        contraction(contraction), buffers(buffers), bStrides(geometry.bStrides),
        dot(emitter, target, geometry.factors) {}

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

  /// 0 in all lanes of accumulators.
  mlir::Value getZero() { return dot.getZero(); }

private:
  /// Lanes in use of vector `v`.
  int64_t getLanes(TileColumns columns, int64_t v) const {
    return v + 1 == columns.vectors ? columns.lastLanes : target.getLanes();
  }
  /// Whether a tile has as many rows as it can have.
  bool isWhole(TileColumns columns, int64_t rows) const {
    return rows == target.getTile(geometry.factors, columns.vectors).rows;
  }
  RowOffsets getRowOffsets(mlir::Value row, int64_t rows, bool isWhole,
                           llvm::ArrayRef<int64_t> strides);
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
                   const RowOffsets &rows, mlir::ValueRange accumulators);
  void widenSteps(unsigned dim, llvm::ArrayRef<StepRange> block,
                  mlir::Value from, mlir::Value to, int64_t vectors);
  Values emitDots(mlir::Value aOffset, mlir::Value bOffset,
                  const RowOffsets &rows, mlir::ValueRange accumulators);

  Emitter &e;
  const cpu::TargetRecord &target;
  const cpu::ContractionGeometry &geometry;
  qkernel::ContractionAttr contraction;
  ContractionBuffers buffers;
  /// Distances of steps in the memory from which tiles read B.
  llvm::SmallVector<int64_t, 3> bStrides;
  DotProduct dot;
};

} // namespace qtc

#endif // QTC_CONVERSION_CONTRACTTOVECTOR_TILEEMITTER_H
