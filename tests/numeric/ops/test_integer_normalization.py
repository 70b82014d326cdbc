# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The compiled steps of a BatchNormalization in integers against the reference, exactly (docs/numerics.md, 4.14)."""

import itertools
import math
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

import arithmetic
import batchnorm

# Ranks 2 to 4, batches and channels that fill no vector, more channels than a block has, many parts, one element.
SHAPES = ((8, 4), (5, 3), (4000, 7), (33, 300), (3, 5, 7), (16, 3, 9, 9), (4, 16, 8, 8), (1, 2, 1, 1), (2, 513, 3, 3))
MOMENTUM = 0.9
# Operands: name, bits, whether they are images. Exponents come in pairs.
OPERANDS = (
    ("x", 16, True), ("e", 8, True), ("mean", 16, False), ("variance", 32, False), ("running_mean", 32, False),
    ("running_variance", 64, False), ("scale", 8, False), ("bias", 8, False), ("sum", 64, False),
    ("products", 64, False),
)  # fmt: skip


class Functions:
    """Compiled functions on tensors of one shape, one per result of an operation."""

    def __init__(self, module, shape):
        self.module, self.shape, self.is_image = module, shape, len(shape) == 4
        self.types = {name: self.type(bits, image) for name, bits, image in OPERANDS}
        statistics = ((16, False), (32, False))
        running = ((32, False), (64, False))
        follow = f"follow_statistics|{{momentum = {MOMENTUM} : f64}}"
        self.types["own_sum"] = self.types["squares"] = self.type(64, False)
        moments = (
            "%own_sum, %squares = qtrain.channel_moments %x, %x"
            f" : ({', '.join([self.types['x']] * 2)}) -> ({', '.join([self.types['squares']] * 2)})\n"
        )
        of_channel = f"channel_statistics|{{elements = {math.prod(shape) // shape[1]} : i64}}"
        self.add(("mean", "variance"), of_channel, ("own_sum", "squares"), statistics, moments)
        operands = ("running_mean", "running_variance")
        self.add(("new_mean", "new_variance"), follow, ("mean", "variance", *operands), running)
        self.add(("old_mean", "old_variance"), "recall_statistics", ("x", *operands), statistics)
        self.add(("standardize",), "standardize", ("x", "mean", "variance"), ((16, True),))
        self.add(("affine",), "channel_affine", ("x", "scale", "bias"), ((32, True),))
        self.add(("sum", "products"), "channel_moments", ("x", "e"), ((64, False), (64, False)))
        operands = ("x", "e", "variance", "scale", "sum", "products")
        self.add(("gradient",), "standardize_gradient", operands, ((32, True),))

    def type(self, bits, image):
        return scaled(bits, self.shape, self.is_image) if image else scaled(bits, self.shape[1:2])

    def logical(self, image):
        return self.shape if image else self.shape[1:2]

    def stored(self, bits, image):
        shape = to_memory_shape(self.shape) if image and self.is_image else self.logical(image)
        return f"i{bits // 8}", shape

    def name(self, function):
        return function + "_" + "x".join(map(str, self.shape))

    def add(self, functions, operation, operands, results, before=""):
        """A function for each result of a qtrain operation, after the text `before`; its attributes follow a bar."""
        operation, _, attributes = operation.partition("|")
        body = "".join(scalar(f"s{k}", str(len(OPERANDS) + k // 2), k % 2) for k in range(len(OPERANDS)))
        for k, (name, bits, image) in enumerate(OPERANDS):
            body += compose(name, str(k), bits, self.logical(image), f"s{k}", image and self.is_image)
        values = ", ".join(f"%r{k}" for k in range(len(results)))
        body += before
        body += f"{values} = qtrain.{operation} {', '.join('%' + name for name in operands)} {attributes}"
        body += f" : ({', '.join(self.types[name] for name in operands)})"
        body += f" -> ({', '.join(self.type(*result) for result in results)})\n"
        arguments = [self.stored(bits, image) for _, bits, image in OPERANDS] + [("i4", (2,))] * (len(OPERANDS) // 2)
        for k, (function, (bits, image)) in enumerate(zip(functions, results)):
            end = decompose_and_return(f"r{k}", bits, self.logical(image), image and self.is_image)
            self.module.add(self.name(function), arguments, body + end, [self.stored(bits, image), "exponent"])

    def call(self, function, values, exponents):
        """Mantissas in the logical layout, and the exponent."""
        arrays = []
        for name, _, image in OPERANDS:
            arrays.append(to_memory(values[name]) if image and self.is_image else values[name])
        numbers = np.array([exponents[name] for name, _, _ in OPERANDS]).reshape(-1, 2)
        # Running statistics are state, which a step overwrites.
        overwrites = function.startswith("new")
        mantissas, exponent = self.module.call(self.name(function), *arrays, *numbers, overwrites=overwrites)
        return from_memory(mantissas) if mantissas.ndim == 4 else mantissas, exponent


def draw_input(shape, kind, random):
    """15-bit mantissas: spread, of one value per channel, of few values, and as far apart as can be."""
    if kind == "spread":
        return np.clip(np.rint(random.normal(300, 2000, shape)), -16383, 16383).astype(np.int64)
    if kind == "constant":
        return np.broadcast_to(random.integers(-9000, 9000, (1, shape[1]) + (1,) * (len(shape) - 2)), shape).copy()
    if kind == "few":
        return random.integers(-1, 2, shape)
    return 16383 * (2 * random.integers(0, 2, shape) - 1)


def draw(shape, kind, exponent, random):
    """Values and exponents of all operands, which fit together as in a step."""
    channels = shape[1]
    x = draw_input(shape, kind, random)
    mean, variance = batchnorm.batch_statistics(x)
    e = interesting(8, x.size, random).reshape(shape)
    values = {
        "x": x, "e": e, "mean": np.array(mean), "variance": np.array(variance),
        "running_mean": np.clip(interesting(32, channels, random), -(2**30), 2**30),
        "running_variance": np.clip(np.abs(interesting(47, channels, random)), 0, 2**45),
        "scale": interesting(8, channels, random), "bias": interesting(8, channels, random),
        "sum": np.zeros(channels, np.int64), "products": np.zeros(channels, np.int64),
    }  # fmt: skip
    random.shuffle(values["scale"])
    exponents = {
        "x": exponent, "e": -9, "mean": exponent, "variance": 2 * exponent, "running_mean": -16,
        "running_variance": -32, "scale": int(random.integers(-12, -4)), "bias": int(random.integers(-30, 20)),
        "sum": -9, "products": -21,
    }  # fmt: skip
    return values, exponents


def standardized(values, exponents):
    """(xhat, r, t) by the statistics of `values`."""
    statistics = (values[name].tolist() for name in ("mean", "variance"))
    return batchnorm.normalise(values["x"], exponents["x"], *statistics)


class IntegerNormalization(unittest.TestCase):
    KINDS = ("spread", "constant", "few", "far")
    EXPONENTS = (-40, -13, -9, -3, 17)

    @classmethod
    def setUpClass(cls):
        cls.modules = {}
        for isa in dict.fromkeys(("baseline", best_isa())):
            module = Module(isa)
            cls.modules[isa] = [Functions(module, shape) for shape in SHAPES]
            module.compile()

    def cases(self):
        random = np.random.default_rng(31)
        for index, shape in enumerate(SHAPES):
            for kind, exponent in itertools.product(self.KINDS, self.EXPONENTS):
                yield index, (shape, kind, exponent), *draw(shape, kind, exponent, random)

    def check(self, index, case, function, values, exponents, expected):
        for isa, forms in self.modules.items():
            with self.subTest(function=function, case=case, isa=isa):
                mantissas, exponent = forms[index].call(function, values, exponents)
                np.testing.assert_array_equal(mantissas, expected[0])
                self.assertEqual(exponent, expected[1])

    def test_statistics(self):
        for index, case, values, exponents in self.cases():
            s = exponents["x"]
            self.check(index, case, "mean", values, exponents, (values["mean"], s))
            self.check(index, case, "variance", values, exponents, (values["variance"], 2 * s))

    def test_running_statistics(self):
        for index, case, values, exponents in self.cases():
            s = exponents["x"]
            running = tuple([int(r) for r in values[name]] for name in ("running_mean", "running_variance"))
            new = batchnorm.updated_running(running, (values["mean"], values["variance"]), s, MOMENTUM)
            self.check(index, case, "new_mean", values, exponents, (new[0], -16))
            self.check(index, case, "new_variance", values, exponents, (new[1], -32))
            old = batchnorm.statistics_for_evaluation(running, s)
            self.check(index, case, "old_mean", values, exponents, (old[0], s))
            self.check(index, case, "old_variance", values, exponents, (old[1], 2 * s))

    def test_standardize(self):
        for index, case, values, exponents in self.cases():
            xhat, _, _ = standardized(values, exponents)
            self.check(index, case, "standardize", values, exponents, (xhat, -12))

    def test_standardize_for_evaluation(self):
        """Any running statistics, the largest distance of an element from the mean among them."""
        for index, case, values, exponents in self.cases():
            values["mean"] = interesting(16, values["mean"].size, np.random.default_rng(1))
            values["variance"] = np.zeros_like(values["variance"])
            xhat, _, _ = standardized(values, exponents)
            self.check(index, case, "standardize", values, exponents, (xhat, -12))

    def test_affine(self):
        for index, case, values, exponents in self.cases():
            exponents["x"] = -12
            expected = batchnorm.scale_and_shift(
                values["x"], values["scale"], exponents["scale"], values["bias"], exponents["bias"]
            )
            self.check(index, case, "affine", values, exponents, expected)

    def test_gradients(self):
        for index, case, values, exponents in self.cases():
            s = exponents["x"]
            xhat, reciprocals, shifts = standardized(values, exponents)
            error = batchnorm.input_error(
                values["e"], exponents["e"], xhat, s, values["scale"], exponents["scale"], reciprocals, shifts
            )
            axes = (0,) + tuple(range(2, xhat.ndim))
            values["x"], exponents["x"] = xhat, -12
            values["sum"], values["products"] = values["e"].sum(axis=axes), (values["e"] * xhat).sum(axis=axes)
            self.check(index, case, "sum", values, exponents, (values["sum"], -9))
            self.check(index, case, "products", values, exponents, (values["products"], -21))
            self.check(index, case, "gradient", values, exponents, error)
            _, from_sums = batchnorm.parameter_gradients(values["e"], xhat)
            np.testing.assert_array_equal(values["sum"], from_sums)

    def test_products_of_errors(self):
        """The bound that keeps elements in 32 bits: |xhat · B| < 2^30, also for the errors that are worst for it."""
        for _, case, values, exponents in self.cases():
            xhat, _, _ = standardized(values, exponents)
            axes = (0,) + tuple(range(2, xhat.ndim))
            count = xhat.size // xhat.shape[1]
            b = arithmetic.divide_nearest((127 * np.abs(xhat)).sum(axis=axes), 16 * count)
            with self.subTest(case=case):
                self.assertLess(np.abs(xhat).max() * np.abs(b).max(), 2**30)


POOL_WIDTHS = (16, 32, 32, 64, 64, 64)


def add_pooling(module, channels):
    """Two functions of a batch's statistics, with one exponent, and the sums before: pooled statistics, and new sums."""
    arguments = [(f"i{bits // 8}", (channels,)) for bits in POOL_WIDTHS] + [("i4", (2,))]
    body = scalar("s", "6") + "%s2 = arith.addi %s, %s : i32\n"
    body += "".join(f"%e{power} = arith.constant -{power} : i32\n" for power in (16, 32))
    for k, (bits, exponent) in enumerate(zip(POOL_WIDTHS, ("s", "s2", *("e16", "e32") * 2))):
        body += compose(f"x{k}", str(k), bits, (channels,), exponent)
    types = [scaled(bits, (channels,)) for bits in POOL_WIDTHS]
    body += f"%r:4 = qtrain.pool_statistics {', '.join(f'%x{k}' for k in range(6))}, %step : ({', '.join(types)}, i32)"
    body += f" -> ({', '.join(types[2:])})\n"
    for name, first, kinds in (("pooled", 0, ("i4", "i8")), ("sums", 2, ("i8", "i8"))):
        end = ""
        for k, kind in enumerate(kinds):
            stored = f"tensor<{channels}x{kind[0]}{8 * int(kind[1])}>"
            end += f"%m{k}, %s{k}_out = qtrain.decompose %r#{first + k} : ({types[2 + first + k]}) -> ({stored}, i32)\n"
        end += f"return %m0, %m1 : {', '.join(f'tensor<{channels}x{k[0]}{8 * int(k[1])}>' for k in kinds)}\n"
        results = [(kind, (channels,)) for kind in kinds]
        module.add(f"{name}_{channels}", arguments, body + end, results, [("i32", "step")])


class PooledStatistics(unittest.TestCase):
    """Batches whose inputs have different exponents, one call each, against the pooled statistics of all so far."""

    CHANNELS = (1, 7, 300)

    @classmethod
    def setUpClass(cls):
        cls.modules = {}
        for isa in dict.fromkeys(("baseline", best_isa())):
            cls.modules[isa] = Module(isa)
            for channels in cls.CHANNELS:
                add_pooling(cls.modules[isa], channels)
            cls.modules[isa].compile()

    def run_batches(self, channels, batches):
        """`batches`: means, variances and the exponent of each."""
        for isa, module in self.modules.items():
            # Values from an earlier run are ignored.
            sums = [np.full(channels, 12345), np.full(channels, -(2**62))]
            for index, (means, variances, exponent) in enumerate(batches):
                unread = np.full((2, channels), 77)
                arguments = (means, variances, *unread, *sums, np.array([exponent, 0]))
                pooled, sums = (
                    module.call(f"{name}_{channels}", *arguments, step=index, overwrites=True)
                    for name in ("pooled", "sums")
                )
                expected = batchnorm.pooled_statistics(
                    [batchnorm.fixed_statistics((m.tolist(), v.tolist()), s) for m, v, s in batches[: index + 1]]
                )
                with self.subTest(isa=isa, channels=channels, batches=index + 1):
                    np.testing.assert_array_equal(pooled[0], expected[0])
                    np.testing.assert_array_equal(pooled[1], expected[1])

    def test_drawn(self):
        random = np.random.default_rng(4)
        for channels in self.CHANNELS:
            batches = []
            for exponent in (-10, -9, -11, -24, -3):
                means = random.integers(-9000, 9000, channels)
                batches.append((means, random.integers(0, 2**24, channels), exponent))
            self.run_batches(channels, batches)

    def test_limits(self):
        """Clamped statistics, sums that wrap, and shifts that leave nothing."""
        for channels in self.CHANNELS:
            means = interesting(15, channels, np.random.default_rng(2))
            variances = np.abs(interesting(31, channels, np.random.default_rng(3)))
            self.run_batches(channels, [(sign * means, variances, s) for s in (17, -40, 40) for sign in (1, -1, 1)])

    def test_is_the_statistics_of_all_elements(self):
        random = np.random.default_rng(5)
        x = random.normal(300, 2000, (8, 64, 7, 3, 3)) + 500 * np.arange(8).reshape(8, 1, 1, 1, 1)
        x = np.clip(np.rint(x), -16383, 16383)
        batches = [batchnorm.fixed_statistics(batchnorm.batch_statistics(batch.astype(np.int64)), -9) for batch in x]
        mean, variance = batchnorm.pooled_statistics(batches)
        whole = x.transpose(2, 0, 1, 3, 4).reshape(7, -1) * 2.0**-9
        np.testing.assert_allclose(np.array(mean) * 2.0**-16, whole.mean(axis=1), atol=2.0**-10)
        # The means of the batches are rounded to integers, an error of 1/4096 of the deviation.
        np.testing.assert_allclose(np.array(variance) * 2.0**-32, whole.var(axis=1), rtol=2.0**-12)


if __name__ == "__main__":
    unittest.main()
