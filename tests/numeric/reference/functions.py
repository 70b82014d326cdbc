# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions of each element: formulas in double, and the integer rules of numerics contract section 4.15."""

import dataclasses
import math

import numpy as np

from arithmetic import int64, requantize, round_half_even

HALF = 2048  # samples on either side of 0
MORE_BITS = 16  # fraction bits of table entries beyond those of samples


@dataclasses.dataclass(frozen=True)
class Function:
    """`value` and `slope` take and give floats; `outer` are the slopes far to the left and right.

    A `steep` one has tables of 14 magnitude bits, because a batch may take only small entries from them.
    """

    value: callable
    slope: callable
    outer: tuple
    reach: float = 8.0
    homogeneous: bool = False
    steep: bool = False


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def softplus(x):
    return max(x, 0) + math.log1p(math.exp(-abs(x)))


def clip(low, high):
    finite = [abs(bound) for bound in (low, high) if math.isfinite(bound)]
    return Function(
        lambda x: min(max(x, low), high),
        lambda x: float(low < x < high),
        (float(math.isinf(low)), float(math.isinf(high))),
        max([1.0, *finite]),
    )


def leaky_relu(alpha):
    return Function(
        lambda x: x if x > 0 else alpha * x, lambda x: 1.0 if x > 0 else alpha, (alpha, 1.0), homogeneous=True
    )


def thresholded_relu(alpha):
    return Function(
        lambda x: x if x > alpha else 0.0, lambda x: float(x > alpha), (0.0, 1.0), max(1.0, abs(alpha))
    )


def hard_sigmoid(alpha, beta):
    def value(x):
        return min(max(alpha * x + beta, 0.0), 1.0)

    reach = max(abs(beta / alpha), abs((1 - beta) / alpha))
    return Function(value, lambda x: alpha if 0 < value(x) < 1 else 0.0, (0.0, 0.0), reach)


def elu(alpha, beta=1.0, gamma=1.0):
    return Function(
        lambda x: gamma * (x if x > 0 else alpha * math.expm1(x / beta)),
        lambda x: gamma * (1.0 if x > 0 else alpha / beta * math.exp(x / beta)),
        (0.0, gamma),
        8 * beta,
    )


def _mish_slope(x):
    t = math.tanh(softplus(x))
    return t + x * (1 - t * t) * sigmoid(x)


def _tanh_gelu(x):
    return x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _tanh_gelu_slope(x):
    t = math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    inner = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    return (1 + t) / 2 + x / 2 * (1 - t * t) * inner


def _gelu_slope(x):
    return (1 + math.erf(x / math.sqrt(2))) / 2 + x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _hard_swish_slope(x):
    return 1.0 if x > 3 else (x / 3 + 0.5 if x > -3 else 0.0)


ABS = Function(abs, lambda x: float(np.sign(x)), (-1.0, 1.0), homogeneous=True)
NEG = Function(lambda x: -x, lambda x: -1.0, (-1.0, -1.0), homogeneous=True)
HARD_SWISH = Function(lambda x: x * min(max(x / 6 + 0.5, 0.0), 1.0), _hard_swish_slope, (0.0, 1.0))
# It jumps at 0, where the table's samples next to it are apart: values between are interpolated.
SIGN = Function(lambda x: float(np.sign(x)), lambda x: 0.0, (0.0, 0.0))
SIGMOID = Function(sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x)), (0.0, 0.0))
TANH = Function(math.tanh, lambda x: 1 - math.tanh(x) ** 2, (0.0, 0.0))
ERF = Function(math.erf, lambda x: 2 / math.sqrt(math.pi) * math.exp(-x * x), (0.0, 0.0))
EXP = Function(math.exp, math.exp, (0.0, math.exp(8.0)), steep=True)
SOFTPLUS = Function(softplus, sigmoid, (0.0, 1.0))
SOFTSIGN = Function(lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2, (0.0, 0.0), 32.0)
GELU = Function(lambda x: x / 2 * (1 + math.erf(x / math.sqrt(2))), _gelu_slope, (0.0, 1.0))
TANH_GELU = Function(_tanh_gelu, _tanh_gelu_slope, (0.0, 1.0))
SILU = Function(lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))), (0.0, 1.0))
MISH = Function(lambda x: x * math.tanh(softplus(x)), _mish_slope, (0.0, 1.0))


@dataclasses.dataclass(frozen=True)
class Samples:
    """The function `f`, whose outer slopes are `outer`, as integers."""

    values: np.ndarray
    spacing_bits: int
    fraction_bits: int
    slopes: tuple

    @staticmethod
    def of(f, outer, reach):
        reach_bits = max(3, math.ceil(math.log2(reach)))
        spacing_bits = 11 - reach_bits
        exact = np.array([f(i * 2.0**-spacing_bits) for i in range(-HALF, HALF + 1)])
        largest = max(np.abs(exact).max(), max(map(abs, outer)) * 2.0**reach_bits)
        fraction_bits = 28 - math.frexp(largest)[1]
        slopes = tuple(int(round_half_even(s * 2.0**16)) for s in outer)
        return Samples(round_half_even(exact * 2.0**fraction_bits), spacing_bits, fraction_bits, slopes)

    def at(self, mantissa, exponent):
        """f(mantissa · 2^exponent) · 2^(fraction_bits + MORE_BITS)."""
        sign = -1 if mantissa < 0 else 1
        shift = exponent + self.spacing_bits
        left, right = min(max(shift, 0), 16), min(max(-shift, 0), 40)
        magnitude = abs(mantissa) << left
        whole, rest = magnitude >> right, magnitude & ((1 << right) - 1)
        if whole >= HALF:
            edge = int(self.values[HALF + sign * HALF]) << MORE_BITS
            slope = self.slopes[sign > 0]
            return edge + (sign * slope * (whole - HALF) << (self.fraction_bits - self.spacing_bits))
        start, end = (int(self.values[HALF + sign * (whole + k)]) for k in (0, 1))
        return (start << MORE_BITS) + (((end - start) * rest << MORE_BITS) >> right)

    def table(self, exponent, bits=7):
        """(mantissas of the entries -128 ... 127 with so many magnitude bits, their exponent)"""
        entries = int64([self.at(max(m, -127), exponent) for m in range(-128, 128)])
        mantissas, result, _ = requantize(entries, -(self.fraction_bits + MORE_BITS), bits)
        return mantissas, result


class Rule:
    """What NITI makes of a function."""

    def __init__(self, function):
        self.function = function
        self.bits = 14 if function.steep else 7  # magnitude bits of tables
        if not function.homogeneous:
            self.value = Samples.of(function.value, function.outer, function.reach)
            self.slope = Samples.of(function.slope, (0.0, 0.0), function.reach)

    def _scaled(self, reference, values, exponent, bits=7):
        left, right = self.function.outer
        small, large = sorted((abs(left), abs(right)))
        fraction = 29 - bits - math.frexp(large)[1]
        if small > 0:
            fraction = min(fraction, 7 - math.frexp(small)[1])
        left, right = (int(round_half_even(s * 2.0**fraction)) for s in (left, right))
        return requantize(np.where(reference > 0, values * right, values * left), exponent - fraction, bits)

    def forward(self, x, exponent):
        if self.function.homogeneous:
            return self._scaled(x, x, exponent)
        table, result = self.value.table(exponent, self.bits)
        if self.function.steep:
            return requantize(table[x + 128], result)
        return table[x + 128], result, None

    def backward(self, x, exponent, e, error_exponent, bits=7):
        """The error that is passed on, with as many magnitude bits as the error e."""
        if self.function.homogeneous:
            return self._scaled(x, e, error_exponent, bits)[:2]
        table, result = self.slope.table(exponent, self.bits)
        return requantize(e * table[x + 128], error_exponent + result, bits)[:2]
