# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Units with a trained slope: floats against NumPy, integers exactly as docs/numerics.md, 4.17 has them."""

import itertools
import unittest

import numpy as np
from compiled import (
    Module,
    best_isa,
    compose,
    decompose_and_return,
    from_memory,
    interesting,
    scalar,
    scaled,
    to_memory,
    to_memory_shape,
)
from test_floats import Tensor, add, call, label

# Ranks 2 to 4, batches and channels that fill no vector, one channel, many elements of a channel.
SHAPES = ((8, 4), (5, 3), (4000, 7), (3, 5, 7), (16, 3, 9, 9), (4, 16, 8, 8), (1, 1, 2, 3), (2, 130, 3, 3))
VARIANTS = (("baseline", False), (best_isa(), True))
# Of slopes, as parameters have them, and beyond, where they count as the nearest of these.
SLOPE_EXPONENTS = (-20, -8, -7, -1, 0, 3, -25)


def cases():
    """(shape, slopes)"""
    return ((shape, slopes) for shape in SHAPES for slopes in sorted({1, shape[1]}))


def broadcast(slopes, shape):
    return slopes.reshape((1, -1) + (1,) * (len(shape) - 2))


def slope_gradient(x, e, slopes):
    products = e * np.minimum(x, 0)
    return products.sum(axis=(0, *range(2, x.ndim))) if slopes == x.shape[1] else products.sum().reshape(1)


class Floats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        for module in cls.modules:
            for shape, slopes in cases():
                image, vector, name = Tensor(shape), Tensor((slopes,), weight=True), f"{label(shape)}_{slopes}"
                add(module, "value" + name, "prelu", [image, vector], image)
                add(module, "input" + name, "prelu_input_gradient", [image, image, vector], image)
                add(module, "slope" + name, "prelu_slope_gradient", [image, image], vector)
            module.compile()

    def test_against_numpy(self):
        random = np.random.default_rng(1)
        for module, (shape, slopes) in itertools.product(self.modules, cases()):
            image, vector, name = Tensor(shape), Tensor((slopes,), weight=True), f"{label(shape)}_{slopes}"
            x, e = (random.standard_normal(shape).astype("f4") for _ in range(2))
            x.ravel()[:2] = 0.0, -0.0
            a = random.uniform(-1, 1, slopes).astype("f4")
            factor = np.where(x > 0, np.float32(1), broadcast(a, shape))
            with self.subTest(isa=module.isa, shape=shape, slopes=slopes):
                y = call(module, "value" + name, [image, vector], image, [x, a])
                np.testing.assert_array_equal(y, x * factor)
                ex = call(module, "input" + name, [image, image, vector], image, [x, e, a])
                np.testing.assert_array_equal(ex, e * factor)
                gradient = call(module, "slope" + name, [image, image], vector, [x, e])
                expected = slope_gradient(x.astype(float), e.astype(float), slopes)
                np.testing.assert_allclose(gradient, expected, 1e-6, 1e-6 * np.sqrt(x.size))


class Integers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        for module in cls.modules:
            for shape, slopes in cases():
                cls.add(module, "value", "prelu", "xa", shape, slopes, 32)
                cls.add(module, "input", "prelu_input_gradient", "xea", shape, slopes, 32)
                cls.add(module, "slope", "prelu_slope_gradient", "xe", shape, slopes, 64)
            module.compile()

    @staticmethod
    def add(module, name, operation, operands, shape, slopes, bits):
        """Arguments: x, e, a, and their exponents."""
        is_image = len(shape) == 4
        stored = ("i1", to_memory_shape(shape) if is_image else shape)
        kinds = {"x": scaled(8, shape, is_image), "e": scaled(8, shape, is_image), "a": scaled(8, (slopes,))}
        body = "".join(scalar("s" + operand, str(3 + k // 2), k % 2) for k, operand in enumerate("xea"))
        body += "".join(compose(operand, str(k), 8, shape, "s" + operand, is_image) for k, operand in enumerate("xe"))
        body += compose("a", "2", 8, (slopes,), "sa")
        of_slope = name == "slope"
        logical, result = ((slopes,), (f"i{bits // 8}", (slopes,))) if of_slope else (shape, (f"i{bits // 8}", stored[1]))
        types = ", ".join(kinds[operand] for operand in operands)
        body += f"%y = qtrain.{operation} {', '.join('%' + operand for operand in operands)} : ({types})"
        body += f" -> {scaled(bits, logical, is_image and not of_slope)}\n"
        body += decompose_and_return("y", bits, logical, is_image and not of_slope)
        arguments = [stored, stored, ("i1", (slopes,)), ("i4", (2,)), ("i4", (2,))]
        module.add(f"{name}{label(shape)}_{slopes}", arguments, body, [result, "exponent"])

    def call(self, module, name, shape, x, e, a, exponents):
        images = [to_memory(v) if len(shape) == 4 else v for v in (x, e)]
        numbers = np.array([*exponents, 0]).reshape(2, 2)
        mantissas, exponent = module.call(f"{name}{label(shape)}_{len(a)}", *images, a, *numbers)
        return from_memory(mantissas) if mantissas.ndim == 4 else mantissas, exponent

    def test_exactly(self):
        random = np.random.default_rng(2)
        for module, (shape, slopes) in itertools.product(self.modules, cases()):
            size = int(np.prod(shape))
            x, e = (random.permutation(interesting(8, size, random)).reshape(shape) for _ in range(2))
            a = random.integers(-127, 128, slopes)
            for s_a in SLOPE_EXPONENTS:
                fraction = min(max(-s_a, 0), 20)
                factor = np.where(x > 0, 1 << fraction, broadcast(a, shape))
                with self.subTest(isa=module.isa, shape=shape, slopes=slopes, exponent=s_a):
                    for name, value, s in (("value", x, -5), ("input", e, 11)):
                        mantissas, exponent = self.call(module, name, shape, x, e, a, (-5, 11, s_a))
                        np.testing.assert_array_equal(mantissas, value * factor)
                        self.assertEqual(exponent, s - fraction)
                    mantissas, exponent = self.call(module, "slope", shape, x, e, a, (-5, 11, s_a))
                    np.testing.assert_array_equal(mantissas, slope_gradient(x, e, slopes))
                    self.assertEqual(exponent, 6)


if __name__ == "__main__":
    unittest.main()
