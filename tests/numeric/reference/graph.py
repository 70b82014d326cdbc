# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model as a list of simple nodes with static shapes."""

import dataclasses

import numpy as np

from operators import Window


class Unsupported(Exception):
    """The model has something the reference does not define."""


@dataclasses.dataclass
class Parameter:
    """A float initializer that is a weight, bias, gamma, beta or slope (section 2)."""

    name: str
    values: np.ndarray
    role: str
    scale: float
    identifier: int = -1
    fans: tuple = None
    weight_of_node: str = None  # the weight whose exponent an all-zero bias takes
    frozen: bool = False
    rate: int = 0  # log2 of a factor on the learning rate
    weight_bits: int = None  # None: as all others


@dataclasses.dataclass
class Use:
    """A parameter as a node sees it: the initializer through transposes and reshapes."""

    name: str
    shape: tuple
    steps: tuple = ()

    def view(self, values):
        for kind, argument, _ in self.steps:
            values = values.transpose(argument) if kind == "transpose" else values.reshape(argument)
        return values

    def adjoint(self, gradient):
        for kind, argument, before in reversed(self.steps):
            if kind == "transpose":
                gradient = gradient.transpose(np.argsort(argument))
            else:
                gradient = gradient.reshape(before)
        return gradient

    def renamed(self, name):
        return Use(name, self.shape, self.steps)

    def transposed(self, perm):
        step = ("transpose", tuple(perm), self.shape)
        return Use(self.name, tuple(self.shape[p] for p in perm), self.steps + (step,))

    def reshaped_if_scalar(self):
        return self if self.shape else self.reshaped((1,))

    def reshaped(self, shape):
        return Use(self.name, tuple(shape), self.steps + (("reshape", tuple(shape), self.shape),))


@dataclasses.dataclass
class Node:
    kind: str
    name: str
    inputs: list
    output: str
    input_shapes: list
    output_shape: tuple
    weight: Use = None
    bias: Use = None
    window: Window = None
    attributes: dict = dataclasses.field(default_factory=dict)


class Graph:
    """nodes in topological order, shapes by value, parameters by name."""

    def __init__(self):
        self.nodes, self.shapes, self.parameters, self.running = [], {}, {}, {}
        self.inputs, self.indices = [], set()  # names in order; those of inputs that are indices of rows
        self.output = None
        self.class_axis = 1  # of the output, for losses of classes

    @property
    def input(self):
        """The only input."""
        if len(self.inputs) != 1:
            raise Unsupported(f"expected one graph input, but got {len(self.inputs)}")
        return self.inputs[0]

    def rows(self, predictions):
        """Predictions with one row for each position of an example."""
        classes = predictions.shape[self.class_axis]
        return np.moveaxis(predictions, self.class_axis, -1).reshape(-1, classes)

    def from_rows(self, rows):
        """The inverse: errors of rows in the shape of the output."""
        shape = list(self.shapes[self.output])
        shape.append(shape.pop(self.class_axis))
        return np.moveaxis(rows.reshape(shape), -1, self.class_axis)

    def users(self, value):
        return sum(node.inputs.count(value) for node in self.nodes)
