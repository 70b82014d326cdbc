//===- TargetRecord.h - Properties of instruction sets ----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One record for each instruction set that code is generated for. Passes take
// every number that depends on the processor from here.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_CPU_TARGETRECORD_H
#define QTC_TARGET_CPU_TARGETRECORD_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

#include <string>

namespace qtc::cpu {

/// Instruction sets, from the weakest to the strongest. Values are those of
/// `enum qtcrt_isa` in runtime/include/qtcrt/abi.h.
enum class Isa : uint32_t {
  Baseline = 0,
  Avx2 = 1,
  Avx512 = 2,
  AvxVnni = 3,
  Avx512Vnni = 4,
};

/// The instruction that accumulates four products into 32 bits.
enum class DotForm {
  Pmaddwd128,  ///< bytes widened to 16 bits, two pmaddwd xmm
  Pmaddwd256,  ///< bytes widened to 16 bits, two vpmaddwd ymm
  Pmaddwd512,  ///< bytes widened to 16 bits, two vpmaddwd zmm
  Vpdpbusd256, ///< one vpdpbusd ymm
  Vpdpbusd512, ///< one vpdpbusd zmm
};

/// The factors of contractions. A step of either is 32 bits of each operand.
enum class Factors {
  Bytes,  ///< four per step, added to 32-bit integers
  Floats, ///< one of 32 bits per step, added to floats
};

/// Elements of a step, see `#qkernel.contraction`.
constexpr int64_t getDepth(Factors factors) {
  return factors == Factors::Bytes ? 4 : 1;
}
/// Bytes of an element.
constexpr int64_t getFactorBytes(Factors factors) {
  return 4 / getDepth(factors);
}

/// Accumulators that a kernel keeps in registers: `rows` times `vectors`.
struct Tile {
  int64_t rows;
  int64_t vectors;
};

/// The properties of an instruction set that passes use.
struct TargetRecord {
  Isa isa;
  /// Spelling in `--isa` and in pass options.
  llvm::StringRef name;
  /// Attribute "target-cpu" of generated LLVM functions.
  llvm::StringRef cpu;
  /// Attribute "target-features" of generated LLVM functions; may be empty.
  llvm::StringRef features;
  /// The additional feature, if any, that functions with dot products need.
  llvm::StringRef dotFeature;
  /// Attribute "prefer-vector-width" of generated LLVM functions: the width in
  /// bits that LLVM's own vectorizers use.
  llvm::StringRef preferVectorWidth;
  DotForm dot;
  int64_t vectorBits;
  int64_t vectorRegisters;
  /// Tiles by their number of vectors: `tiles[i].vectors == i + 1`.
  llvm::ArrayRef<Tile> byteTiles;
  llvm::ArrayRef<Tile> floatTiles;
  /// First- and second-level data cache that schedules assume, in bytes.
  int64_t l1Bytes;
  int64_t l2Bytes;

  /// 32-bit accumulators in one vector.
  int64_t getLanes() const { return vectorBits / 32; }
  /// Bytes of one vector.
  int64_t getVectorBytes() const { return vectorBits / 8; }
  /// Whether the dot product multiplies 16-bit numbers. Four bytes then take
  /// two instructions, one for the even and one for the odd bytes.
  bool widensBytes() const;
  /// Whether code without dot products is the same for both.
  bool hasSameFeatures(const TargetRecord &other) const {
    return cpu == other.cpu && features == other.features;
  }
  /// Whether all code of a step of floats is the same for both.
  bool hasSameFloats(const TargetRecord &other) const;
  /// All features, separated by commas.
  std::string getAllFeatures() const;
  /// Whether a contraction of `factors` widens them.
  bool widens(Factors factors) const {
    return factors == Factors::Bytes && widensBytes();
  }
  /// LLVM's name of the instruction.
  llvm::StringRef getDotIntrinsic() const;
  llvm::ArrayRef<Tile> getTiles(Factors factors) const {
    return factors == Factors::Bytes ? byteTiles : floatTiles;
  }
  /// The width of the widest tile, in vectors.
  int64_t getMaxVectors(Factors factors) const {
    return getTiles(factors).size();
  }
  /// The tile that is `vectors` wide, 1 to getMaxVectors().
  Tile getTile(Factors factors, int64_t vectors) const {
    return getTiles(factors)[vectors - 1];
  }
  /// Vectors of a panel of columns: as few panels as possible, and these as
  /// equal as possible.
  int64_t getPanelVectors(Factors factors, int64_t columns) const;
};

/// All records, from the weakest to the strongest, indexed by Isa.
llvm::ArrayRef<TargetRecord> getTargetRecords();

/// The record of `isa`.
const TargetRecord &getTargetRecord(Isa isa);

/// The record with this name, or null.
const TargetRecord *lookupTargetRecord(llvm::StringRef name);

} // namespace qtc::cpu

#endif // QTC_TARGET_CPU_TARGETRECORD_H
