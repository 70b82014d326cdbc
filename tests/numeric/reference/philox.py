# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random numbers of the numerics contract, section 2: Philox4x32-10."""

import numpy as np

GRADIENT_ROUNDING = 0
LOSS_ROUNDING = 1
DROPOUT = 2
SHUFFLING = 3
AUGMENTATION = 4
INITIALISATION = 5

_MASK = np.uint64(0xFFFFFFFF)
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)


def philox4x32_10(counters, key):
    """counters: uint64 array (..., 4) of 32-bit words; key: two 32-bit words."""
    words = np.asarray(counters, dtype=np.uint64) & _MASK
    c0, c1, c2, c3 = (words[..., k] for k in range(4))
    for number in range(10):
        k0, k1 = (np.uint64((key[j] + number * _WEYL[j]) & 0xFFFFFFFF) for j in range(2))
        first, second = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (second >> np.uint64(32)) ^ c1 ^ k0,
            second & _MASK,
            (first >> np.uint64(32)) ^ c3 ^ k1,
            first & _MASK,
        )
    return np.stack([c0, c1, c2, c3], axis=-1)


def _key(seed):
    return seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF


def lanes(seed, count, identifier, step, purpose):
    """The 32-bit numbers of indices 0...count-1, as int64 (section 2).

    counter = (i >> 2, id, step, purpose), lane i & 3.
    """
    blocks = (count + 3) // 4
    counters = np.zeros((blocks, 4), dtype=np.uint64)
    counters[:, 0] = np.arange(blocks, dtype=np.uint64)
    counters[:, 1] = identifier & 0xFFFFFFFF
    counters[:, 2] = step & 0xFFFFFFFF
    counters[:, 3] = purpose
    return philox4x32_10(counters, _key(seed)).reshape(-1)[:count].astype(np.int64)


def random16(seed, shape, identifier, step, purpose):
    """16-bit numbers (low half of the lane) in row-major order of shape."""
    count = int(np.prod(shape, dtype=np.int64))
    return (lanes(seed, count, identifier, step, purpose) & 0xFFFF).reshape(shape)


def permutation(seed, count, epoch):
    """Shuffle of section 2: for i = n-1 down to 1 swap p[i], p[(u*(i+1)) >> 32]."""
    numbers = lanes(seed, count, 0, epoch, SHUFFLING).tolist()
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        j = (numbers[i] * (i + 1)) >> 32
        order[i], order[j] = order[j], order[i]
    return np.array(order, dtype=np.int64)


def crop_flip_numbers(seed, examples, epoch):
    """(dy, dx, mirror) of each example; counter = (example, 0, epoch, 4)."""
    counters = np.zeros((len(examples), 4), dtype=np.uint64)
    counters[:, 0] = np.asarray(examples, dtype=np.uint64)
    counters[:, 2] = epoch & 0xFFFFFFFF
    counters[:, 3] = AUGMENTATION
    words = philox4x32_10(counters, _key(seed)).astype(np.int64)
    return ((words[:, 0] * 9) >> 32) - 4, ((words[:, 1] * 9) >> 32) - 4, words[:, 2] >> 31
