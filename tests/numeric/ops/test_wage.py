# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled operations of WAGE against the reference, exactly: masks, positions, shifts both ways, wide errors."""

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
    tensor,
    to_memory,
    to_memory_shape,
)
from test_contractions import CONVOLUTIONS
from test_pools import GEOMETRIES

import arithmetic
import functions
import operators
import wage

VARIANTS = (("baseline", False), (best_isa(), True))
COUNT = 768


def kind(bits):
    return f"i{bits // 8}"


def constant_exponent(name):
    return f"%{name} = arith.constant 0 : i32\n"


class RoundedLog2(unittest.TestCase):
    """round(log2 max|x|), over all elements or those of a mask; vectors of bits and what they leave."""

    SIZES = (1, 7, 8, 63, 64, 65, 200, 40000)
    LOW, HIGH = -5, 100

    @classmethod
    def setUpClass(cls):
        cls.module = Module(best_isa())
        for bits, size in itertools.product((8, 16, 32, 64), cls.SIZES):
            for masked in (False, True):
                cls.module.add(f"log2_{bits}_{size}_{masked}", *cls.function(bits, size, masked))
        cls.module.compile()

    @classmethod
    def function(cls, bits, size, masked):
        shape = (size,)
        mask = f"%m = qtrain.range_mask %x {{low = {cls.LOW} : i64, high = {cls.HIGH} : i64}}"
        body = (
            constant_exponent("e")
            + compose("x", "0", bits, shape, "e")
            + f"{mask} : ({scaled(bits, shape)}) -> tensor<{size}xi1>\n"
            + f"%r = qtrain.magnitude_bits %x{', %m' if masked else ''} {{nearest}}"
            f" : ({scaled(bits, shape)}{f', tensor<{size}xi1>' if masked else ''}) -> i32\n"
            f"%y = qtrain.apply_mask %x, %m : ({scaled(bits, shape)}, tensor<{size}xi1>) -> {scaled(bits, shape)}\n"
            f"%z, %s = qtrain.decompose %y : ({scaled(bits, shape)}) -> ({tensor(kind(bits), shape)}, i32)\n"
            f"return %z, %r : {tensor(kind(bits), shape)}, i32\n"
        )
        return [(kind(bits), shape)], body, [(kind(bits), shape), "exponent"]

    def check(self, bits, values):
        values = np.asarray(values, dtype=np.int64)
        inside = (values >= self.LOW) & (values <= self.HIGH)
        for masked in (False, True):
            kept, log2 = self.module.call(f"log2_{bits}_{values.size}_{masked}", values)
            counted = values[inside] if masked else values
            largest = wage.largest_magnitude(counted)
            with self.subTest(bits=bits, size=values.size, masked=masked, largest=largest):
                self.assertEqual(log2, wage.round_log2(largest) if largest else 0)
                np.testing.assert_array_equal(kept, np.where(inside, values, 0))

    def test_boundaries(self):
        """√2 · 2^k lies between two integers; both sides of it, and powers of two."""
        for bits in (8, 16, 32, 64):
            for k in range(bits - 1):
                root = int(np.floor(np.sqrt(2.0) * 2.0**k)) if k < 50 else round(2 ** (k + 0.5))
                for largest in {2**k - 1, 2**k, 2**k + 1, root - 1, root, root + 1, root + 2}:
                    if 0 <= largest < 2 ** (bits - 1):
                        self.check(bits, [-largest])

    def test_known_values_of_wage_1_6(self):
        for k, first in enumerate((3, 6, 12, 23, 46, 91, 182, 363, 725, 1449, 2897, 5793, 11586, 23171), start=1):
            self.assertEqual(self.module.call("log2_32_1_False", [first])[1], k + 1)
            self.assertEqual(self.module.call("log2_32_1_False", [first - 1])[1], k)

    def test_all_sizes(self):
        random = np.random.default_rng(5)
        for bits, size in itertools.product((8, 16, 32, 64), self.SIZES):
            self.check(bits, random.permutation(interesting(min(bits, 62), size, random)))
            self.check(bits, np.zeros(size))


class BidirectionalShift(unittest.TestCase):
    """clip_k(round(x · 2^−n)) of 32 and 64 bits; a negative n multiplies."""

    @classmethod
    def setUpClass(cls):
        cls.module = Module(best_isa())
        cls.cases = list(itertools.product(("even", "floor0", "stochastic"), (16, 32, 64), ((8, 8), (16, 12), (32, 24))))
        for rounding, width, (result, bits) in cls.cases:
            random = rounding == "stochastic"
            numbers = (" random %2", f", {tensor('i2', (COUNT,))}") if random else ("", "")
            body = (
                scalar("e", "1")
                + scalar("n", "1", 1)
                + compose("x", "0", width, (COUNT,), "e")
                + f"%y = qtrain.shift_scale %x by %n{numbers[0]} {{bidirectional, bits = {bits} : i64,"
                f" rounding = #qtrain.rounding<{rounding}>}}"
                f" : ({scaled(width, (COUNT,))}, i32{numbers[1]}) -> {scaled(result, (COUNT,))}\n"
                + decompose_and_return("y", result, (COUNT,))
            )
            arguments = [(kind(width), (COUNT,)), ("i4", (2,))] + [("i2", (COUNT,))] * random
            cls.module.add(f"{rounding}_{width}_{bits}", arguments, body, [(kind(result), (COUNT,)), "exponent"])
        cls.module.compile()

    def test_all(self):
        random = np.random.default_rng(6)
        for (rounding, width, (_, bits)), shift in itertools.product(self.cases, (*range(-40, 80, 3), -1, 0, 1, -1000)):
            values = interesting(min(width, 62), COUNT, random)
            numbers = random.integers(0, 2**16, COUNT)
            inputs = [values, np.array([-5, shift])]
            if rounding == "stochastic":
                inputs.append(numbers.astype(np.uint16).view(np.int16))
            if shift < 0:
                expected = [max(-(2**62), min(2**62, int(v) << min(-shift, 100))) for v in values]
            elif rounding == "stochastic":
                expected = arithmetic.shift_stochastic(values, shift, numbers)
            else:
                expected = getattr(arithmetic, "shift_" + rounding)(values, shift)
            mantissas, exponent = self.module.call(f"{rounding}_{width}_{bits}", *inputs)
            with self.subTest(rounding=rounding, width=width, bits=bits, shift=shift):
                np.testing.assert_array_equal(mantissas, arithmetic.clip(np.array(expected), bits))
                self.assertEqual(exponent, -5 + shift)


class Positions(unittest.TestCase):
    """Positions of the maxima of a pool, and errors moved to them."""

    @classmethod
    def setUpClass(cls):
        cls.module = Module(best_isa())
        for g in GEOMETRIES:
            x, y = g.input_shape, g.output_shape
            width = 8 if np.prod(g.kernel) <= 128 else 16
            places = f"tensor<{'x'.join(map(str, y))}xi{width}, #qtrain.channels_last>"
            body = (
                constant_exponent("e")
                + compose("x", "0", 32, x, "e", True)
                + compose("d", "1", 8, y, "e", True)
                + f"%p = qtrain.max_pool2d_positions %x {{window = {g.attribute()}}}"
                f" : ({scaled(32, x, True)}) -> {places}\n"
                f"%y = qtrain.max_unpool2d %p, %d {{window = {g.attribute()}}}"
                f" : ({places}, {scaled(8, y, True)}) -> {scaled(16, x, True)}\n"
                + decompose_and_return("y", 16, x, True)
            )
            arguments = [("i4", to_memory_shape(x)), ("i1", to_memory_shape(y))]
            cls.module.add(g.name, arguments, body, [("i2", to_memory_shape(x)), "exponent"])
        cls.module.compile()

    def test_all(self):
        random = np.random.default_rng(7)
        for g in GEOMETRIES:
            x = random.integers(-3, 4, g.input_shape)  # ties are frequent
            e = random.integers(-127, 128, g.output_shape)
            _, places = operators.max_pool_forward(x, g.reference())
            expected = operators.max_pool_input_error(e, places, g.reference(), g.input_shape)
            y = self.module.call(g.name, to_memory(x), to_memory(e))[0]
            with self.subTest(geometry=g.name):
                np.testing.assert_array_equal(from_memory(y), expected)


class WideErrors(unittest.TestCase):
    """Contractions with errors of up to 16 bits, to sums of 32 or 64."""

    NAMES = ("padded", "uneven", "dilated", "grouped", "depthwise_vectors", "whole_image")

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels) for isa, microkernels in VARIANTS]
        cls.convolutions = [c for c in CONVOLUTIONS if c.name in cls.NAMES]
        assert len(cls.convolutions) == len(cls.NAMES)
        for module, c, bits, width in itertools.product(cls.modules, cls.convolutions, (12, 16), (32, 64)):
            for operation in ("conv2d_input_gradient", "conv2d_weight_gradient"):
                cls.add(module, c, operation, bits, width)
        for module in cls.modules:
            module.compile()

    @staticmethod
    def add(module, c, operation, bits, width):
        """The wide error is the result of a shift, which says how many bits it has."""
        is_weight = operation == "conv2d_weight_gradient"
        other, images = (c.x, True) if is_weight else (c.w, False)
        result, result_images = (c.w, False) if is_weight else (c.x, True)
        error = scaled(16, c.y, True)
        operands = f"%o, %e : ({scaled(8, other, images)}, {error})"
        if not is_weight:
            operands = f"%e, %o : ({error}, {scaled(8, other, images)})"
        names, types = operands.split(" : ")
        attributes = c.operations[operation].attributes
        body = (
            constant_exponent("z")
            + compose("d", "0", 16, c.y, "z", True)
            + compose("o", "1", 8, other, "z", images)
            + f"%e = qtrain.shift_scale %d by %z {{bidirectional, bits = {bits} : i64,"
            f" rounding = #qtrain.rounding<even>}} : ({error}, i32) -> {error}\n"
            f"%y = qtrain.{operation} {names}{attributes} : {types} -> {scaled(width, result, result_images)}\n"
            + decompose_and_return("y", width, result, result_images)
        )
        arguments = [("i2", to_memory_shape(c.y)), ("i1", to_memory_shape(other) if images else other)]
        memory = to_memory_shape(result) if result_images else result
        module.add(f"{c.name}_{operation}_{bits}_{width}", arguments, body, [(kind(width), memory), "exponent"])

    def test_all(self):
        random = np.random.default_rng(8)
        for c, bits, width in itertools.product(self.convolutions, (12, 16), (32, 64)):
            limit = 2 ** (bits - 1) - 1
            e = random.integers(-limit, limit + 1, c.y)
            e.flat[:4] = limit, -limit, 128, -129 if bits > 8 else 0
            for operation, other in (("conv2d_input_gradient", c.w), ("conv2d_weight_gradient", c.x)):
                is_weight = operation == "conv2d_weight_gradient"
                o = random.integers(-127, 128, other)
                expected = c.reference(operation, *((o, e) if is_weight else (e, o)), arithmetic.int64)
                for module in self.modules:
                    operands = to_memory(e), to_memory(o) if is_weight else o
                    y = module.call(f"{c.name}_{operation}_{bits}_{width}", *operands)[0]
                    with self.subTest(name=c.name, operation=operation, bits=bits, width=width, isa=module.isa):
                        np.testing.assert_array_equal(y if is_weight else from_memory(y), expected)


class LongSums(unittest.TestCase):
    """Sums beyond 32 bits are exact: cut into parts for kernels, in 64 bits in loops."""

    SHAPE = (140, 1, 31, 31)

    def test_all(self):
        n, _, h, w = self.SHAPE
        window = "#qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>"
        image = scaled(8, self.SHAPE, True)
        body = (
            constant_exponent("z")
            + compose("x", "0", 8, self.SHAPE, "z", True)
            + compose("e", "1", 8, self.SHAPE, "z", True)
            + f"%y = qtrain.conv2d_weight_gradient %x, %e {{window = {window}}}"
            f" : ({image}, {image}) -> {scaled(64, (1, 1, 1, 1))}\n"
            f"%r = qtrain.magnitude_bits %y {{nearest}} : ({scaled(64, (1, 1, 1, 1))}) -> i32\n"
            f"%m, %s = qtrain.decompose %y : ({scaled(64, (1, 1, 1, 1))}) -> (tensor<1x1x1x1xi64>, i32)\n"
            "return %m, %r : tensor<1x1x1x1xi64>, i32\n"
        )
        memory = ("i1", (n, h, w, 1))
        for isa, microkernels in VARIANTS:
            module = Module(isa, microkernels)
            module.add("long", [memory, memory], body, [("i8", (1, 1, 1, 1)), "exponent"])
            module.compile()
            full = np.full((n, h, w, 1), 127)
            for sign in (1, -1):
                y, log2 = module.call("long", full, sign * full)
                self.assertEqual(int(y.item()), sign * 127 * 127 * n * h * w)
                self.assertEqual(log2, wage.round_log2(127 * 127 * n * h * w))


class Functions(unittest.TestCase):
    """Section 7.1: accumulators to activations, and errors times slopes, as the scheme puts them together."""

    CASES = tuple(itertools.product(("tanh", "gelu", "abs", "leaky_relu<alpha = 0.01>", "exp"), (8, 2), (8, 16)))
    KNOWN = {
        "tanh": functions.TANH, "gelu": functions.GELU, "abs": functions.ABS, "exp": functions.EXP,
        "leaky_relu<alpha = 0.01>": functions.leaky_relu(0.01),
    }

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        for module, (index, (text, bits, error_bits)) in itertools.product(cls.modules, enumerate(cls.CASES)):
            cls.add(module, f"f{index}", wage.FunctionTables(cls.KNOWN[text], bits), error_bits)
        for module in cls.modules:
            module.compile()

    @staticmethod
    def add(module, name, tables, error_bits):
        width = 16 if error_bits > 8 else 8
        one, error = scaled(8, (COUNT,)), scaled(width, (COUNT,))
        results = [("i1", (COUNT,)), (kind(width), (COUNT,))]
        accumulators, table = scaled(32, (COUNT,)), scaled(8, (256,))
        even = "rounding = #qtrain.rounding<even>"

        def constant(result, values):
            return (
                f"%{result}c = arith.constant dense<{[int(v) for v in values]}> : tensor<256xi8>\n"
                f"%{result} = qtrain.compose %{result}c, %z : (tensor<256xi8>, i32) -> {table}\n"
            )

        body = (
            constant_exponent("z")
            + "%six = arith.constant 6 : i32\n"
            + scalar("n", "2")
            + compose("acc", "0", 32, (COUNT,), "z")
            + compose("e", "1", width, (COUNT,), "z")
            + f"%x = qtrain.shift_scale %acc by %n {{bidirectional, bits = 8 : i64, {even}}}"
            f" : ({accumulators}, i32) -> {one}\n"
            + constant("vt", tables.values)
            + constant("st", tables.slopes)
            + f"%y = qtrain.apply_table %x, %vt : ({one}, {table}) -> {one}\n"
            f"%s = qtrain.apply_table %x, %st : ({one}, {table}) -> {one}\n"
            f"%p = qtrain.multiply %e, %s : ({error}, {one}) -> {accumulators}\n"
            f"%d = qtrain.shift_scale %p by %six {{bits = {error_bits} : i64, {even}}}"
            f" : ({accumulators}, i32) -> {error}\n"
            f"%ym, %ye = qtrain.decompose %y : ({one}) -> ({tensor(*results[0])}, i32)\n"
            f"%dm, %de = qtrain.decompose %d : ({error}) -> ({tensor(*results[1])}, i32)\n"
            f"return %ym, %dm : {tensor(*results[0])}, {tensor(*results[1])}\n"
        )
        module.add(name, [("i4", (COUNT,)), results[1], ("i4", (2,))], body, results)

    def test_all(self):
        random = np.random.default_rng(11)
        for index, (text, bits, error_bits) in enumerate(self.CASES):
            tables, largest = wage.FunctionTables(self.KNOWN[text], bits), wage.limit(error_bits)
            e = np.clip(interesting(error_bits, COUNT, random), -largest, largest)
            for shift in (-4, 0, 1, 9):
                acc = interesting(8, COUNT, random) * 2 ** max(shift, 0) + random.integers(-3, 4, COUNT)
                x = wage.clamp(wage.shifted_even(acc, shift), 127)
                slopes = wage.clamp(arithmetic.shift_even(e * tables.slopes[x + 128], 6), largest)
                for module in self.modules:
                    with self.subTest(function=text, bits=bits, error_bits=error_bits, shift=shift, isa=module.isa):
                        y, d = module.call(f"f{index}", acc, e, np.array([shift, 0]))
                        np.testing.assert_array_equal(y, tables.values[x + 128])
                        np.testing.assert_array_equal(d, slopes)


class SquaredErrors(unittest.TestCase):
    """logits − 2^−s · onehot, of 8 and of 32 bits."""

    def test_all(self):
        shape = (6, 4)
        for bits, exponent in ((8, -7), (32, -12), (32, 0)):
            module = Module(best_isa())
            body = (
                scalar("e", "1")
                + compose("x", "0", bits, shape, "e")
                + f"%y = qtrain.loss_gradient %x, %target {{loss = #qtrain.loss<sse>}}"
                f" : ({scaled(bits, shape)}, tensor<6xi32>) -> {scaled(32, shape)}\n"
                + decompose_and_return("y", 32, shape)
            )
            arguments = [(kind(bits), shape), ("i4", (2,))]
            module.add("sse", arguments, body, [("i4", shape), "exponent"], [("tensor<6xi32>", "target")])
            module.compile()
            random = np.random.default_rng(9)
            logits = random.integers(-127, 128, shape)
            labels = random.integers(0, 4, 6).astype(np.int32)
            expected = logits.copy()
            expected[np.arange(6), labels] -= 2**-exponent
            y, after = module.call("sse", logits, np.array([exponent, 0]), target=labels)
            np.testing.assert_array_equal(y, expected)
            self.assertEqual(after, exponent)


if __name__ == "__main__":
    unittest.main()
