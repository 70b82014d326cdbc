# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled operations on floats: results against NumPy, gradients against finite differences of the compiled forward."""

import dataclasses
import itertools
import unittest

import numpy as np
from compiled import Module, best_isa, from_memory, tensor, to_memory, to_memory_shape, window

RELATIVE = 1e-5
DIRECTIONS = 12


def value_type(shape):
    """The type of a value: images lie with channels innermost."""
    layout = ", #qtrain.channels_last" if len(shape) == 4 else ""
    return f"tensor<{''.join(f'{n}x' for n in shape)}f32{layout}>"


def memory_shape(shape):
    return to_memory_shape(shape) if len(shape) == 4 else tuple(shape)


@dataclasses.dataclass(frozen=True)
class Tensor:
    """An operand: a float value, or integers as they are. Weights lie as ONNX says."""

    shape: tuple
    dtype: str = "f4"
    weight: bool = False

    @property
    def moves(self):
        return self.dtype == "f4" and not self.weight and len(self.shape) == 4

    @property
    def stored(self):
        return (self.dtype, memory_shape(self.shape) if self.moves else tuple(self.shape))

    @property
    def type(self):
        return value_type(self.shape) if self.moves else tensor(self.dtype, self.shape)


def add(module, name, operation, operands, result, attributes=""):
    """Adds function `name`: one qtrain operation on `operands`."""
    body, names = "", []
    for index, operand in enumerate(operands):
        names.append(f"%{index}")
        if operand.dtype == "f4":
            names[-1] = f"%x{index}"
            body += f"%x{index} = qtrain.compose %{index} : ({tensor(*operand.stored)}) -> {operand.type}\n"
    kinds = ", ".join(operand.type for operand in operands)
    body += (
        f"%y = qtrain.{operation} {', '.join(names)} {attributes} : ({kinds}) -> {result.type}\n"
        f"%m = qtrain.decompose %y : ({result.type}) -> {tensor(*result.stored)}\n"
        f"return %m : {tensor(*result.stored)}\n"
    )
    module.add(name, [operand.stored for operand in operands], body, [result.stored])


def call(module, name, operands, result, arrays):
    stored = [to_memory(a) if o.moves else a for o, a in zip(operands, arrays, strict=True)]
    y = module.call(name, *stored)
    return from_memory(y) if result.moves else y


class Operation:
    """A differentiable operation: the forward form, and the gradient of each operand as (operation, operand order).

    A gradient has the operation's attributes, unless its own are third.
    """

    def __init__(self, name, operands, result, reference, gradients, attributes="", draw=None):
        self.name, self.operands, self.result, self.reference = name, operands, result, reference
        self.gradients, self.attributes = gradients, attributes
        self.draw = draw or (lambda random, shape: random.standard_normal(shape))

    @property
    def operation(self):
        return self.name.split("-", 1)[0]

    def inputs(self, random):
        draws = []
        for operand in self.operands:
            if operand.dtype == "f4":
                draws.append(self.draw(random, operand.shape).astype("f4"))
            else:
                draws.append(random.integers(-(2**15), 2**15, operand.shape).astype(operand.dtype))
        return draws


def label(shape):
    return "x".join(map(str, shape))


def apart(random, shape):
    """Numbers that are at least 1/2 apart from each other and from 0, so that small steps change no order."""
    count = int(np.prod(shape))
    return (random.permutation(count) - count // 2 + 0.5).reshape(shape) / 2


def pool_reference(kernel, strides, pads, reduce):
    """Applies `reduce`(patch, inside, counted) to every window; patch [N, C, taps]."""

    def run(x):
        n, c, height, width = x.shape
        oh = (height + pads[0] + pads[2] - kernel[0]) // strides[0] + 1
        ow = (width + pads[1] + pads[3] - kernel[1]) // strides[1] + 1
        y = np.zeros((n, c, oh, ow))
        for i, j in np.ndindex(oh, ow):
            top, left = i * strides[0] - pads[0], j * strides[1] - pads[1]
            rows = slice(max(top, 0), min(top + kernel[0], height))
            columns = slice(max(left, 0), min(left + kernel[1], width))
            y[:, :, i, j] = reduce(x[:, :, rows, columns].reshape(n, c, -1).astype(np.float64), kernel)
        return y

    return run


def conv_reference(strides, pads, group):
    def run(x, w):
        n, c, height, width = x.shape
        outputs, depth, kh, kw = w.shape
        padded = np.zeros((n, c, height + pads[0] + pads[2], width + pads[1] + pads[3]))
        padded[:, :, pads[0] : pads[0] + height, pads[1] : pads[1] + width] = x
        oh, ow = (padded.shape[2] - kh) // strides[0] + 1, (padded.shape[3] - kw) // strides[1] + 1
        y = np.zeros((n, outputs, oh, ow))
        for o, i, j in np.ndindex(outputs, oh, ow):
            first = o // (outputs // group) * depth
            rows = slice(i * strides[0], i * strides[0] + kh)
            columns = slice(j * strides[1], j * strides[1] + kw)
            y[:, o, i, j] = (padded[:, first : first + depth, rows, columns] * w[o].astype(np.float64)).sum((1, 2, 3))
        return y

    return run


def convolution(name, x, w, strides=(1, 1), pads=(0, 0, 0, 0), group=1):
    y = (
        x[0], w[0], (x[2] + pads[0] + pads[2] - w[2]) // strides[0] + 1, (x[3] + pads[1] + pads[3] - w[3]) // strides[1] + 1
    )
    attributes = f"{{window = {window(w[2:], strides, pads)}, group = {group} : i64}}"
    return Operation(
        f"conv2d-{name}", [Tensor(x), Tensor(w, weight=True)], Tensor(y), conv_reference(strides, pads, group),
        {0: ("conv2d_input_gradient", ("e", 1)), 1: ("conv2d_weight_gradient", (0, "e"))}, attributes,
    )


def linear(name, x, outputs):
    w = (outputs, int(np.prod(x[1:])))
    return Operation(
        f"linear-{name}", [Tensor(x), Tensor(w, weight=True)], Tensor((x[0], outputs)),
        lambda x, w: x.reshape(x.shape[0], -1).astype(np.float64) @ w.T.astype(np.float64),
        {0: ("linear_input_gradient", ("e", 1)), 1: ("linear_weight_gradient", (0, "e"))},
    )


def pool(name, kind, x, kernel, strides, pads, reduce, extra=""):
    y = (
        *x[:2], (x[2] + pads[0] + pads[2] - kernel[0]) // strides[0] + 1,
        (x[3] + pads[1] + pads[3] - kernel[1]) // strides[1] + 1,
    )
    order = (0, "e") if kind == "max_pool2d" else ("e",)
    return Operation(
        f"{kind}-{name}", [Tensor(x)], Tensor(y), pool_reference(kernel, strides, pads, reduce),
        {0: (kind + "_gradient", order)}, f"{{window = {window(kernel, strides, pads)}{extra}}}",
        apart if kind == "max_pool2d" else None,
    )


def concat(shape, axis, extents):
    parts = [(*shape[:axis], extent, *shape[axis + 1 :]) for extent in extents]
    offsets = itertools.accumulate(extents, initial=0)
    return Operation(
        f"concat-{label(shape)}-{axis}", [Tensor(part) for part in parts],
        Tensor((*shape[:axis], sum(extents), *shape[axis + 1 :])), lambda *x: np.concatenate(x, axis),
        {
            index: ("slice", ("e",), f"{{axis = {axis} : i64, offset = {offset} : i64}}")
            for index, offset in enumerate(list(offsets)[:-1])
        },
        f"{{axis = {axis} : i64}}",
    )


def mean(patch, kernel):
    return patch.mean(2)


def padded_mean(patch, kernel):
    return patch.sum(2) / np.prod(kernel)


def largest(patch, kernel):
    return patch.max(2)


def channels(x, b):
    return x + b.reshape((1, -1) + (1,) * (x.ndim - 2)).astype(np.float64)


def dropout_reference(ratio):
    def run(x, random):
        kept = (random.view(np.uint16) >= round(ratio * 2**16)).reshape(1, *x.shape[1:])
        return x * kept / (1 - ratio)

    return run


# Name: result, attributes. What `apart` draws is no nearer than 1/4 to 0.
ACTIVATIONS = {
    "relu": (lambda x: np.maximum(x, 0), ""),
}
IMAGE = (2, 3, 5, 6)
FLAT = [(4, 7), (2, 3, 5), IMAGE]
OPERATIONS = [
    convolution("plain", (2, 3, 6, 5), (4, 3, 3, 3)),
    convolution("one", (1, 1, 7, 7), (1, 1, 5, 5), pads=(2, 2, 2, 2)),
    convolution("strided", (3, 5, 9, 8), (6, 5, 3, 2), (2, 3), (1, 0, 2, 1)),
    convolution("groups", (2, 6, 5, 5), (9, 2, 3, 3), pads=(1, 1, 1, 1), group=3),
    convolution("depthwise", (2, 16, 6, 6), (16, 1, 3, 3), (2, 2), (1, 1, 1, 1), group=16),
    convolution("wide", (3, 33, 6, 7), (65, 33, 3, 3), pads=(1, 1, 1, 1)),
    linear("rows", (5, 11), 3),
    linear("images", (3, 4, 2, 3), 20),
    *(
        Operation(f"{name}-{label(s)}", [Tensor(s)], Tensor(s), reference, {}, attributes, draw=apart)
        for name, (reference, attributes) in ACTIVATIONS.items()
        for s in FLAT
    ),
    *(
        Operation(
            f"bias_add-{label(s)}", [Tensor(s), Tensor(s[1:2], weight=True)], Tensor(s), channels,
            {1: ("bias_gradient", ("e",))},
        )
        for s in [*FLAT, (64, 5, 12, 12), (300, 129)]
    ),
    *(
        Operation(
            f"dropout-{label(s)}-{index}", [Tensor(s), Tensor((int(np.prod(s[1:])),), "i2")], Tensor(s),
            dropout_reference(ratio), {0: ("dropout", ("e", 1))}, f"{{ratio = {ratio} : f64}}",
        )
        for s in FLAT for index, ratio in enumerate((0.0, 0.25, 0.5))
    ),
    Operation("sum-two", [Tensor(IMAGE)] * 2, Tensor(IMAGE), lambda *x: sum(x), {}),
    Operation("sum-twenty", [Tensor((3, 4))] * 20, Tensor((3, 4)), lambda *x: sum(np.float64(v) for v in x), {}),
    concat((4, 0), 1, (3, 5)),
    concat((2, 0, 3, 5), 1, (1, 70, 8)),
    concat((2, 3, 0, 5), 2, (4, 4)),
    concat((3, 0, 4), 1, (6,)),
    Operation("reshape-flat", [Tensor(IMAGE)], Tensor((2, 90)), lambda x: x.reshape(2, 90), {0: ("reshape", ("e",))}),
    Operation(
        "transpose-weight", [Tensor((3, 5), weight=True)], Tensor((5, 3), weight=True), lambda x: x.T,
        {0: ("transpose", ("e",))}, "{permutation = array<i64: 1, 0>}",
    ),
    pool("two", "max_pool2d", (2, 3, 6, 8), (2, 2), (2, 2), (0, 0, 0, 0), largest),
    pool("over", "max_pool2d", (2, 3, 7, 8), (3, 3), (2, 2), (1, 1, 1, 1), largest),
    pool("gaps", "max_pool2d", (2, 17, 7, 8), (2, 2), (3, 3), (0, 0, 0, 0), largest),
    pool("global", "average_pool2d", (2, 5, 7, 8), (7, 8), (1, 1), (0, 0, 0, 0), mean),
    pool("inside", "average_pool2d", (2, 3, 7, 8), (3, 3), (2, 2), (1, 1, 1, 1), mean),
    pool("padded", "average_pool2d", (2, 3, 7, 8), (3, 3), (2, 2), (1, 1, 1, 1), padded_mean, ", count_include_pad"),
]
# The gradient of a maximum with 0 looks at the result.
ACTIVATION_SHAPES = FLAT


def gradient_operands(operation, order):
    return [operation.result if which == "e" else operation.operands[which] for which in order]


class Operations(unittest.TestCase):
    """Every operation in floats, with plain loops and with the fast kernels of this processor."""

    @classmethod
    def setUpClass(cls):
        cls.modules = [Module("baseline"), Module(best_isa(), microkernels=True)]
        for module in cls.modules:
            for operation in OPERATIONS:
                cls.add(module, operation)
            for name, (_, attributes) in ACTIVATIONS.items():
                for shape in ACTIVATION_SHAPES:
                    result = Tensor(shape)
                    add(module, f"{name}_{label(shape)}_g0", f"{name}_gradient", [result] * 2, result, attributes)
            module.compile()

    @staticmethod
    def add(module, operation):
        name = operation.name.replace("-", "_")
        add(module, name, operation.operation, operation.operands, operation.result, operation.attributes)
        for index, (gradient, order, *own) in operation.gradients.items():
            operands = gradient_operands(operation, order)
            attributes = own[0] if own else operation.attributes
            add(module, f"{name}_g{index}", gradient, operands, operation.operands[index], attributes)

    def each(self, check):
        for module in self.modules:
            for operation in OPERATIONS:
                with self.subTest(operation=operation.name, isa=module.isa, microkernels=module.microkernels):
                    check(module, operation, np.random.default_rng(11))

    def forward(self, module, operation, inputs):
        return call(module, operation.name.replace("-", "_"), operation.operands, operation.result, inputs)

    def check_result(self, module, operation, random):
        inputs = operation.inputs(random)
        expected = np.asarray(operation.reference(*inputs), dtype=np.float64)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(self.forward(module, operation, inputs), expected, RELATIVE, RELATIVE * scale)

    def test_results(self):
        self.each(self.check_result)

    def check_gradients(self, module, operation, random):
        inputs = operation.inputs(random)
        for index, (_, order, *_) in operation.gradients.items():
            e = random.standard_normal(operation.result.shape).astype("f4")
            arrays = [e if which == "e" else inputs[which] for which in order]
            name = f"{operation.name.replace('-', '_')}_g{index}"
            operands = gradient_operands(operation, order)
            gradient = call(module, name, operands, operation.operands[index], arrays)
            self.compare(module, operation, inputs, index, e, gradient, random)

    def test_gradients(self):
        """e · (f(x + hd) − f(x − hd)) / 2h = gradient(e) · d for random d: f is linear near x, so h need not be small."""
        self.each(self.check_gradients)

    def test_activation_gradients(self):
        for module in self.modules:
            for activation, shape in itertools.product(ACTIVATIONS, ACTIVATION_SHAPES):
                operation = next(o for o in OPERATIONS if o.name == f"{activation}-{label(shape)}")
                random = np.random.default_rng(12)
                inputs = operation.inputs(random)
                e = random.standard_normal(shape).astype("f4")
                result = self.forward(module, operation, inputs)
                name = f"{activation}_{label(shape)}_g0"
                gradient = call(module, name, [Tensor(shape)] * 2, Tensor(shape), [result, e])
                with self.subTest(activation=activation, shape=shape, isa=module.isa):
                    self.compare(module, operation, inputs, 0, e, gradient, random)

    def compare(self, module, operation, inputs, index, e, gradient, random):
        step = 2.0**-3
        for _ in range(DIRECTIONS):
            direction = random.uniform(-1, 1, inputs[index].shape).astype("f4")
            ahead, behind = list(inputs), list(inputs)
            ahead[index], behind[index] = inputs[index] + step * direction, inputs[index] - step * direction
            change = self.forward(module, operation, ahead).astype(np.float64) - self.forward(module, operation, behind)
            slopes = e * change / (2 * step)
            products = gradient.astype(np.float64) * direction
            scale = np.abs(slopes).sum() + np.abs(products).sum()
            self.assertLess(abs(slopes.sum() - products.sum()), RELATIVE * scale)


class Loss(unittest.TestCase):
    """Gradients of both losses against finite differences of the losses."""

    SHAPES = ((1, 2), (5, 3), (33, 10), (4, 1000))

    @classmethod
    def setUpClass(cls):
        cls.module = Module()
        for loss in ("cross_entropy", "sse"):
            for index, (rows, classes) in enumerate(cls.SHAPES):
                operands = [Tensor((rows, classes)), Tensor((rows,), "i4")]
                attributes = f"{{loss = #qtrain.loss<{loss}>}}"
                add(cls.module, f"{loss}_{index}", "loss_gradient", operands, Tensor((rows, classes)), attributes)
        cls.module.compile()

    @staticmethod
    def cross_entropy(logits, labels):
        largest = logits.max(1, keepdims=True)
        total = np.log(np.exp(logits - largest).sum(1)) + largest[:, 0]
        return (total - logits[np.arange(labels.size), labels]).sum()

    @staticmethod
    def sse(logits, labels):
        return ((logits - np.eye(logits.shape[1])[labels]) ** 2).sum() / 2

    def check(self, loss, scale):
        random = np.random.default_rng(13)
        for index, (rows, classes) in enumerate(self.SHAPES):
            logits = (scale * random.standard_normal((rows, classes))).astype("f4")
            labels = random.integers(0, classes, rows).astype("i4")
            gradient = self.module.call(f"{loss}_{index}", logits, labels)
            value, exact = getattr(self, loss), logits.astype(np.float64)
            with self.subTest(loss=loss, shape=(rows, classes), scale=scale):
                for n, k in [(random.integers(rows), random.integers(classes)) for _ in range(40)]:
                    step = np.zeros((rows, classes))
                    step[n, k] = 1e-4
                    slope = (value(exact + step, labels) - value(exact - step, labels)) / 2e-4
                    self.assertAlmostEqual(gradient[n, k], slope, delta=1e-5 * max(1, abs(slope)))

    def test_cross_entropy(self):
        for scale in (0.01, 1, 10):
            self.check("cross_entropy", scale)

    def test_squares(self):
        self.check("sse", 1)

    def test_extreme_logits(self):
        """Differences beyond the range of the exponential: probabilities are 0 and 1, nothing overflows."""
        logits = np.array([[3e38, -3e38, 0], [1000, 0, -1000], [0, 0, 0], [-1e30, -1e30, -1e30], [88, -20, 5]], "f4")
        labels = np.array([0, 1, 2, 0, 1], "i4")
        operands = [Tensor((5, 3)), Tensor((5,), "i4")]
        module = Module()
        add(module, "extreme", "loss_gradient", operands, Tensor((5, 3)), "{loss = #qtrain.loss<cross_entropy>}")
        gradient = module.compile().call("extreme", logits, labels)
        shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
        expected = np.exp(shifted) / np.exp(shifted).sum(1, keepdims=True) - np.eye(3)[labels]
        np.testing.assert_allclose(gradient, expected, atol=1e-6)


class Lookup(unittest.TestCase):
    """Pixels become the values in the table of their channel, for any layout."""

    def test_all(self):
        random = np.random.default_rng(14)
        module, cases = Module(), {}
        for rows in (1, 3):
            for shape in ((4, 3), (2, 3, 5, 4)):
                table = random.standard_normal((rows, 256)).astype("f4")
                result = Tensor(shape)
                elements = ", ".join("[" + ", ".join(f"{v:.9e}" for v in row) + "]" for row in table)
                body = (
                    f"%y = qtrain.lookup %input {{table = dense<[{elements}]> : tensor<{rows}x256xf32>}}"
                    f" : ({tensor('u1', shape)}) -> {result.type}\n"
                    f"%m = qtrain.decompose %y : ({result.type}) -> {tensor(*result.stored)}\n"
                    f"return %m : {tensor(*result.stored)}\n"
                )
                name = f"lookup_{rows}_{len(shape)}"
                module.add(name, [], body, [result.stored], extra=[(tensor("u1", shape), "input")])
                cases[name] = table, result
        module.compile()
        for name, (table, result) in cases.items():
            pixels = random.integers(0, 256, result.shape).astype(np.uint8)
            y = module.call(name, input=pixels)
            which = np.arange(result.shape[1]).reshape((1, -1) + (1,) * (len(result.shape) - 2)) % len(table)
            with self.subTest(name=name):
                np.testing.assert_array_equal(from_memory(y) if result.moves else y, table[which, pixels])


class LinearCombination(unittest.TestCase):
    """Products and sums from left to right, each rounded."""

    def test_all(self):
        random = np.random.default_rng(15)
        factors = np.array([0.9, 1.0, -0.3], "f4")
        module = Module()
        for terms in (1, 2, 3):
            values = ", ".join(f"%x{i}" for i in range(terms))
            numbers = ", ".join(f"%f{i}" for i in range(terms))
            kinds = ", ".join([tensor("f4", (77,))] * terms + ["f32"] * terms)
            body = "".join(
                f"%x{i} = qtrain.compose %{i} : ({tensor('f4', (77,))}) -> {tensor('f4', (77,))}\n"
                f"%f{i} = arith.constant {factors[i]:.9e} : f32\n" for i in range(terms)
            )
            body += (
                f"%y = qtrain.linear_combination {values} by {numbers} : ({kinds}) -> {tensor('f4', (77,))}\n"
                f"%m = qtrain.decompose %y : ({tensor('f4', (77,))}) -> {tensor('f4', (77,))}\n"
                f"return %m : {tensor('f4', (77,))}\n"
            )
            module.add(f"terms_{terms}", [("f4", (77,))] * terms, body, [("f4", (77,))])
        module.compile()
        for terms in (1, 2, 3):
            x = random.standard_normal((terms, 77)).astype("f4")
            expected = x[0] * factors[0]
            for i in range(1, terms):
                expected = expected + x[i] * factors[i]
            with self.subTest(terms=terms):
                np.testing.assert_array_equal(module.call(f"terms_{terms}", *x, overwrites=True), expected)


class RootQuotient(unittest.TestCase):
    """A square, and a quotient by the root of it; every operation is rounded."""

    def test_all(self):
        random = np.random.default_rng(17)
        scale, offset, shape = np.float32(1.7), np.float32(1e-3), tensor("f4", (77,))
        body = "".join(f"%x{i} = qtrain.compose %{i} : ({shape}) -> {shape}\n" for i in range(2)) + (
            f"%scale = arith.constant {scale:.9e} : f32\n"
            f"%offset = arith.constant {offset:.9e} : f32\n"
            f"%s = qtrain.square %x1 : ({shape}) -> {shape}\n"
            f"%y = qtrain.root_quotient %x0, %s, %scale, %offset : ({shape}, {shape}, f32, f32) -> {shape}\n"
            f"%m = qtrain.decompose %y : ({shape}) -> {shape}\n"
            f"return %m : {shape}\n"
        )
        module = Module()
        module.add("quotient", [("f4", (77,))] * 2, body, [("f4", (77,))])
        module.compile()
        x = random.standard_normal((2, 77)).astype("f4")
        x[1, :2] = 0
        expected = x[0] / (np.sqrt(x[1] * x[1]) * scale + offset)
        np.testing.assert_array_equal(module.call("quotient", *x), expected)


class ChannelSums(unittest.TestCase):
    """Many terms lose no more than the blocks of their sum do, and the order is that of the shape alone."""

    SHAPES = ((128, 3, 32, 32), (512, 1, 28, 28), (7, 1000), (100, 65, 3, 3))

    def test_all(self):
        random = np.random.default_rng(16)
        module = Module()
        for index, shape in enumerate(self.SHAPES):
            add(module, f"sum_{index}", "bias_gradient", [Tensor(shape)], Tensor(shape[1:2], weight=True))
        module.compile()
        for index, shape in enumerate(self.SHAPES):
            x = (1 + random.random(shape)).astype("f4")
            result = Tensor(shape[1:2], weight=True)
            y = call(module, f"sum_{index}", [Tensor(shape)], result, [x])
            expected = x.astype(np.float64).sum((0, *range(2, len(shape))))
            with self.subTest(shape=shape):
                np.testing.assert_allclose(y, expected, 1e-6)


if __name__ == "__main__":
    unittest.main()
