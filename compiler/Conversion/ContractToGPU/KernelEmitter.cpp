//===- KernelEmitter.cpp - The kernel of a contraction --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToGPU/KernelEmitter.h"
#include "compiler/Conversion/ContractToGPU/ContractToGPU.h"

#include "compiler/Support/AffineRange.h"
#include "compiler/Support/Indices.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::cuda;

namespace {

constexpr int64_t kRunBytes = qkernel::MappedContractOp::kRun;
/// Bytes and 32-bit words of a row of a stage.
constexpr int64_t kRowBytes = kRunsPerStage * kRunBytes;
constexpr int64_t kRowWords = kRowBytes / 4;
/// Rows and columns of the matrix instruction's result, and the runs of each
/// that it multiplies.
constexpr int64_t kFragmentRows = 16, kFragmentColumns = 8, kFragmentRuns = 2;
/// A lane has four of its accumulators: two of one row, two of the row 8 below.
constexpr int64_t kFragmentSums = 4, kHalfRows = 8;
/// Rows of a matrix that a warp loads from shared memory, one run of each.
constexpr int64_t kMatrixRows = 8;
constexpr int64_t kBiasLimit = int64_t(1) << 30;

/// Bytes of each row that a warpgroup multiplies at once.
constexpr int64_t kWarpgroupBytes = 32;
/// A descriptor has the low 18 bits of an address, in units of 16 bytes. The
/// distances of columns of runs and of groups of 8 rows follow, in the same
/// units; the former does not matter if runs are exchanged. Bits 62 and 63
/// exchange runs within 64 bytes, as `copyRun` does.
constexpr int64_t kAddressMask = (1 << 18) - 1, kAddressUnit = 16;
constexpr uint64_t kDescriptor =
    uint64_t(1) << 16 | uint64_t(kMatrixRows * kRowBytes / kAddressUnit) << 32 |
    uint64_t(2) << 62;
} // namespace

//===----------------------------------------------------------------------===//
// The launch and a thread's place in it
//===----------------------------------------------------------------------===//

KernelEmitter::KernelEmitter(OpBuilder &builder, qkernel::MappedContractOp op,
                             const TargetRecord &target,
                             const TileSchedule &schedule)
    : b(builder, op, target, schedule.getBlocks(), schedule.tile.getThreads(),
        schedule.stages * schedule.getStageBytes()),
      op(op), target(target), schedule(schedule), tile(schedule.tile),
      thread(b.getThread()) {
  auto shared = cast<MemRefType>(b.getShared().getType());
  words = b.create<memref::ViewOp>(
      MemRefType::get({shared.getNumElements() / 4}, b.getI32Type(),
                      MemRefLayoutAttrInterface(), shared.getMemorySpace()),
      b.getShared(), b.index(0), ValueRange());
}

/// Columns come first, because neighbouring blocks read the same rows.
void KernelEmitter::locate() {
  Value block = b.getBlock();
  columnTile = b.rem(block, schedule.columnTiles);
  block = b.div(block, schedule.columnTiles);
  rowTile = b.rem(block, schedule.rowTiles);
  Value split = b.div(block, schedule.rowTiles);
  firstStage = b.mul(split, schedule.stepTilesPerSplit);
  endStage =
      b.create<arith::MinUIOp>(b.add(firstStage, schedule.stepTilesPerSplit),
                               b.index(schedule.stepTiles));
  endStep = b.create<arith::MinUIOp>(b.mul(endStage, kRunsPerStage),
                                     b.index(op.getStepCount()));

  lane = b.rem(thread, Tile::kWarpSize);
  warp = b.div(thread, Tile::kWarpSize);
  warpRow = b.mul(b.div(warp, tile.getWarpsInRow()), tile.warpRows);
  warpColumn = b.mul(b.rem(warp, tile.getWarpsInRow()), tile.warpColumns);
  laneRow = b.div(lane, 4);
  laneWord = b.rem(lane, 4);
}

/// Rows of the tile that a thread copies are threads / 4 apart, a multiple of
/// 8, so that runs are exchanged in the same way in all of them.
KernelEmitter::Operand KernelEmitter::createOperand(Value buffer, AffineMap map,
                                                    ArrayRef<int64_t> extents,
                                                    int64_t firstRow,
                                                    int64_t tileRows,
                                                    Value tileIndex) {
  Operand operand;
  operand.buffer = buffer;
  operand.map = map;
  operand.firstRow = firstRow;
  llvm::append_range(operand.mapExtents, extents);
  llvm::append_range(operand.mapExtents, op.getSteps());
  int64_t count = ShapedType::getNumElements(extents);
  int64_t distance = tile.getThreads() / kRunsPerStage;
  Value first = b.div(thread, kRunsPerStage);
  for (int64_t row = 0; row < tileRows; row += distance) {
    Value inTile = b.add(first, row);
    Value linear = b.add(b.mul(tileIndex, tileRows), inTile);
    operand.tileRow.push_back(inTile);
    operand.indices.push_back(delinearize(b, linear, extents));
    operand.exists.push_back(
        count % tileRows == 0 ? Value() : b.isLess(linear, b.index(count)));
  }
  return operand;
}

//===----------------------------------------------------------------------===//
// Copies to shared memory
//===----------------------------------------------------------------------===//

void KernelEmitter::copyRun(const Operand &operand, unsigned run,
                            ValueRange step, Value isStep, Value slot) {
  ArrayRef<int64_t> shape =
      cast<MemRefType>(operand.buffer.getType()).getShape();
  Values dims = operand.indices[run];
  llvm::append_range(dims, step);
  Value exists = b.both(operand.exists[run], isStep);
  Values from;
  for (auto [dim, expr] : llvm::enumerate(operand.map.getResults())) {
    from.push_back(b.create<affine::AffineApplyOp>(
        AffineMap::get(dims.size(), 0, expr), dims));
    if (!isAlwaysInside(expr, operand.mapExtents, shape[dim]))
      exists = b.both(exists, b.isLess(from.back(), b.index(shape[dim])));
  }
  Value row = b.add(b.add(slot, operand.firstRow), operand.tileRow[run]);
  Value to = b.add(b.mul(row, kRowBytes), b.mul(swizzledRun, kRunBytes));
  b.copyAsync(operand.buffer, from, to, exists,
              schedule.cachesRows && &operand == &rows);
}

void KernelEmitter::copyStage(Value stage, Value slot) {
  Value step = b.add(b.mul(stage, kRunsPerStage), copiedRun);
  // Also needed after the last stage, where nothing is copied.
  Value isStep = b.isLess(step, endStep);
  Values indices = delinearize(b, step, op.getSteps());
  for (const Operand *operand : {&rows, &columns})
    for (unsigned run = 0; run < operand->tileRow.size(); ++run)
      copyRun(*operand, run, indices, isStep, slot);
  b.commit();
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

void KernelEmitter::createProduct(ArrayRef<int64_t> shape,
                                  ArrayRef<Value> rowRuns,
                                  ArrayRef<Value> columnRuns,
                                  MutableArrayRef<Value> sums) {
  auto type = LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(sums.size(), b.getI32Type()));
  constexpr std::array<NVVM::MMATypes, 2> bytes = {NVVM::MMATypes::s8,
                                                   NVVM::MMATypes::s8};
  constexpr std::array<NVVM::MMALayout, 2> layouts = {NVVM::MMALayout::row,
                                                      NVVM::MMALayout::col};
  auto product = b.create<NVVM::MmaOp>(
      type, rowRuns, columnRuns, ValueRange(sums), shape,
      /*b1Op=*/std::nullopt, NVVM::MMAIntOverflow::wrapped, bytes, layouts);
  for (auto [position, sum] : llvm::enumerate(sums))
    sum = b.create<LLVM::ExtractValueOp>(product, position);
}

void KernelEmitter::multiply(ArrayRef<Value> rowRuns,
                             ArrayRef<Value> columnRuns,
                             MutableArrayRef<Value> sums) {
  if (target.hasLongProducts())
    return createProduct(
        {kFragmentRows, kFragmentColumns, kFragmentRuns * kRunBytes}, rowRuns,
        columnRuns, sums);
  for (int64_t run = 0; run < kFragmentRuns; ++run)
    for (int64_t half : {0, 1})
      createProduct({kHalfRows, kFragmentColumns, kRunBytes},
                    rowRuns[2 * run + half], columnRuns[run],
                    sums.slice(2 * half, 2));
}

/// A warp loads four matrices of 8 rows and one run at once; its lanes 8i to
/// 8i + 7 hold the addresses of the rows of matrix i. For the contraction's
/// rows, the matrices are two groups of rows of one run, then of the next run.
/// For its columns, they are two runs of 8 columns, then of the next 8.
KernelEmitter::MatrixRow KernelEmitter::locateMatrixRow(bool isRow) {
  Value matrix = b.div(lane, kMatrixRows), row = b.rem(lane, kMatrixRows);
  Value low = b.rem(matrix, 2), high = b.div(matrix, 2);
  // Runs are exchanged in the same way in rows that are 8 apart.
  Value exchange = b.div(row, 2);
  return {b.add(row, b.mul(isRow ? low : high, kMatrixRows)),
          b.create<arith::XOrIOp>(isRow ? high : low, exchange)};
}

std::array<Value, 4> KernelEmitter::loadMatrices(const MatrixRow &lanes,
                                                 Value firstRow, int64_t run,
                                                 int64_t distance) {
  Value row = b.add(b.add(firstRow, lanes.row), distance);
  Value position = b.create<arith::XOrIOp>(lanes.run, b.index(run));
  Value word = b.add(b.mul(row, kRowWords), b.mul(position, kRunBytes / 4));
  Value matrices = b.create<nvgpu::LdMatrixOp>(
      VectorType::get({4, 1}, b.getI32Type()), words, ValueRange{word},
      b.getBoolAttr(false), b.getI32IntegerAttr(4));
  std::array<Value, 4> registers;
  for (auto [i, value] : llvm::enumerate(registers))
    value = b.create<vector::ExtractOp>(
        matrices, ArrayRef<int64_t>{static_cast<int64_t>(i), 0});
  return registers;
}

SmallVector<Value> KernelEmitter::multiplyStage(Value slot, Values sums) {
  MatrixRow rowLanes = locateMatrixRow(/*isRow=*/true);
  MatrixRow columnLanes = locateMatrixRow(/*isRow=*/false);
  Value firstRow = b.add(slot, warpRow);
  Value firstColumn = b.add(b.add(slot, warpColumn), tile.rows);
  int64_t width = tile.warpColumns / kFragmentColumns;
  for (int64_t run = 0; run < kRunsPerStage; run += kFragmentRuns) {
    SmallVector<std::array<Value, 4>> columnRuns;
    for (int64_t j = 0; j < width; j += 2)
      columnRuns.push_back(
          loadMatrices(columnLanes, firstColumn, run, j * kFragmentColumns));
    for (int64_t i = 0; i < tile.warpRows / kFragmentRows; ++i) {
      std::array<Value, 4> rowRuns =
          loadMatrices(rowLanes, firstRow, run, i * kFragmentRows);
      for (int64_t j = 0; j < width; ++j)
        multiply(rowRuns,
                 ArrayRef(columnRuns[j / 2])
                     .slice(j % 2 * kFragmentRuns, kFragmentRuns),
                 MutableArrayRef(sums).slice((i * width + j) * kFragmentSums,
                                             kFragmentSums));
    }
  }
  return sums;
}

Value KernelEmitter::createDescriptor(Value firstRow) {
  Value address = b.add(b.getSharedAddress(), b.mul(firstRow, kRowBytes));
  Value place = b.div(b.create<arith::AndIOp>(address, b.index(kAddressMask)),
                      kAddressUnit);
  return b.create<arith::OrIOp>(
      b.create<arith::IndexCastOp>(b.getI64Type(), place),
      b.create<arith::ConstantIntOp>(static_cast<int64_t>(kDescriptor), 64));
}

/// Keeps a compiler from moving code that sets registers after a fence, or code
/// that uses them before a wait: neither names any registers.
SmallVector<Value> KernelEmitter::tieSums(Values sums) {
  auto type = LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(sums.size(), b.getI32Type()));
  std::string outputs, inputs;
  for (size_t i = 0; i < sums.size(); ++i) {
    outputs += i == 0 ? "=r" : ",=r";
    inputs += "," + std::to_string(i);
  }
  auto tied = b.create<LLVM::InlineAsmOp>(
      type, sums, /*asm_string=*/"", outputs + inputs,
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      /*asm_dialect=*/nullptr, /*operand_attrs=*/nullptr);
  for (auto [i, sum] : llvm::enumerate(sums))
    sum = b.create<LLVM::ExtractValueOp>(tied.getRes(), i);
  return sums;
}

SmallVector<Value> KernelEmitter::startProducts(Value slot,
                                                const Values &sums) {
  Type type = LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(sums.size(), b.getI32Type()));
  Value all = b.create<LLVM::UndefOp>(type);
  for (auto [position, sum] : llvm::enumerate(sums))
    all = b.create<LLVM::InsertValueOp>(all, sum, position);
  Value group = b.div(warp, Tile::kWarpgroupWarps);
  Value rowRuns =
      createDescriptor(b.add(slot, b.mul(group, Tile::kWarpgroupRows)));
  Value columnRuns = createDescriptor(b.add(slot, tile.rows));
  b.create<NVVM::WgmmaFenceAlignedOp>();
  for (int64_t byte = 0; byte < kRowBytes; byte += kWarpgroupBytes) {
    auto advance = [&](Value descriptor) -> Value {
      return b.create<arith::AddIOp>(
          descriptor, b.create<arith::ConstantIntOp>(byte / kAddressUnit, 64));
    };
    all = b.create<NVVM::WgmmaMmaAsyncOp>(
        type, all, advance(rowRuns), advance(columnRuns),
        NVVM::MMAShapeAttr::get(b.getContext(), Tile::kWarpgroupRows,
                                tile.columns, kWarpgroupBytes),
        NVVM::WGMMATypes::s8, NVVM::WGMMATypes::s8, NVVM::WGMMATypes::s32,
        NVVM::WGMMAScaleOut::one, NVVM::WGMMAScaleIn::one,
        NVVM::WGMMAScaleIn::one, NVVM::MMALayout::row, NVVM::MMALayout::col,
        NVVM::MMAIntOverflowAttr::get(b.getContext(),
                                      NVVM::MMAIntOverflow::wrapped));
  }
  b.create<NVVM::WgmmaGroupSyncAlignedOp>();
  Values started;
  for (size_t i = 0; i < sums.size(); ++i)
    started.push_back(b.create<LLVM::ExtractValueOp>(all, i));
  return started;
}

SmallVector<Value> KernelEmitter::finishProducts(Values sums) {
  b.create<NVVM::WgmmaWaitGroupSyncOp>(/*group=*/0);
  return tieSums(std::move(sums));
}

SmallVector<Value> KernelEmitter::multiplyStages() {
  int64_t stages = schedule.stages, ahead = schedule.getStagesAhead();
  int64_t slotRows = tile.rows + tile.columns;
  Values start(tile.warpRows * tile.warpColumns / Tile::kWarpSize,
               b.integer(0));
  if (op.getStepCount() == 0)
    return start;
  for (int64_t stage = 0; stage < ahead; ++stage)
    copyStage(b.add(firstStage, stage), b.index(stage * slotRows));
  b.waitForCopies(/*pending=*/ahead - 1, tile.usesWarpgroups);
  if (tile.usesWarpgroups)
    start = tieSums(std::move(start));
  start.push_back(b.index(0));
  // All parts have stages. A branch around the loop would give the sums another
  // origin, for which ptxas waits for all products in every stage.
  b.create<LLVM::AssumeOp>(
      b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, firstStage, endStage));
  auto loop = b.create<scf::ForOp>(firstStage, endStage, b.index(1), start);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Values sums(loop.getRegionIterArgs());
  Value slot = sums.pop_back_val();
  // The data in the place of the next copies were read before the barrier.
  auto next = [&](Value position, int64_t distance) {
    return b.rem(b.add(position, distance * slotRows), stages * slotRows);
  };
  auto copyNext = [&] {
    copyStage(b.add(loop.getInductionVar(), ahead), next(slot, ahead));
  };
  if (tile.usesWarpgroups) {
    // The matrix units work while threads prepare the next copies.
    sums = startProducts(slot, sums);
    copyNext();
    if (schedule.overlapsProducts)
      b.create<NVVM::WgmmaWaitGroupSyncOp>(/*group=*/1);
    else
      sums = finishProducts(sums);
  } else {
    copyNext();
    sums = multiplyStage(slot, sums);
  }
  b.waitForCopies(/*pending=*/ahead - 1, tile.usesWarpgroups);
  sums.push_back(next(slot, 1));
  b.create<scf::YieldOp>(sums);
  sums.assign(loop->result_begin(), loop->result_end());
  sums.pop_back();
  b.setInsertionPointAfter(loop);
  return schedule.overlapsProducts ? finishProducts(sums) : sums;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

void KernelEmitter::storeSum(Value sum, ValueRange row, Value isRow,
                             Value column, Value &largest) {
  int64_t count = op.getColumns();
  Value exists = isRow;
  if (count % tile.columns != 0)
    exists = b.both(exists, b.isLess(column, b.index(count)));
  auto store = [&] {
    if (op.getBias()) {
      Value bias = b.create<memref::LoadOp>(op.getBias(), column);
      Type wide = b.getI64Type();
      Value exact =
          b.create<arith::AddIOp>(b.create<arith::ExtSIOp>(wide, sum),
                                  b.create<arith::ExtSIOp>(wide, bias));
      Value limit = b.create<arith::ConstantIntOp>(kBiasLimit, 64);
      Value lowest = b.create<arith::ConstantIntOp>(-kBiasLimit, 64);
      exact = b.create<arith::MaxSIOp>(b.create<arith::MinSIOp>(exact, limit),
                                       lowest);
      sum = b.create<arith::TruncIOp>(b.getI32Type(), exact);
    }
    Values dims(row);
    dims.push_back(column);
    Values to;
    for (AffineExpr expr : op.getResultMap().getResults())
      to.push_back(b.create<affine::AffineApplyOp>(
          AffineMap::get(dims.size(), 0, expr), dims));
    if (op.getAccumulate())
      b.create<memref::AtomicRMWOp>(arith::AtomicRMWKind::addi, sum,
                                    op.getAccumulators(), to);
    else
      b.create<memref::StoreOp>(sum, op.getAccumulators(), to);
    return b.create<arith::MaxUIOp>(largest, b.create<math::AbsIOp>(sum));
  };
  if (!exists) {
    largest = store();
    return;
  }
  auto branch = b.create<scf::IfOp>(TypeRange{b.getI32Type()}, exists,
                                    /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  b.create<scf::YieldOp>(ValueRange{store()});
  b.setInsertionPointToStart(branch.elseBlock());
  b.create<scf::YieldOp>(ValueRange{largest});
  largest = branch.getResult(0);
}

void KernelEmitter::storeSums(Values sums) {
  Value largest = b.integer(0);
  Value firstRow = b.add(b.add(b.mul(rowTile, tile.rows), warpRow), laneRow);
  Value firstColumn = b.add(b.add(b.mul(columnTile, tile.columns), warpColumn),
                            b.mul(laneWord, 2));
  int64_t count = op.getRowCount();
  auto *sum = sums.begin();
  int64_t width = tile.warpColumns / kFragmentColumns;
  for (int64_t i = 0; i < tile.warpRows / kFragmentRows; ++i) {
    Values halves[2];
    Value exists[2];
    for (int64_t half : {0, 1}) {
      Value row = b.add(firstRow, i * kFragmentRows + half * kHalfRows);
      halves[half] = delinearize(b, row, op.getRows());
      if (count % tile.rows != 0)
        exists[half] = b.isLess(row, b.index(count));
    }
    for (int64_t j = 0; j < width; ++j)
      for (int64_t half : {0, 1})
        for (int64_t k : {0, 1})
          storeSum(*sum++, halves[half], exists[half],
                   b.add(firstColumn, j * kFragmentColumns + k), largest);
  }
  if (op.getMaximum())
    raiseMaximum(largest);
}

/// Most warps find a maximum that is large enough already. They skip the atomic
/// operation, since all of these would meet in one place.
void KernelEmitter::raiseMaximum(Value largest) {
  for (int64_t distance = Tile::kWarpSize / 2; distance > 0; distance /= 2) {
    auto shuffle = b.create<gpu::ShuffleOp>(largest, b.integer(distance),
                                            b.integer(Tile::kWarpSize),
                                            gpu::ShuffleMode::XOR);
    largest = b.create<arith::MaxUIOp>(largest, shuffle.getShuffleResult());
  }
  Value maximum = op.getMaximum();
  Value isFirst =
      b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, lane, b.index(0));
  Value isLarger =
      b.create<arith::CmpIOp>(arith::CmpIPredicate::ugt, largest,
                              b.create<memref::LoadOp>(maximum, ValueRange()));
  auto branch = b.create<scf::IfOp>(b.both(isFirst, isLarger),
                                    /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  b.create<memref::AtomicRMWOp>(arith::AtomicRMWKind::maxu, largest, maximum,
                                ValueRange());
}

void KernelEmitter::emit() {
  locate();
  copiedRun = b.rem(thread, kRunsPerStage);
  // Rows of 64 bytes fill the banks in pairs, so runs are exchanged by the
  // number of the pair.
  Value pair = b.rem(b.div(thread, 2 * kRunsPerStage), kRunsPerStage);
  swizzledRun = b.create<arith::XOrIOp>(copiedRun, pair);
  rows = createOperand(op.getA(), op.getAMap(), op.getRows(),
                       /*firstRow=*/0, tile.rows, rowTile);
  columns = createOperand(op.getB(), op.getBMap(), {int64_t(op.getColumns())},
                          /*firstRow=*/tile.rows, tile.columns, columnTile);
  storeSums(multiplyStages());
}
