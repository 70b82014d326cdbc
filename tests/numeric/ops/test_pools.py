# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled pools and their gradients against the reference, exactly."""

import itertools
import unittest

import numpy as np
from compiled import (
    Module,
    best_isa,
    compose,
    decompose_and_return,
    from_memory,
    scalar,
    scaled,
    to_memory,
    to_memory_shape,
    window,
)

import operators

BATCH, CHANNELS = 3, 5


class Geometry:
    """One pool: spatial extents, window, and output (None: what fits)."""

    def __init__(self, name, extents, kernel, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), output=None):
        self.name, self.extents, self.kernel, self.strides = name, extents, kernel, strides
        self.pads, self.dilations = pads, dilations
        self.output = output or tuple(
            (n + pads[i] + pads[i + 2] - (kernel[i] - 1) * dilations[i] - 1) // strides[i] + 1
            for i, n in enumerate(extents)
        )
        self.input_shape = (BATCH, CHANNELS) + tuple(extents)
        self.output_shape = (BATCH, CHANNELS) + self.output

    def attribute(self):
        return window(self.kernel, self.strides, self.pads, self.dilations)

    def reference(self):
        return operators.Window(self.kernel, self.strides, self.dilations, self.pads[:2], self.output)

    def overlaps(self):
        spans = [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations, strict=True)]
        return any(s < n for s, n in zip(self.strides, spans, strict=True))


GEOMETRIES = [
    Geometry("even", (6, 8), (2, 2), (2, 2)),
    Geometry("odd", (7, 9), (2, 2), (2, 2)),
    Geometry("global", (7, 5), (7, 5)),
    Geometry("overlapping", (6, 7), (3, 3), (1, 1), (1, 1, 1, 1)),
    Geometry("strided", (9, 8), (3, 3), (2, 2), (1, 1, 1, 1)),
    Geometry("uneven", (7, 8), (2, 3), (1, 2), (0, 2, 1, 1)),
    Geometry("gaps", (9, 9), (2, 2), (3, 4)),
    Geometry("dilated", (9, 10), (2, 3), (2, 1), (1, 1, 1, 2), (3, 2)),
    Geometry("dilated_apart", (12, 12), (2, 2), (3, 3), (0, 0, 0, 0), (2, 2)),
    Geometry("padded_apart", (7, 7), (3, 3), (3, 3), (1, 1, 1, 1)),
    Geometry("one", (4, 4), (1, 1), (1, 1)),
    # ceil_mode: the last window reaches beyond the input, here without padding ...
    Geometry("ceil", (7, 8), (3, 3), (2, 2), output=(3, 4)),
    # ... here beyond the padding too.
    Geometry("ceil_padded", (6, 8), (3, 3), (2, 2), (1, 1, 1, 1), output=(4, 5)),
    # Padding at the end that no window needs.
    Geometry("spare", (6, 6), (2, 2), (2, 2), (0, 0, 1, 1), output=(3, 3)),
    # Windows of more than 49 elements, which are loops.
    Geometry("large_global", (24, 24), (24, 24)),
    Geometry("large_overlapping", (13, 11), (9, 7), (2, 1), (4, 3, 4, 2)),
    Geometry("large_dilated", (17, 15), (8, 7), (3, 2), (2, 0, 1, 3), (1, 2)),
    Geometry("ceil_large", (16, 19), (8, 9), (5, 4), output=(3, 4)),
]


def build(isa, operation, widths, attributes="", inputs=("input",), shapes=None):
    """A module of one function per geometry; `inputs` and the result are "input" or "output" shaped."""
    module = Module(isa)
    for geometry in GEOMETRIES:
        extents = {"input": geometry.input_shape, "output": geometry.output_shape}
        result_shape = extents[shapes]
        width = widths(geometry)
        body = scalar("e", len(inputs)) + scalar("f", len(inputs), 1)
        for index, name in enumerate(inputs):
            body += compose(f"x{index}", index, 8, extents[name], "ef"[index], True)
        names = ", ".join(f"%x{index}" for index in range(len(inputs)))
        types = ", ".join(scaled(8, extents[name], True) for name in inputs)
        body += (
            f"%y = qtrain.{operation} {names} {{window = {geometry.attribute()}{attributes}}}"
            f" : ({types}) -> {scaled(width, result_shape, True)}\n"
            + decompose_and_return("y", width, result_shape, True)
        )
        arguments = [("i1", to_memory_shape(extents[name])) for name in inputs] + [("i4", (2,))]
        module.add(geometry.name, arguments, body, [(f"i{width // 8}", to_memory_shape(result_shape)), "exponent"])
    return module.compile()


ISAS = tuple(dict.fromkeys(("baseline", best_isa())))


class MaxPool(unittest.TestCase):
    """Padding never wins; the first maximum in row-major window order takes the error."""

    def inputs(self, shape, random):
        """Many ties, only minima (below every padding that is 0), and everything."""
        yield random.integers(-2, 3, shape)
        yield np.full(shape, -127)
        yield random.integers(-127, 128, shape)

    def test_forward(self):
        random = np.random.default_rng(1)
        for isa in ISAS:
            module = build(isa, "max_pool2d", lambda geometry: 8, shapes="output")
            for geometry in GEOMETRIES:
                for x in self.inputs(geometry.input_shape, random):
                    y, exponent = module.call(geometry.name, to_memory(x), np.array([-3, 0]))
                    expected, _ = operators.max_pool_forward(x, geometry.reference())
                    with self.subTest(geometry=geometry.name, isa=isa):
                        np.testing.assert_array_equal(from_memory(y), expected)
                        self.assertEqual(exponent, -3)

    def test_gradient(self):
        """Errors that meet in one input are added in 32 bits."""
        random = np.random.default_rng(2)
        for isa in ISAS:
            module = build(
                isa, "max_pool2d_gradient", lambda geometry: 32 if geometry.overlaps() else 8,
                inputs=("input", "output"), shapes="input",
            )
            for geometry in GEOMETRIES:
                for x in self.inputs(geometry.input_shape, random):
                    e = random.integers(-127, 128, geometry.output_shape)
                    y, exponent = module.call(geometry.name, to_memory(x), to_memory(e), np.array([-3, 6]))
                    _, position = operators.max_pool_forward(x, geometry.reference())
                    expected = operators.max_pool_input_error(e, position, geometry.reference(), geometry.input_shape)
                    with self.subTest(geometry=geometry.name, isa=isa):
                        np.testing.assert_array_equal(from_memory(y), expected)
                        self.assertEqual(exponent, 6)

    def test_gradient_in_32_bits_without_overlap(self):
        random = np.random.default_rng(3)
        module = build(
            "baseline", "max_pool2d_gradient", lambda geometry: 32, inputs=("input", "output"), shapes="input"
        )
        for geometry in GEOMETRIES:
            x, e = random.integers(-9, 10, geometry.input_shape), random.integers(-127, 128, geometry.output_shape)
            y, _ = module.call(geometry.name, to_memory(x), to_memory(e), np.array([0, 0]))
            _, position = operators.max_pool_forward(x, geometry.reference())
            expected = operators.max_pool_input_error(e, position, geometry.reference(), geometry.input_shape)
            with self.subTest(geometry=geometry.name):
                np.testing.assert_array_equal(from_memory(y), expected)


class AveragePool(unittest.TestCase):
    """Σ m · round(2^(7+k) / area), exponent s − (7 + k) (docs/numerics.md, 4.6)."""

    def check(self, operation, count_padding, geometries):
        gradient = operation.endswith("gradient")
        random = np.random.default_rng(4)
        for isa in ISAS:
            module = build(
                isa, operation, lambda geometry: 32, ", count_include_pad" if count_padding else "",
                inputs=("output" if gradient else "input",), shapes="input" if gradient else "output",
            )
            for geometry in geometries:
                shape = geometry.output_shape if gradient else geometry.input_shape
                constants, k = operators.average_pool_constants(geometry.reference(), geometry.extents, count_padding)
                for x in (random.integers(-127, 128, shape), np.full(shape, 127), np.full(shape, -127)):
                    y, exponent = module.call(geometry.name, to_memory(x), np.array([-3, 0]))
                    if gradient:
                        expected = operators.average_pool_input_error(
                            x, constants, geometry.reference(), geometry.input_shape
                        )
                    else:
                        expected = operators.average_pool_forward(x, constants, geometry.reference())
                    with self.subTest(operation=operation, padding=count_padding, geometry=geometry.name, isa=isa):
                        np.testing.assert_array_equal(from_memory(y), expected)
                        self.assertEqual(exponent, -3 - (7 + k))

    def test_valid_positions_count(self):
        for operation in ("average_pool2d", "average_pool2d_gradient"):
            self.check(operation, False, GEOMETRIES)

    def test_padding_counts(self):
        inside = [geometry for geometry in GEOMETRIES if not geometry.name.startswith("ceil")]
        for operation in ("average_pool2d", "average_pool2d_gradient"):
            self.check(operation, True, inside)

    def test_the_whole_kernel_counts_beyond_the_padding(self):
        """With count_include_pad the area is that of the kernel, also where ceil_mode reaches beyond the padding."""
        beyond = [geometry for geometry in GEOMETRIES if geometry.name.startswith("ceil")]
        for operation in ("average_pool2d", "average_pool2d_gradient"):
            self.check(operation, True, beyond)


class LargeAveragePool(unittest.TestCase):
    """From a kernel area of 2^17 + 1 on Σ m · c can leave 32 bits; it saturates like every accumulator."""

    def check(self, side, value):
        geometry = Geometry("large", (side, side), (side, side))
        shape, result = (1, 1, side, side), (1, 1, 1, 1)
        module = Module()
        module.add(
            "f", [("i1", to_memory_shape(shape)), ("i4", (2,))],
            scalar("e", "1") + compose("x", "0", 8, shape, "e", True)
            + f"%y = qtrain.average_pool2d %x {{window = {geometry.attribute()}}}"
            f" : ({scaled(8, shape, True)}) -> {scaled(32, result, True)}\n"
            + decompose_and_return("y", 32, result, True),
            [("i4", result), "exponent"],
        )
        module.compile()
        x = np.full(shape, value)
        constants, _ = operators.average_pool_constants(geometry.reference(), geometry.extents, False)
        y, _ = module.call("f", to_memory(x), np.array([0, 0]))
        np.testing.assert_array_equal(y, operators.average_pool_forward(x, constants, geometry.reference()))

    def test_largest_that_fits(self):
        for value in (127, -127):
            self.check(362, value)

    def test_saturates(self):
        """A mean over so many pixels that its sum leaves 32 bits."""
        for value in (127, -127):
            self.check(512, value)


if __name__ == "__main__":
    unittest.main()
