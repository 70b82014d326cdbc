# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled reductions, sums and the loss against the reference, exactly."""

import itertools
import unittest

import numpy as np
from compiled import (
    Module,
    best_isa,
    compose,
    decompose_and_return,
    interesting,
    scalar,
    scaled,
    tensor,
    to_memory,
    to_memory_shape,
)

import arithmetic
import loss
import operators

ISAS = tuple(dict.fromkeys(("baseline", best_isa())))


class MagnitudeBits(unittest.TestCase):
    """W(x) = 0 if max|x| ≤ 1 else bit_length(max|x| − 1) (docs/numerics.md, 1.2)."""

    SIZES = (1, 7, 1000, 70001)  # the last in several chunks

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa) for isa in ISAS]
        for module, bits, size in itertools.product(cls.modules, (8, 16, 32), cls.SIZES):
            module.add(
                f"w_{bits}_{size}", [(f"i{bits // 8}", (size,)), ("i4", (2,))],
                scalar("e", "1") + compose("x", "0", bits, (size,), "e")
                + f"%w = qtrain.magnitude_bits %x : ({scaled(bits, (size,))}) -> i32\nreturn %w : i32",
                ["exponent"],
            )
        for module in cls.modules:
            module.compile()

    def test_maxima(self):
        random = np.random.default_rng(1)
        for bits, size in itertools.product((8, 16, 32), self.SIZES):
            powers = 2 ** np.arange(bits - 1)
            maxima = {0, 2 ** (bits - 1) - 1} | {int(v) for p in powers for v in (p - 1, p, p + 1)}
            for maximum in sorted(m for m in maxima if m < 2 ** (bits - 1)):
                x = random.integers(-maximum, maximum + 1, size)
                x[random.integers(0, size)] = random.choice([-1, 1]) * maximum
                for module in self.modules:
                    with self.subTest(bits=bits, size=size, maximum=maximum, isa=module.isa):
                        w = module.call(f"w_{bits}_{size}", x, np.array([0, 0]))
                        self.assertEqual(w, arithmetic.magnitude_bits(x))

    def test_every_position_counts(self):
        for position in (0, 1, 32766, 32767, 32768, 65535, 65536, 70000):
            x = np.zeros(70001, dtype=np.int64)
            x[position] = -300
            with self.subTest(position=position):
                self.assertEqual(self.modules[0].call("w_32_70001", x, np.array([0, 0])), 9)


class Sums(unittest.TestCase):
    """Alignment of differently scaled operands (docs/numerics.md, 4.7)."""

    COUNT = 96
    BITS, RESULT = 8, 32  # of operands and sums
    # From 17 on sums need 64 bits, from 65 on more than one loop.
    OPERANDS = (2, 3, 5, 16, 17, 18, 64, 65, 130)

    @classmethod
    def setUpClass(cls):
        cls.module = Module()
        for operands in cls.OPERANDS:
            shape = (cls.COUNT,)
            body, names = "", [f"%x{i}" for i in range(operands)]
            for i in range(operands):
                body += f"%at{i} = arith.constant {i} : index\n"
                body += f"%e{i} = tensor.extract %{operands}[%at{i}] : tensor<{operands}xi32>\n"
                body += compose(f"x{i}", i, cls.BITS, shape, f"e{i}")
                body += f"%m{i} = qtrain.max_magnitude %x{i} : ({scaled(cls.BITS, shape)}) -> i32\n"
            types = ", ".join([scaled(cls.BITS, shape)] * operands)
            maxima = ", ".join(f"%m{i}" for i in range(operands))
            body += f"%y = qtrain.sum {', '.join(names)} maxima({maxima}) : ({types}) -> {scaled(cls.RESULT, shape)}\n"
            cls.module.add(
                f"sum_{operands}", [(f"i{cls.BITS // 8}", shape)] * operands + [("i4", (operands,))],
                body + decompose_and_return("y", cls.RESULT, shape), [(f"i{cls.RESULT // 8}", shape), "exponent"],
            )
        cls.module.compile()

    def total(self, operands, exponents):
        return arithmetic.aligned_sum(list(zip(operands, exponents, strict=True)))

    def check(self, operands, exponents):
        operands = [np.broadcast_to(a, (self.COUNT,)) for a in operands]
        expected, power = self.total(operands, exponents)
        y, exponent = self.module.call(f"sum_{len(operands)}", *operands, np.array(exponents))
        np.testing.assert_array_equal(y, expected)
        self.assertEqual(exponent, power)

    def test_random(self):
        random = np.random.default_rng(2)
        for operands, spread, _ in itertools.product(self.OPERANDS, (0, 3, 12, 30, 100), range(8)):
            exponents = random.integers(-spread, spread + 1, operands).tolist()
            values = [random.permutation(interesting(self.BITS, self.COUNT, random)) for _ in exponents]
            for index in np.flatnonzero(random.integers(0, 4, operands) == 0):
                values[index] = np.zeros(self.COUNT, dtype=np.int64)
            with self.subTest(exponents=exponents):
                self.check(values, exponents)

    def test_twenty_below_takes_part_and_twenty_one_does_not(self):
        for distance in (19, 20, 21, 22):
            with self.subTest(distance=distance):
                self.check([1, 127], [5, 5 - distance])
                self.check([127, 1], [5 - distance, 5])

    def test_zeros_take_no_part(self):
        """An operand of zeros neither sets the largest exponent nor the smallest."""
        self.check([0, 3], [1000, -5])
        self.check([0, 3], [-1000, -5])
        self.check([3, 0, 5], [-5, 30, -20])

    def test_all_zero(self):
        """0 with the largest exponent of all operands."""
        for exponents in ([3, 4], [4, 3], [-7, -9], [0, 0]):
            with self.subTest(exponents=exponents):
                self.check([0, 0], exponents)
        self.check([0, 0, 0], [-3, 9, 2])

    def test_more_extremes_saturate(self):
        """Σ 127 · 2^20 over 17 operands or more leaves 32 bits, and may come back."""
        for operands in (17, 65, 130):
            exponents = [20] * (operands - 1) + [0]
            for value in (127, -127):
                self.check([value] * operands, exponents)
                self.check([value] * (operands - 1) + [-value], exponents)
            half = operands // 2
            self.check([127] * half + [-127] * half + [5] * (operands - 2 * half), exponents)

    def test_sixteen_extremes_fit(self):
        """16 · 127 · 2^20 is below 2^31."""
        self.check([127] * 15 + [1], [20] * 15 + [0])
        self.check([-127] * 15 + [-1], [20] * 15 + [0])


class GradientSums(Sums):
    """The same of accumulators, the gradients of a weight of several nodes, in 64 bits (docs/numerics.md, 4.12)."""

    BITS, RESULT = 32, 64

    def total(self, operands, exponents):
        return arithmetic.aligned_sum(list(zip(operands, exponents, strict=True)), saturated=False)

    def test_extremes(self):
        largest = 2**31 - 1
        self.check([largest] * 15 + [1], [20] * 15 + [0])
        self.check([-largest] * 15 + [-1], [20] * 15 + [0])


class BiasGradient(unittest.TestCase):
    """Exact sums over all dimensions except the channel."""

    SHAPES = ((1, 1), (5, 3), (64, 300), (2, 3, 4, 5), (3, 257, 2, 2), (40, 5, 33, 31))

    def test_shapes(self):
        modules, random = [Module(isa) for isa in ISAS], np.random.default_rng(3)
        for module, (index, shape) in itertools.product(modules, enumerate(self.SHAPES)):
            images, channels = len(shape) == 4, (shape[1],)
            module.add(
                f"f{index}", [("i1", to_memory_shape(shape) if images else shape), ("i4", (2,))],
                scalar("e", "1") + compose("x", "0", 8, shape, "e", images)
                + f"%y = qtrain.bias_gradient %x : ({scaled(8, shape, images)}) -> {scaled(32, channels)}\n"
                + decompose_and_return("y", 32, channels),
                [("i4", channels), "exponent"],
            )
        for module in modules:
            module.compile()
        for index, shape in enumerate(self.SHAPES):
            for x in (random.integers(-127, 128, shape), np.full(shape, -127)):
                memory = to_memory(x) if x.ndim == 4 else x
                bias_shape = (shape[1],) + (1,) * (len(shape) - 2)
                expected = operators.bias_gradient(x, bias_shape).reshape(-1)
                for module in modules:
                    with self.subTest(shape=shape, isa=module.isa):
                        y, exponent = module.call(f"f{index}", memory, np.array([-12, 0]))
                        np.testing.assert_array_equal(y, expected)
                        self.assertEqual(exponent, -12)

    def test_saturates_after_the_whole_sum(self):
        """Sums in 64 bits, brought to ±(2^31 − 1) at the very end: halves that cancel leave no trace."""
        module, shape, factor = Module(), (600, 3), 2**20
        module.add(
            "f", [("i1", shape)],
            f"""%x = bufferization.to_memref %0 : memref<600x3xi8>
            %y = memref.alloc() : memref<3xi32>
            qkernel.channel_sum ins(%x : memref<600x3xi8>) outs(%y : memref<3xi32>)
              {{factor = {factor} : i64, saturate}}
            %t = bufferization.to_tensor %y restrict : memref<3xi32>
            return %t : tensor<3xi32>""",
            [("i4", (3,))],
        )
        module.compile()
        x = np.zeros(shape, dtype=np.int64)
        x[:, 0], x[:300, 1], x[300:, 1], x[:, 2] = 127, 127, -127, -127
        x[0, 1] = 120
        expected = arithmetic.saturate(x.sum(axis=0) * factor)
        self.assertEqual(expected.tolist(), [2**31 - 1, -7 * factor, -(2**31 - 1)])
        np.testing.assert_array_equal(module.call("f", x), expected)

    def test_long_sum_saturates(self):
        """From 16 909 321 elements on a sum of 8-bit errors can leave 32 bits."""
        count = (2**31 - 1) // 127 + 2
        module = Module()
        module.add(
            "f", [("i1", (count, 1)), ("i4", (2,))],
            scalar("e", "1") + compose("x", "0", 8, (count, 1), "e")
            + f"%y = qtrain.bias_gradient %x : ({scaled(8, (count, 1))}) -> {scaled(32, (1,))}\n"
            + decompose_and_return("y", 32, (1,)),
            [("i4", (1,)), "exponent"],
        )
        module.compile()
        for value, expected in ((127, 2**31 - 1), (-127, -(2**31 - 1)), (126, 126 * count)):
            y, _ = module.call("f", np.full((count, 1), value, dtype=np.int8), np.array([0, 0]))
            self.assertEqual(y[0], expected)


class LossGradient(unittest.TestCase):
    """The integer softmax before the last rounding (docs/numerics.md, 4.10)."""

    SHAPES = ((24, 10), (5, 2), (3, 1), (4, 1000))
    EXPONENTS = range(-30, 26)

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa) for isa in ISAS]
        for module, form, (batch, classes) in itertools.product(cls.modules, ("fraction", "paper"), cls.SHAPES):
            shape = (batch, classes)
            labels = tensor("i4", (batch,))
            module.add(
                f"{form}_{classes}", [("i1", shape), ("i4", (2,))],
                scalar("e", "1") + compose("x", "0", 8, shape, "e")
                + f"%y = qtrain.loss_gradient %x, %target {{loss = #qtrain.loss<cross_entropy>,"
                f" exponential = #qtrain.exponential<{form}>}}"
                f" : ({scaled(8, shape)}, {labels}) -> {scaled(32, shape)}\n" + decompose_and_return("y", 32, shape),
                [("i4", shape), "exponent"], extra=[(labels, "target")],
            )
        for module in cls.modules:
            module.compile()

    def check(self, form, logits, exponent, labels):
        reference = {"fraction": loss.fraction_error, "paper": loss.paper_error}[form]
        expected = reference(logits, exponent, labels)
        for module in self.modules:
            y, power = module.call(
                f"{form}_{logits.shape[1]}", logits, np.array([exponent, 0]), target=labels.astype(np.int32)
            )
            with self.subTest(form=form, classes=logits.shape[1], exponent=exponent, isa=module.isa):
                np.testing.assert_array_equal(y, expected)
                self.assertEqual(power, -15 if form == "fraction" else -11)

    def test_exponents(self):
        random = np.random.default_rng(4)
        for form, exponent, (batch, classes) in itertools.product(("fraction", "paper"), self.EXPONENTS, self.SHAPES):
            logits = random.integers(-127, 128, (batch, classes))
            # Ties, extremes, and values close together.
            logits[0], logits[1], logits[2] = 127, -127, random.integers(-1, 2, classes)
            logits[1, random.integers(0, classes)] = 127
            self.check(form, logits, exponent, random.integers(0, classes, batch))

    def test_errors_of_a_row_sum_to_zero(self):
        random = np.random.default_rng(5)
        for form, exponent in itertools.product(("fraction", "paper"), self.EXPONENTS):
            logits = random.integers(-127, 128, (24, 10))
            labels = random.integers(0, 10, 24).astype(np.int32)
            y, _ = self.modules[0].call(f"{form}_10", logits, np.array([exponent, 0]), target=labels)
            np.testing.assert_array_equal(y.sum(axis=1), 0)

    def test_vectors_of_the_paper_form(self):
        """Values published with the specification of cases A and B."""
        rows = [
            ([127, 64, 0, -64, -127, 10, 20, 30, 40, 50], -5, 0, [-651, 173, 42, 9, 0, 42, 42, 85, 85, 173]),
            ([127, 64, 0, -64, -127, 10, 20, 30, 40, 50], -3, 1, [2048, -2048] + [0] * 8),
            ([10, -20, 30, 5, 0, 1, 2, 3, 4, 5], -9, 2, [207, 195, -1829, 205, 203, 203, 203, 204, 204, 205]),
            ([0] * 10, -5, 3, [204] * 3 + [-1836] + [204] * 6),
            ([0] * 10, -8, 3, [204] * 3 + [-1836] + [204] * 6),
        ]
        for logits, exponent, label, expected in rows:
            batch = np.tile(np.array(logits), (24, 1))
            y, _ = self.modules[0].call(
                "paper_10", batch, np.array([exponent, 0]), target=np.full(24, label, dtype=np.int32)
            )
            np.testing.assert_array_equal(y, np.tile(expected, (24, 1)))


if __name__ == "__main__":
    unittest.main()
