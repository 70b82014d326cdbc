# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors of losses of numbers: in integers against the reference, exactly, and in floats to the bit."""

import itertools
import unittest

import numpy as np
from compiled import Module, best_isa, compose, decompose_and_return, interesting, scalar, scaled, tensor
from test_floats import Tensor, add, call

import loss

# The strongest instruction set also with its vector code.
VARIANTS = tuple(dict.fromkeys((("baseline", False), (best_isa(), True))))
LIMIT, SATURATED = 2**30, 2**30 - 1  # of targets, and of predictions next to them


class ScaledResidual(unittest.TestCase):
    """Clamped predictions minus targets, which are mantissas with the exponent -16 (docs/numerics.md, 4.16)."""

    SHAPES = ((1, 1), (64, 1), (37, 5), (3, 300))
    # -24 and less shifts all bits out; 15 and more saturates all but 0.
    EXPONENTS = (-2000, -300, -80, -48, -47, *range(-26, 25), 47, 48, 100, 2000)

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        for module, shape in itertools.product(cls.modules, cls.SHAPES):
            body = (
                scalar("p", "2")
                + scalar("q", "2", 1)
                + compose("y", "0", 8, shape, "p")
                + compose("target", "1", 32, shape, "q")
                + f"%e = qtrain.residual %y, %target : ({scaled(8, shape)}, {scaled(32, shape)}) -> {scaled(32, shape)}\n"
                + decompose_and_return("e", 32, shape)
            )
            arguments = [("i1", shape), ("i4", shape), ("i4", (2,))]
            module.add(f"f{shape[0]}", arguments, body, [("i4", shape), "exponent"])
        for module in cls.modules:
            module.compile()

    def check(self, y, exponent, targets):
        expected = loss.residual(y, exponent, targets)
        # Whatever the values are, differences are in 32 bits.
        self.assertLessEqual(np.abs(expected).max(), 2**31 - 1)
        for module in self.modules:
            with self.subTest(shape=y.shape, exponent=exponent, isa=module.isa):
                error, power = module.call(f"f{y.shape[0]}", y, targets, np.array([exponent, loss.TARGET_EXPONENT]))
                np.testing.assert_array_equal(error, expected)
                self.assertEqual(power, loss.TARGET_EXPONENT)

    def test_random(self):
        random = np.random.default_rng(11)
        for exponent, shape in itertools.product(self.EXPONENTS, self.SHAPES):
            count = int(np.prod(shape))
            y = random.permutation(interesting(8, count, random)).reshape(shape)
            targets = random.integers(-(2 ** random.integers(1, 31, count)), LIMIT + 1).reshape(shape)
            self.check(y, exponent, targets)

    def test_every_mantissa_and_ties(self):
        """All predictions of 8 bits on both sides of the exponent of targets; half of them are ties at -17."""
        mantissas = np.resize(np.arange(-127, 128), (3, 300))
        for exponent in self.EXPONENTS:
            self.check(mantissas, exponent, np.zeros((3, 300), np.int64))

    def test_ties_go_to_even(self):
        y = np.resize([1, 3, 5, 7, -1, -3, -5, -7], (64, 1))
        for module in self.modules:
            error, _ = module.call("f64", y, np.zeros((64, 1), np.int64), np.array([-17, -16]))
            self.assertEqual(error[:8, 0].tolist(), [0, 2, 2, 4, 0, -2, -2, -4])
            error, _ = module.call("f64", 2 * y, np.zeros((64, 1), np.int64), np.array([-18, -16]))
            self.assertEqual(error[:8, 0].tolist(), [0, 2, 2, 4, 0, -2, -2, -4])

    def test_extremes(self):
        """Saturated predictions next to the largest targets do not leave 32 bits."""
        y = np.resize([127, -127, 127, -127, 0, 0, 1, -1], (64, 1))
        targets = np.resize([LIMIT, LIMIT, -LIMIT, -LIMIT, LIMIT, -LIMIT, -LIMIT, LIMIT], (64, 1))
        for exponent in self.EXPONENTS:
            self.check(y, exponent, targets)
        for module in self.modules:
            error, _ = module.call("f64", y, targets, np.array([40, -16]))
            largest = SATURATED + LIMIT
            self.assertEqual(error[:8, 0].tolist(), [-1, -largest, largest, 1, -LIMIT, LIMIT, largest, -largest])

    def test_other_exponents_of_targets(self):
        """Only the difference of the exponents counts, and the result has that of the target."""
        random = np.random.default_rng(12)
        y, targets = random.integers(-127, 128, (37, 5)), random.integers(-(2**20), 2**20, (37, 5))
        for power, exponent in itertools.product((-40, -5, 0, 12), range(-20, 21, 4)):
            expected = loss.residual(y, exponent + loss.TARGET_EXPONENT, targets)
            for module in self.modules:
                error, result = module.call("f37", y, targets, np.array([power + exponent, power]))
                with self.subTest(power=power, exponent=exponent, isa=module.isa):
                    np.testing.assert_array_equal(error, expected)
                    self.assertEqual(result, power)


class Floats(unittest.TestCase):
    """One rounding for each operation (docs/numerics.md, 6, rule 11)."""

    SHAPES = ((1, 1), (64, 1), (37, 5))
    FACTORS = (2.0, 0.5, 1 / 3, 2 / 7, 1e-30)

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        for module, (index, shape) in itertools.product(cls.modules, enumerate(cls.SHAPES)):
            value = Tensor(shape)
            add(module, f"residual{index}", "residual", [value] * 2, value)
            for number, factor in enumerate(cls.FACTORS):
                add(module, f"scale{index}_{number}", "scale_error", [value], value, f"{{factor = {factor:.17e} : f32}}")
        for module in cls.modules:
            module.compile()

    def each(self):
        for module, (index, shape) in itertools.product(self.modules, enumerate(self.SHAPES)):
            yield module, index, Tensor(shape), f"shape {shape}, isa {module.isa}"

    def test_residual(self):
        random = np.random.default_rng(13)
        for module, index, value, note in self.each():
            y, t = (random.standard_normal(value.shape).astype("f4") * np.float32(10) ** k for k in (0, 2))
            y.ravel()[0] = np.float32(3e38)
            error = call(module, f"residual{index}", [value] * 2, value, [y, t])
            np.testing.assert_array_equal(error, y - t, note)

    def test_not_a_number(self):
        for module, index, value, note in self.each():
            y, t = np.zeros(value.shape, "f4"), np.full(value.shape, np.nan, "f4")
            self.assertTrue(np.isnan(call(module, f"residual{index}", [value] * 2, value, [y, t])).all(), note)

    def test_factors(self):
        random = np.random.default_rng(14)
        for module, index, value, note in self.each():
            e = random.standard_normal(value.shape).astype("f4")
            for number, factor in enumerate(self.FACTORS):
                scaled_error = call(module, f"scale{index}_{number}", [value], value, [e])
                np.testing.assert_array_equal(scaled_error, e * np.float32(factor), note)


OPTIONS = {
    "smooth": loss.ClassOptions(smoothing=0.1),
    "weights": loss.ClassOptions(weights=(1.0, 0.0, 3.5, 0.25, 2.0)),
    "ignored": loss.ClassOptions(ignored=-100),
    "ignored_class": loss.ClassOptions(ignored=2),
    "all": loss.ClassOptions(0.5, (0.3, 0.7, 1e-2, 0.0, 0.11), 255),
}


def attributes(options, power=None, names=("smoothing", "weights", "ignored")):
    """Those of qtrain.weigh_error or qtrain.average_error."""
    texts = {
        "smoothing": f"{options.smoothing:.17e}" if options.smoothing else None,
        "weights": f"array<f64: {', '.join(map(repr, options.weights))}>" if options.weights else None,
        "ignored": f"{options.ignored} : i32" if options.ignored is not None else None,
    }
    found = [f"{name} = {texts[name]}" for name in names if texts[name]]
    if power:
        found.append(f"exponential = #qtrain.exponential<{power}>")
    return "{" + ", ".join(found) + "}"


def random_labels(random, rows, options):
    """Classes below 5, and some labels that are ignored."""
    labels = random.integers(0, 5, rows)
    if options.ignored is not None:
        labels[random.random(rows) < 0.3] = options.ignored
    return labels.astype(np.int32)


class WeighedIntegers(unittest.TestCase):
    """Smooth labels, weights of classes and ignored labels before the last rounding (docs/numerics.md, 4.10)."""

    SHAPE = (37, 5)
    POWERS = {"fraction": (loss.fraction_error, 15), "paper": (loss.paper_error, 11)}

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        labels, errors = tensor("i4", cls.SHAPE[:1]), scaled(32, cls.SHAPE)
        for module, power, (name, options) in itertools.product(cls.modules, cls.POWERS, OPTIONS.items()):
            body = (
                scalar("e", "1") + compose("x", "0", 8, cls.SHAPE, "e")
                + f"%p = qtrain.loss_gradient %x, %target {{loss = #qtrain.loss<cross_entropy>,"
                f" exponential = #qtrain.exponential<{power}>}} : ({scaled(8, cls.SHAPE)}, {labels}) -> {errors}\n"
                + f"%y = qtrain.weigh_error %p, %target {attributes(options, power)} : ({errors}, {labels}) -> {errors}\n"
                + decompose_and_return("y", 32, cls.SHAPE)
            )
            arguments = [("i1", cls.SHAPE), ("i4", (2,))]
            module.add(f"{power}_{name}", arguments, body, [("i4", cls.SHAPE), "exponent"], extra=[(labels, "target")])
        for module in cls.modules:
            module.compile()

    def test_options(self):
        random = np.random.default_rng(15)
        for (power, (unrounded, fraction)), (name, options), exponent in itertools.product(
            self.POWERS.items(), OPTIONS.items(), (-9, -6, -4, 0)
        ):
            logits, labels = random.integers(-127, 128, self.SHAPE), random_labels(random, self.SHAPE[0], options)
            counted = options.counts(labels)
            classes = np.where(counted, labels, 0)
            error = unrounded(logits, exponent, classes)
            expected = loss.weigh(error, classes, fraction, options) * counted[:, None]
            for module in self.modules:
                with self.subTest(power=power, options=name, exponent=exponent, isa=module.isa):
                    y, result = module.call(f"{power}_{name}", logits, np.array([exponent, 0]), target=labels)
                    np.testing.assert_array_equal(y, expected)
                    self.assertEqual(result, -fraction - 8)

    def test_ignored_labels_alone_change_no_other_row(self):
        """Rows that count are those of the plain loss with 8 zeros behind them."""
        random = np.random.default_rng(16)
        logits = random.integers(-127, 128, self.SHAPE)
        labels = random_labels(random, self.SHAPE[0], OPTIONS["ignored"])
        counted = labels >= 0
        plain = loss.fraction_error(logits, -5, np.where(counted, labels, 0))
        for module in self.modules:
            y, _ = module.call("fraction_ignored", logits, np.array([-5, 0]), target=labels)
            np.testing.assert_array_equal(y[counted], plain[counted] << 8)
            self.assertFalse(y[~counted].any())


class WeighedFloats(unittest.TestCase):
    """The same in floats, to single precision, and the mean over the weights."""

    SHAPE = (37, 5)

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        cls.value, cls.operands = Tensor(cls.SHAPE), [Tensor(cls.SHAPE), Tensor(cls.SHAPE[:1], "i4")]
        for module, (name, options) in itertools.product(cls.modules, OPTIONS.items()):
            add(module, f"weigh_error_{name}", "weigh_error", cls.operands, cls.value, attributes(options))
            cls.add_average(module, f"average_error_{name}", attributes(options, names=("weights", "ignored")))
        for module in cls.modules:
            module.compile()

    @classmethod
    def add_average(cls, module, name, options):
        error, labels = (operand.type for operand in cls.operands)
        stored = tensor(*cls.value.stored)
        body = (
            f"%e = qtrain.compose %0 : ({stored}) -> {error}\n"
            f"%w = qtrain.label_weight_sum %1 {options} : ({labels}) -> f64\n"
            f"%y = qtrain.average_error %e, %1, %w {options} : ({error}, {labels}, f64) -> {error}\n"
            f"%m = qtrain.decompose %y : ({error}) -> {stored}\n"
            f"return %m : {stored}\n"
        )
        module.add(name, [operand.stored for operand in cls.operands], body, [cls.value.stored])

    def draw(self, random, options):
        """Errors and labels."""
        return random.standard_normal(self.SHAPE).astype("f4"), random_labels(random, self.SHAPE[0], options)

    def test_weigh(self):
        random = np.random.default_rng(17)
        for module, (name, options) in itertools.product(self.modules, OPTIONS.items()):
            e, labels = self.draw(random, options)
            weights = np.array(options.weights or [1.0] * 5)
            share = options.smoothing / 5
            counted = options.counts(labels)
            classes = np.where(counted, labels, 0)
            onehot = np.eye(5)[classes]
            coefficients = weights * (share + (1 - options.smoothing) * onehot)
            expected = (e + onehot) * coefficients.sum(axis=1, keepdims=True) - coefficients
            y = call(module, f"weigh_error_{name}", self.operands, self.value, [e, labels])
            with self.subTest(options=name, isa=module.isa):
                np.testing.assert_allclose(y, expected * counted[:, None], rtol=1e-5, atol=1e-6)

    def test_average(self):
        random = np.random.default_rng(18)
        for module, (name, options) in itertools.product(self.modules, OPTIONS.items()):
            e, labels = self.draw(random, options)
            counted = options.counts(labels)
            weights = np.array(options.weights or [1.0] * 5)[np.where(counted, labels, 0)] * counted
            for row in (labels, np.full_like(labels, -100 if options.ignored is None else options.ignored)):
                if options.ignored is None and row is not labels:
                    continue
                total = weights.sum() if row is labels else 0.0
                expected = e * np.float32(len(labels) / total if total else 0)
                y = call(module, f"average_error_{name}", self.operands, self.value, [e, row])
                with self.subTest(options=name, isa=module.isa, total=total):
                    np.testing.assert_allclose(y, expected, rtol=1e-6)


if __name__ == "__main__":
    unittest.main()
