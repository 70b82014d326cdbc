# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random small networks in which parameters have every form that exporters give them.

Weights are tied between convolutions of different strides and linear layers that read them transposed or not; biases,
scales and statistics are merged constants; all of them have other ranks and come after Identity, Reshape, Unsqueeze,
Transpose and Constant.
"""

import os
import sys

import numpy as np
from onnx import numpy_helper

import harness

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)

CHANNELS = 6


class RandomModel(make_models.Model):
    """One random network; the number is its seed."""

    def __init__(self, number):
        super().__init__(f"random_parameters_{number}")
        self.pool, self.count = {}, 0

    def choose(self, *options):
        return options[self.random.randint(len(options))]

    def label(self, stem):
        self.count += 1
        return f"{stem}{self.count}"

    def integers(self, *values):
        return self.constant(self.label("shape"), np.array(values, np.int64))

    def tied(self, shape):
        """A weight, most likely one that is in use already."""
        known = self.pool.setdefault(shape, [])
        if not known or self.random.rand() < 0.3:
            known.append(self.parameter(self.label("weight"), shape))
        return self.choose(*known)

    def weight(self, *shape):
        """A square weight through views, some of which turn it."""
        name = self.tied(shape)
        view = self.choose("none", "none", "identity", "flat", "turned")
        if view == "identity":
            return self.node("Identity", [name], self.label("same"))
        if view == "flat":
            flat = self.node("Reshape", [name, self.integers(-1)], self.label("flat"))
            return self.node("Reshape", [flat, self.integers(*shape)], self.label("unflat"))
        if view == "turned":
            return self.node("Transpose", [name], self.label("turned"), perm=[1, 0, 2, 3][: len(shape)])
        return name

    def vector(self, shape, value=None):
        """CHANNELS numbers of some shape: merged, own, in a Constant node or seen through a view."""
        source = self.choose("merged", "merged", "own", "constant", "view")
        values = self.random.uniform(-0.5, 0.5, CHANNELS) if value is None else np.full(CHANNELS, value)
        values = values.astype(np.float32).reshape(shape)
        if source == "constant":
            return self.node("Constant", [], self.label("constant"), value=numpy_helper.from_array(values))
        key = (shape, value)
        if source == "own" or (source == "merged" and key not in self.pool):
            self.pool[key] = self.constant(self.label("vector"), values)
        if source != "view":
            return self.pool[key]
        if shape == (CHANNELS,) and self.random.rand() < 0.5:
            ranked = self.vector((1, CHANNELS, 1), value)
            return self.node("Squeeze", [ranked, self.integers(0, 2)], self.label("squeezed"))
        ranked = self.choose((CHANNELS,), (1, CHANNELS, 1, 1), (CHANNELS, 1))
        return self.node("Reshape", [self.vector(ranked, value), self.integers(*shape)], self.label("view"))

    def add(self, x, bias):
        return self.node("Add", self.choose([x, bias], [bias, x]), self.label("add"))

    def convolution(self, x):
        """A Conv that keeps the channels, with a bias of any form."""
        extent = self.choose(1, 3, 3)
        attributes = {"strides": [1, self.choose(1, 1, 2)], "dilations": [self.choose(1, extent - 1 or 1), 1]}
        reach = [(extent - 1) // 2 * step for step in attributes["dilations"]]
        inputs = [x, self.weight(CHANNELS, CHANNELS, extent, extent)]
        form = self.choose("none", "input", "input", "add", "last")
        if form == "input":
            inputs.append(self.vector((CHANNELS,), self.choose(0.0, None)))
        x = self.node("Conv", inputs, self.label("conv"), pads=reach + reach, **attributes)
        if form == "add":
            return self.add(x, self.vector(self.choose((CHANNELS, 1, 1), (1, CHANNELS, 1, 1))))
        if form == "last":
            x = self.node("Transpose", [x], self.label("last"), perm=[0, 2, 3, 1])
            x = self.add(x, self.vector(self.choose((CHANNELS,), (1, 1, 1, CHANNELS))))
            return self.node("Transpose", [x], self.label("first"), perm=[0, 3, 1, 2])
        return x

    def normalized(self, x):
        one = (CHANNELS,)
        inputs = [x, self.vector(one, 1.0), self.vector(one, 0.0), self.vector(one, 0.0), self.vector(one, 1.0)]
        return self.node("BatchNormalization", inputs, self.label("bn"))

    def linear(self, x):
        """A layer that keeps the features, with a bias of any form."""
        weight = self.weight(CHANNELS, CHANNELS)
        form = self.choose("gemm", "gemm", "rows", "row")
        if form == "gemm":
            inputs = [x, weight] + self.choose([], [self.vector(self.choose((CHANNELS,), (1, CHANNELS)))])
            return self.node("Gemm", inputs, self.label("gemm"), transB=self.choose(0, 1))
        if form == "row":
            x = self.node("MatMul", [x, weight], self.label("matmul"))
            return self.add(x, self.vector(self.choose((CHANNELS,), (1, CHANNELS))))
        x = self.node("Reshape", [x, self.integers(0, 1, CHANNELS)], self.label("rows"))
        x = self.node("MatMul", [x, weight], self.label("matmul"))
        x = self.add(x, self.vector(self.choose((CHANNELS,), (1, 1, CHANNELS))))
        return self.node("Squeeze", [x, self.integers(1)], self.label("row"))

    def build(self, path):
        x = self.relu(self.conv("x", make_models.IMAGE[0], CHANNELS, (3, 3), "stem"), "stem.relu")
        for _ in range(self.random.randint(2, 5)):
            x = self.convolution(x)
            if self.random.rand() < 0.4:
                x = self.normalized(x)
            x = self.relu(x, self.label("relu"))
        x = self.flatten(self.node("GlobalAveragePool", [x], "mean"))
        for _ in range(self.random.randint(1, 4)):
            x = self.relu(self.linear(x), self.label("relu"))
        self.save(self.gemm(x, CHANNELS, make_models.CLASSES), path)


def make_model(folder, number):
    path = os.path.join(folder, f"random{number}.onnx")
    RandomModel(number).build(path)
    return path
