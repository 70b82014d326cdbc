# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Metrics of rows: in fixed point against the reference, exactly, and in floats against the formulas in double."""

import dataclasses
import itertools
import unittest

import numpy as np
from compiled import Module, best_isa, compose, decompose_and_return, interesting, scalar, scaled, tensor
from test_floats import Tensor, add, call

import loss
import metrics

# The strongest instruction set also with its vector code.
VARIANTS = tuple(dict.fromkeys((("baseline", False), (best_isa(), True))))
IGNORED = -3
WEIGHTS = (0.25, 1.0, 0.0, 5e-4, 0.625)  # relative to the largest, as the compiler has them


@dataclasses.dataclass(frozen=True)
class Metric:
    """The attribute of a metric and what the reference calls it: the key of a result, the loss and its options."""

    attribute: str
    key: str
    loss: str
    options: loss.ClassOptions = dataclasses.field(default_factory=loss.ClassOptions)
    delta: float = 1.0

    @property
    def takes_classes(self):
        return self.loss not in loss.OF_NUMBERS

    @property
    def attributes(self):
        ignored = "" if self.options.ignored is None else f", ignored = {self.options.ignored} : i32"
        return f"{{metric = #qtrain.{self.attribute}{ignored}}}"

    def rows(self, y, exponent, targets):
        """Values of the reference."""
        if self.takes_classes:
            reported = metrics.of_classes(self.loss, y, exponent, targets, self.options)
        else:
            reported = metrics.of_numbers(self.loss, y, exponent, targets, self.delta)
        return np.array([int(value) for value, _ in reported[self.key]])


def cross_entropy(smoothing, weights=()):
    text = f", weights = [{', '.join(map(str, weights))}]" if weights else ""
    return f"cross_entropy<smoothing = {smoothing} : f64{text}>"


METRICS = {
    "cross_entropy": Metric(cross_entropy(0.0), "loss", "cross-entropy"),
    "smooth": Metric(cross_entropy(0.3), "loss", "cross-entropy", loss.ClassOptions(0.3)),
    "ignoring": Metric(cross_entropy(0.0), "loss", "cross-entropy", loss.ClassOptions(ignored=IGNORED)),
    "weighed": Metric(
        cross_entropy(0.1, WEIGHTS), "loss", "cross-entropy", loss.ClassOptions(0.1, WEIGHTS, ignored=IGNORED)
    ),
    "class_squares": Metric("class_squares", "loss", "sse"),
    "accuracy": Metric("accuracy", "accuracy", "cross-entropy", loss.ClassOptions(ignored=IGNORED)),
    "mse": Metric("mean_squares", "loss", "mse"),
    "l1": Metric("mean_absolute", "loss", "l1"),
    "huber": Metric("mean_huber<delta = 0.7 : f64>", "loss", "huber", delta=0.7),
    "far_huber": Metric("mean_huber<delta = 1.0e30 : f64>", "loss", "huber", delta=1e30),
    "bce": Metric("mean_logistic", "loss", "bce"),
}
SHAPES = ((1, 5), (37, 5), (2, 300), (64, 1))


def fits(metric, shape):
    return not metric.options.weights or shape[1] == len(metric.options.weights)


def cases():
    return [(n, m, s) for (n, m), s in itertools.product(METRICS.items(), SHAPES) if fits(m, s)]


def draw_labels(metric, shape, random):
    labels = random.integers(0, shape[1], shape[0])
    if metric.options.ignored is not None:
        labels[:: 2 if shape[0] > 1 else 1] = IGNORED
    return labels


class Integers(unittest.TestCase):
    WIDTHS = (8, 32)  # of NITI's predictions and of WAGE's
    EXPONENTS = (-2000, -70, -33, -32, -20, -9, -7, -3, 0, 1, 5, 12, 25, 33, 61, 2000)

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        for module, (name, metric, shape), width in itertools.product(cls.modules, cases(), cls.WIDTHS):
            rows = (shape[0],)
            body = scalar("p", "2", count=1) + compose("y", "0", width, shape, "p")
            target, kind, targets = "1", tensor("i4", rows), rows
            if not metric.takes_classes:
                target, kind, targets = "t", scaled(32, shape), shape
                body += "%q = arith.constant -16 : i32\n" + compose("t", "1", 32, shape, "q")
            body += (
                f"%v = qtrain.row_metric %y, %{target} {metric.attributes}"
                f" : ({scaled(width, shape)}, {kind}) -> {scaled(64, rows)}\n"
            ) + decompose_and_return("v", 64, rows)
            arguments = [(f"i{width // 8}", shape), ("i4", targets), ("i4", (1,))]
            module.add(f"{name}_{shape[0]}_{width}", arguments, body, [("i8", rows), "exponent"])
        for module in cls.modules:
            module.compile()

    def test_rows(self):
        random = np.random.default_rng(5)
        for (name, metric, shape), width, exponent in itertools.product(cases(), self.WIDTHS, self.EXPONENTS):
            y = random.permutation(interesting(width, shape[0] * shape[1], random)).reshape(shape)
            y[:, -1] = y[:, 0]  # equal ones
            targets = draw_labels(metric, shape, random)
            if not metric.takes_classes:
                targets = random.integers(-(2 ** random.integers(1, 31, shape)), 2**30 + 1)
            expected = metric.rows(y, exponent, targets)
            for module in self.modules:
                with self.subTest(metric=name, shape=shape, width=width, exponent=exponent, isa=module.isa):
                    values, power = module.call(f"{name}_{shape[0]}_{width}", y, targets, np.array([exponent]))
                    np.testing.assert_array_equal(values, expected)
                    self.assertEqual(power, -metrics.FRACTION)


class Weights(unittest.TestCase):
    FORMS = {"weights": loss.ClassOptions(0.0, WEIGHTS), "ignored": loss.ClassOptions(ignored=IGNORED)}
    FORMS["both"] = loss.ClassOptions(0.0, WEIGHTS, IGNORED)
    LABELS = np.array([0, 4, 1, 2, 3, 0])

    @classmethod
    def setUpClass(cls):
        cls.module, shape = Module("baseline", microkernels=False), cls.LABELS.shape
        for name, form in cls.FORMS.items():
            entries = [f"weights = array<f64: {', '.join(map(str, form.weights))}>"] if form.weights else []
            entries += [] if form.ignored is None else [f"ignored = {form.ignored} : i32"]
            attributes = f"{{{', '.join(entries)}}}"
            fixed = f"%w = qtrain.label_weight %0 {attributes} : ({tensor('i4', shape)}) -> {scaled(64, shape)}\n"
            results = [("i8", shape), "exponent"]
            cls.module.add("fixed_" + name, [("i4", shape)], fixed + decompose_and_return("w", 64, shape), results)
            add(cls.module, "float_" + name, "label_weight", [Tensor(shape, "i4")], Tensor(shape), attributes)
        cls.module.compile()

    def test_weights(self):
        for name, form in self.FORMS.items():
            with self.subTest(form=name):
                labels = np.where(self.LABELS == 1, IGNORED, self.LABELS) if form.ignored is not None else self.LABELS
                fixed, power = self.module.call("fixed_" + name, labels)
                self.assertEqual(fixed.tolist(), metrics.label_weights(labels, form).tolist())
                self.assertEqual(power, -metrics.FRACTION)
                floats = self.module.call("float_" + name, labels)
                weights = np.array(form.weights or [1.0] * 5, "f4")
                np.testing.assert_array_equal(floats, np.where(labels == IGNORED, 0, weights[np.maximum(labels, 0)]))


class Floats(unittest.TestCase):
    TOLERANCE = 2e-6

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module(isa, microkernels=fast) for isa, fast in VARIANTS]
        for module, (name, metric, shape) in itertools.product(cls.modules, cases()):
            operands, result = cls.operands(metric, shape), Tensor(shape[:1])
            add(module, f"{name}_{shape[0]}", "row_metric", operands, result, metric.attributes)
        for module in cls.modules:
            module.compile()

    @staticmethod
    def operands(metric, shape):
        return [Tensor(shape), Tensor(shape[:1], "i4") if metric.takes_classes else Tensor(shape)]

    def expected(self, metric, y, targets):
        y = y.astype(float)
        if not metric.takes_classes:
            error = np.abs(y - targets)
            terms = {
                "mse": error**2,
                "l1": error,
                "huber": np.where(error <= metric.delta, error**2 / 2, metric.delta * (error - metric.delta / 2)),
                "bce": np.logaddexp(0.0, y) - targets * y,
            }
            return terms[metric.loss].mean(axis=1)
        rows, labels = np.arange(len(y)), np.maximum(targets, 0)
        if metric.key == "accuracy":
            values = (y.argmax(axis=1) == labels).astype(float)
        elif metric.loss == "sse":
            values = ((y - np.eye(y.shape[1])[labels]) ** 2).sum(axis=1) / 2
        else:
            logs = np.log(np.exp(y - y.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
            logs = logs - (y - y.max(axis=1, keepdims=True))
            logs = logs * np.array(metric.options.weights or [1.0] * y.shape[1])
            smoothing = metric.options.smoothing
            values = logs[rows, labels] * (1 - smoothing) + logs.mean(axis=1) * smoothing
        return np.where(targets == metric.options.ignored, 0, values)

    def test_rows(self):
        random = np.random.default_rng(6)
        for name, metric, shape in cases():
            if metric.delta > 1e6:
                continue  # one for the limits of fixed point
            y = (random.standard_normal(shape) * 4).astype("f4")
            y[:, -1] = y[:, 0]
            targets = draw_labels(metric, shape, random)
            if not metric.takes_classes:
                targets = random.standard_normal(shape).astype("f4")
            expected = self.expected(metric, y, targets)
            for module in self.modules:
                with self.subTest(metric=name, shape=shape, isa=module.isa):
                    operands = self.operands(metric, shape)
                    values = call(module, f"{name}_{shape[0]}", operands, Tensor(shape[:1]), [y, targets])
                    np.testing.assert_allclose(values, expected, rtol=self.TOLERANCE, atol=self.TOLERANCE)

    def test_not_a_number(self):
        """The loss of predictions that are no numbers is none."""
        shape = (37, 5)
        for module, (name, metric) in itertools.product(self.modules, METRICS.items()):
            if metric.options.ignored is not None:
                continue
            y, operands = np.full(shape, np.nan, "f4"), self.operands(metric, shape)
            targets = np.zeros(shape[:1], "i4") if metric.takes_classes else np.zeros(shape, "f4")
            values = call(module, f"{name}_37", operands, Tensor(shape[:1]), [y, targets])
            self.assertTrue(np.isnan(values).all(), name)


if __name__ == "__main__":
    unittest.main()
