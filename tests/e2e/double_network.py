# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The loss of a model in double, on the graph that the NumPy reference reads: differences of it check gradients."""

import sys

import numpy as np

import harness

sys.path.insert(0, harness.REFERENCE)
import importer  # noqa: E402 (the path comes first)
import operators  # noqa: E402
import philox  # noqa: E402


class DoubleNetwork:
    """A model in double: the mean cross-entropy of a batch, as a function of the parameters.

    Units that pass nothing at the model's own values never do. A dead channel without bias gives sums of exactly 0,
    where a rectified linear unit has two slopes; a gradient takes the one that is 0.
    """

    def __init__(self, path, pixels, labels):
        self.graph = importer.load(path, len(labels))
        shape = self.graph.shapes[self.graph.input]
        self.pixels, self.labels = pixels.reshape(shape) / 255.0, labels
        self.values = {name: parameter.values for name, parameter in self.graph.parameters.items()}
        self.masks = {}
        self.loss()

    def loss(self, steps=None):
        """With `steps`, arrays by name, added to parameters."""
        parameters = {name: value + (steps or {}).get(name, 0.0) for name, value in self.values.items()}
        values = {self.graph.input: self.pixels}
        for node in self.graph.nodes:
            method = getattr(self, "_" + node.kind)
            values[node.output] = method(node, parameters, *(values[operand] for operand in node.inputs))
        logits = values[self.graph.output].reshape(len(self.labels), -1)
        logits = logits - logits.max(axis=1, keepdims=True)
        chosen = logits[np.arange(len(logits)), self.labels]
        return (np.log(np.exp(logits).sum(axis=1)) - chosen).mean()

    @staticmethod
    def _view(use, parameters):
        return use.view(parameters[use.name])

    def _biased(self, node, parameters, result):
        return result if node.bias is None else result + self._view(node.bias, parameters)

    def _conv(self, node, parameters, x):
        weight = self._view(node.weight, parameters)
        result = operators.conv_forward(x, weight, node.window, node.attributes["group"], finish=lambda sums: sums)
        return self._biased(node, parameters, result)

    def _gemm(self, node, parameters, x):
        return self._biased(node, parameters, x @ self._view(node.weight, parameters))

    def _batchnorm(self, node, parameters, x):
        axes = (0,) + tuple(range(2, x.ndim))
        mean, variance = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
        scale, bias = (self._view(use, parameters).reshape(mean.shape) for use in (node.weight, node.bias))
        return (x - mean) / np.sqrt(variance + node.attributes["epsilon"]) * scale + bias

    def _average_pool(self, node, parameters, x):
        ones, window = np.ones((1, 1) + x.shape[2:]), node.window
        area = window.size() if node.attributes["count_include_pad"] else sum(window.gather(ones))
        return sum(window.gather(x)) / area

    def _max_pool(self, node, parameters, x):
        return np.max(node.window.gather(x, -np.inf), axis=0)

    def _concat(self, node, parameters, *parts):
        return np.concatenate(parts, node.attributes["axis"])

    def _dropout(self, node, parameters, x):
        """The mask of step 0 with seed 1."""
        ratio = node.attributes["ratio"]
        numbers = philox.random16(1, (1,) + x.shape[1:], node.attributes["rank"], 0, philox.DROPOUT)
        return x * (numbers >= round(ratio * 2**16)) / (1 - ratio)

    def _prelu(self, node, parameters, x):
        return np.where(x > 0, x, self._view(node.weight, parameters) * x)

    def _function(self, node, parameters, x):
        return np.vectorize(node.attributes["rule"].function.value, otypes=[float])(x)

    def _sum(self, node, parameters, *terms):
        return sum(terms)

    def _relu(self, node, parameters, x):
        return np.where(self.masks.setdefault(node.output, x > 0.0), x, 0.0)

    def _reshape(self, node, parameters, x):
        return x.reshape(node.output_shape)

    def _transpose(self, node, parameters, x):
        return x.transpose(node.attributes["perm"])
