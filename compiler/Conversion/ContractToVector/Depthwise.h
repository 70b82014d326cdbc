//===- Depthwise.h - Vectors of channels ------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The parts that the kernels of depthwise convolutions share. A vector has one
// lane of 16 bits per channel. Two vectors interleave to pairs, which pmaddwd
// multiplies and adds into 32-bit lanes: this is exact, and part of every
// instruction set.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACTTOVECTOR_DEPTHWISE_H
#define QTC_CONVERSION_CONTRACTTOVECTOR_DEPTHWISE_H

#include "compiler/Conversion/ContractToVector/Emitter.h"
#include "compiler/Support/WindowPhases.h"
#include "compiler/Target/CPU/TargetRecord.h"

#include <map>
#include <optional>
#include <tuple>

namespace qtc {

/// Two vectors: of interleaved pairs, or of accumulators. Interleaving goes by
/// 128 bits, as unpack instructions do: the first half has channels 0–3, 8–11
/// and so on, the second one those between.
struct Halves {
  mlir::Value first, second;
};

/// Cuts channels into vectors and does arithmetic on these.
class ChannelVectors {
public:
  ChannelVectors(Emitter &emitter, const cpu::TargetRecord &target,
                 int64_t channels);

  /// Channels of a vector.
  int64_t getLanes() const { return lanes; }
  int64_t getBlockCount() const;
  /// The first channel of a block. The last block overlaps its neighbour.
  mlir::Value getBlockStart(mlir::Value block);

  mlir::Value getZero() { return e.splat(lanes, 16, 0); }
  Halves getZeroAccumulators();
  Halves interleave(mlir::Value even, mlir::Value odd);
  mlir::Value multiplyAdd(mlir::Value accumulator, mlir::Value lhs,
                          mlir::Value rhs);
  /// Accumulators in the order of channels.
  Halves restoreOrder(Halves accumulators);
  /// The position of channel `lane` in two consecutive halves.
  mlir::Value getSlot(mlir::Value lane);

  /// `lanes` bytes at `offset`, each `repeat` times in a row, as 16 bits.
  mlir::Value loadRepeated(mlir::Value flat, mlir::Value offset,
                           int64_t repeat);
  /// Bytes `first`, `first` + `stride`, ... after `offset`, as 16 bits.
  mlir::Value loadStrided(mlir::Value flat, mlir::Value offset, int64_t stride,
                          int64_t first);

private:
  mlir::Value shuffle(mlir::Value lhs, mlir::Value rhs,
                      llvm::ArrayRef<int64_t> mask);
  mlir::Value widen(mlir::Value bytes);

  Emitter &e;
  int64_t channels, lanes;
};

/// Vectors of pixels that several products of a tile share: each is loaded
/// once, each pair interleaved once.
class PixelVectors {
public:
  /// A distance from the tile's first pixel and a channel of the pixel's
  /// group; none stands for 0.
  using Key = std::optional<std::pair<int64_t, int64_t>>;

  PixelVectors(ChannelVectors &vectors,
               llvm::function_ref<mlir::Value(int64_t, int64_t)> load)
      : vectors(vectors), load(load) {}

  Halves getPair(Key even, Key odd);

private:
  mlir::Value get(Key key);

  ChannelVectors &vectors;
  llvm::function_ref<mlir::Value(int64_t, int64_t)> load;
  std::map<Key, mlir::Value> pixels;
  std::map<std::pair<Key, Key>, Halves> pairs;
};

/// The taps of result `position` that see the image, computed at run time: the
/// range and the operand's position under tap 0, which may be negative.
struct TapRange {
  mlir::Value lower, upper, start;
};
TapRange getTapRange(Emitter &emitter, const WindowPhase &phase, int64_t extent,
                     mlir::Value position);

/// Writes `body(first, count, carried)` for the results of a segment, `tile` of
/// them at a time, and updates `carried`.
void forTiles(
    Emitter &emitter, const WindowSegment &segment, int64_t tile,
    Values &carried,
    llvm::function_ref<Values(mlir::Value, int64_t, mlir::ValueRange)> body);

} // namespace qtc

#endif // QTC_CONVERSION_CONTRACTTOVECTOR_DEPTHWISE_H
