# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions of each element: in floats against the formulas in double, in integers against the reference, exactly."""

import itertools
import math
import unittest

import numpy as np
from compiled import Module, best_isa, compose, decompose_and_return, interesting, scalar, scaled
from test_floats import Tensor, add, call

import functions

COUNT = 771
# Spelling in MLIR: function of the reference.
FUNCTIONS = {
    "clip<low = -1.0, high = 2.0>": functions.clip(-1.0, 2.0),
    "clip<low = -0.75, high = 20.0>": functions.clip(-0.75, 20.0),
    "clip<low = 0xFFF0000000000000 : f64, high = 1.25>": functions.clip(-math.inf, 1.25),
    "leaky_relu<alpha = 0.01>": functions.leaky_relu(0.01),
    "leaky_relu<alpha = 1.5>": functions.leaky_relu(1.5),
    "leaky_relu<alpha = -0.25>": functions.leaky_relu(-0.25),
    "thresholded_relu<alpha = 1.0>": functions.thresholded_relu(1.0),
    "thresholded_relu<alpha = 30.0>": functions.thresholded_relu(30.0),
    "abs": functions.ABS,
    "sign": functions.SIGN,
    "neg": functions.NEG,
    "hard_sigmoid<alpha = 0.2, beta = 0.5>": functions.hard_sigmoid(0.2, 0.5),
    "hard_sigmoid<alpha = 0.03, beta = 0.4>": functions.hard_sigmoid(0.03, 0.4),
    "hard_swish": functions.HARD_SWISH,
    "sigmoid": functions.SIGMOID,
    "tanh": functions.TANH,
    "erf": functions.ERF,
    "exp": functions.EXP,
    "softplus": functions.SOFTPLUS,
    "softsign": functions.SOFTSIGN,
    "elu<alpha = 1.0, beta = 1.0, gamma = 1.0>": functions.elu(1.0),
    "elu<alpha = 0.5, beta = 0.5, gamma = 1.0>": functions.elu(0.5, 0.5),
    "elu<alpha = 1.6733, beta = 1.0, gamma = 1.0507>": functions.elu(1.6733, 1.0, 1.0507),
    "gelu": functions.GELU,
    "tanh_gelu": functions.TANH_GELU,
    "silu": functions.SILU,
    "mish": functions.MISH,
}
BY_RESULT = ("clip", "hard_sigmoid", "sigmoid", "tanh", "exp")  # whose result gives their derivative
VARIANTS = (("baseline", False), (best_isa(), True))


def is_by_result(text):
    return text.split("<")[0] in BY_RESULT


def apply(function, values):
    return np.array([function(float(x)) for x in values.ravel()]).reshape(values.shape)


class Floats(unittest.TestCase):
    SHAPE = (3, 5, 4, 7)

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        tensor = Tensor(cls.SHAPE)
        for module in cls.modules:
            for index, text in enumerate(FUNCTIONS):
                attributes = f"{{function = #qtrain.{text}}}"
                add(module, f"value{index}", "elementwise", [tensor], tensor, attributes)
                add(module, f"slope{index}", "elementwise_gradient", [tensor] * 2, tensor, attributes)
                if is_by_result(text):
                    attributes = f"{{from_result, function = #qtrain.{text}}}"
                    add(module, f"result{index}", "elementwise_gradient", [tensor] * 2, tensor, attributes)
            module.compile()

    def each(self, check, *inputs):
        for module in self.modules:
            for index, (text, function) in enumerate(FUNCTIONS.items()):
                with self.subTest(function=text, isa=module.isa):
                    check(module, index, text, function, *inputs)

    def run_on(self, module, name, *arrays):
        tensor = Tensor(self.SHAPE)
        return call(module, name, [tensor] * len(arrays), tensor, arrays)

    def inputs(self, scale):
        random = np.random.default_rng(5)
        x = (scale * random.standard_normal(self.SHAPE)).astype("f4")
        x.ravel()[:4] = 0.0, -0.0, 40.0, -40.0
        return x, random.standard_normal(self.SHAPE).astype("f4")

    def check_value(self, module, index, text, function, x):
        # Tails of a difference with 1 have the absolute error of that.
        np.testing.assert_allclose(self.run_on(module, f"value{index}", x), apply(function.value, x), 1e-5, 1e-6)

    def test_values(self):
        for scale in (0.01, 1, 10):
            self.each(self.check_value, self.inputs(scale)[0])

    def check_gradient(self, module, index, text, function, x, e):
        # Where a function has a corner, the derivative in floats may be that of the other side.
        smooth = apply(lambda t: abs(function.slope(t + 1e-5) - function.slope(t - 1e-5)) < 1e-2, x) > 0
        expected = (e * apply(function.slope, x))[smooth]
        gradient = self.run_on(module, f"slope{index}", x, e)
        np.testing.assert_allclose(gradient[smooth], expected, 1e-4, 1e-5)
        if is_by_result(text):
            y = self.run_on(module, f"value{index}", x)
            gradient = self.run_on(module, f"result{index}", y, e)
            np.testing.assert_allclose(gradient[smooth], expected, 1e-3, 1e-5)

    def test_gradients(self):
        for scale in (0.01, 1, 10):
            self.each(self.check_gradient, *self.inputs(scale))

    def check_nan(self, module, index, text, function, x):
        if not text.startswith("thresholded"):
            self.assertTrue(np.isnan(self.run_on(module, f"value{index}", x).ravel()[7]))

    def test_no_number_stays_none(self):
        x, _ = self.inputs(1)
        x.ravel()[7] = np.nan
        self.each(self.check_nan, x)


class Integers(unittest.TestCase):
    """Section 4.15, as the scheme puts it together of operations."""

    EXPONENTS = (-60, -40, -23, -14, -9, -8, -7, -6, -5, -4, -3, -1, 0, 3, 8, 9, 40)

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        for module in cls.modules:
            for index, text in enumerate(FUNCTIONS):
                for derivative in ("", "derivative, "):
                    cls.add_samples(module, f"samples{index}{'d' * bool(derivative)}", text, derivative)
            cls.add_table(module, 8)
            cls.add_table(module, 16)
            cls.add_products(module)
            module.compile()

    @staticmethod
    def add_samples(module, name, text, derivative):
        body = (
            scalar("e", "1")
            + compose("x", "0", 8, (COUNT,), "e")
            + f"%y = qtrain.sample_function %x {{{derivative}function = #qtrain.{text}}}"
            f" : ({scaled(8, (COUNT,))}) -> {scaled(64, (256,))}\n"
            + decompose_and_return("y", 64, (256,))
        )
        module.add(name, [("i1", (COUNT,)), ("i4", (2,))], body, [("i8", (256,)), "exponent"])

    @staticmethod
    def add_table(module, bits):
        one, table, result = scaled(8, (COUNT,)), scaled(bits, (256,)), scaled(bits, (COUNT,))
        body = (
            scalar("e", "2")
            + scalar("f", "2", 1)
            + compose("x", "0", 8, (COUNT,), "e")
            + compose("t", "1", bits, (256,), "f")
            + f"%y = qtrain.apply_table %x, %t : ({one}, {table}) -> {result}\n"
            + decompose_and_return("y", bits, (COUNT,))
        )
        kind = f"i{bits // 8}"
        arguments = [("i1", (COUNT,)), (kind, (256,)), ("i4", (2,))]
        module.add(f"table{bits}", arguments, body, [(kind, (COUNT,)), "exponent"])

    @staticmethod
    def add_products(module):
        one, accumulators = scaled(8, (COUNT,)), scaled(32, (COUNT,))
        operands = (
            scalar("e", "2") + scalar("f", "2", 1) + compose("x", "0", 8, (COUNT,), "e")
            + compose("t", "1", 8, (COUNT,), "f")
        )
        types = f"({one}, {one}) -> {accumulators}\n"
        end = decompose_and_return("y", 32, (COUNT,))
        arguments = [("i1", (COUNT,)), ("i1", (COUNT,)), ("i4", (2,))]
        factors = "{positive = 4194304 : i64, negative = -77 : i64, fraction_bits = 21 : i64}"
        for name, line in (("multiply", ""), ("scale_by_sign", factors)):
            body = operands + f"%y = qtrain.{name} %x, %t {line} : {types}" + end
            module.add(name, arguments, body, [("i4", (COUNT,)), "exponent"])

    def test_samples(self):
        for module in self.modules:
            for index, (text, function) in enumerate(FUNCTIONS.items()):
                for suffix, f, outer in (
                    ("", function.value, function.outer), ("d", function.slope, (0.0, 0.0)),
                ):
                    samples = functions.Samples.of(f, outer, function.reach)
                    for exponent in self.EXPONENTS:
                        expected = [samples.at(max(m, -127), exponent) for m in range(-128, 128)]
                        x = np.zeros(COUNT)
                        mantissas, result = module.call(f"samples{index}{suffix}", x, np.array([exponent, 0]))
                        with self.subTest(function=text, derivative=suffix, exponent=exponent, isa=module.isa):
                            np.testing.assert_array_equal(mantissas, expected)
                            self.assertEqual(result, -(samples.fraction_bits + functions.MORE_BITS))

    def test_tables_are_close(self):
        """A table is within a unit of the function: half of one, and where it is 2^k, that is clipped to 127."""
        for text, function in FUNCTIONS.items():
            rule = functions.Rule(function)
            # Those with corners and jumps are interpolated next to these.
            if function.homogeneous or text == "sign" or any(word in text for word in ("clip", "hard", "threshold")):
                continue
            for exponent in range(-12, 2):
                table, result = rule.value.table(exponent)
                expected = apply(function.value, np.arange(-127, 128) * 2.0**exponent)
                if text == "exp" and exponent > -4:
                    continue  # it is continued as a line beyond 8
                with self.subTest(function=text, exponent=exponent):
                    difference = table[1:] - expected * 2.0**-result
                    # Softsign approaches 1 so slowly that its samples are further apart, and its tail is cut.
                    self.assertLess(np.abs(difference).max(), 4.5 if text == "softsign" else 1.25)

    def test_apply_table(self):
        random = np.random.default_rng(6)
        x = interesting(8, COUNT, random)
        for module, (bits, limit) in itertools.product(self.modules, ((8, 128), (16, 32768))):
            table = random.integers(1 - limit, limit, 256)
            mantissas, exponent = module.call(f"table{bits}", x, table, np.array([3, -11]))
            np.testing.assert_array_equal(mantissas, table[x + 128])
            self.assertEqual(exponent, -11)

    def test_products(self):
        random = np.random.default_rng(7)
        x, t = interesting(8, COUNT, random), random.permutation(interesting(8, COUNT, random))
        for module in self.modules:
            mantissas, exponent = module.call("multiply", x, t, np.array([3, -11]))
            np.testing.assert_array_equal(mantissas, x * t)
            self.assertEqual(exponent, -8)
            mantissas, exponent = module.call("scale_by_sign", x, t, np.array([3, -11]))
            np.testing.assert_array_equal(mantissas, np.where(x > 0, t * 4194304, t * -77))
            self.assertEqual(exponent, -32)


if __name__ == "__main__":
    unittest.main()
