# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled normalizations on floats against NumPy in double, and their gradients against finite differences."""

import unittest

import numpy as np
from compiled import Module, best_isa, from_memory, tensor, to_memory
from test_floats import Tensor, add, call, label

EPSILON, MOMENTUM = 1e-5, 0.75
RELATIVE = 2e-6
# Ranks 2 to 4, batches and channels that fill no vector, more channels than a block has, many elements per channel.
SHAPES = ((8, 4), (5, 3), (1000, 7), (33, 300), (3, 5, 7), (16, 3, 9, 9), (4, 16, 8, 8), (1, 2, 3, 1), (2, 513, 3, 3))
LONG_SHAPES = ((64, 1, 128, 128), (250, 3, 33, 31), (100000, 2))


def over_channel(values, rank):
    """One number per channel, to broadcast."""
    return np.asarray(values, np.float64).reshape((1, -1) + (1,) * (rank - 2))


def axes(x):
    return (0,) + tuple(range(2, x.ndim))


def statistics(x):
    x = x.astype(np.float64)
    return x.mean(axis=axes(x)), x.var(axis=axes(x))


def normalize(x, scale, bias, mean, variance):
    scale, bias, mean, variance = (over_channel(v, x.ndim) for v in (scale, bias, mean, variance))
    return scale * (x.astype(np.float64) - mean) / np.sqrt(variance + EPSILON) + bias


def train(x, scale, bias):
    return normalize(x, scale, bias, *statistics(x))


class Functions:
    """Compiled functions on tensors of one shape: `train`, `statistics`, `running`, `infer`, `gradients`, `input`."""

    CHANNEL = ("scale", "bias", "mean", "variance")

    def __init__(self, module, shape):
        self.module, self.shape = module, shape
        self.image, self.channel = Tensor(shape), Tensor(shape[1:2], weight=True)
        image, channel = self.image.type, self.channel.type
        inputs = f"{image}, {', '.join([channel] * 4)}"
        sums = ", ".join([channel.replace("f32", "f64")] * 2)
        train_op = (
            f"%s:2 = qtrain.channel_moments %x, %x : ({image}, {image}) -> ({sums})\n"
            "%y, %mu, %var, %m1, %v1 = qtrain.batch_norm_training %x, %scale, %bias, %mean, %variance, %s#0, %s#1"
            f" {{epsilon = {EPSILON:e} : f64, momentum = {MOMENTUM} : f64}}"
            f" : ({inputs}, {sums}) -> ({image}, {', '.join([channel] * 4)})\n"
        )
        infer_op = (
            f"%y = qtrain.batch_norm_inference %x, %scale, %bias, %mean, %variance {{epsilon = {EPSILON:e} : f64}}"
            f" : ({inputs}) -> {image}\n"
        )
        gradient_op = train_op + (
            f"%p:2 = qtrain.channel_moments %x, %e : ({image}, {image}) -> ({sums})\n"
            "%gs, %gb = qtrain.batch_norm_parameter_gradient %x, %mu, %var, %e, %p#0, %p#1"
            f" {{epsilon = {EPSILON:e} : f64}}"
            f" : ({image}, {channel}, {channel}, {image}, {sums}) -> ({channel}, {channel})\n"
        )
        input_op = gradient_op + (
            f"%ex = qtrain.batch_norm_input_gradient %x, %mu, %var, %scale, %e, %gs, %gb {{epsilon = {EPSILON:e} : f64}}"
            f" : ({image}, {channel}, {channel}, {channel}, {image}, {channel}, {channel}) -> {image}\n"
        )
        self.add("train", train_op, ("y", self.image))
        self.add("statistics", train_op, ("mu", self.channel), ("var", self.channel))
        self.add("running", train_op, ("m1", self.channel), ("v1", self.channel))
        self.add("infer", infer_op, ("y", self.image))
        self.add("gradients", gradient_op, ("gs", self.channel), ("gb", self.channel))
        self.add("input", input_op, ("ex", self.image))

    def name(self, function):
        return f"{function}_{label(self.shape)}"

    def add(self, function, operations, *results):
        operands = [("x", self.image), ("e", self.image)] + [(name, self.channel) for name in self.CHANNEL]
        body = "".join(
            f"%{name} = qtrain.compose %{index} : ({tensor(*operand.stored)}) -> {operand.type}\n"
            for index, (name, operand) in enumerate(operands)
        )
        body += operations
        for index, (value, result) in enumerate(results):
            body += f"%r{index} = qtrain.decompose %{value} : ({result.type}) -> {tensor(*result.stored)}\n"
        body += "return " + ", ".join(f"%r{i}" for i in range(len(results)))
        body += " : " + ", ".join(tensor(*result.stored) for _, result in results) + "\n"
        stored = [result.stored for _, result in results]
        self.module.add(self.name(function), [operand.stored for _, operand in operands], body, stored)

    def call(self, function, x, e, *channel):
        images = [to_memory(a) if self.image.moves else a for a in (x, e)]
        result = self.module.call(self.name(function), *images, *channel)
        if isinstance(result, list) or not self.image.moves:
            return result
        return from_memory(result)


def draw(random, shape):
    """x after a relu, e, scale, bias, mean, variance."""
    x = np.maximum(random.standard_normal(shape), 0)
    channel = random.standard_normal((3, shape[1]))
    return [a.astype("f4") for a in (x, random.standard_normal(shape), *channel, 0.5 + random.random(shape[1]))]


class PooledStatistics(unittest.TestCase):
    """Batches one after the other against the statistics of all their elements."""

    CHANNELS = (1, 7, 300)

    @staticmethod
    def add(module, channels):
        kind = tensor("f4", (channels,))
        body = "".join(f"%{name} = qtrain.compose %{k} : ({kind}) -> {kind}\n" for k, name in enumerate("mvpqab"))
        body += f"%r:4 = qtrain.pool_statistics %m, %v, %p, %q, %a, %b, %step : ({', '.join([kind] * 6)}, i32)"
        body += f" -> ({', '.join([kind] * 4)})\n"
        for name, first in (("pooled", 0), ("sums", 2)):
            end = "".join(f"%d{k} = qtrain.decompose %r#{first + k} : ({kind}) -> {kind}\n" for k in range(2))
            end += f"return %d0, %d1 : {kind}, {kind}\n"
            stored = ("f4", (channels,))
            module.add(f"{name}_{channels}", [stored] * 6, body + end, [stored] * 2, [("i32", "step")])

    def test_batches(self):
        random = np.random.default_rng(6)
        modules = [Module(isa) for isa in dict.fromkeys(("baseline", best_isa()))]
        for module in modules:
            for channels in self.CHANNELS:
                self.add(module, channels)
            module.compile()
        for channels in self.CHANNELS:
            # Means that move and are far from 0, where a difference of squares would lose the variance.
            x = 100 + random.standard_normal((9, 50, channels)) + np.arange(9).reshape(9, 1, 1)
            pooled = []
            for module in modules:
                # Values from an earlier run are ignored.
                sums = unread = [np.full(channels, 12345, "f4")] * 2
                for index, batch in enumerate(x):
                    arguments = (*(a.astype("f4") for a in (batch.mean(axis=0), batch.var(axis=0))), *unread, *sums)
                    values, sums = (
                        module.call(f"{name}_{channels}", *arguments, step=index, overwrites=True)
                        for name in ("pooled", "sums")
                    )
                    seen = x[: index + 1].reshape(-1, channels)
                    np.testing.assert_allclose(values[0], seen.mean(axis=0), rtol=1e-6)
                    np.testing.assert_allclose(values[1], seen.var(axis=0), rtol=1e-5)
                pooled.append(values)
            np.testing.assert_array_equal(pooled[0], pooled[-1])


class BatchNormalization(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.modules = {}
        for isa in ("baseline", best_isa()):
            module = Module(isa, microkernels=True)
            cls.modules[isa] = [Functions(module, shape) for shape in SHAPES]
            module.compile()

    def each(self, *functions):
        """Yields inputs and results of compiled functions; every instruction set has the same bits."""
        random = np.random.default_rng(21)
        for index, shape in enumerate(SHAPES):
            inputs = draw(random, shape)
            results = [
                [np.atleast_1d(forms[index].call(function, *inputs)) for function in functions]
                for forms in self.modules.values()
            ]
            for first, last in zip(results[0], results[-1]):
                np.testing.assert_array_equal(first, last)
            with self.subTest(shape=shape):
                yield inputs, results[0]

    def assert_close(self, actual, expected):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(actual, expected, rtol=RELATIVE, atol=RELATIVE * scale)

    def test_training(self):
        for (x, _, scale, bias, *_), (y,) in self.each("train"):
            self.assert_close(y, train(x, scale, bias))

    def test_inference(self):
        for (x, _, *channel), (y,) in self.each("infer"):
            self.assert_close(y, normalize(x, *channel))

    def test_statistics(self):
        for (x, _, _, _, mean, variance), (batch, running) in self.each("statistics", "running"):
            for new, old, actual, expected in zip(running, (mean, variance), batch, statistics(x)):
                self.assert_close(actual, expected)
                self.assert_close(new, MOMENTUM * old.astype(np.float64) + (1 - MOMENTUM) * expected)

    def test_gradients(self):
        """Gradients of the sum of e * y: slopes along random directions agree with central differences in double."""
        random = np.random.default_rng(22)
        step = 1e-5
        for (x, e, scale, bias, *_), (parameters, gradient) in self.each("gradients", "input"):
            point = [a.astype(np.float64) for a in (x, scale, bias)]
            for index, actual in enumerate((gradient, *parameters)):
                direction = random.standard_normal(actual.shape)
                ahead, behind = list(point), list(point)
                ahead[index] = point[index] + step * direction
                behind[index] = point[index] - step * direction
                slope = np.sum(e * (train(*ahead) - train(*behind))) / (2 * step)
                tolerance = 1e-5 * np.sum(np.abs(actual * direction)) + 1e-6
                self.assertAlmostEqual(np.sum(actual * direction), slope, delta=tolerance)

    def test_formulas(self):
        for (x, e, scale, *_), (parameters, gradient) in self.each("gradients", "input"):
            mean, variance = (over_channel(v, x.ndim) for v in statistics(x))
            inverse = 1 / np.sqrt(variance + EPSILON)
            xhat = (x - mean) * inverse
            sums = [(e * xhat).sum(axis=axes(x)), e.astype(np.float64).sum(axis=axes(x))]
            for actual, expected in zip(parameters, sums):
                np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6 * np.abs(e).sum(axis=axes(x)).max())
            size = x.size // x.shape[1]
            inner = e - over_channel(sums[1], x.ndim) / size - xhat * over_channel(sums[0], x.ndim) / size
            expected = over_channel(scale, x.ndim) * inverse * inner
            self.assertLess(np.abs(gradient - expected).max(), 1e-5 * np.abs(expected).max() + 1e-4)


class LongSums(unittest.TestCase):
    """A deviation of a thousandth of the mean keeps its digits among 10^5 and more elements."""

    def test_statistics(self):
        random = np.random.default_rng(23)
        module = Module(best_isa(), microkernels=True)
        functions = [Functions(module, shape) for shape in LONG_SHAPES]
        module.compile()
        for function, shape in zip(functions, LONG_SHAPES):
            _, e, *channel = draw(random, shape)
            x = (1000 + random.standard_normal(shape)).astype("f4")
            with self.subTest(shape=shape):
                for actual, expected in zip(function.call("statistics", x, e, *channel), statistics(x)):
                    np.testing.assert_allclose(actual, expected, rtol=1e-6)


class LocalResponse(unittest.TestCase):
    """Windows of odd and even size, of one channel, and wider than there are channels."""

    CASES = [
        ((2, 7), 3, 0.5, 0.75, 1.0), ((3, 5, 4), 4, 2.0, 0.5, 0.25), ((2, 33, 4, 5), 5, 1e-4, 0.75, 1.0),
        ((2, 6, 3, 3), 1, 3.0, 1.25, 2.0), ((1, 4, 5, 2), 11, 1.0, 0.0, 1.0), ((2, 19, 1, 3), 8, 9.0, 2.0, 0.5),
    ]

    @staticmethod
    def reference(x, size, alpha, beta, bias):
        low, channels = (size - 1) // 2, x.shape[1]
        y = np.empty(x.shape)
        for c in range(channels):
            window = x[:, max(c - low, 0) : c - low + size].astype(np.float64)
            y[:, c] = x[:, c] * (bias + alpha / size * (window**2).sum(axis=1)) ** -beta
        return y

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module("baseline"), Module(best_isa(), microkernels=True)]
        for module in cls.modules:
            for index, (shape, size, alpha, beta, bias) in enumerate(cls.CASES):
                numbers = (f"{name} = {value:e} : f64" for name, value in zip(("alpha", "beta", "bias"), (alpha, beta, bias)))
                attributes = f"{{size = {size} : i64, {', '.join(numbers)}}}"
                image = Tensor(shape)
                add(module, f"forward_{index}", "local_response_norm", [image], image, attributes)
                add(module, f"backward_{index}", "local_response_norm_gradient", [image] * 2, image, attributes)
            module.compile()

    def each(self):
        for index, (shape, *attributes) in enumerate(self.CASES):
            random = np.random.default_rng(24)
            x, e = (random.standard_normal(shape).astype("f4") for _ in range(2))
            for module in self.modules:
                with self.subTest(shape=shape, attributes=attributes, isa=module.isa):
                    yield module, index, Tensor(shape), attributes, x, e

    def test_forward(self):
        for module, index, image, attributes, x, _ in self.each():
            y = call(module, f"forward_{index}", [image], image, [x])
            expected = self.reference(x, *attributes)
            np.testing.assert_allclose(y, expected, rtol=RELATIVE, atol=RELATIVE * np.abs(expected).max())

    def test_gradient(self):
        step = 1e-5
        for module, index, image, attributes, x, e in self.each():
            gradient = call(module, f"backward_{index}", [image] * 2, image, [x, e])
            random = np.random.default_rng(25)
            for _ in range(8):
                direction = random.standard_normal(x.shape)
                ahead, behind = (self.reference(x + sign * step * direction, *attributes) for sign in (1, -1))
                slope = np.sum(e * (ahead - behind)) / (2 * step)
                tolerance = 1e-5 * np.sum(np.abs(gradient * direction))
                self.assertAlmostEqual(np.sum(gradient * direction), slope, delta=tolerance)


if __name__ == "__main__":
    unittest.main()
