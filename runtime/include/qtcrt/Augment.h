//===- Augment.h - order and variation of training examples -----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_AUGMENT_H
#define QTCRT_AUGMENT_H

#include "qtcrt/DataSet.h"

#include <cstdint>
#include <string>
#include <vector>

namespace qtcrt {

/// The changes that `--augment` makes to training images.
enum class Augmentation { None, CropFlip };

/// "none" or "crop-flip".
const char *toString(Augmentation augmentation);
/// The inverse; throws UsageError.
Augmentation parseAugmentation(const std::string &text);

/// The order of `count` examples in `epoch` (from 0): a Fisher-Yates shuffle,
/// docs/numerics.md section 2.
std::vector<uint32_t> shuffledOrder(uint64_t count, uint64_t seed,
                                    uint64_t epoch);

/// Copies one image, shifted by up to 4 pixels each way (0 outside) and
/// mirrored at random, docs/numerics.md section 2. `example` is the index in
/// the data set.
void cropFlip(const uint8_t *in, uint8_t *out, const ImageShape &shape,
              uint64_t example, uint64_t seed, uint64_t epoch);

} // namespace qtcrt

#endif // QTCRT_AUGMENT_H
