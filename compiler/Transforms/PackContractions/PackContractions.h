//===- PackContractions.h - Convolutions to contractions --------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The pass `qkernel-pack-contractions`, see PackContractions.td.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_PACKCONTRACTIONS_PACKCONTRACTIONS_H
#define QTC_TRANSFORMS_PACKCONTRACTIONS_PACKCONTRACTIONS_H

#include "compiler/Target/CPU/TargetRecord.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

#include <memory>
#include <string>

namespace qtc {

#define GEN_PASS_DECL
#include "compiler/Transforms/PackContractions/PackContractions.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/PackContractions/PackContractions.h.inc"

/// Merges groups that leave lanes of vectors unused; a part of
/// `qkernel-pack-contractions`.
void populateMergeGroupsPatterns(mlir::RewritePatternSet &patterns,
                                 const cpu::TargetRecord &target);

/// The rewrites of `qkernel-pack-contractions` for one instruction set.
void populatePackContractionsPatterns(mlir::RewritePatternSet &patterns,
                                      const cpu::TargetRecord &target);

} // namespace qtc

#endif // QTC_TRANSFORMS_PACKCONTRACTIONS_PACKCONTRACTIONS_H
