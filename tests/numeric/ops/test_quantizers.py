# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trained quantizers against their formulas in NumPy: codes to the bit, gradients of the interval against differences."""

import itertools
import unittest

import numpy as np
from compiled import Module, best_isa, decompose_and_return, scaled, tensor
from test_floats import Tensor

# The strongest instruction set also with its vector code.
VARIANTS = tuple(dict.fromkeys((("baseline", False), (best_isa(), True))))
SHAPES = ((8, 4), (37, 5), (1, 1), (64, 300))
F4 = np.float32


class Quantizer:
    """qtrain.quantize and its gradients in numbers of one type; `interval` is [c, d] or [c, d, exponent]."""

    def __init__(self, interval, levels, signed, dtype=F4):
        self.dtype, self.signed, self.levels = dtype, signed, levels
        self.center, self.distance = (dtype(n) for n in interval[:2])
        self.exponent = dtype(interval[2]) if len(interval) == 3 else None

    def position(self, x):
        v = np.abs(x) if self.signed else x
        return (v - (self.center - self.distance)) * (self.dtype(0.5) / self.distance)

    def transformed(self, x):
        """The result before it is rounded to a level."""
        u = np.clip(self.position(x), 0, 1)
        if self.exponent is not None:
            u = np.where(u > 0, u, 1) ** self.exponent * (u > 0)
        return u * (np.sign(x) if self.signed else 1)

    def codes(self, x):
        t = np.abs(self.transformed(x)).astype(self.dtype)
        codes = np.floor(t * self.dtype(self.levels) + self.dtype(0.5)).astype(np.int32)
        return np.where(self.signed & (x < 0), -codes, codes)

    def input_gradient(self, x, e):
        u = self.position(x)
        factor = e
        if self.exponent is not None:
            power = np.maximum(u, self.dtype(1 / 256)) ** (self.exponent - self.dtype(1))
            factor = e * (self.exponent * power)
        return np.where((u >= 0) & (u <= 1), factor * (self.dtype(0.5) / self.distance), 0)

    def interval_gradient(self, x, e):
        s = np.where(x < 0, -1, 1) if self.signed else 1
        u, g = self.position(x).astype(float), (s * self.input_gradient(x, e)).astype(float)
        gradient = [-g.sum(), (g * (1 - 2 * u))[g != 0].sum()]
        if self.exponent is not None:
            inside, base = (u >= 0) & (u <= 1), np.maximum(u, 1 / 256)
            gradient.append((s * e * base**float(self.exponent) * np.log(base))[inside].sum())
        return np.array(gradient)


# Interval, levels, signed.
CASES = {
    "activation2": ((1.0, 0.9), 3, False),
    "activation4": ((0.7, 0.7), 15, False),
    "activation8": ((0.5, 0.25), 255, False),
    "ternary": ((0.5, 0.3), 1, True),
    "weight3": ((0.4, 0.5), 3, True),
    "weight4": ((0.6, 0.5), 7, True),
    "weight8": ((1.1, 1.0), 127, True),
    "concave": ((0.6, 0.5, 0.6), 7, True),
    "convex": ((0.6, 0.55, 1.7), 3, True),
}


def draw(random, shape):
    x = random.standard_normal(shape).astype(F4)
    x.flat[::7] = 0
    return x


class Quantizers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        for module, (name, (interval, levels, signed)), shape in itertools.product(cls.modules, CASES.items(), SHAPES):
            cls.add(module, f"{name}_{shape[0]}", shape, len(interval), levels, signed)
        for module in cls.modules:
            module.compile()

    @staticmethod
    def add(module, name, shape, numbers, levels, signed):
        x, interval = Tensor(shape), Tensor((numbers,))
        bits = 8 if levels <= 127 else 16
        sign = "is_signed, " if signed else ""
        attributes = f"{{{sign}levels = {levels} : i64}}"
        gradient = "{is_signed}" if signed else ""
        stored, code, values = tensor("f4", shape), f"i{bits // 8}", f"{x.type}, {x.type}, {interval.type}"
        load = (
            f"%x = qtrain.compose %0 : ({stored}) -> {x.type}\n"
            f"%e = qtrain.compose %1 : ({stored}) -> {x.type}\n"
            f"%i = qtrain.compose %2 : ({tensor('f4', (numbers,))}) -> {interval.type}\n"
        )
        body = load + (
            f"%q = qtrain.quantize %x, %i {attributes} : ({x.type}, {interval.type}) -> {x.type}\n"
            f"%c = qtrain.quantize %x, %i {attributes} : ({x.type}, {interval.type}) -> {scaled(bits, shape)}\n"
            f"%d = qtrain.dequantize %c {{factor = 0.25 : f32}} : ({scaled(bits, shape)}) -> {x.type}\n"
            f"%g = qtrain.quantize_input_gradient %x, %e, %i {gradient} : ({values}) -> {x.type}\n"
            f"%h = qtrain.interval_gradient %x, %e, %i {gradient} : ({values}) -> {interval.type}\n"
        )
        vector = ("f4", (numbers,))
        # A function has two results at most.
        for function, results in (
            ("floats", {"q": ("f4", shape), "d": ("f4", shape)}), ("gradients", {"g": ("f4", shape), "h": vector}),
        ):
            stores = "".join(
                f"%m{value} = qtrain.decompose %{value} : ({tensor(*result)}) -> {tensor(*result)}\n"
                for value, result in results.items()
            )
            end = f"return {', '.join('%m' + v for v in results)} : {', '.join(tensor(*r) for r in results.values())}\n"
            arguments = [("f4", shape), ("f4", shape), vector]
            module.add(f"{function}_{name}", arguments, body + stores + end, list(results.values()))
        end = decompose_and_return("c", bits, shape)
        module.add(f"codes_{name}", arguments, body + end, [(code, shape), "exponent"])

    @staticmethod
    def run_all(module, name, x, e, interval):
        """(floats, dequantized codes, gradient of x, that of the interval, codes)"""
        operands = x, e, np.array(interval, F4)
        codes, exponent = module.call(f"codes_{name}", *operands)
        assert exponent == 0
        return *module.call(f"floats_{name}", *operands), *module.call(f"gradients_{name}", *operands), codes

    def test_all(self):
        random = np.random.default_rng(3)
        for (name, (interval, levels, signed)), shape in itertools.product(CASES.items(), SHAPES):
            x, e = draw(random, shape), random.standard_normal(shape).astype(F4)
            expected = Quantizer(interval, levels, signed)
            codes = expected.codes(x)
            for module in self.modules:
                with self.subTest(name=name, shape=shape, isa=module.isa):
                    q, d, g, h, c = self.run_all(module, f"{name}_{shape[0]}", x, e, interval)
                    if len(interval) == 2:  # powers are not exact
                        np.testing.assert_array_equal(c, codes)
                        np.testing.assert_array_equal(g, expected.input_gradient(x, e))
                    else:
                        self.assertLessEqual((c != codes).mean(), 0.002)
                        np.testing.assert_allclose(g, expected.input_gradient(x, e), rtol=2e-6)
                    np.testing.assert_array_equal(q, c.astype(F4) / F4(levels))
                    np.testing.assert_array_equal(d, c.astype(F4) * F4(0.25))
                    np.testing.assert_allclose(h, expected.interval_gradient(x, e), rtol=1e-5, atol=1e-6)

    def test_no_number(self):
        """Elements and intervals that are no numbers, or no intervals, give codes all the same."""
        x = np.array([[np.nan, np.inf, -np.inf, 0], [1e38, -1e38, 1e-40, -0.0]] * 4, F4)
        for name, (interval, levels, signed) in CASES.items():
            for given in (interval, np.full(len(interval), np.nan), np.zeros(len(interval)), (1, -1, 1)[: len(interval)]):
                for module in self.modules:
                    *_, codes = self.run_all(module, f"{name}_8", x, x, given)
                    self.assertLessEqual(np.abs(codes.astype(int)).max(), levels)
                    if given is interval:
                        np.testing.assert_array_equal(codes[0], [0, levels, -levels if signed else 0, codes[0, 3]])


class MixedProducts(unittest.TestCase):
    """A product of codes in integers, as qtrain-contract-codes forms it, within floats."""

    X, W, LEVELS = (37, 45), (10, 45), (15, 7)

    @classmethod
    def setUpClass(cls):
        x, w, y = (Tensor(shape) for shape in (cls.X, cls.W, (cls.X[0], cls.W[0])))
        interval = Tensor((2,))
        codes, sums = (scaled(8, cls.X), scaled(8, cls.W)), scaled(32, y.shape)
        body = "".join(
            f"%{name} = qtrain.compose %{index} : ({tensor(*operand.stored)}) -> {operand.type}\n"
            for index, (name, operand) in enumerate((("x", x), ("w", w), ("i", interval), ("j", interval)))
        )
        body += (
            f"%a = qtrain.quantize %x, %i {{levels = 15 : i64}} : ({x.type}, {interval.type}) -> {codes[0]}\n"
            f"%b = qtrain.quantize %w, %j {{is_signed, levels = 7 : i64}} : ({w.type}, {interval.type}) -> {codes[1]}\n"
            f"%p = qtrain.linear %a, %b : ({codes[0]}, {codes[1]}) -> {sums}\n"
            f"%y = qtrain.dequantize %p {{factor = {F4(1 / 105):.9e} : f32}} : ({sums}) -> {y.type}\n"
            f"%c = qtrain.quantize %x, %i {{levels = 15 : i64}} : ({x.type}, {interval.type}) -> {x.type}\n"
            f"%d = qtrain.quantize %w, %j {{is_signed, levels = 7 : i64}} : ({w.type}, {interval.type}) -> {w.type}\n"
            f"%z = qtrain.linear %c, %d : ({x.type}, {w.type}) -> {y.type}\n"
            f"%my = qtrain.decompose %y : ({y.type}) -> {tensor(*y.stored)}\n"
            f"%mz = qtrain.decompose %z : ({y.type}) -> {tensor(*y.stored)}\n"
            f"return %my, %mz : {tensor(*y.stored)}, {tensor(*y.stored)}\n"
        )
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        for module in cls.modules:
            module.add("mixed", [x.stored, w.stored, interval.stored, interval.stored], body, [y.stored, y.stored])
            module.compile()

    def test_all(self):
        random = np.random.default_rng(5)
        x, w = draw(random, self.X), draw(random, self.W)
        i, j = np.array([0.9, 0.9], F4), np.array([0.6, 0.5], F4)
        sums = Quantizer(i, 15, False).codes(x) @ Quantizer(j, 7, True).codes(w).T
        for module in self.modules:
            with self.subTest(isa=module.isa):
                y, z = module.call("mixed", x, w, i, j)
                np.testing.assert_array_equal(y, sums.astype(F4) * F4(1 / 105))
                np.testing.assert_allclose(z, y, rtol=1e-5, atol=1e-5)


class Differences(unittest.TestCase):
    """The gradients are derivatives of the transformer, whose result the discretizer rounds."""

    def test_all(self):
        random, step = np.random.default_rng(4), 1e-6
        for name, (interval, levels, signed) in CASES.items():
            x, e = random.standard_normal(2000), random.standard_normal(2000)
            # Kinks of the transformer have no derivative, and the smallest powers have a bounded one.
            u = Quantizer(interval, levels, signed, float).position(x)
            kept = (np.abs(u) > 1e-2) & (np.abs(u - 1) > 1e-2) & (np.abs(x) > 1e-2)
            x, e = x[kept], e[kept]

            def loss(point, shift=0.0):
                return float((e * Quantizer(point, levels, signed, float).transformed(x + shift)).sum())

            quantizer = Quantizer(interval, levels, signed, float)
            found = quantizer.interval_gradient(x, e)
            for index in range(len(interval)):
                up, down = list(interval), list(interval)
                up[index] += step
                down[index] -= step
                difference = (loss(up) - loss(down)) / (2 * step)
                self.assertAlmostEqual(found[index], difference, delta=1e-6 * max(1, abs(difference)), msg=(name, index))
            difference = (loss(interval, step) - loss(interval, -step)) / (2 * step)
            self.assertAlmostEqual(quantizer.input_gradient(x, e).sum(), difference, delta=1e-5, msg=name)


if __name__ == "__main__":
    unittest.main()
