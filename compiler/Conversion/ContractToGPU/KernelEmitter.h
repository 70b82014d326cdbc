//===- KernelEmitter.h - The kernel of a contraction ------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACTTOGPU_KERNELEMITTER_H
#define QTC_CONVERSION_CONTRACTTOGPU_KERNELEMITTER_H

#include "compiler/Conversion/ContractToGPU/LaunchBuilder.h"
#include "compiler/Target/CUDA/TileSchedule.h"
#include "dialect/QKernel/IR/QKernel.h"

namespace qtc {

/// Builds the body of a launch that computes one contraction.
class KernelEmitter {
public:
  KernelEmitter(mlir::OpBuilder &builder, qkernel::MappedContractOp op,
                const cuda::TargetRecord &target,
                const cuda::TileSchedule &schedule);

  void emit();

private:
  using Value = mlir::Value;
  using Values = LaunchBuilder::Values;

  /// An operand whose rows are rows of shared memory: the rows of the
  /// contraction, or its columns.
  struct Operand {
    Value buffer;
    mlir::AffineMap map;
    /// Extents of the dimensions of `map`.
    llvm::SmallVector<int64_t> mapExtents;
    /// The row of a stage where the block's rows begin.
    int64_t firstRow;
    /// For each run that a thread copies: its row as a multi-index, whether
    /// there is such a row (null: always), and the row in the tile.
    llvm::SmallVector<Values> indices;
    Values exists;
    Values tileRow;
  };

  void locate();
  Operand createOperand(Value buffer, mlir::AffineMap map,
                        llvm::ArrayRef<int64_t> extents, int64_t firstRow,
                        int64_t tileRows, Value tile);
  /// Starts the copies of a stage to the rows of shared memory from `slot` on,
  /// as one group.
  void copyStage(Value stage, Value slot);
  void copyRun(const Operand &operand, unsigned run, mlir::ValueRange step,
               Value isStep, Value slot);
  /// Multiplies all stages; returns the accumulators of a lane.
  Values multiplyStages();
  Values multiplyStage(Value slot, Values sums);
  /// A descriptor of the operand of a warpgroup in 64-byte rows of shared
  /// memory from `firstRow` on.
  Value createDescriptor(Value firstRow);
  /// Passes the sums through assembly without text, which keeps its place among
  /// fences and waits.
  Values tieSums(Values sums);
  /// Starts the products of a warpgroup as one group. They read shared memory
  /// until they are waited for. Only products may use the sums before, which
  /// have been tied.
  Values startProducts(Value slot, const Values &sums);
  /// Waits for all products and returns the sums.
  Values finishProducts(Values sums);
  /// The place that a lane gives for the matrices that its warp loads: the row,
  /// and the run of two, exchanged by the row.
  struct MatrixRow {
    Value row, run;
  };
  MatrixRow locateMatrixRow(bool isRow);
  /// The registers of four matrices, `distance` rows of shared memory after
  /// `firstRow`, of the runs from `run` on.
  std::array<Value, 4> loadMatrices(const MatrixRow &lanes, Value firstRow,
                                    int64_t run, int64_t distance);
  /// Adds the products of 16 rows with 8 columns, two runs of each: registers
  /// of rows 0 to 7 and 8 to 15 of the first run, then of the second; of the
  /// columns of both.
  void multiply(llvm::ArrayRef<Value> rowRuns, llvm::ArrayRef<Value> columnRuns,
                llvm::MutableArrayRef<Value> sums);
  void createProduct(llvm::ArrayRef<int64_t> shape,
                     llvm::ArrayRef<Value> rowRuns,
                     llvm::ArrayRef<Value> columnRuns,
                     llvm::MutableArrayRef<Value> sums);
  void storeSums(Values sums);
  void storeSum(Value sum, mlir::ValueRange row, Value isRow, Value column,
                Value &largest);
  void raiseMaximum(Value largest);

  LaunchBuilder b;
  qkernel::MappedContractOp op;
  const cuda::TargetRecord &target;
  const cuda::TileSchedule &schedule;
  const cuda::Tile &tile;
  Value thread, warp, lane, laneRow, laneWord;
  /// The shared memory as words.
  Value words;
  /// The first row and column of the tile that belong to the warp.
  Value warpRow, warpColumn;
  Value rowTile, columnTile, firstStage, endStage, endStep;
  /// Exchanges runs within a row, see `copyRun`.
  Value copiedRun, swizzledRun;
  Operand rows, columns;
};

} // namespace qtc

#endif // QTC_CONVERSION_CONTRACTTOGPU_KERNELEMITTER_H
