//===- TransposeEmitter.cpp - The kernel of a transposition ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToGPU/TransposeEmitter.h"
#include "compiler/Conversion/ContractToGPU/ContractToGPU.h"
#include "compiler/Conversion/ContractToGPU/LaunchBuilder.h"

#include "compiler/Support/Indices.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace qtc;
using llvm::divideCeil;

namespace {

constexpr int64_t kRun = LaunchBuilder::kCopyBytes;
/// Bytes of a tile in each direction. Every thread reads and writes one run.
constexpr int64_t kTile = 64;
constexpr int64_t kRuns = kTile / kRun;
constexpr int64_t kThreads = kTile * kRuns;
/// Bytes from one row of the tile to the next.
constexpr int64_t kPitch = kTile + kRun;

/// A matrix [N, P] to [P, N'].
class TransposeEmitter {
public:
  TransposeEmitter(OpBuilder &builder, qkernel::MappedCopyOp op,
                   const cuda::TargetRecord &target)
      : op(op), x(getShape(op.getInput())), y(getShape(op.getOutput())),
        pixelTiles(divideCeil(getPixels(), kTile)),
        imageTiles(divideCeil(y.back(), kTile)),
        b(builder, op, target, pixelTiles * imageTiles, kThreads,
          kTile * kPitch) {}

  void emit() {
    Value firstPixel = b.mul(b.rem(b.getBlock(), pixelTiles), kTile);
    Value firstImage = b.mul(b.div(b.getBlock(), pixelTiles), kTile);
    readTile(firstPixel, firstImage);
    writeTile(firstPixel, firstImage);
  }

private:
  static ArrayRef<int64_t> getShape(Value buffer) {
    return cast<MemRefType>(buffer.getType()).getShape();
  }
  int64_t getPixels() const {
    return ShapedType::getNumElements(x.drop_front());
  }

  /// Neighbouring threads read neighbouring runs of an image.
  void readTile(Value firstPixel, Value firstImage) {
    Value row = b.div(b.getThread(), kRuns);
    Value column = b.mul(b.rem(b.getThread(), kRuns), kRun);
    Value image = b.add(firstImage, row), pixel = b.add(firstPixel, column);
    Value exists = b.both(b.isLess(image, b.index(x.front())),
                          b.isLess(pixel, b.index(getPixels())));
    LaunchBuilder::Values from = {image};
    llvm::append_range(from, delinearize(b, pixel, x.drop_front()));
    b.copyAsync(op.getInput(), from, b.add(b.mul(row, kPitch), column), exists);
    b.commit();
    b.waitForCopies(/*pending=*/0);
  }

  /// Neighbouring threads read neighbouring bytes of the tile, which lie in few
  /// banks, and each writes a run of images.
  void writeTile(Value firstPixel, Value firstImage) {
    Value column = b.rem(b.getThread(), kTile);
    Value firstRow = b.mul(b.div(b.getThread(), kTile), kRun);
    Value pixel = b.add(firstPixel, column);
    Value image = b.add(firstImage, firstRow);
    Value exists = b.both(b.isLess(pixel, b.index(getPixels())),
                          b.isLess(image, b.index(y.back())));
    auto branch = b.create<scf::IfOp>(exists, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    Value start = b.add(b.mul(firstRow, kPitch), column);
    LaunchBuilder::Values bytes;
    for (int64_t row = 0; row < kRun; ++row)
      bytes.push_back(
          b.create<memref::LoadOp>(b.getShared(), b.add(start, row * kPitch)));
    auto type = VectorType::get({kRun}, b.getI8Type());
    LaunchBuilder::Values to = delinearize(b, pixel, y.drop_back());
    to.push_back(image);
    b.create<vector::StoreOp>(b.create<vector::FromElementsOp>(type, bytes),
                              op.getOutput(), to);
  }

  qkernel::MappedCopyOp op;
  ArrayRef<int64_t> x, y;
  int64_t pixelTiles, imageTiles;
  LaunchBuilder b;
};
} // namespace

void qtc::emitTransposition(OpBuilder &builder, qkernel::MappedCopyOp op,
                            const cuda::TargetRecord &target) {
  TransposeEmitter(builder, op, target).emit();
}
