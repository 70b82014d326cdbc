# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled element-wise operations against the reference, exactly."""

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

import arithmetic
import philox

WIDTHS = (8, 16, 32)
# (operand, result) of shifts.
SHIFTED = (*itertools.product(WIDTHS, WIDTHS), (64, 64), (64, 8))
ROUNDINGS = ("nearest", "even", "floor0", "pseudo", "stochastic")
COUNT = 768


def kind(bits):
    return f"i{bits // 8}"


class ShiftScale(unittest.TestCase):
    """result = clip_k(round(input, shift)); exponent + max(shift, 0) (docs/numerics.md, 1.3)."""

    @classmethod
    def setUpClass(cls):
        cls.cases = {}
        cls.modules = [Module(isa) for isa in dict.fromkeys(("baseline", best_isa()))]
        for rounding, (width, result) in itertools.product(ROUNDINGS, SHIFTED):
            for bits in (result, 2, result - 3):
                name = f"{rounding}_{width}_{result}_{bits}"
                cls.cases[name] = rounding, width, bits
                for module in cls.modules:
                    cls.add(module, name, rounding, width, result, bits)
        for module in cls.modules:
            module.compile()

    @staticmethod
    def add(module, name, rounding, width, result, bits):
        random = rounding == "stochastic"
        arguments = [(kind(width), (COUNT,)), ("i4", (2,))] + [("i2", (COUNT,))] * random
        numbers = (" random %2", f", {tensor('i2', (COUNT,))}") if random else ("", "")
        body = (
            scalar("e", "1")
            + scalar("n", "1", 1)
            + compose("x", "0", width, (COUNT,), "e")
            + f"%y = qtrain.shift_scale %x by %n{numbers[0]} {{bits = {bits} : i64,"
            f" rounding = #qtrain.rounding<{rounding}>}}"
            f" : ({scaled(width, (COUNT,))}, i32{numbers[1]}) -> {scaled(result, (COUNT,))}\n"
            + decompose_and_return("y", result, (COUNT,))
        )
        module.add(name, arguments, body, [(kind(result), (COUNT,)), "exponent"])

    def check(self, roundings, shifts):
        random = np.random.default_rng(1)
        for name, (rounding, width, bits) in self.cases.items():
            for shift in shifts if rounding in roundings else ():
                # The reference has 64 bits, too, and adds a half.
                values = interesting(min(width, 62), COUNT, random)
                numbers = random.integers(0, 2**16, COUNT)
                numbers[::7], numbers[1::7] = 0, 2**16 - 1
                inputs = [values, np.array([-5, shift])]
                if rounding == "stochastic":
                    rounded = arithmetic.shift_stochastic(values, shift, numbers)
                    inputs.append(numbers.astype(np.uint16).view(np.int16))
                else:
                    rounded = getattr(arithmetic, "shift_" + rounding)(values, shift)
                expected = arithmetic.clip(rounded, bits)
                for module in self.modules:
                    mantissas, exponent = module.call(name, *inputs)
                    with self.subTest(name=name, shift=shift, isa=module.isa):
                        np.testing.assert_array_equal(mantissas, expected)
                        self.assertEqual(exponent, -5 + max(shift, 0))

    def test_within_the_word(self):
        self.check(ROUNDINGS, range(-3, 32))

    def test_beyond_the_word(self):
        self.check([r for r in ROUNDINGS if r != "even"], range(32, 71))

    def test_even_beyond_the_word(self):
        """A shift beyond the word leaves nothing, however large the magnitude."""
        self.check(["even"], range(32, 71))

    def test_shifts_far_outside(self):
        """A shift is any 32-bit number: nothing is left, or nothing happens."""
        random = np.random.default_rng(2)
        values = interesting(32, COUNT, random)
        for rounding, shift in itertools.product(ROUNDINGS, (-(2**31), -1000, 100, 1000, 2**31 - 1)):
            if rounding == "even" and shift > 31:
                continue  # test_even_beyond_the_word
            inputs = [values, np.array([0, shift])]
            if rounding == "stochastic":
                inputs.append(np.zeros(COUNT))
            mantissas = self.modules[0].call(f"{rounding}_32_32_32", *inputs)[0]
            with self.subTest(rounding=rounding, shift=shift):
                np.testing.assert_array_equal(mantissas, values if shift < 0 else 0)


class Update(unittest.TestCase):
    """clip(parameter − gradient); the exponent is the parameter's."""

    def test_all(self):
        module = Module()
        for bits in (8, 16):
            body = (
                scalar("e", "2")
                + scalar("s", "2", 1)
                + compose("w", "0", bits, (COUNT,), "e")
                + compose("g", "1", bits, (COUNT,), "s")
                + f"%y = qtrain.update %w, %g : ({scaled(bits, (COUNT,))}, {scaled(bits, (COUNT,))})"
                f" -> {scaled(bits, (COUNT,))}\n"
                + decompose_and_return("y", bits, (COUNT,)).replace("%s", "%t")
            )
            shapes = [(kind(bits), (COUNT,))] * 2 + [("i4", (2,))]
            module.add(f"update_{bits}", shapes, body, [(kind(bits), (COUNT,)), "exponent"])
        module.compile()
        random = np.random.default_rng(3)
        for bits in (8, 16):
            w, g = (random.permutation(interesting(bits, COUNT, random)) for _ in range(2))
            w[:2], g[:2] = 2 ** (bits - 1) - 1, -(2 ** (bits - 1) - 1)
            mantissas, exponent = module.call(f"update_{bits}", w, g, np.array([-9, 4]), overwrites=True)
            np.testing.assert_array_equal(mantissas, arithmetic.clip(w - g, bits))
            self.assertEqual(exponent, -9)


class Relu(unittest.TestCase):
    """The unit and its gradient work on mantissas; the mask is output > 0."""

    def test_all(self):
        module = Module()
        one = scaled(8, (COUNT,))
        load = scalar("e", "2") + scalar("s", "2", 1) + compose("x", "0", 8, (COUNT,), "e")
        load += compose("g", "1", 8, (COUNT,), "s")
        shapes, results = [("i1", (COUNT,))] * 2 + [("i4", (2,))], [("i1", (COUNT,)), "exponent"]
        module.add(
            "relu", shapes,
            load + f"%y = qtrain.relu %x : ({one}) -> {one}\n"
            + decompose_and_return("y", 8, (COUNT,)).replace("%s", "%t"), results,
        )
        module.add(
            "gradient", shapes,
            load + f"%y = qtrain.relu_gradient %x, %g : ({one}, {one}) -> {one}\n"
            + decompose_and_return("y", 8, (COUNT,)).replace("%s", "%t"), results,
        )
        module.compile()
        random = np.random.default_rng(4)
        x, g = (random.permutation(interesting(8, COUNT, random)) for _ in range(2))
        y, exponent = module.call("relu", x, g, np.array([-9, 4]))
        np.testing.assert_array_equal(y, np.maximum(x, 0))
        self.assertEqual(exponent, -9)
        y, exponent = module.call("gradient", x, g, np.array([-9, 4]))
        np.testing.assert_array_equal(y, np.where(x > 0, g, 0))
        self.assertEqual(exponent, 4)


class Dropout(unittest.TestCase):
    """Feature i, in C, H, W order, is dropped when its number is below round(ratio·2^16)."""

    RATIOS = (0.5, 0.0, 0.1, 0.25, 0.3, 0.75, 0.9, float(np.float32(0.2)), 0.99)
    SHAPES = {"rows": (5, 24), "images": (3, 4, 2, 5)}

    @staticmethod
    def function(ratio, shape):
        """(arguments, body, results) of a dropout with its random numbers as an argument."""
        images = len(shape) == 4
        memory = to_memory_shape(shape) if images else shape
        features = int(np.prod(shape[1:]))
        width = 8 if ratio == 0.5 else 32
        body = (
            scalar("e", "2")
            + compose("x", "0", 8, shape, "e", images)
            + f"%y = qtrain.dropout %x, %1 {{ratio = {float(ratio)!r} : f64}}"
            f" : ({scaled(8, shape, images)}, {tensor('i2', (features,))}) -> {scaled(width, shape, images)}\n"
            + decompose_and_return("y", width, shape, images)
        )
        arguments = [("i1", memory), ("i2", (features,)), ("i4", (2,))]
        return arguments, body, [(kind(width), memory), "exponent"]

    @staticmethod
    def expected(ratio, x, numbers):
        mask = (numbers >= round(ratio * 2**16)).reshape((1,) + x.shape[1:])
        if ratio == 0.5:
            return x * mask, 1
        return arithmetic.saturate(x * mask * round(2**7 / (1 - ratio))), -7

    def check(self, ratios):
        module, random = Module(), np.random.default_rng(5)
        for (label, shape), (index, ratio) in itertools.product(self.SHAPES.items(), enumerate(ratios)):
            module.add(f"{label}_{index}", *self.function(ratio, shape))
        module.compile()
        for (label, shape), (index, ratio) in itertools.product(self.SHAPES.items(), enumerate(ratios)):
            x = random.permutation(interesting(8, int(np.prod(shape)), random)).reshape(shape)
            threshold = round(ratio * 2**16)
            numbers = random.integers(0, 2**16, int(np.prod(shape[1:])))
            numbers[:6] = np.clip([threshold - 1, threshold, threshold + 1, 0, 2**16 - 1, 2**15], 0, 2**16 - 1)
            inputs = [to_memory(x) if x.ndim == 4 else x, numbers.astype(np.uint16).view(np.int16), np.array([-4, 0])]
            y, exponent = module.call(f"{label}_{index}", *inputs)
            expected, power = self.expected(ratio, x, numbers)
            with self.subTest(shape=label, ratio=ratio):
                np.testing.assert_array_equal(from_memory(y) if x.ndim == 4 else y, expected)
                self.assertEqual(exponent, -4 + power)

    def test_ratios(self):
        self.check(self.RATIOS)

    def test_threshold_between_two_integers(self):
        """ratio·2^16 = k + 1/2 is rounded half to even."""
        self.check([0.5 / 2**16, 0.25 + 0.5 / 2**16, 0.25 + 1.5 / 2**16])

    def test_largest_factor(self):
        """The largest ratio that keeps anything at all has the factor 2^24, which does not leave 32 bits."""
        self.check([1 - 2.0**-17])


class Random(unittest.TestCase):
    """Element i is the low half of lane i & 3 of Philox at counter (i >> 2, id, step, purpose)."""

    PURPOSES = ("gradient_rounding", "loss_rounding", "dropout", "shuffling", "augmentation", "initialization")
    IDS = (0, 1, 77, 2**31 - 1)
    SHAPES = ((1,), (5,), (3, 7), (2, 3, 5, 7), (4099,))

    def test_all(self):
        module = Module()
        for purpose, (index, identifier) in itertools.product(self.PURPOSES, enumerate(self.IDS)):
            for number, shape in enumerate(self.SHAPES):
                module.add(
                    f"{purpose}_{index}_{number}", [],
                    f"%r = qtrain.random %seed, %step {{id = {identifier} : i64, purpose = #qtrain.purpose<{purpose}>}}"
                    f" : (i64, i32) -> {tensor('i2', shape)}\nreturn %r : {tensor('i2', shape)}",
                    [("i2", shape)], extra=[("i64", "seed"), ("i32", "step")],
                )
        module.compile()
        for (word, purpose), (index, identifier) in itertools.product(enumerate(self.PURPOSES), enumerate(self.IDS)):
            for number, shape in enumerate(self.SHAPES):
                for seed, step in ((0, 0), (1, 7), (2**64 - 1, 2**32 - 1), (0x9E3779B97F4A7C15, 2**31)):
                    numbers = module.call(f"{purpose}_{index}_{number}", seed=seed, step=step)
                    with self.subTest(purpose=purpose, id=identifier, shape=shape, seed=seed, step=step):
                        expected = philox.random16(seed, shape, identifier, step, word)
                        np.testing.assert_array_equal(numbers.view(np.uint16), expected)


class Lookup(unittest.TestCase):
    """Pixels index the row of their channel, or the only row."""

    def test_all(self):
        random = np.random.default_rng(6)
        tables = {"one": random.integers(-127, 128, (1, 256)), "each": random.integers(-127, 128, (3, 256))}
        shapes = {"images": (4, 3, 5, 7), "rows": (64, 3)}
        module = Module()
        for (name, table), (label, shape) in itertools.product(tables.items(), shapes.items()):
            images = len(shape) == 4
            body = (
                f"%x = qtrain.lookup %input {{exponent = -6 : si32, table = dense<{table.tolist()}>"
                f" : tensor<{len(table)}x256xi8>}} : ({tensor('u1', shape)}) -> {scaled(8, shape, images)}\n"
                + decompose_and_return("x", 8, shape, images)
            )
            memory = to_memory_shape(shape) if images else shape
            module.add(
                f"{name}_{label}", [], body, [("i1", memory), "exponent"], extra=[(tensor("u1", shape), "input")]
            )
        module.compile()
        for (name, table), (label, shape) in itertools.product(tables.items(), shapes.items()):
            pixels = random.integers(0, 256, shape, dtype=np.uint8)
            x, exponent = module.call(f"{name}_{label}", input=pixels)
            rows = np.arange(shape[1]).reshape((1, -1) + (1,) * (len(shape) - 2)) % len(table)
            with self.subTest(table=name, shape=label):
                np.testing.assert_array_equal(from_memory(x) if x.ndim == 4 else x, table[rows, pixels])
                self.assertEqual(exponent, -6)


class Moves(unittest.TestCase):
    """Reshapes keep the order of the logical shape whatever the layout; transposes of parameters."""

    RESHAPES = [
        ((2, 3, 4, 5), (2, 60)), ((2, 60), (2, 3, 4, 5)), ((2, 3, 4, 5), (2, 4, 5, 3)), ((6, 4), (3, 8)),
        ((2, 1, 4, 5), (2, 20)), ((2, 7, 1, 1), (2, 7)), ((2, 7), (2, 7, 1, 1)), ((4, 3, 2, 1), (2, 6, 1, 2)),
    ]
    # Shapes without the axis, the axis, extents there; few and many channels, rows of one element.
    CONCATS = [
        ((4, 0), 1, (3, 5)), ((2, 0, 3, 5), 1, (1, 70, 8)), ((3, 4, 0, 2), 2, (2, 1)), ((2, 3, 4, 0), 3, (5,)),
        ((5, 0, 3), 1, (2, 2, 2, 2)), ((1, 3, 0), 2, (33, 1)),
    ]
    # Exponents of the operands in turn: equal, a little and far apart, beyond the word.
    EXPONENTS = [(3, 3, 3, 3), (-2, 0, -9, 1), (-40, 5, 5, -3), (2**28, -(2**28), 7, 7)]
    TRANSPOSES = [((3, 5), (1, 0)), ((2, 3, 4, 5), (1, 0, 3, 2)), ((2, 3, 4), (2, 0, 1))]

    def test_reshape(self):
        module, random = Module(), np.random.default_rng(7)
        for index, (before, after) in enumerate(self.RESHAPES):
            flags = len(before) == 4, len(after) == 4
            body = (
                scalar("e", "1")
                + compose("x", "0", 8, before, "e", flags[0])
                + f"%y = qtrain.reshape %x : ({scaled(8, before, flags[0])}) -> {scaled(8, after, flags[1])}\n"
                + decompose_and_return("y", 8, after, flags[1])
            )
            memory = [to_memory_shape(s) if len(s) == 4 else s for s in (before, after)]
            module.add(f"f{index}", [("i1", memory[0]), ("i4", (2,))], body, [("i1", memory[1]), "exponent"])
        module.compile()
        for index, (before, after) in enumerate(self.RESHAPES):
            x = random.integers(-127, 128, before)
            y, exponent = module.call(f"f{index}", to_memory(x) if x.ndim == 4 else x, np.array([3, 0]))
            with self.subTest(before=before, after=after):
                np.testing.assert_array_equal(from_memory(y) if y.ndim == 4 else y, x.reshape(after))
                self.assertEqual(exponent, 3)

    def test_transpose(self):
        module, random = Module(), np.random.default_rng(8)
        for index, (shape, order) in enumerate(self.TRANSPOSES):
            after = tuple(shape[i] for i in order)
            body = (
                scalar("e", "1")
                + compose("x", "0", 8, shape, "e")
                + f"%y = qtrain.transpose %x {{permutation = array<i64: {', '.join(map(str, order))}>}}"
                f" : ({scaled(8, shape)}) -> {scaled(8, after)}\n"
                + decompose_and_return("y", 8, after)
            )
            module.add(f"f{index}", [("i1", shape), ("i4", (2,))], body, [("i1", after), "exponent"])
        module.compile()
        for index, (shape, order) in enumerate(self.TRANSPOSES):
            x = random.integers(-127, 128, shape)
            with self.subTest(shape=shape, order=order):
                y, exponent = module.call(f"f{index}", x, np.array([3, 0]))
                np.testing.assert_array_equal(y, x.transpose(order))
                self.assertEqual(exponent, 3)

    @staticmethod
    def parts(shape, axis, extents):
        return [(*shape[:axis], extent, *shape[axis + 1 :]) for extent in extents]

    @staticmethod
    def stored(shape):
        return to_memory_shape(shape) if len(shape) == 4 else shape

    @staticmethod
    def store(x):
        return to_memory(x) if x.ndim == 4 else x

    def test_concat(self):
        """All operands go to the largest exponent, nearest (docs/numerics.md, 4.8)."""
        modules, random = [Module(isa) for isa in ("baseline", best_isa())], np.random.default_rng(9)
        for (index, (shape, axis, extents)), module in itertools.product(enumerate(self.CONCATS), modules):
            parts, images = self.parts(shape, axis, extents), len(shape) == 4
            after = (*shape[:axis], sum(extents), *shape[axis + 1 :])
            body = "".join(
                scalar(f"e{i}", len(parts), i, len(parts)) + compose(f"x{i}", i, 8, part, f"e{i}", images)
                for i, part in enumerate(parts)
            )
            body += (
                f"%y = qtrain.concat {', '.join(f'%x{i}' for i in range(len(parts)))} {{axis = {axis} : i64}}"
                f" : ({', '.join(scaled(8, part, images) for part in parts)}) -> {scaled(8, after, images)}\n"
                + decompose_and_return("y", 8, after, images)
            )
            arguments = [("i1", self.stored(part)) for part in parts] + [("i4", (len(parts),))]
            module.add(f"f{index}", arguments, body, [("i1", self.stored(after)), "exponent"])
        for module in modules:
            module.compile()
        cases = itertools.product(enumerate(self.CONCATS), self.EXPONENTS, modules)
        for (index, (shape, axis, extents)), exponents, module in cases:
            parts = [interesting(8, int(np.prod(p)), random).reshape(p) for p in self.parts(shape, axis, extents)]
            y, exponent = module.call(f"f{index}", *map(self.store, parts), np.array(exponents[: len(parts)]))
            largest = max(exponents[: len(parts)])
            moved = [arithmetic.shift_nearest(p, min(largest - e, 60)) for p, e in zip(parts, exponents)]
            with self.subTest(shape=shape, axis=axis, exponents=exponents, isa=module.isa):
                expected = np.concatenate(moved, axis)
                np.testing.assert_array_equal(from_memory(y) if y.ndim == 4 else y, expected)
                self.assertEqual(exponent, largest)

    def test_slice(self):
        module, random = Module(), np.random.default_rng(10)
        cases = []
        for shape, axis, extents in self.CONCATS:
            whole, images = (*shape[:axis], sum(extents), *shape[axis + 1 :]), len(shape) == 4
            for part, end in zip(self.parts(shape, axis, extents), itertools.accumulate(extents)):
                offset = end - part[axis]
                body = (
                    scalar("e", "1")
                    + compose("x", "0", 8, whole, "e", images)
                    + f"%y = qtrain.slice %x {{axis = {axis} : i64, offset = {offset} : i64}}"
                    f" : ({scaled(8, whole, images)}) -> {scaled(8, part, images)}\n"
                    + decompose_and_return("y", 8, part, images)
                )
                arguments = [("i1", self.stored(whole)), ("i4", (2,))]
                module.add(f"f{len(cases)}", arguments, body, [("i1", self.stored(part)), "exponent"])
                cases.append((whole, axis, offset, part))
        module.compile()
        for index, (whole, axis, offset, part) in enumerate(cases):
            x = random.integers(-127, 128, whole)
            y, exponent = module.call(f"f{index}", self.store(x), np.array([3, 0]))
            with self.subTest(whole=whole, axis=axis, offset=offset):
                expected = x.take(range(offset, offset + part[axis]), axis)
                np.testing.assert_array_equal(from_memory(y) if y.ndim == 4 else y, expected)
                self.assertEqual(exponent, 3)


if __name__ == "__main__":
    unittest.main()
