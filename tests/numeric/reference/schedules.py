# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Learning-rate lists: numerics contract section 4.13."""

import math
from fractions import Fraction

import numpy as np

RAMPS = ("linear", "cosine")


class Schedule:
    """The value by step: `4,2@40%,0@60%,-1@80%`, or `2,cosine:-6@100%`.

    N@P% holds from the first step with 100*step >= P*total, N@E from epoch E;
    of all entries that hold, the last in the list counts. `parse` reads a value:
    mu or log2 of a rate as an integer, or the rate itself as a float.
    """

    def __init__(self, text, total_steps, steps_per_epoch, parse=int):
        self.entries = []  # (first step, value, ramp or "")
        for entry in text.split(","):
            value, _, start = entry.strip().partition("@")
            ramp, _, value = value.rpartition(":")
            if ramp not in ("", *RAMPS) or (ramp and not self.entries):
                raise ValueError(f"--schedule: unexpected ramp '{entry}'")
            first = first_step(start or "0", total_steps, steps_per_epoch)
            self.entries.append((first, parse(value), ramp))
        if all(first > 0 for first, _, _ in self.entries):
            raise ValueError(f"--schedule: no value for the first step in {text}")

    def __getitem__(self, step):
        index = max(i for i, (first, _, _) in enumerate(self.entries) if step >= first)
        first, value, _ = self.entries[index]
        if step == first or index + 1 == len(self.entries) or not self.entries[index + 1][2]:
            return value
        end, target, ramp = self.entries[index + 1]
        x = float(step - first) / float(end - first)
        if isinstance(value, float):
            return float(np.float32(rate_between(ramp, float(np.float32(value)), float(np.float32(target)), x)))
        return exponent_between(ramp, value, target, x)


def first_step(position, total_steps, steps_per_epoch):
    """The step of P% or of an epoch."""
    if position.endswith("%"):
        return math.ceil(Fraction(position[:-1]) * total_steps / 100)
    return int(position) * steps_per_epoch


def rate_between(ramp, a, b, x):
    if ramp == "linear":
        rate = a + (b - a) * x
    else:
        rate = b + (a - b) * ((1 + math.cos(math.pi * x)) / 2)
    return min(max(rate, min(a, b)), max(a, b))


def exponent_between(ramp, a, b, x):
    """The integer m for which 2^m is nearest to the rate, in octaves."""
    largest = max(a, b)
    rate = rate_between(ramp, 2.0 ** (a - largest), 2.0 ** (b - largest), x)
    if rate <= 2.0 ** (min(a, b) - largest):
        return min(a, b)
    return largest + math.frexp(rate * rate)[1] // 2
