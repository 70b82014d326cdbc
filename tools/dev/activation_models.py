# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small networks for MNIST with any activation, for accuracy.py: the same bytes on every run.

`mlp` has two layers of 128 features before the last. `cnn` has two convolutions of stride 2 with 16 and 32 channels and
a layer of 64. Weights are uniform with deviation gain / sqrt(fan-in), biases are 0.
"""

import dataclasses
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 24


@dataclasses.dataclass(frozen=True)
class Activation:
    """`gain` keeps the deviation of values from layer to layer, about."""

    name: str
    op: str
    gain: float = 2**0.5
    attributes: dict = dataclasses.field(default_factory=dict)
    constants: tuple = ()  # inputs after the first; None for one that is left out
    slope: float = None  # the initial value of a trained slope per channel
    first: float = 1.0  # the gain of the first layer, which sees standardized pixels


def _activation(op, gain=2**0.5, name=None, **fields):
    return Activation(name or op, op, gain, **fields)


ACTIVATIONS = (
    _activation("Relu"),
    _activation("LeakyRelu"),
    _activation("PRelu", slope=0.25),
    _activation("ThresholdedRelu", attributes={"alpha": 0.25}),
    _activation("Clip", name="Relu6", constants=(0.0, 6.0)),
    _activation("Clip", 1.0, name="Clip(-1, 1)", constants=(-1.0, 1.0)),
    _activation("Elu", 1.3),
    _activation("Selu", 1.0),
    _activation("Celu", 1.3),
    _activation("Gelu", 1.5),
    _activation("Gelu", 1.5, name="Gelu (tanh)", attributes={"approximate": "tanh"}),
    _activation("Swish", 1.7),
    _activation("Mish", 1.5),
    _activation("HardSwish", 1.7),
    _activation("Softplus", 1.4),
    _activation("Sigmoid", 4.0),
    _activation("HardSigmoid", 4.0),
    _activation("Tanh", 1.1),
    _activation("Softsign", 1.5),
    _activation("Erf", 1.0),
    _activation("Exp", 0.5, first=0.3),  # small values, as each layer takes the exponential of the one before
    _activation("Abs", 1.0),
)
NETWORKS = ("mlp", "cnn")


class _Builder:
    def __init__(self, activation, seed):
        self.activation, self.random = activation, np.random.RandomState(seed)
        self.nodes, self.initializers = [], []

    def constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def layer(self, op, x, name, shape, gain, **attributes):
        bound = gain * np.sqrt(3 / np.prod(shape[1:]))
        weight = self.random.uniform(-bound, bound, shape).astype(np.float32)
        inputs = [x, self.constant(name + ".weight", weight)]
        inputs.append(self.constant(name + ".bias", np.zeros(shape[0], np.float32)))
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def activate(self, x, channels, rank):
        activation, name = self.activation, x + ".activation"
        inputs = [x]
        for index, value in enumerate(activation.constants):
            inputs.append("" if value is None else self.constant(f"{name}.{index}", np.float32(value)))
        if activation.slope is not None:
            shape = (channels,) + (1,) * (rank - 2)
            inputs.append(self.constant(name + ".slope", np.full(shape, activation.slope, np.float32)))
        self.nodes.append(helper.make_node(activation.op, inputs, [name], name=name, **activation.attributes))
        return name

    def hidden(self, op, x, name, shape, **attributes):
        gain = self.activation.gain if self.initializers else self.activation.first
        return self.activate(self.layer(op, x, name, shape, gain, **attributes), shape[0], len(shape))

    def flatten(self, x):
        self.nodes.append(helper.make_node("Flatten", [x], ["flat"], name="flatten", axis=1))
        return "flat"


def _mlp(b):
    x = b.hidden("Gemm", b.flatten("input"), "fc1", (128, 784), transB=1)
    x = b.hidden("Gemm", x, "fc2", (128, 128), transB=1)
    return b.layer("Gemm", x, "fc3", (10, 128), 1.0, transB=1)


def _cnn(b):
    window = {"strides": [2, 2], "pads": [1, 1, 1, 1]}
    x = b.hidden("Conv", "input", "conv1", (16, 1, 3, 3), **window)
    x = b.hidden("Conv", x, "conv2", (32, 16, 3, 3), **window)
    x = b.hidden("Gemm", b.flatten(x), "fc1", (64, 32 * 7 * 7), transB=1)
    return b.layer("Gemm", x, "fc2", (10, 64), 1.0, transB=1)


def save(path, network, activation):
    """Writes the model of one of NETWORKS with one of ACTIVATIONS."""
    builder = _Builder(activation, zlib.crc32(network.encode()))
    output = {"mlp": _mlp, "cnn": _cnn}[network](builder)
    graph = helper.make_graph(
        builder.nodes, network,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, 28, 28])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", 10])],
        builder.initializers,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8), path)
