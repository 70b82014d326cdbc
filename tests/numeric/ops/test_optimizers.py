# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled operations of integer optimizers against the reference, exactly."""

import unittest

import numpy as np
from compiled import Module, best_isa, compose, decompose_and_return, interesting, scalar, scaled

import arithmetic
import optimizers

COUNT = 777
SHAPE = (COUNT,)


def kind(bits):
    return f"i{bits // 8}"


def load(name, argument, bits, index):
    return scalar("e" + name, "2", index, 3) + compose(name, argument, bits, SHAPE, "e" + name)


class OptimizerCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa) for isa in dict.fromkeys(("baseline", best_isa()))]
        for module in cls.modules:
            cls.add(module)
            module.compile()

    @staticmethod
    def define(module, name, widths, result, operation):
        """A function of %x and %y, mantissas of `widths`, and %n, a number; %r is the result."""
        arguments = [(kind(width), SHAPE) for width in widths] + [("i4", (3,))]
        body = load("x", "0", widths[0], 0) + load("y", "1", widths[1], 1) + scalar("n", "2", 2, 3) + operation
        body += decompose_and_return("r", result, SHAPE)
        module.add(name, arguments, body, [(kind(result), SHAPE), "exponent"])

    def check(self, name, x, y, number, expected):
        for module in self.modules:
            mantissas, exponent = module.call(name, x, y, np.array([-5, 7, number]), overwrites=True)
            with self.subTest(name=name, number=number, isa=module.isa):
                np.testing.assert_array_equal(mantissas, expected)
                self.assertEqual(exponent, -5)


class WeightedSum(OptimizerCase):
    """clip_k(round(sum of factors times terms, shift)), in 64 bits; the exponent of the first term."""

    # Factors of %x and %y, shift, rounding, bits, width of the result.
    CASES = {
        "momentum": ((230, 65536), 8, "floor0", 32, 32),
        "step": ((26, 0), 16, "nearest", 16, 16),
        "sign": ((230, 6656), 0, "floor0", 2, 8),
        "largest": ((-(2**29), 2**29), 30, "nearest", 24, 32),
    }

    @classmethod
    def add(cls, module):
        types = f"({scaled(32, SHAPE)}, {scaled(16, SHAPE)})"
        for name, (factors, shift, rounding, bits, width) in cls.CASES.items():
            cls.define(
                module, name, (32, 16), width,
                f"%r = qtrain.weighted_sum %x, %y {{bits = {bits} : i64, factors = array<i64: {factors[0]}, {factors[1]}>,"
                f" rounding = #qtrain.rounding<{rounding}>, shift = {shift} : i64}} : {types} -> {scaled(width, SHAPE)}\n",
            )

    def test_all(self):
        random = np.random.default_rng(1)
        for name, (factors, shift, rounding, bits, _) in self.CASES.items():
            x, y = interesting(32, COUNT, random), random.permutation(interesting(16, COUNT, random))
            rounded = getattr(arithmetic, "shift_" + rounding)(x * factors[0] + y * factors[1], shift)
            self.check(name, x, y, 0, arithmetic.clip(rounded, bits))


class AddScaled(OptimizerCase):
    """clip_k(x + sat(y * factor * 2^power)), any power."""

    # Width of %x, bits, width of the result, factor.
    CASES = {
        "gradient": (32, 64, 64, 164),
        "wide": (64, 64, 64, 255),
        "step": (16, 31, 32, 128),
        "narrow": (8, 6, 8, 1),
    }
    POWERS = (-(2**31), -70, -40, -24, -8, -1, 0, 1, 9, 33, 55, 70, 2**31 - 1)

    @classmethod
    def add(cls, module):
        for name, (width, bits, result, factor) in cls.CASES.items():
            types = f"({scaled(width, SHAPE)}, {scaled(16, SHAPE)}, i32)"
            cls.define(
                module, name, (width, 16), result,
                f"%r = qtrain.add_scaled %x, %y, %n {{bits = {bits} : i64, factor = {factor} : i64}}"
                f" : {types} -> {scaled(result, SHAPE)}\n",
            )

    def test_all(self):
        random = np.random.default_rng(2)
        for name, (width, bits, _, factor) in self.CASES.items():
            # Sums of gradients have fewer bits than 64.
            x = interesting(min(width, 62), COUNT, random)
            y = random.permutation(interesting(16, COUNT, random))
            for power in self.POWERS:
                added = optimizers.share_of(y, (factor, 0), max(power, -100))
                self.check(name, x, y, power, arithmetic.clip(x + added, bits))


if __name__ == "__main__":
    unittest.main()
