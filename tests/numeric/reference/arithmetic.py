# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Integer arithmetic of the numerics contract, section 1.

Everything works on int64 arrays (or Python integers turned into them). Nothing
here is optimized; every function follows a sentence of the contract.
"""

from fractions import Fraction

import numpy as np

INT32_LIMIT = 2**31 - 1
# int64 shifts are only defined up to 63; wider ones use Python integers.
WIDEST_INT64_SHIFT = 61


def int64(values):
    return np.asarray(values, dtype=np.int64)


def clip(values, bits):
    """clip_k(x): clamps to +-(2^(k-1) - 1) (section 1)."""
    limit = 2 ** (bits - 1) - 1
    return np.clip(int64(values), -limit, limit)


def saturate(accumulator):
    """Accumulators saturate to +-(2^31 - 1) at the very end (section 1)."""
    return np.clip(int64(accumulator), -INT32_LIMIT, INT32_LIMIT)


def magnitude_bits(values):
    """W(x) = 0 if max|x| <= 1 else bit_length(max|x| - 1) (section 1)."""
    values = int64(values)
    largest = int(np.abs(values).max()) if values.size else 0
    return 0 if largest <= 1 else (largest - 1).bit_length()


def _magnitude(values, shift):
    magnitude = np.abs(int64(values))
    return magnitude.astype(object) if shift > WIDEST_INT64_SHIFT else magnitude


def _with_sign(values, magnitude):
    return np.where(int64(values) < 0, -magnitude, magnitude).astype(np.int64)


def shift_nearest(values, shift):
    """`nearest`: (a + 2^(n-1)) >> n on the magnitude; n <= 0 is the identity."""
    if shift <= 0:
        return int64(values)
    a = _magnitude(values, shift)
    return _with_sign(values, (a + 2 ** (shift - 1)) >> shift)


def shift_even(values, shift):
    """`even`: nearest on the magnitude, ties to even; n <= 0 is the identity."""
    if shift <= 0:
        return int64(values)
    a = _magnitude(values, shift)
    quotient, rest, half = a >> shift, a & (2**shift - 1), 2 ** (shift - 1)
    up = (rest > half) | ((rest == half) & (quotient % 2 == 1))
    return _with_sign(values, quotient + np.where(up, 1, 0))


def shift_floor0(values, shift):
    """`floor0`: a >> n on the magnitude (towards zero); n <= 0 is the identity."""
    if shift <= 0:
        return int64(values)
    return _with_sign(values, _magnitude(values, shift) >> shift)


def shift_pseudo(values, shift):
    """`pseudo`: the discarded bits are their own random number (section 1).

    q = a >> n, r = a mod 2^n, h = n div 2, p = r >> h,
    u = (r mod 2^h) * (2 if n odd else 1); q + (p > u).
    """
    if shift <= 0:
        return int64(values)
    a = _magnitude(values, shift)
    quotient, rest, half = a >> shift, a & (2**shift - 1), shift // 2
    probability = rest >> half
    threshold = (rest & (2**half - 1)) * (2 if shift % 2 else 1)
    return _with_sign(values, quotient + np.where(probability > threshold, 1, 0))


def shift_stochastic(values, shift, random16):
    """`stochastic`: q + (f16 > R), f16 the top 16 discarded bits (section 1).

    random16 has one 16-bit random number per element, in the layout of values.
    """
    if shift <= 0:
        return int64(values)
    a = _magnitude(values, shift)
    quotient, rest = a >> shift, a & (2**shift - 1)
    fraction = rest << (16 - shift) if shift <= 16 else rest >> (shift - 16)
    return _with_sign(values, quotient + np.where(fraction > random16, 1, 0))


def requantize(accumulator, exponent, bits=7):
    """requantize(acc, s) of section 1, to other magnitude bits if wanted. Returns (mantissas, exponent, shift)."""
    shift = max(magnitude_bits(accumulator) - bits, 0)
    return clip(shift_nearest(accumulator, shift), bits + 1), exponent + shift, shift


def aligned_sum(operands, saturated=True):
    """Sums of section 4: [(integers, exponent)] -> (accumulator, exponent).

    Operands that are all 0 take no part; those more than 20 below the largest
    exponent (of the operands taking part) are dropped; the rest is aligned to
    the smallest remaining exponent.
    Reading where the contract is silent: if all operands are all 0, the sum is
    0 with the largest of their exponents.
    """
    operands = [(int64(a), int(s)) for a, s in operands]
    taking_part = [(a, s) for a, s in operands if np.any(a)]
    if not taking_part:
        return np.zeros_like(operands[0][0]), max(s for _, s in operands)
    largest = max(s for _, s in taking_part)
    taking_part = [(a, s) for a, s in taking_part if s >= largest - 20]
    smallest = min(s for _, s in taking_part)
    total = sum(a << (s - smallest) for a, s in taking_part)
    return (saturate(total) if saturated else total), smallest


def divide_nearest(numerator, divisor):
    """divn(a, d) = sign(a) * ((|a| + d div 2) div d) (section 4)."""
    return _with_sign(numerator, (np.abs(int64(numerator)) + divisor // 2) // divisor)


def saturating_scale(value, power, limit):
    """sat_L(x * 2^k): left shift or nearest right shift, clamped (section 4).

    On one Python integer, so that no left shift can overflow.
    """
    value = int(value)
    if power >= 0:
        scaled = value << power
    else:
        scaled = (abs(value) + (1 << (-power - 1))) >> -power
        scaled = -scaled if value < 0 else scaled
    return max(-limit, min(limit, scaled))


def ceil_log2(value):
    """ceil(log2 v) of a positive float, exactly."""
    fraction, exponent = np.frexp(float(value))
    return int(exponent) - (1 if fraction == 0.5 else 0)


def exact_log2(text):
    """The binary logarithm of a power of two such as 8, 0.5 or 1/8."""
    value = Fraction(text)
    log2 = value.numerator.bit_length() - value.denominator.bit_length()
    if Fraction(2) ** log2 != value:
        raise ValueError(f"{text} is no power of two")
    return log2


def round_half_even(values):
    return np.rint(np.asarray(values, dtype=np.float64)).astype(np.int64)
