//===- TargetRecord.cpp - Properties of instruction sets ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CPU/TargetRecord.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

using namespace qtc::cpu;

// A tile of r rows and v vectors needs r·v accumulators, v registers for B and
// one for the broadcast of A; each step loads v + r of them. Two dot products
// per cycle with a latency of five cycles need ten accumulators or more.

// 32 registers: 24 to 28 accumulators leave room for B, A and the maximum.
static constexpr Tile kTiles512[] = {{14, 1}, {12, 2}, {8, 3}, {6, 4}};
// 16 registers: 12 accumulators, one A, up to three B.
static constexpr Tile kTiles256[] = {{10, 1}, {6, 2}, {4, 3}};
// pmaddwd: B takes two registers per vector (its even and odd bytes), A two and
// the products one. B is widened in memory. A is widened in the loop, by two
// instructions per row in addition to the 4·v that multiply and add, so 2·v of
// 2·v + 1 slots do useful work. Hence the tiles are wide. Tiles that are wider
// still and leave B in memory, {2, 4} with 16 registers and {4, 5} with 32,
// were measured to be slower.
static constexpr Tile kTilesPmaddwd[] = {{8, 1}, {4, 2}};
static constexpr Tile kTilesPmaddwd512[] = {{12, 1}, {8, 2}, {7, 3}, {5, 4}};

// Floats: two multiply-adds per cycle with a latency of four cycles need eight
// accumulators or more. One takes A from memory, so that a tile of one vector
// needs no register for it.
static constexpr Tile kFloatTiles512[] = {{14, 1}, {12, 2}, {8, 3}, {6, 4}};
static constexpr Tile kFloatTiles256[] = {{10, 1}, {6, 2}, {4, 3}};
// Without a fused instruction the product takes a register, too.
static constexpr Tile kFloatTiles128[] = {{10, 1}, {5, 2}, {3, 3}};

// Every processor of the last ten years has at least 32 KiB and, with AVX-512,
// 1 MiB of second-level cache; those with less have 256 KiB (client Skylake).
static constexpr int64_t kL1Bytes = 32 << 10;
static constexpr int64_t kL2Bytes256 = 256 << 10;
static constexpr int64_t kL2Bytes512 = 1 << 20;

static const TargetRecord kRecords[] = {
    {Isa::Baseline, "baseline", "x86-64", "", "", "128", DotForm::Pmaddwd128,
     128, 16, kTilesPmaddwd, kFloatTiles128, kL1Bytes, kL2Bytes256},
    {Isa::Avx2, "avx2", "x86-64-v3", "", "", "256", DotForm::Pmaddwd256, 256,
     16, kTilesPmaddwd, kFloatTiles256, kL1Bytes, kL2Bytes256},
    // The first processors with AVX-512 (Skylake-SP and -X) lack VNNI.
    {Isa::Avx512, "avx512", "x86-64-v4", "-prefer-256-bit", "", "512",
     DotForm::Pmaddwd512, 512, 32, kTilesPmaddwd512, kFloatTiles512, kL1Bytes,
     kL2Bytes512},
    {Isa::AvxVnni, "avxvnni", "x86-64-v3", "", "+avxvnni", "256",
     DotForm::Vpdpbusd256, 256, 16, kTiles256, kFloatTiles256, kL1Bytes,
     kL2Bytes512},
    // x86-64-v4 is tuned for 256 bits, as on the first processors with AVX-512;
    // those with VNNI lose little clock at 512.
    {Isa::Avx512Vnni, "avx512vnni", "x86-64-v4", "-prefer-256-bit",
     "+avx512vnni", "512", DotForm::Vpdpbusd512, 512, 32, kTiles512,
     kFloatTiles512, kL1Bytes, kL2Bytes512},
};

bool TargetRecord::hasSameFloats(const TargetRecord &other) const {
  return hasSameFeatures(other) &&
         preferVectorWidth == other.preferVectorWidth &&
         vectorBits == other.vectorBits &&
         vectorRegisters == other.vectorRegisters &&
         floatTiles.data() == other.floatTiles.data() &&
         l1Bytes == other.l1Bytes && l2Bytes == other.l2Bytes;
}

std::string TargetRecord::getAllFeatures() const {
  llvm::StringRef separator = features.empty() || dotFeature.empty() ? "" : ",";
  return (llvm::Twine(dotFeature) + separator + features).str();
}

bool TargetRecord::widensBytes() const {
  return dot == DotForm::Pmaddwd128 || dot == DotForm::Pmaddwd256 ||
         dot == DotForm::Pmaddwd512;
}

llvm::StringRef TargetRecord::getDotIntrinsic() const {
  switch (dot) {
  case DotForm::Pmaddwd128:
    return "llvm.x86.sse2.pmadd.wd";
  case DotForm::Pmaddwd256:
    return "llvm.x86.avx2.pmadd.wd";
  case DotForm::Pmaddwd512:
    return "llvm.x86.avx512.pmaddw.d.512";
  case DotForm::Vpdpbusd256:
    return "llvm.x86.avx512.vpdpbusd.256";
  case DotForm::Vpdpbusd512:
    return "llvm.x86.avx512.vpdpbusd.512";
  }
  llvm_unreachable("unknown dot product");
}

int64_t TargetRecord::getPanelVectors(Factors factors, int64_t columns) const {
  int64_t vectors = llvm::divideCeil(columns, getLanes());
  int64_t panels = llvm::divideCeil(vectors, getMaxVectors(factors));
  return llvm::divideCeil(vectors, panels);
}

llvm::ArrayRef<TargetRecord> qtc::cpu::getTargetRecords() { return kRecords; }

const TargetRecord &qtc::cpu::getTargetRecord(Isa isa) {
  return kRecords[static_cast<uint32_t>(isa)];
}

const TargetRecord *qtc::cpu::lookupTargetRecord(llvm::StringRef name) {
  for (const TargetRecord &record : kRecords)
    if (record.name == name)
      return &record;
  return nullptr;
}
