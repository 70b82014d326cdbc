# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Integer BatchNormalization: numerics contract section 4, last item.

Numbers 1-5 in the comments are the contract's. Per-channel scalars are Python
integers, so that nothing can overflow unnoticed; sums over a channel are int64.
"""

import math

import numpy as np

from arithmetic import (
    clip,
    divide_nearest,
    int64,
    magnitude_bits,
    saturating_scale,
    shift_nearest,
)

MEAN_EXPONENT = -16
VARIANCE_EXPONENT = -32


def running_from_file(mean, variance):
    """Running statistics as integers: R_m at 2^-16, R_v at 2^-32.

    Reading: rounded half to even and clamped to the limits of T_m and T_v.
    """

    def fixed(values, exponent, limit):
        scaled = (round(float(v) * 2.0**-exponent) for v in values)
        return [max(-limit, min(limit, v)) for v in scaled]

    return fixed(mean, MEAN_EXPONENT, 2**30), fixed(variance, VARIANCE_EXPONENT, 2**45)


def wide_input(accumulator, exponent):
    """1. Input from a conv or gemm with no other user: 15 bits of its accumulator."""
    shift = max(magnitude_bits(accumulator) - 14, 0)
    return clip(shift_nearest(accumulator, shift), 15), exponent + shift


def narrow_input(mantissas, exponent):
    """1. Any other input: x = 64 m."""
    return 64 * int64(mantissas), exponent - 6


def _per_channel(values, rank):
    return int64(values).reshape((1, -1) + (1,) * (rank - 2))


def _reduce(values):
    return values.sum(axis=(0,) + tuple(range(2, values.ndim)), dtype=np.int64)


def batch_statistics(x):
    """2. mu and v0 of each channel."""
    count = x.size // x.shape[1]
    mean = divide_nearest(_reduce(x), count)
    centred = x - _per_channel(mean, x.ndim)
    return [int(m) for m in mean], [int(v) // count for v in _reduce(centred * centred)]


def epsilon(exponent):
    """2. eps' = 2^min(40, max(0, -17 - 2s)); the file's epsilon is not used."""
    return 2 ** min(40, max(0, -17 - 2 * exponent))


def fixed_statistics(statistics, exponent):
    """2. T_m and T_v: a batch's statistics with the exponents of running ones."""
    mean, variance = statistics
    return (
        [saturating_scale(m, 16 + exponent, 2**30) for m in mean],
        [saturating_scale(v, 32 + 2 * exponent, 2**45) for v in variance],
    )


def updated_running(running, statistics, exponent, momentum):
    """2. R += nearest((T - R) * alpha, 16) for means and variances."""
    alpha = round((1.0 - momentum) * 2**16)

    def move(old, target):
        change = (target - old) * alpha
        rounded = (abs(change) + 2**15) >> 16
        return old + (-rounded if change < 0 else rounded)

    targets = fixed_statistics(statistics, exponent)
    return tuple([move(o, t) for o, t in zip(old, new)] for old, new in zip(running, targets))


def pooled_statistics(batches):
    """6. E_m and E_v of [(T_m, T_v)], the statistics of each of the batches."""
    count = len(batches)
    means, variances = [], []
    for channel in range(len(batches[0][0])):
        values = [(mean[channel], variance[channel]) for mean, variance in batches]
        total = sum(m for m, _ in values)
        moments = sum(v + m * m for m, v in values)
        mean = int(divide_nearest(total, count))
        rest = (moments - mean * (2 * total - count * mean) + 2**63) % 2**64 - 2**63
        means.append(mean)
        variances.append(min(max(rest, 0) // count, 2**45))
    return means, variances


def statistics_for_evaluation(running, exponent):
    """2. mu and v - eps' from the running statistics."""
    mean, variance = running
    return (
        [saturating_scale(m, -16 - exponent, 32767) for m in mean],
        [min(saturating_scale(v, -32 - 2 * exponent, 2**30), 2**30) for v in variance],
    )


def normalise(x, exponent, mean, variance):
    """3. (xhat, r, t); xhat has exponent -12."""
    eps = epsilon(exponent)
    reciprocals, shifts = [], []
    xhat = np.zeros_like(x)
    for channel, (mu, v0) in enumerate(zip(mean, variance)):
        sigma = math.isqrt(min(max(v0 + eps, 1), 2**40) * 2**16)
        t = sigma.bit_length() - 6
        r = min(2 ** (20 + t) // sigma, 32767)
        xhat[:, channel] = clip(shift_nearest((x[:, channel] - mu) * r, t), 16)
        reciprocals.append(r)
        shifts.append(t)
    return xhat, reciprocals, shifts


def scale_and_shift(xhat, gamma, gamma_exponent, beta, beta_exponent, dropped=0):
    """4. Accumulator gamma * xhat + beta, and its exponent; products lose `dropped` bits (section 4.23)."""
    exponent = gamma_exponent - 12 + dropped
    offset = [saturating_scale(b, beta_exponent - exponent, 2**28) for b in beta]
    product = shift_nearest(_per_channel(gamma, xhat.ndim) * xhat, dropped)
    return product + _per_channel(offset, xhat.ndim), exponent


def parameter_gradients(error, xhat):
    """5. (G_gamma, G_beta), both with the error's exponent."""
    return shift_nearest(_reduce(int64(error) * xhat), 12), _reduce(int64(error))


def input_error(error, error_exponent, xhat, exponent, gamma, gamma_exponent, reciprocals, shifts, fraction=8):
    """5. Accumulator d * f and its exponent (before requantization adds n); errors get `fraction` bits more."""
    error = int64(error)
    count = error.size // error.shape[1]
    a = divide_nearest((_reduce(error) << fraction), count)
    b = divide_nearest(_reduce(error * xhat), count << (12 - fraction))
    d = (error << fraction) - _per_channel(a, error.ndim)
    d = clip(d - shift_nearest(xhat * _per_channel(b, error.ndim), 12), 19)
    widest = max(shifts)
    factors = [
        int(g) * r * 2 ** (widest - t) for g, r, t in zip(gamma, reciprocals, shifts)
    ]
    shift = max(magnitude_bits(factors) - 12, 0)
    f = clip(shift_nearest(factors, shift), 13)
    power = error_exponent - fraction + gamma_exponent - 12 - exponent - widest + shift
    return d * _per_channel(f, error.ndim), power
