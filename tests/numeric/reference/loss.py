# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors of the losses: of classes (numerics contract, section 4.10; niti.md 4) and of numbers (section 4.16)."""

import dataclasses
import math

import numpy as np

import functions
import philox
from arithmetic import clip, int64, requantize, round_half_even, shift_even, shift_stochastic

LOG2_E_Q15 = 47274
TARGET_EXPONENT = -16
# The losses whose targets are numbers.
OF_NUMBERS = ("mse", "l1", "huber", "bce")
FITTING = ("mse", "l1", "huber")  # defaults of NITI follow these (section 4.16)
# T[f] = round(2^16 * 2^(-f/256)); the contract gives the sum as a check.
OCTAVE = np.array([round(2.0**16 * 2.0 ** (-f / 256)) for f in range(256)], dtype=np.int64)
assert OCTAVE.sum() == 12118596


def fraction_error(logits, exponent, labels):
    """`fraction`: errors in 1/2^15 before rounding; the discarded part is 8 bits.

    "0 beyond 16 octaves" is read as the plain right shift gives it: exactly 16
    octaves below the maximum is 2^16 >> 16 = 1, everything below that is 0.
    """
    t = int64(logits) * LOG2_E_Q15
    power = exponent - 7
    u = t << min(power, 8) if power >= 0 else t >> min(-power, 31)
    below = u.max(axis=1, keepdims=True) - u
    g = np.where(below > 16 * 256, 0, OCTAVE[below & 255] >> np.minimum(below >> 8, 31))
    p = (g << 15) // g.sum(axis=1, keepdims=True)
    rows = np.arange(len(p))
    p[rows, labels] = 0
    p[rows, labels] = -p.sum(axis=1)
    return p


@dataclasses.dataclass
class ClassOptions:
    """Options of cross-entropy; `weights` has one number for each class."""

    smoothing: float = 0.0
    weights: tuple = ()
    ignored: int | None = None

    def counts(self, labels):
        """Which examples count."""
        return np.ones(len(labels), bool) if self.ignored is None else labels != self.ignored

    def is_weighed(self):
        return self.smoothing > 0 or len(self.weights) > 0


def weigh(error, labels, fraction, options):
    """Errors with 8 fraction bits more, for smooth labels and weights of classes; labels are those of rows that count."""
    classes = error.shape[1]
    weights = np.asarray(options.weights or np.ones(classes), np.float64)
    q = int64(round_half_even(weights / weights.max() * 2.0**8))
    share = int(np.floor(options.smoothing * 2.0**fraction / classes))
    rows = np.arange(len(error))
    # The coefficients a of -log p, by row.
    targets = np.full(error.shape, share)
    targets[rows, labels] = 2**fraction - (classes - 1) * share
    weighed = (error * (q * targets).sum(axis=1, keepdims=True)) >> fraction
    others = np.broadcast_to(-share * q, error.shape).copy()
    others[rows, labels] = share * (q.sum() - q[labels])
    return weighed + others


def _truncated_divide(values, divisor):
    return np.sign(values) * (np.abs(values) // divisor)


def paper_error(logits, exponent, labels):
    """`paper`: niti.md 4.4, case A (e clamped to <= 20) and B (e >= -22)."""
    a = int64(logits)
    if exponent > -7:
        e = min(exponent, 20)
        s = _truncated_divide(a * LOG2_E_Q15, 2**15)
        s = s * 2**e if e >= 0 else _truncated_divide(s, 2**-e)
        s = np.maximum(s - (s.max(axis=1, keepdims=True) - 10), 0)
        g = (1 << s) - 1
    else:
        e = max(exponent, -22)
        g = 2 ** (1 - 2 * e) + a * 2 ** (1 - e) + a * a
    p = (g << 11) // g.sum(axis=1, keepdims=True)
    rows = np.arange(len(p))
    total = p.sum(axis=1)
    p[rows, labels] -= total
    return p


def loss_error(kind, logits, exponent, labels, seed, step, options=None, identifier=0, magnitude_bits=7):
    """Error of the logits, softmax - onehot, of so many bits: 7 give 128 times this and the exponent -7.

    The loss rounding's index is the row-major one in (global batch, classes), its
    id that of the output (section 2). The authors' code has the exponent 0 for `paper` where we
    keep -7: the two differ by a constant that no mantissa depends on.
    """
    unrounded, fraction = {
        "fraction": (fraction_error, 15),
        "paper": (paper_error, 11),
    }[kind]
    options = options or ClassOptions()
    counted = options.counts(labels)
    labels = np.where(counted, labels, 0)
    error, more = unrounded(logits, exponent, labels), 0
    if options.is_weighed():
        error, more = weigh(error, labels, fraction, options), 8
    error = error * counted[:, None]
    # The shorter fraction of `paper` has no 14 bits to keep.
    shift = max(fraction + more - magnitude_bits, 0)
    numbers = philox.random16(seed, error.shape, identifier, step, philox.LOSS_ROUNDING)
    return clip(shift_stochastic(error, shift, numbers), magnitude_bits + 1), shift - fraction - more


def target_mantissas(targets):
    """Numbers as targets: round_half_even(t * 2^16), clipped to +-2^30 (section 3)."""
    scaled = np.asarray(targets, np.float64) * 2.0**-TARGET_EXPONENT
    return round_half_even(np.clip(scaled, -(2.0**30), 2.0**30))


def residual(prediction, exponent, targets):
    """Prediction minus target, with the exponent of targets, before it is requantized (section 4.16)."""
    limit, power = 2**30 - 1, exponent - TARGET_EXPONENT
    # Whatever is not 0 is beyond the limit after 30 left shifts.
    aligned = int64(prediction) << min(power, 30) if power >= 0 else shift_even(prediction, -power)
    return np.clip(aligned, -limit, limit) - targets


def number_error(kind, prediction, exponent, targets, delta=1.0):
    """(int8 error, exponent) of predictions and the mantissas of targets, both (batch, outputs) (section 4.16).

    Factors that are the same for all errors are left out, so `mse` is the residual and not twice that; where there
    are several outputs, see scale_octaves.
    """
    if kind == "bce":
        prediction, exponent, _ = functions.Rule(functions.SIGMOID).forward(prediction, exponent)
    error, exponent, _ = requantize(residual(prediction, exponent, targets), TARGET_EXPONENT)
    if kind == "l1":
        error, exponent, _ = functions.Rule(functions.SIGN).forward(error, exponent)
    if kind == "huber":
        error, exponent, _ = functions.Rule(functions.clip(-delta, delta)).forward(error, exponent)
    return error, exponent


def octaves(factor):
    """round(log2 c) of a factor in single precision, halves away from zero."""
    log2 = math.log2(float(np.float32(factor)))
    return int(math.copysign(math.floor(abs(log2) + 0.5), log2))


def scale_octaves(kind, weight, shape, first_rows):
    """What several outputs add to the exponent of the errors of one, whose rows have this shape (section 4.21).

    Each factor becomes a power of two of its own. They do not matter to an only output.
    """
    rows, columns = shape
    mean = {"mse": 2.0 / columns, "l1": 1.0 / columns, "huber": 1.0 / columns, "bce": 1.0 / columns}.get(kind, 1.0)
    return octaves(mean) + octaves(weight * (first_rows / rows))
