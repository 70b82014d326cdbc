# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small random models: the same number always gives the same one.

They mix supported nodes, in unusual orders and shapes, and sometimes a node that is not supported:
tied parameters, units after units, biases on the input, epsilons of 0 and -0, sums and branches of many values, windows
as large as the image, images of one pixel, a single output. One model of three is a plain chain of layers, as WAGE
requires it.
"""

import random

import numpy as np
from onnx import TensorProto, helper, numpy_helper

# A node of one of these is put into one model of eight.
MISSING = ("Sin", "Cos", "Log", "Sign", "Round")


class Value:
    """Name and shape of a tensor; the batch, the first dimension, is left out."""

    def __init__(self, name, shape):
        self.name, self.shape = name, tuple(shape)


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.nodes, self.initializers, self.by_shape = [], [], {}
        self.is_plain = self.chance(3)

    def choose(self, *values):
        return self.random.choice(values)

    def chance(self, one_in):
        return self.random.randrange(one_in) == 0

    def constant(self, array):
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def parameter(self, *shape, low=None):
        """A new tensor, or one that another node has already; `low` is the least value."""
        if low is None and self.by_shape.get(shape) and not self.is_plain and self.chance(12):
            return self.choose(*self.by_shape[shape])
        array = self.numbers.normal(size=shape, scale=0.5)
        name = self.constant((array if low is None else np.abs(array) + low).astype(np.float32))
        if low is None:
            self.by_shape.setdefault(shape, []).append(name)
        return name

    def node(self, op, inputs, shape, **attributes):
        output = f"v{len(self.nodes)}"
        names = [value.name if isinstance(value, Value) else value for value in inputs]
        self.nodes.append(helper.make_node(op, names, [output], name=f"{op.lower()}{len(self.nodes)}", **attributes))
        return Value(output, shape)

    # Images

    def window(self, x, dilate=True):
        """(kernel, strides, pads, dilations), one number per dimension, and the extents of the result."""
        kernel, strides, dilations, before, after, extents = [], [], [], [], [], []
        for extent in x.shape[1:]:
            size = min(self.choose(1, 1, 2, 3, 3, 5, extent), extent)
            dilation = self.choose(1, 1, 1, 2) if dilate and (size - 1) * 2 < extent else 1
            span = (size - 1) * dilation + 1
            pads = (self.random.randrange((size + 1) // 2), self.random.randrange((size + 1) // 2))
            stride = self.choose(1, 1, 2, 3)
            kernel.append(size), strides.append(stride), dilations.append(dilation)
            before.append(pads[0]), after.append(pads[1])
            extents.append((extent + sum(pads) - span) // stride + 1)
        return dict(kernel_shape=kernel, strides=strides, pads=before + after), dilations, extents

    def convolution(self, x):
        attributes, dilations, extents = self.window(x)
        channels = x.shape[0]
        group = self.choose(1, 1, 1, channels, *(g for g in (2, 3) if channels % g == 0))
        outputs = group * self.choose(1, 1, 2, 3, 5) if group > 1 else self.choose(1, 2, 3, 5, 8, 17)
        inputs = [x, self.parameter(outputs, channels // group, *attributes["kernel_shape"])]
        if self.chance(2):
            inputs.append(self.parameter(outputs))
        return self.node("Conv", inputs, (outputs, *extents), group=group, dilations=dilations, **attributes)

    def pool(self, x):
        kind = "MaxPool" if self.is_plain else self.choose("MaxPool", "AveragePool")
        attributes, dilations, extents = self.window(x, dilate=kind == "MaxPool")
        if kind == "MaxPool":
            attributes["dilations"] = dilations
        else:
            attributes["count_include_pad"] = self.choose(0, 1)
        return self.node(kind, [x], (x.shape[0], *extents), **attributes)

    def global_pool(self, x):
        return self.node("GlobalMaxPool" if self.is_plain or self.chance(2) else "GlobalAveragePool", [x], (x.shape[0],) + (1,) * len(x.shape[1:]))

    def transposes(self, x):
        last = list(range(len(x.shape) + 1))
        last[-1], last[-2] = last[-2], last[-1]
        moved = self.node("Transpose", [x], x.shape, perm=last)
        if self.chance(2):
            moved = self.node("Relu", [moved], x.shape)
        return self.node("Transpose", [moved], x.shape, perm=last)

    def response_norm(self, x):
        return self.node("LRN", [x], x.shape, size=self.choose(1, 3, 5), alpha=0.1, beta=0.75, bias=1.0)

    # Anything

    def relu(self, x):
        return self.node("Relu", [x], x.shape)

    def clip(self, x):
        low, high = self.choose((0.0, 6.0), (-1.0, 1.0), (0.0, 3.0e38))
        return self.node("Clip", [x, self.constant(np.float32(low)), self.constant(np.float32(high))], x.shape)

    def normalization(self, x):
        channels = x.shape[0]
        inputs = [x, self.parameter(channels), self.parameter(channels)]
        inputs += [self.constant(np.zeros(channels, np.float32)), self.parameter(channels, low=0.5)]
        return self.node("BatchNormalization", inputs, x.shape, epsilon=self.choose(1e-5, 1e-3, 0.0, -0.0, 1.0))

    def dropout(self, x):
        return self.node("Dropout", [x, self.constant(np.float32(self.choose(0.5, 0.25, 0.0)))], x.shape)

    def bias(self, x):
        return self.node("Add", [x, self.parameter(1, x.shape[0], *(1 for _ in x.shape[1:]))], x.shape)

    def identity(self, x):
        return self.node("Identity", [x], x.shape)

    def branches(self, x):
        """Several paths from one value, that are added or put next to each other."""
        paths = [x]
        for _ in range(self.choose(1, 1, 2, 3, 18)):
            path = x
            for _ in range(self.random.randrange(3)):
                step = self.choose(self.relu, self.identity, self.bias, self.normalization, self.clip)
                path = step(path)
            paths.append(path)
        how = self.choose("Sum", "Add", "Concat")
        if how == "Add":
            return self.node("Add", paths[:2], x.shape)
        if how == "Sum":
            return self.node("Sum", paths, x.shape)
        return self.node("Concat", paths, (x.shape[0] * len(paths), *x.shape[1:]), axis=1)

    def missing(self, x):
        return self.node(self.choose(*MISSING), [x], x.shape)

    # Rows

    def linear(self, x, outputs=None):
        features = int(np.prod(x.shape))
        outputs = outputs or self.choose(1, 2, 3, 7, 10, 33)
        if len(x.shape) > 1:
            x = self.flatten(x)
        if self.chance(3):
            product = self.node("MatMul", [x, self.parameter(features, outputs)], (outputs,))
            return self.bias(product) if self.chance(2) else product
        inputs = [x, self.parameter(outputs, features)] + ([self.parameter(outputs)] if self.chance(2) else [])
        return self.node("Gemm", inputs, (outputs,), transB=1)

    def flatten(self, x):
        features = int(np.prod(x.shape))
        if self.chance(2):
            return self.node("Flatten", [x], (features,), axis=1)
        return self.node("Reshape", [x, self.constant(np.array([0, features], np.int64))], (features,))

    def plain(self, x):
        for _ in range(self.random.randrange(1, 5)):
            is_image = len(x.shape) > 1
            x = self.relu(self.convolution(x) if is_image else self.linear(x))
            if is_image and self.chance(2):
                x = self.pool(x)
        return self.global_pool(x) if len(x.shape) > 1 and self.chance(4) else x

    def mixed(self, x):
        anything = [self.relu, self.relu, self.normalization, self.dropout, self.bias, self.identity, self.branches]
        images = [self.convolution] * 6 + [self.pool] * 3 + [self.transposes]
        if self.chance(4):
            anything.append(self.clip), images.append(self.response_norm)
        for _ in range(self.random.randrange(1, 9)):
            is_image = len(x.shape) > 1
            if int(np.prod(x.shape)) > 4000:
                x = self.pool(x) if is_image else self.linear(x)
            x = self.choose(*anything, *(images if is_image else [self.linear] * 4))(x)
        if self.chance(8):
            x = self.missing(x)
        return self.global_pool(x) if len(x.shape) > 1 and self.chance(3) else x

    def run(self):
        channels = self.choose(1, 2, 3, 4, 6)
        extents = self.choose((), (7,), (1, 1), (5, 5), (8, 8), (9, 4), (13, 13), (1, 12))
        shape = (channels, *extents)
        x = Value("x", shape)
        x = self.plain(x) if self.is_plain else self.mixed(x)
        x = self.linear(x, self.choose(1, 2, 3, 10, 10, 10, 10))
        if not self.is_plain and self.chance(6):
            x = self.choose(self.relu, self.dropout, self.bias, self.normalization)(x)
        if self.chance(3):
            x = self.node("Softmax", [x], x.shape)
        graph = helper.make_graph(
            self.nodes, "random",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *shape])],
            [helper.make_tensor_value_info(x.name, TensorProto.FLOAT, ["N", *x.shape])],
            self.initializers,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def make(seed):
    return Generator(seed).run()
