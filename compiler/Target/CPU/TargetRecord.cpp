//===- TargetRecord.cpp - What is known of an instruction set -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CPU/TargetRecord.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace qtc::cpu;

// A tile of r rows and v vectors needs r·v accumulators, v registers for B and
// one for the broadcast of A, of which each step loads v + r. Two dot products
// a cycle with a latency of five cycles want ten accumulators or more.

// 32 registers: 24 to 28 accumulators leave room for B, A and the maximum.
static constexpr Tile kTiles512[] = {{14, 1}, {12, 2}, {8, 3}, {6, 4}};
// 16 registers: 12 accumulators, one A, up to three B.
static constexpr Tile kTiles256[] = {{10, 1}, {6, 2}, {4, 3}};
// 16 registers: B takes two registers a vector (its even and odd bytes), A two
// and the products one.
static constexpr Tile kTilesPmaddwd[] = {{8, 1}, {4, 2}};

// Every processor of the last ten years has at least 32 KiB and, with AVX-512,
// 1 MiB of second-level cache; those with less have 256 KiB (client Skylake).
static constexpr int64_t kL1Bytes = 32 << 10;
static constexpr int64_t kL2Bytes256 = 256 << 10;
static constexpr int64_t kL2Bytes512 = 1 << 20;

static const TargetRecord kRecords[] = {
    {Isa::Baseline, "baseline", "x86-64", "", "128", DotForm::Pmaddwd128, 128,
     16, kTilesPmaddwd, kL1Bytes, kL2Bytes256},
    {Isa::Avx2, "avx2", "x86-64-v3", "", "256", DotForm::Pmaddwd256, 256, 16,
     kTilesPmaddwd, kL1Bytes, kL2Bytes256},
    {Isa::AvxVnni, "avxvnni", "x86-64-v3", "+avxvnni", "256",
     DotForm::Vpdpbusd256, 256, 16, kTiles256, kL1Bytes, kL2Bytes512},
    // x86-64-v4 is tuned for 256 bits, as on the first processors with AVX-512;
    // those with VNNI lose little clock at 512.
    {Isa::Avx512Vnni, "avx512vnni", "x86-64-v4", "+avx512vnni,-prefer-256-bit",
     "512", DotForm::Vpdpbusd512, 512, 32, kTiles512, kL1Bytes, kL2Bytes512},
};

int64_t TargetRecord::getPanelVectors(int64_t columns) const {
  int64_t vectors = llvm::divideCeil(columns, getLanes());
  int64_t panels = llvm::divideCeil(vectors, getMaxVectors());
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
