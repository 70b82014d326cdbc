//===- TargetRecord.cpp - Properties of CUDA devices ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CUDA/TargetRecord.h"

#include "llvm/ADT/STLExtras.h"

using namespace qtc;

llvm::ArrayRef<cuda::TargetRecord> cuda::getTargetRecords() {
  // 8.0 has 163 KB per block and 9.0 has 227, but code for them also runs on
  // 8.6, 8.9 and 12.0, which have 99.
  constexpr int64_t small = 64 << 10, common = 99 << 10, large = 227 << 10;
  static constexpr TargetRecord records[] = {
      {75, "sm_75", "+ptx65", 1024, 72, small},
      {80, "sm_80", "+ptx70", 2048, 108, common},
      {86, "sm_86", "+ptx71", 1024, 84, common},
      {89, "sm_89", "+ptx78", 1024, 128, common},
      {90, "sm_90", "+ptx78", 2560, 132, common},
      {90, "sm_90a", "+ptx80", 2560, 132, large, /*exact=*/true, 4096},
  };
  return records;
}

const cuda::TargetRecord *cuda::lookupTargetRecord(llvm::StringRef number) {
  const auto *record = llvm::find_if(getTargetRecords(),
                                     [number](const TargetRecord &candidate) {
                                       return candidate.getNumber() == number;
                                     });
  return record == getTargetRecords().end() ? nullptr : record;
}
