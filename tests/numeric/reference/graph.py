# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model as a list of simple nodes with static shapes."""

import dataclasses
import math

import numpy as np

from loss import OF_NUMBERS
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
    headroom: int = None  # likewise


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


@dataclasses.dataclass
class Output:
    """An output of the file that is trained, with its loss."""

    name: str
    loss: str = None
    weight: float = 1.0  # of the loss in the sum of all
    value: str = None  # without the function that is part of the loss
    shape: tuple = None  # of the value
    class_axis: int = 1  # for losses of classes

    @property
    def of_numbers(self):
        return self.loss in OF_NUMBERS

    def rows(self, predictions):
        """Predictions with one row for each position of an example; numbers have one row."""
        if self.of_numbers:
            return predictions.reshape(len(predictions), -1)
        classes = predictions.shape[self.class_axis]
        return np.moveaxis(predictions, self.class_axis, -1).reshape(-1, classes)

    def from_rows(self, rows):
        """The inverse: errors of rows in the shape of the value."""
        if self.of_numbers:
            return rows.reshape(self.shape)
        shape = list(self.shape)
        shape.append(shape.pop(self.class_axis))
        return np.moveaxis(rows.reshape(shape), -1, self.class_axis)

    def rows_shape(self):
        """(rows, columns) of the predictions."""
        columns = math.prod(self.shape[1:]) if self.of_numbers else self.shape[self.class_axis]
        return math.prod(self.shape) // columns, columns


class Graph:
    """nodes in topological order, shapes by value, parameters by name."""

    def __init__(self):
        self.nodes, self.shapes, self.parameters, self.running = [], {}, {}, {}
        self.inputs, self.indices = [], set()  # names in order; those of inputs that are indices of rows
        self.outputs = []  # those that are trained, in the order of the options

    @property
    def input(self):
        """The only input."""
        if len(self.inputs) != 1:
            raise Unsupported(f"expected one graph input, but got {len(self.inputs)}")
        return self.inputs[0]

    @property
    def output(self):
        """The value of the only output."""
        if len(self.outputs) != 1:
            raise Unsupported(f"expected one output, but got {len(self.outputs)}")
        return self.outputs[0].value

    def users(self, value):
        """Nodes and outputs."""
        return sum(node.inputs.count(value) for node in self.nodes) + [o.value for o in self.outputs].count(value)
