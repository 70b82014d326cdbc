# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""NITI's optimizers: numerics contract sections 4.12 and 4.17.

An update is a function of a parameter's mantissas w (`bits` wide), its exact gradient G, the learning rate and
`rounded(G, n)`, which shifts G by n as --grad-round says and clips it to the parameter's width.
"""

import dataclasses
import math

import numpy as np

from arithmetic import clip, int64, magnitude_bits, shift_floor0, shift_nearest

SHARE_LIMIT = 2**61


def share(number):
    """(D, e): the number with 8 bits is D * 2^-e, 128 <= D <= 255, or 0."""
    if number == 0:
        return 0, 0
    fraction, exponent = math.frexp(number)
    factor = round(fraction * 256)
    if factor == 256:
        factor, exponent = 128, exponent + 1
    return (255, 8) if exponent > 0 else (factor, 8 - exponent)


def parts(number):
    """A number in units of 1/256."""
    return round(number * 256)


def share_of(mantissas, decay, power):
    """sat(w * d * 2^power), rounded to nearest."""
    factor, exponent = decay
    power -= exponent
    product = int64(mantissas) * factor
    if power <= 0:
        return shift_nearest(product, -power)
    grown = product.astype(object) << min(power, 64)
    return np.clip(grown, -SHARE_LIMIT, SHARE_LIMIT).astype(np.int64)


@dataclasses.dataclass
class SGD:
    momentum: float = 0.0
    weight_decay: float = 0.0

    def update(self, w, gradient, rate, bits, rounded, velocity):
        """(w', V')"""
        more, width = bits - 8, magnitude_bits(gradient)
        if self.weight_decay:
            gradient = gradient + share_of(w, share(self.weight_decay), width - more)
        g = rounded(gradient, width - (rate + more))
        factor = parts(self.momentum)
        if factor == 0:
            return clip(w - g, bits), None
        velocity = clip(shift_floor0(velocity * factor + (g << 16), 8), 32)
        return clip(w - clip(shift_nearest(velocity * (256 - factor), 16), bits), bits), velocity


@dataclasses.dataclass
class Lion:
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0

    def update(self, w, gradient, rate, bits, rounded, mean):
        g = rounded(gradient, magnitude_bits(gradient) - 15)

        def blend(beta):
            return mean * parts(beta) + (g << 8) * (256 - parts(beta))

        step = np.sign(blend(self.beta1)) * (2 ** min(rate, 15) if rate >= 0 else 0)
        change = clip(step, 16)
        if self.weight_decay:
            change = clip(change + share_of(w, share(self.weight_decay), rate), 31)
        return clip(w - change, bits), clip(shift_floor0(blend(self.beta2), 8), 32)


def keeps_state(optimizer):
    return isinstance(optimizer, Lion) or parts(optimizer.momentum) != 0
