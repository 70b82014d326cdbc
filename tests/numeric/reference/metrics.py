# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Metrics in fixed point (numerics contract, section 4.20): what a step reports of each row of predictions.

Numbers are Python integers with 32 fraction bits in arrays of objects, which have no limit of their own.
"""

import math

import numpy as np

from loss import TARGET_EXPONENT

FRACTION, LIMIT = 32, 2**61
ONE = 1 << FRACTION


def constant(number):
    """A float as fixed point, halves to even."""
    return round(min(max(number * ONE, -LIMIT), LIMIT))


LOG2_E, LN_2 = constant(1 / math.log(2)), constant(math.log(2))
POWERS = [constant((-math.log(2)) ** j / math.factorial(j)) for j in range(12)]
ODD = [round(2.0**31 / (2 * j + 1)) for j in range(10)]


def saturate(values):
    return np.minimum(np.maximum(values, -LIMIT), LIMIT)


def fixed(mantissas, exponent):
    """Mantissas · 2^exponent, rounded to nearest, halves away from zero."""
    values = np.asarray(mantissas).astype(object)
    power = exponent + FRACTION
    if power >= 0:
        return saturate(values << min(power, 63))
    rounded = (abs(values) + (1 << (-power - 1))) >> -power
    return np.where(values < 0, -rounded, rounded)


def mul(a, b):
    return saturate((a * b) >> FRACTION)


def div(a, divisor):
    """Toward zero."""
    return np.where(a < 0, -(-a // divisor), a // divisor)


def total(values):
    """The sum over the columns, from the first to the last."""
    result = 0 * values[:, 0]
    for column in values.T:
        result = saturate(result + column)
    return result


def polynomial(coefficients, x):
    """x has 31 fraction bits."""
    result = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        result = coefficient + (result * x >> 31)
    return result


def _exp(value):
    octaves = min(-value, 64 * ONE) * LOG2_E >> FRACTION
    return polynomial(POWERS, (octaves & (ONE - 1)) >> 1) >> min(octaves >> FRACTION, 63)


def _log1p(value):
    x = min(value + ONE, LIMIT)
    exponent = x.bit_length() - 1 - FRACTION
    mantissa = x >> exponent + 1
    z = (mantissa - 2**31 << 31) // (mantissa + 2**31)
    return exponent * LN_2 + (z * polynomial(ODD, z * z >> 31) >> 29)


exp = np.frompyfunc(_exp, 1, 1)  # of what is not above 0
log1p = np.frompyfunc(_log1p, 1, 1)  # of what is not below 0


def _divided_by_largest(weights):
    return np.array([constant(w / max(weights)) for w in weights], object)


def cross_entropy(y, labels, smoothing=0.0, weights=()):
    rows = np.arange(len(y))
    below = saturate(y - y.max(axis=1, keepdims=True))
    losses = saturate(log1p(saturate(total(exp(below)) - ONE))[:, None] - below)
    if len(weights):
        losses = mul(losses, _divided_by_largest(weights)[None, :])
    own = losses[rows, labels]
    if smoothing == 0:
        return own
    shared = div(total(losses), y.shape[1])
    return saturate(mul(own, constant(1 - smoothing)) + mul(shared, constant(smoothing)))


def class_squares(y, labels):
    target = 0 * y
    target[np.arange(len(y)), labels] = ONE
    error = saturate(y - target)
    return div(total(mul(error, error)), 2)


def accuracy(y, labels):
    return (np.array(y.argmax(axis=1)) == labels).astype(object) * ONE


def numbers(kind, y, t, delta=1.0):
    """The mean over the outputs of `mse`, `l1`, `huber` or `bce`."""
    error = saturate(y - t)
    size = np.maximum(error, saturate(0 - error))
    if kind == "mse":
        terms = mul(error, error)
    elif kind == "l1":
        terms = size
    elif kind == "huber":
        large = mul(saturate(size - constant(delta / 2)), constant(delta))
        terms = np.where(size > constant(delta), large, div(mul(size, size), 2))
    else:
        terms = saturate(np.maximum(y, 0) + log1p(exp(saturate(0 - np.maximum(y, saturate(0 - y))))))
        terms = saturate(terms - mul(t, y))
    return div(total(terms), y.shape[1])


def label_weights(labels, options):
    """Weights of rows in the mean of the loss; `options` is a loss.ClassOptions."""
    counted = options.counts(labels)
    if not options.weights:
        return np.where(counted, ONE, 0).astype(object)
    return np.where(counted, _divided_by_largest(options.weights)[np.where(counted, labels, 0)], 0)


def of_numbers(kind, y, exponent, targets, delta):
    """{metric: [(value, weight) of each row]} of mantissas and of those of targets."""
    values = numbers(kind, fixed(y, exponent), fixed(targets, TARGET_EXPONENT), delta)
    return {"loss": [(value, ONE) for value in values]}


def of_classes(kind, y, exponent, labels, options):
    """The same for labels; those that are ignored may be no classes."""
    counted, y = options.counts(labels), fixed(y, exponent)
    classes = np.where(counted, labels, 0)
    if kind == "sse":
        values = class_squares(y, classes)
    else:
        values = cross_entropy(y, classes, options.smoothing, options.weights)
    hits = np.where(counted, accuracy(y, classes), 0)
    return {
        "loss": list(zip(np.where(counted, values, 0), label_weights(labels, options))),
        "accuracy": list(zip(hits, np.where(counted, ONE, 0))),
    }
