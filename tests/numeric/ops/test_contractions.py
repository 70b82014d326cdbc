# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled convolutions, linear layers and biases against the reference, exactly: plain loops and vector kernels."""

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
    window,
)

import arithmetic
import operators

BIAS_LIMIT = 2**30
VARIANTS = (("baseline", False), (best_isa(), True))


def modules():
    return [Module(isa, microkernels) for isa, microkernels in VARIANTS]


def memory(array, images):
    return to_memory(array) if images else array


class Operation:
    """One contraction: operands (logical shape, whether activations), and the result alike."""

    def __init__(self, operands, result, attributes=""):
        self.operands, self.result, self.attributes = operands, result, attributes

    def add(self, module, name, operation, nonnegative=False):
        """The function; with `nonnegative` the first operand is the result of a relu, which the compiler sees."""
        body = scalar("e", "2") + scalar("f", "2", 1)
        arguments = []
        for index, (shape, images) in enumerate(self.operands):
            arguments.append(("i1", to_memory_shape(shape) if images else shape))
            body += compose(f"x{index}", index, 8, shape, "ef"[index], images)
        types = [scaled(8, shape, images) for shape, images in self.operands]
        first = "x0"
        if nonnegative:
            body += f"%r = qtrain.relu %x0 : ({types[0]}) -> {types[0]}\n"
            first = "r"
        shape, images = self.result
        body += (
            f"%y = qtrain.{operation} %{first}, %x1{self.attributes} : ({', '.join(types)})"
            f" -> {scaled(32, shape, images)}\n" + decompose_and_return("y", 32, shape, images)
        )
        result = to_memory_shape(shape) if images else shape
        module.add(name, arguments + [("i4", (2,))], body, [("i4", result), "exponent"])

    def call(self, module, name, a, b):
        operands = [memory(array, images) for array, (_, images) in zip((a, b), self.operands, strict=True)]
        y, exponent = module.call(name, *operands, np.array([-3, -8]))
        assert exponent == -11
        return from_memory(y) if self.result[1] else y


class Convolution:
    def __init__(self, name, image, outputs, kernel, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), group=1):
        self.name, self.group, self.pads, self.strides = name, group, pads, strides
        self.dilations, self.kernel = dilations, kernel
        self.x = image
        self.w = (outputs, image[1] // group) + kernel
        extents = tuple(
            (image[i + 2] + pads[i] + pads[i + 2] - (kernel[i] - 1) * dilations[i] - 1) // strides[i] + 1
            for i in range(2)
        )
        self.y = (image[0], outputs) + extents
        attributes = f" {{window = {window(kernel, strides, pads, dilations)}, group = {group} : i64}}"
        x, w, y = (self.x, True), (self.w, False), (self.y, True)
        self.operations = {
            "conv2d": Operation((x, w), y, attributes),
            "conv2d_input_gradient": Operation((y, w), x, attributes),
            "conv2d_weight_gradient": Operation((x, y), w, attributes),
        }

    def reference(self, operation, a, b, finish=arithmetic.saturate):
        place = operators.Window(self.kernel, self.strides, self.dilations, self.pads[:2], self.y[2:])
        if operation == "conv2d":
            return operators.conv_forward(a, b, place, self.group, finish)
        if operation == "conv2d_input_gradient":
            return operators.conv_input_error(a, b, place, self.group, self.x, finish)
        return operators.conv_weight_gradient(b, a, place, self.group, self.w, finish)


CONVOLUTIONS = [
    Convolution("plain", (2, 4, 7, 9), 5, (3, 3)),
    Convolution("padded", (3, 3, 6, 6), 17, (3, 3), pads=(1, 1, 1, 1)),
    Convolution("strided", (2, 5, 9, 8), 6, (3, 3), (2, 2), (1, 1, 1, 1)),
    Convolution("uneven", (2, 3, 8, 7), 4, (2, 5), (1, 2), (0, 2, 1, 1)),
    Convolution("dilated", (2, 4, 11, 12), 7, (3, 2), (1, 1), (2, 0, 2, 0), (2, 3)),
    Convolution("pointwise", (5, 6, 3, 3), 20, (1, 1)),
    Convolution("strided_pointwise", (2, 6, 5, 5), 8, (1, 1), (2, 2)),
    Convolution("whole_image", (4, 3, 5, 4), 33, (5, 4)),
    Convolution("one_channel", (3, 1, 12, 12), 20, (5, 5)),
    Convolution("grouped", (2, 6, 6, 6), 9, (3, 3), pads=(1, 1, 1, 1), group=3),
    Convolution("depthwise", (2, 5, 6, 7), 5, (3, 3), (2, 1), (1, 1, 1, 1), group=5),
    Convolution("grouped_few", (6, 8, 5, 4), 12, (2, 3), (1, 2), (1, 1, 0, 1), group=4),
    Convolution("grouped_wide", (3, 64, 5, 5), 70, (3, 3), (2, 2), (1, 1, 1, 1), group=2),
    Convolution("grouped_pointwise", (7, 15, 3, 4), 35, (1, 1), (2, 1), group=5),
    Convolution("depthwise_vectors", (3, 40, 6, 5), 40, (3, 3), (1, 1), (1, 1, 1, 1), group=40),
    Convolution("depthwise_strided", (2, 19, 8, 9), 19, (3, 2), (3, 2), (0, 1, 2, 0), group=19),
    Convolution("depthwise_multiplier", (2, 12, 7, 6), 24, (3, 3), (2, 1), (1, 1, 1, 1), (1, 2), group=12),
    Convolution("depthwise_fourfold", (5, 9, 4, 6), 36, (2, 5), (1, 2), (1, 2, 0, 2), group=9),
    Convolution("depthwise_threefold", (2, 8, 5, 6), 24, (3, 3), (1, 2), (1, 1, 1, 1), group=8),
    Convolution("depthwise_padded", (2, 16, 4, 3), 16, (2, 3), (1, 3), (3, 4, 4, 5), (2, 1), group=16),
    Convolution("phases", (3, 5, 11, 13), 8, (3, 4), (2, 3), (1, 2, 2, 1)),
    Convolution("phases_without_taps", (2, 6, 9, 8), 5, (2, 1), (3, 4), (0, 1, 1, 2)),
    Convolution("phases_dilated", (2, 4, 14, 15), 9, (3, 3), (4, 6), (2, 3, 2, 3), (2, 4)),
    Convolution("cropped_errors", (2, 4, 5, 4), 7, (2, 1), (1, 2), (4, 3, 2, 5)),
    Convolution("beyond_padding", (2, 3, 5, 5), 4, (3, 3), (3, 3), (1, 1, 0, 0)),
]


class Convolutions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.modules = modules()
        for module in cls.modules:
            for conv in CONVOLUTIONS:
                for operation, form in conv.operations.items():
                    for nonnegative in (False, True):
                        form.add(module, f"{conv.name}_{operation}_{nonnegative}", operation, nonnegative)
            module.compile()

    def test_all(self):
        random = np.random.default_rng(1)
        for conv, nonnegative in itertools.product(CONVOLUTIONS, (False, True)):
            for operation, form in conv.operations.items():
                shapes = [shape for shape, _ in form.operands]
                for extreme in (False, True):
                    a, b = (
                        random.choice([-127, 127], shape) if extreme else random.integers(-127, 128, shape)
                        for shape in shapes
                    )
                    expected = conv.reference(operation, np.maximum(a, 0) if nonnegative else a, b)
                    for module in self.modules:
                        with self.subTest(name=conv.name, operation=operation, relu=nonnegative, isa=module.isa):
                            y = form.call(module, f"{conv.name}_{operation}_{nonnegative}", a, b)
                            np.testing.assert_array_equal(y, expected)


class FloatConvolutions(unittest.TestCase):
    """The same kernels on floats, sums in double precision for comparison; a bias is added to forward sums."""

    TOLERANCE = 1e-5  # of the sum of magnitudes

    @staticmethod
    def add(module, conv, operation):
        form = conv.operations[operation]
        operands = [*form.operands] + ([((conv.y[1],), False)] if operation == "conv2d" else [])
        shapes = [to_memory_shape(shape) if images else shape for shape, images in (*operands, form.result)]
        *kinds, kind = [tensor("f4", shape) for shape in shapes]
        bias = f" bias(%2 : {kinds[2]})" if len(kinds) > 2 else ""
        body = (
            f"%e = tensor.empty() : {kind}\n%y = qkernel.{operation} ins(%0, %1 : {kinds[0]}, {kinds[1]}){bias}"
            f" outs(%e : {kind}){form.attributes} -> {kind}\nreturn %y : {kind}\n"
        )
        *arguments, result = [("f4", shape) for shape in shapes]
        module.add(f"{conv.name}_{operation}", arguments, body, [result])

    @classmethod
    def setUpClass(cls):
        cls.modules = modules()
        for module in cls.modules:
            for conv in CONVOLUTIONS:
                for operation in conv.operations:
                    cls.add(module, conv, operation)
            module.compile()

    def test_all(self):
        random = np.random.default_rng(6)
        for conv in CONVOLUTIONS:
            for operation, form in conv.operations.items():
                a, b = (random.standard_normal(shape).astype("f4") for shape, _ in form.operands)
                bias = random.standard_normal(conv.y[1]).astype("f4") if operation == "conv2d" else None
                expected = conv.reference(operation, a, b, np.asarray)
                magnitude = conv.reference(operation, np.abs(a), np.abs(b), np.asarray)
                if bias is not None:
                    expected = expected + bias.reshape(1, -1, 1, 1)
                    magnitude = magnitude + np.abs(bias).reshape(1, -1, 1, 1)
                for module in self.modules:
                    with self.subTest(name=conv.name, operation=operation, isa=module.isa):
                        y = self.call(module, conv, operation, a, b, bias)
                        self.assertLess(np.max(np.abs(y - expected) - self.TOLERANCE * magnitude), 1e-30)
                        alone = self.call(module, conv, operation, a, b, bias, whole_loops=True)
                        np.testing.assert_array_equal(alone, y)

    @staticmethod
    def call(module, conv, operation, a, b, bias, whole_loops=False):
        form = conv.operations[operation]
        operands = [memory(x, images) for x, (_, images) in zip((a, b), form.operands, strict=True)]
        operands += [] if bias is None else [bias]
        y = module.call(f"{conv.name}_{operation}", *operands, whole_loops=whole_loops)
        return from_memory(y) if form.result[1] else y


LINEARS = [((4, 6), 5), ((1, 1), 1), ((3, 2, 4, 5), 10), ((7, 129), 33), ((2, 16, 1, 1), 3), ((65, 40), 12)]


class Linears(unittest.TestCase):
    """A layer flattens its input in the order of its logical shape, whatever the layout."""

    def test_all(self):
        random = np.random.default_rng(2)
        for module in modules():
            for index, (shape, outputs) in enumerate(LINEARS):
                for operation, form in self.operations(shape, outputs).items():
                    form.add(module, f"{operation}_{index}", operation)
            module.compile()
            for index, (shape, outputs) in enumerate(LINEARS):
                features = int(np.prod(shape[1:]))
                x, e = random.integers(-127, 128, shape), random.integers(-127, 128, (shape[0], outputs))
                w = random.integers(-127, 128, (outputs, features))
                rows = x.reshape(shape[0], features)
                expected = {
                    "linear": (x, w, operators.gemm_forward(rows, w.T, False, e.shape)),
                    "linear_input_gradient": (e, w, operators.gemm_input_error(e, w.T, False, rows.shape)),
                    "linear_weight_gradient": (x, e, operators.gemm_weight_gradient(e, rows, False).T),
                }
                for operation, form in self.operations(shape, outputs).items():
                    a, b, y = expected[operation]
                    with self.subTest(operation=operation, shape=shape, isa=module.isa):
                        result = form.call(module, f"{operation}_{index}", a, b)
                        np.testing.assert_array_equal(result, y.reshape(result.shape))

    @staticmethod
    def operations(shape, outputs):
        x, w, y = (shape, len(shape) == 4), ((outputs, int(np.prod(shape[1:]))), False), ((shape[0], outputs), False)
        return {
            "linear": Operation((x, w), y),
            "linear_input_gradient": Operation((y, w), x),
            "linear_weight_gradient": Operation((x, y), w),
        }


class Saturation(unittest.TestCase):
    """From 133 145 products on a sum can leave 32 bits; it is formed in 64 and saturates at the very end."""

    LENGTH = 140001

    def check(self, operation, form, shapes):
        for isa, microkernels in VARIANTS:
            module = Module(isa, microkernels)
            form.add(module, "f", operation)
            module.compile()
            with self.subTest(isa=isa):
                self.check_module(module, form, shapes)

    def check_module(self, module, form, shapes):
        for signs in ((1, 1), (1, -1)):
            a, b = (sign * np.full(shape, 127) for sign, shape in zip(signs, shapes, strict=True))
            y = form.call(module, "f", a, b)
            np.testing.assert_array_equal(y, np.full(y.shape, signs[0] * signs[1] * (2**31 - 1)))
        # Parts that leave 32 bits and come back leave no trace.
        flat = b.reshape(-1)
        flat[: flat.size // 2] *= -1
        expected = 127 * 127 if flat.size % 2 == 0 else -127 * 127
        np.testing.assert_array_equal(np.abs(form.call(module, "f", a, b)), abs(expected))

    def test_forward(self):
        operation = Linears.operations((1, self.LENGTH), 1)["linear"]
        self.check("linear", operation, [(1, self.LENGTH), (1, self.LENGTH)])

    def test_weight_gradient(self):
        operation = Linears.operations((self.LENGTH, 1), 1)["linear_weight_gradient"]
        self.check("linear_weight_gradient", operation, [(self.LENGTH, 1), (self.LENGTH, 1)])

    def test_weight_gradient_of_a_large_batch(self):
        """Parts are groups of four images, of which the last one is smaller."""
        self.check_convolution(Convolution("c", (137, 3, 33, 31), 4, (2, 2), pads=(1, 0, 0, 0)))

    def test_weight_gradient_of_large_images(self):
        """Parts are images, in steps of four pixels."""
        self.check_convolution(Convolution("c", (8, 2, 138, 138), 3, (3, 3)))

    def test_weight_gradient_of_images_with_odd_rows(self):
        """Neither four images nor four pixels can be a step: every image has a gradient of its own."""
        self.check_convolution(Convolution("c", (7, 2, 141, 141), 3, (3, 3)))

    def check_convolution(self, conv):
        random = np.random.default_rng(5)
        form = conv.operations["conv2d_weight_gradient"]
        x, e = random.integers(-127, 128, conv.x), random.integers(-127, 128, conv.y)
        cases = [(x, e), (np.full(conv.x, 127), np.full(conv.y, -127))]
        for isa, microkernels in VARIANTS:
            module = Module(isa, microkernels)
            form.add(module, "f", "conv2d_weight_gradient")
            module.compile()
            for number, (a, b) in enumerate(cases):
                with self.subTest(isa=isa, case=number):
                    expected = conv.reference("conv2d_weight_gradient", a, b)
                    np.testing.assert_array_equal(form.call(module, "f", a, b), expected)

    def test_input_gradient(self):
        """A layer of so many outputs that errors are summed in 64 bits."""
        operation = Linears.operations((1, 1), self.LENGTH)["linear_input_gradient"]
        self.check("linear_input_gradient", operation, [(1, self.LENGTH), (self.LENGTH, 1)])


def aligned_bias(bias, power):
    """b · 2^d: d above 40 counts as 40, right shifts round to nearest."""
    power = min(power, 40)
    return bias << power if power >= 0 else arithmetic.shift_nearest(bias, -power)


class Bias(unittest.TestCase):
    """acc' = clamp(acc + b · 2^d, ±2^30), d = s_b − s (docs/numerics.md, 4.4)."""

    DISTANCES = tuple(range(-70, 71)) + (-1000, 1000)

    def test_in_a_pass(self):
        """Accumulators from anywhere, up to ±(2^31 − 1)."""
        random, channels = np.random.default_rng(3), 12
        for shape in ((40, channels), (2, channels, 3, 5)):
            images = len(shape) == 4
            module = Module(best_isa())
            module.add(
                "f", [("i4", to_memory_shape(shape) if images else shape), ("i1", (channels,)), ("i4", (2,))],
                scalar("e", "2") + scalar("f", "2", 1) + compose("x", "0", 32, shape, "e", images)
                + compose("b", "1", 8, (channels,), "f")
                + f"%y = qtrain.bias_add %x, %b : ({scaled(32, shape, images)}, {scaled(8, (channels,))})"
                f" -> {scaled(32, shape, images)}\n" + decompose_and_return("y", 32, shape, images),
                [("i4", to_memory_shape(shape) if images else shape), "exponent"],
            )
            module.compile()
            for distance in self.DISTANCES:
                x = random.permutation(interesting(32, int(np.prod(shape)), random)).reshape(shape)
                b = random.permutation([0, 1, -1, 127, -127, 64, 63, -64, 3, 100, -77, 2])
                aligned = aligned_bias(b, distance).reshape((1, -1) + (1,) * (len(shape) - 2))
                y, exponent = module.call("f", memory(x, images), b, np.array([-9, -9 + distance]))
                with self.subTest(shape=shape, distance=distance):
                    expected = np.clip(x + aligned, -BIAS_LIMIT, BIAS_LIMIT)
                    np.testing.assert_array_equal(from_memory(y) if images else y, expected)
                    self.assertEqual(exponent, -9)

    def test_in_the_kernel(self):
        """A bias after a layer is added as its sums are finished; exponents of three operands meet."""
        random = np.random.default_rng(4)
        conv = Convolution("c", (2, 6, 5, 5), 12, (3, 3), pads=(1, 1, 1, 1))
        tx, tw, ty = scaled(8, conv.x, True), scaled(8, conv.w), scaled(32, conv.y, True)
        attributes = conv.operations["conv2d"].attributes
        for module in modules():
            module.add(
                "conv2d",
                [("i1", to_memory_shape(conv.x)), ("i1", conv.w), ("i1", (12,)), ("i4", (2,)), ("i4", (2,))],
                scalar("e", "3") + scalar("f", "3", 1) + scalar("g", "4") + compose("x", "0", 8, conv.x, "e", True)
                + compose("w", "1", 8, conv.w, "f") + compose("b", "2", 8, (12,), "g")
                + f"%a = qtrain.conv2d %x, %w{attributes} : ({tx}, {tw}) -> {ty}\n"
                f"%y = qtrain.bias_add %a, %b : ({ty}, {scaled(8, (12,))}) -> {ty}\n"
                + decompose_and_return("y", 32, conv.y, True),
                [("i4", to_memory_shape(conv.y)), "exponent"],
            )
            # Sums of 40 000 products are too long for the addition in 32 bits.
            for features in (7, 40000):
                rows = (3, features)
                rx, rw, ry = scaled(8, rows), scaled(8, (12, features)), scaled(32, (3, 12))
                module.add(
                    f"linear_{features}",
                    [("i1", rows), ("i1", (12, features)), ("i1", (12,)), ("i4", (2,)), ("i4", (2,))],
                    scalar("e", "3") + scalar("f", "3", 1) + scalar("g", "4") + compose("x", "0", 8, rows, "e")
                    + compose("w", "1", 8, (12, features), "f") + compose("b", "2", 8, (12,), "g")
                    + f"%a = qtrain.linear %x, %w : ({rx}, {rw}) -> {ry}\n"
                    f"%y = qtrain.bias_add %a, %b : ({ry}, {scaled(8, (12,))}) -> {ry}\n"
                    + decompose_and_return("y", 32, (3, 12)),
                    [("i4", (3, 12)), "exponent"],
                )
            module.compile()
            for distance in self.DISTANCES:
                b = random.permutation([0, 1, -1, 127, -127, 64, 63, -64, 3, 100, -77, 2])
                exponents = np.array([-3, -8]), np.array([-11 + distance, 0])
                image, kernel = (random.integers(-127, 128, shape) for shape in (conv.x, conv.w))
                accumulator = conv.reference("conv2d", image, kernel)
                aligned = aligned_bias(b, distance)
                y, exponent = module.call("conv2d", to_memory(image), kernel, b, *exponents)
                with self.subTest(operation="conv2d", distance=distance, isa=module.isa):
                    expected = np.clip(accumulator + aligned.reshape(1, -1, 1, 1), -BIAS_LIMIT, BIAS_LIMIT)
                    np.testing.assert_array_equal(from_memory(y), expected)
                    self.assertEqual(exponent, -11)
                for features in (7, 40000):
                    sign = random.choice([-127, 127])
                    rows, matrix = np.full((3, features), 127), np.full((12, features), sign)
                    accumulator = rows.astype(np.int64) @ matrix.T
                    y, exponent = module.call(f"linear_{features}", rows, matrix, b, *exponents)
                    with self.subTest(operation="linear", features=features, distance=distance, isa=module.isa):
                        np.testing.assert_array_equal(y, np.clip(accumulator + aligned, -BIAS_LIMIT, BIAS_LIMIT))


if __name__ == "__main__":
    unittest.main()
