# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes tiny odd-shaped models and data for comparing trainers bit for bit.

Usage: make_models.py OUT_DIR [NAME ...]

OUT_DIR/NAME.onnx: one op variant each, input x (N, 5, 9, 7), 4 classes, batch 6
intended. OUT_DIR/data: npy data set, 62 training images (so that the last batch
is incomplete) and 17 test images. OUT_DIR/data_flat: the same as (examples, 315).
OUT_DIR/NAME.onnx, NAME_data and NAME_shares for those of NUMBER_MODELS: models of
floats, with targets of any size, and between 0 and 1. The same bytes on every run.
"""

import os
import sys
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

IMAGE = (5, 9, 7)
CLASSES = 4
OPSET = 13


class Model:
    """Builds a chain of nodes; every method returns the name of its result."""

    def __init__(self, name, shape=IMAGE, output=(CLASSES,), inputs=None):
        """`shape` and `output` are those of an example and its result; `inputs` are {name: (type, shape)} instead."""
        self.name, self.nodes, self.initializers, self.opset = name, [], [], OPSET
        self.inputs, self.output = inputs or {"x": (TensorProto.FLOAT, shape)}, tuple(output)
        self.random = np.random.RandomState(zlib.crc32(name.encode()))

    def parameter(self, name, shape, scale=None):
        fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 16
        bound = 1.7 / np.sqrt(fan_in) if scale is None else scale
        return self.constant(name, self.random.uniform(-bound, bound, shape).astype(np.float32))

    def constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name + "_out"], name=name, **attributes))
        return name + "_out"

    def conv(self, x, channels_in, channels_out, kernel, name, bias=True, **attributes):
        group = attributes.get("group", 1)
        inputs = [x, self.parameter(name + ".weight", (channels_out, channels_in // group) + tuple(kernel))]
        if bias:
            inputs.append(self.parameter(name + ".bias", (channels_out,)))
        return self.node("Conv", inputs, name, kernel_shape=list(kernel), **attributes)

    def relu(self, x, name="relu"):
        return self.node("Relu", [x], name)

    def flatten(self, x, name="flatten"):
        return self.node("Flatten", [x], name, axis=1)

    def gemm(self, x, features_in, features_out, name="fc", bias=True, **attributes):
        attributes.setdefault("transB", 1)
        shape = (features_out, features_in) if attributes["transB"] else (features_in, features_out)
        inputs = [x, self.parameter(name + ".weight", shape, 1.7 / np.sqrt(features_in))]
        if bias:
            inputs.append(self.parameter(name + ".bias", (features_out,)))
        return self.node("Gemm", inputs, name, **attributes)

    def classify(self, x, features):
        return self.gemm(self.flatten(x), features, CLASSES)

    def save(self, output, path):
        self.nodes[-1].output[0] = "logits"
        assert output == self.nodes[-1].name + "_out"
        self.write({"logits": self.output}, path)

    def save_outputs(self, outputs, path):
        """Saves a model of several outputs, {name: (value, shape of an example's result)}."""
        names = {value: name for name, (value, _) in outputs.items()}
        for node in self.nodes:
            node.input[:] = [names.get(value, value) for value in node.input]
            node.output[:] = [names.get(value, value) for value in node.output]
        self.write({name: shape for name, (_, shape) in outputs.items()}, path)

    def write(self, outputs, path):
        graph = helper.make_graph(
            self.nodes, self.name,
            [helper.make_tensor_value_info(name, kind, ("N", *shape)) for name, (kind, shape) in self.inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, ("N", *shape)) for name, shape in outputs.items()],
            self.initializers,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version, model.producer_name = 7, "make_models.py"
        onnx.checker.check_model(model)
        onnx.save(model, path)


def conv_strided(m):
    x = m.relu(m.conv("x", 5, 7, (3, 2), "conv", strides=[2, 3], pads=[1, 0, 1, 0]))
    return m.classify(x, 7 * 5 * 2)


def conv_strided_twice(m):
    """Strides that leave input columns unread, and an error through a strided Conv."""
    x = m.relu(m.conv("x", 5, 6, (3, 3), "conv1", pads=[1, 1, 1, 1]), "relu1")
    x = m.relu(m.conv(x, 6, 9, (2, 2), "conv2", strides=[3, 2]), "relu2")
    return m.classify(x, 9 * 3 * 3)


def conv_dilated(m):
    x = m.relu(m.conv("x", 5, 6, (3, 3), "conv1", dilations=[2, 1], pads=[2, 1, 2, 1]), "relu1")
    x = m.relu(m.conv(x, 6, 3, (3, 2), "conv2", dilations=[3, 4], strides=[2, 1], bias=False), "relu2")
    return m.classify(x, 3 * 2 * 3)


def conv_grouped(m):
    x = m.relu(m.conv("x", 5, 6, (3, 3), "conv1"), "relu1")
    x = m.relu(m.conv(x, 6, 9, (3, 3), "conv2", group=3, pads=[1, 1, 1, 1]), "relu2")
    return m.classify(x, 9 * 7 * 5)


def conv_depthwise(m):
    x = m.relu(m.conv("x", 5, 5, (3, 3), "conv1", group=5), "relu1")
    x = m.relu(m.conv(x, 5, 10, (3, 3), "conv2", group=5, strides=[2, 2], pads=[1, 1, 1, 1]), "relu2")
    x = m.relu(m.conv(x, 10, 3, (1, 1), "pointwise"), "relu3")
    return m.classify(x, 3 * 4 * 3)


def conv_depthwise_vectors(m):
    """Channels enough for vectors, which overlap; a multiplier, strides, dilation, padding beyond the kernel."""
    x = m.relu(m.conv("x", 5, 24, (1, 1), "expand"), "relu0")
    x = m.relu(m.conv(x, 24, 24, (3, 3), "conv1", group=24, pads=[1, 1, 1, 1]), "relu1")
    x = m.relu(m.conv(x, 24, 48, (3, 2), "conv2", group=24, strides=[2, 3], pads=[1, 0, 1, 1]), "relu2")
    attributes = {"strides": [2, 2], "dilations": [2, 1], "pads": [3, 2, 3, 2]}
    x = m.relu(m.conv(x, 48, 48, (3, 3), "conv3", group=48, bias=False, **attributes), "relu3")
    return m.classify(m.relu(m.conv(x, 48, 3, (1, 1), "pointwise"), "relu4"), 3 * 4 * 3)


def conv_phases(m):
    """Strides, dilations and their common divisors in a grouped Conv; padding beyond the kernel."""
    x = m.relu(m.conv("x", 5, 6, (3, 3), "conv1", pads=[1, 1, 1, 1]), "relu1")
    attributes = {"strides": [4, 2], "dilations": [2, 3], "pads": [2, 3, 2, 3]}
    x = m.relu(m.conv(x, 6, 8, (3, 3), "conv2", group=2, **attributes), "relu2")
    x = m.relu(m.conv(x, 8, 9, (1, 2), "conv3", strides=[2, 3], pads=[2, 3, 1, 3]), "relu3")
    return m.classify(x, 9 * 3 * 3)


def conv_asymmetric_pads(m):
    x = m.relu(m.conv("x", 5, 4, (4, 3), "conv1", pads=[0, 2, 3, 1]), "relu1")
    x = m.relu(m.conv(x, 4, 4, (3, 3), "conv2", pads=[2, 0, 0, 1], strides=[2, 2]), "relu2")
    return m.classify(x, 4 * 5 * 4)


def conv_same_upper(m):
    x = m.relu(m.conv("x", 5, 6, (4, 2), "conv1", auto_pad="SAME_UPPER", strides=[2, 2]), "relu1")
    x = m.node("MaxPool", [x], "pool", kernel_shape=[2, 2], strides=[2, 1], auto_pad="SAME_UPPER")
    return m.classify(x, 6 * 3 * 4)


def conv_same_lower(m):
    x = m.relu(m.conv("x", 5, 6, (4, 2), "conv1", auto_pad="SAME_LOWER", strides=[2, 2]), "relu1")
    x = m.node("AveragePool", [x], "pool", kernel_shape=[2, 3], strides=[2, 2], auto_pad="SAME_LOWER")
    return m.classify(x, 6 * 3 * 2)


def conv_full_kernel(m):
    """A Conv as wide as the image."""
    x = m.relu(m.conv("x", 5, 6, (3, 3), "conv1", pads=[1, 1, 1, 1]), "relu1")
    x = m.relu(m.conv(x, 6, 11, (9, 7), "conv2"), "relu2")
    return m.classify(x, 11)


def conv_1x1(m):
    x = m.relu(m.conv("x", 5, 7, (1, 1), "conv1"), "relu1")
    x = m.relu(m.conv(x, 7, 3, (1, 1), "conv2", strides=[2, 2]), "relu2")
    return m.classify(x, 3 * 5 * 4)


def conv_zero_bias(m):
    """Biases all 0 take the exponent of their weight."""
    inputs = ["x", m.parameter("conv.weight", (6, 5, 3, 3)), m.constant("conv.bias", np.zeros(6, np.float32))]
    x = m.relu(m.node("Conv", inputs, "conv", kernel_shape=[3, 3]))
    inputs = [m.flatten(x), m.parameter("fc.weight", (4, 210)), m.constant("fc.bias", np.zeros(4, np.float32))]
    return m.node("Gemm", inputs, "fc", transB=1)


def max_pool_overlapping(m):
    x = m.relu(m.conv("x", 5, 6, (3, 3), "conv", pads=[1, 1, 1, 1]))
    x = m.node("MaxPool", [x], "pool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    return m.classify(x, 6 * 5 * 4)


def max_pool_before_relu(m):
    """Negative values meet the padding, which must never win."""
    x = m.conv("x", 5, 6, (3, 3), "conv")
    x = m.node("MaxPool", [x], "pool", kernel_shape=[3, 2], strides=[1, 1], pads=[2, 1, 0, 1])
    return m.classify(m.relu(x), 6 * 7 * 6)


def max_pool_dilated(m):
    x = m.relu(m.conv("x", 5, 6, (2, 2), "conv"))
    x = m.node("MaxPool", [x], "pool", kernel_shape=[3, 2], strides=[1, 2], dilations=[2, 3], pads=[1, 0, 1, 1])
    return m.classify(x, 6 * 6 * 2)


def pool_ceil_mode(m):
    x = m.relu(m.conv("x", 5, 6, (2, 2), "conv1"), "relu1")
    x = m.node("MaxPool", [x], "max_pool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    x = m.relu(m.conv(x, 6, 6, (2, 2), "conv2", pads=[1, 1, 1, 1]), "relu2")
    x = m.node("AveragePool", [x], "avg_pool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    return m.classify(x, 6 * 3 * 2)


def average_pool_exclude_pad(m):
    x = m.relu(m.conv("x", 5, 6, (3, 3), "conv"))
    x = m.node("AveragePool", [x], "pool", kernel_shape=[3, 3], strides=[2, 1], pads=[1, 1, 1, 1])
    return m.classify(x, 6 * 4 * 5)


def average_pool_include_pad(m):
    x = m.relu(m.conv("x", 5, 6, (3, 3), "conv"))
    x = m.node(
        "AveragePool", [x], "pool", kernel_shape=[3, 3], strides=[2, 1], pads=[1, 1, 1, 1], count_include_pad=1
    )
    return m.classify(x, 6 * 4 * 5)


def global_average_pool(m):
    x = m.relu(m.conv("x", 5, 13, (3, 3), "conv"))
    return m.classify(m.node("GlobalAveragePool", [x], "pool"), 13)


def residual(m):
    """A value with three users, a sum used twice, and operands of different exponents."""
    x = m.relu(m.conv("x", 5, 6, (3, 3), "stem"), "relu0")
    y = m.conv(m.relu(m.conv(x, 6, 6, (3, 3), "conv1", pads=[1, 1, 1, 1]), "relu1"), 6, 6, (1, 1), "conv2")
    z = m.conv(x, 6, 6, (1, 1), "shortcut", bias=False)
    s = m.relu(m.node("Add", [m.node("Add", [x, y], "add1"), z], "add2"), "relu2")
    t = m.node("Add", [s, m.conv(s, 6, 6, (3, 3), "conv3", pads=[1, 1, 1, 1])], "add3")
    return m.classify(m.relu(m.node("Add", [t, t], "add4"), "relu3"), 6 * 7 * 5)


def dropout_half(m):
    x = m.relu(m.conv("x", 5, 6, (3, 3), "conv"))
    x = m.node("Dropout", [x, m.constant("ratio", np.float32(0.5)), m.constant("training", np.bool_(True))], "drop")
    return m.classify(x, 6 * 7 * 5)


def dropout_others(m):
    """Two nodes, so that the second has rank 1; the ratio is a float32."""
    x = m.relu(m.gemm(m.flatten("x"), 315, 33, "fc1"), "relu1")
    training = m.constant("training", np.bool_(True))
    x = m.node("Dropout", [x, m.constant("ratio1", np.float32(0.3)), training], "drop1")
    x = m.relu(m.gemm(x, 33, 21, "fc2"), "relu2")
    x = m.node("Dropout", [x, m.constant("ratio2", np.float32(0.2)), training], "drop2")
    return m.gemm(x, 21, CLASSES, "fc3")


def gemm_plain(m):
    """transB = 0 and a bias of shape (1, n)."""
    x = m.relu(m.gemm(m.flatten("x"), 315, 19, "fc1", transB=0, bias=False))
    inputs = [x, m.parameter("fc2.weight", (19, 4), 0.4), m.parameter("fc2.bias", (1, 4))]
    return m.node("Gemm", inputs, "fc2")


def gemm_transposed_operand(m):
    x = m.node("Transpose", [m.flatten("x")], "transpose", perm=[1, 0])
    x = m.relu(m.gemm(x, 315, 10, "fc1", transA=1, transB=0), "relu1")
    x = m.node("Transpose", [x], "transpose2", perm=[1, 0])
    return m.gemm(x, 10, CLASSES, "fc2", transA=1)


def gemm_alpha_beta(m):
    x = m.relu(m.gemm(m.flatten("x"), 315, 12, "fc1", alpha=0.5, beta=2.0))
    return m.gemm(x, 12, CLASSES, "fc2", alpha=1.5, beta=0.75)


def matmul_add(m):
    """MatMul with a transposed initializer, bias as either operand of an Add."""
    weight = m.node("Transpose", [m.parameter("fc1.weight", (14, 315))], "fc1.transpose", perm=[1, 0])
    x = m.node("MatMul", [m.flatten("x"), weight], "fc1.matmul")
    x = m.relu(m.node("Add", [m.parameter("fc1.bias", (14,)), x], "fc1.add"))
    x = m.node("MatMul", [x, m.parameter("fc2.weight", (14, 4), 0.4)], "fc2.matmul")
    return m.node("Add", [x, m.parameter("fc2.bias", (1, 4))], "fc2.add")


def conv_add(m):
    """The bias of a Conv as a separate Add, as CNTK writes it."""
    x = m.conv("x", 5, 6, (3, 3), "conv", bias=False)
    x = m.relu(m.node("Add", [x, m.parameter("conv.bias", (6, 1, 1))], "conv.add"))
    return m.classify(x, 6 * 7 * 5)


def shared_parameter(m):
    """One weight and one bias in two nodes: summed gradients, or a clear refusal."""
    x = m.relu(m.conv("x", 5, 6, (1, 1), "stem"), "relu0")
    weight, bias = m.parameter("shared.weight", (6, 6, 3, 3)), m.parameter("shared.bias", (6,))
    for k in (1, 2):
        x = m.node("Conv", [x, weight, bias], f"conv{k}", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        x = m.relu(x, f"relu{k}")
    return m.classify(x, 6 * 9 * 7)


def tied_weights(m):
    """A weight in layers of different kinds: strides, transposed and not, behind views, in sums and in a row.

    So are biases of one length, but only layers with one weight share one.
    """
    conv, bias = m.parameter("conv.weight", (6, 6, 3, 3)), m.parameter("six", (6,))
    x = m.relu(m.conv("x", 5, 6, (1, 1), "stem"), "relu0")
    y = m.relu(m.node("Conv", [x, conv, bias], "conv1", pads=[1, 1, 1, 1], strides=[2, 1]), "relu1")
    y = m.node("Conv", [y, conv], "conv2", pads=[1, 2, 2, 1], dilations=[1, 2])
    y = m.relu(m.node("Add", [m.node("Reshape", [bias, m.constant("channels", np.array([1, 6, 1, 1]))], "view"), y],
                      "add"), "relu2")
    x = m.relu(m.gemm(m.flatten(m.node("GlobalAveragePool", [y], "mean")), 6, 10, "fc0"), "relu3")
    ten, weight = m.parameter("ten", (10,)), m.parameter("square.weight", (10, 10), 0.5)
    x = m.relu(m.node("Gemm", [x, weight, ten], "gemm", transB=1), "relu4")
    a = m.relu(m.node("Gemm", [x, weight, ten], "turned", transB=0), "relu5")
    turned = m.node("Transpose", [weight], "transpose", perm=[1, 0])
    b = m.relu(m.node("Add", [ten, m.node("MatMul", [x, turned], "matmul")], "matmul_add"), "relu6")
    x = m.node("Add", [a, b], "sum")
    return m.node("Gemm", [x, m.parameter("fc.weight", (CLASSES, 10)), m.parameter("fc.bias", (CLASSES,))], "fc", transB=1)


def deduplicated(m):
    """Equal constants as exporters merge them, some by Identity: each use trains on its own."""
    zeros, ones = m.constant("zeros", np.zeros(6, np.float32)), m.constant("ones", np.ones(6, np.float32))
    mean = m.node("Identity", [zeros], "mean")
    x = m.conv("x", 5, 6, (3, 3), "conv1", bias=False)
    x = m.relu(m.node("BatchNormalization", [x, ones, zeros, mean, ones], "bn1"), "relu1")
    weight = m.parameter("conv2.weight", (6, 6, 3, 3))
    x = m.node("Conv", [x, weight, zeros], "conv2", pads=[1, 1, 1, 1])
    x = m.relu(m.node("BatchNormalization", [x, ones, mean, zeros, ones], "bn2"), "relu2")
    x = m.node("Conv", [x, m.parameter("conv3.weight", (6, 6, 3, 3)), zeros], "conv3", pads=[1, 1, 1, 1])
    return m.classify(m.relu(x, "relu3"), 6 * 7 * 5)


def ranked_parameters(m):
    """Parameters of another rank than their nodes expect, channels first and last."""
    last = {"perm": [0, 2, 3, 1]}
    x = m.conv("x", 5, 6, (3, 3), "conv1", bias=False)
    x = m.relu(m.node("Add", [m.parameter("rank4", (1, 6, 1, 1)), x], "add1"), "relu1")
    x = m.node("Transpose", [m.conv(x, 6, 7, (3, 3), "conv2", bias=False)], "last", **last)
    x = m.node("Add", [x, m.parameter("last4", (1, 1, 1, 7))], "add2")
    x = m.relu(m.node("Transpose", [x], "first", perm=[0, 3, 1, 2]), "relu2")
    bias = m.node("Squeeze", [m.parameter("squeezed", (1, 8, 1, 1)), m.constant("axes", np.array([0, 2, 3]))], "squeeze")
    x = m.relu(m.node("Conv", [x, m.parameter("conv3.weight", (8, 7, 1, 1)), bias], "conv3"), "relu3")
    names = [m.constant("bn." + k, m.random.uniform(0.5, 1.5, (1, 8, 1)).astype(np.float32)) for k in ("g", "b", "m", "v")]
    shape = m.constant("eight", np.array([8]))
    views = [m.node("Reshape", [name, shape], "view." + name) for name in names]
    x = m.relu(m.node("BatchNormalization", [x, *views], "bn"), "relu4")
    x = m.node("Reshape", [m.node("GlobalAveragePool", [x], "mean"), m.constant("row", np.array([0, 1, 8]))], "rows")
    weight = m.node("Reshape", [m.parameter("fc.weight", (8, 2, 2)), m.constant("matrix", np.array([8, 4]))], "flat.weight")
    x = m.node("MatMul", [x, weight], "matmul")
    x = m.node("Add", [x, m.parameter("fc.bias", (1, 1, CLASSES))], "matmul_add")
    return m.node("Squeeze", [x, m.constant("axis", np.array([1]))], "squeezed_rows")


def plumbing(m):
    """Identity, Transpose, Reshape with 0 and -1, Constant, final Softmax."""
    x = m.node("Identity", [m.conv("x", 5, 6, (2, 2), "conv")], "identity")
    x = m.node("Transpose", [m.relu(x)], "transpose", perm=[0, 2, 3, 1])
    shape = helper.make_tensor("shape_value", TensorProto.INT64, [3], [0, 8, -1])
    x = m.node("Reshape", [x, m.node("Constant", [], "shape", value=shape)], "reshape")
    x = m.gemm(m.flatten(x), 288, CLASSES)
    return m.node("Softmax", [x], "softmax", axis=1)


def twice_relu(m):
    """Two equal nodes of one value: each has its own error, summed where the value is."""
    y = m.conv(m.conv("x", 5, 6, (3, 3), "conv"), 6, 6, (3, 3), "conv1", pads=[1, 1, 1, 1])
    a = m.conv(m.relu(y, "relu_a"), 6, 6, (1, 1), "conv_a")
    b = m.conv(m.relu(y, "relu_b"), 6, 6, (1, 1), "conv_b")
    return m.classify(m.relu(m.node("Add", [a, b], "add")), 6 * 7 * 5)


def two_heads(m):
    """A flattened value with two users, and the image with a third: two sums of errors, not one."""
    x = m.relu(m.conv("x", 5, 6, (3, 3), "conv"))
    flat = m.flatten(x)
    a = m.gemm(flat, 6 * 7 * 5, CLASSES, "fc_a")
    b = m.gemm(flat, 6 * 7 * 5, CLASSES, "fc_b")
    mean = m.flatten(m.node("GlobalAveragePool", [x], "mean"), "flatten_mean")
    return m.node("Add", [m.node("Add", [a, b], "add_ab"), m.gemm(mean, 6, CLASSES, "fc_mean")], "add")


def _batch_normalization(m, x, channels, name, zero_bias=False, **attributes):
    inputs = [
        x,
        m.constant(name + ".weight", m.random.uniform(0.5, 1.5, channels).astype(np.float32)),
        m.parameter(name + ".bias", (channels,), 0.0 if zero_bias else None),
        m.constant(name + ".running_mean", np.zeros(channels, np.float32)),
        m.constant(name + ".running_var", np.ones(channels, np.float32)),
    ]
    return m.node("BatchNormalization", inputs, name, **attributes)


def batch_normalization(m):
    """After a Conv alone, after a Relu, and of rank 2 after a Gemm."""
    x = m.relu(_batch_normalization(m, m.conv("x", 5, 6, (3, 3), "conv", bias=False), 6, "bn1"), "relu1")
    x = _batch_normalization(m, x, 6, "bn2")
    x = m.gemm(m.flatten(x), 6 * 7 * 5, 13, "fc1")
    x = m.relu(_batch_normalization(m, x, 13, "bn3"), "relu2")
    return m.gemm(x, 13, CLASSES, "fc2")


def normalized_residual(m):
    """A block of a residual network; normalizations of a sum, of pools, of the input and of the logits."""
    x = _batch_normalization(m, "x", 5, "bn0", momentum=0.5)
    x = m.conv(x, 5, 20, (3, 3), "stem", pads=[1, 1, 1, 1], bias=False)
    x = m.relu(_batch_normalization(m, x, 20, "bn1", zero_bias=True), "relu1")
    y = m.conv(x, 20, 20, (3, 3), "conv1", pads=[1, 1, 1, 1], bias=False)
    y = m.relu(_batch_normalization(m, y, 20, "bn2"), "relu2")
    y = _batch_normalization(m, m.conv(y, 20, 20, (3, 3), "conv2", pads=[1, 1, 1, 1]), 20, "bn3")
    x = _batch_normalization(m, m.node("Add", [x, y], "add"), 20, "bn4")
    x = m.node("MaxPool", [m.relu(x, "relu3")], "max_pool", kernel_shape=[2, 2], strides=[2, 2])
    x = _batch_normalization(m, x, 20, "bn5")
    x = _batch_normalization(m, m.node("GlobalAveragePool", [x], "mean"), 20, "bn6")
    return _batch_normalization(m, m.classify(x, 20), CLASSES, "bn7")


def normalized_views(m):
    """Operations between layers and normalizations: views, a Dropout that evaluation leaves out, a second user."""
    shape = m.constant("shape", np.array([0, 16, -1], np.int64))
    x = m.conv("x", 5, 16, (3, 3), "expand", group=1, bias=False)
    x = m.relu(_batch_normalization(m, m.node("Reshape", [x, shape], "rows"), 16, "bn1"), "relu1")
    x = m.node("Reshape", [x, m.constant("image", np.array([0, 16, 7, 5], np.int64))], "image_again")
    x = m.conv(x, 16, 16, (3, 3), "depthwise", group=16)
    x = m.node("Transpose", [m.node("Identity", [x], "identity")], "turned", perm=[0, 1, 3, 2])
    x = m.relu(_batch_normalization(m, x, 16, "bn2", momentum=0.0), "relu2")
    x = m.conv(x, 16, 6, (1, 1), "shared")
    a = _batch_normalization(m, x, 6, "bn3")
    b = _batch_normalization(m, x, 6, "bn4", momentum=1.0)
    x = m.conv(m.relu(m.node("Add", [a, b], "add"), "relu3"), 6, 4, (1, 1), "flat")
    x = m.gemm(_batch_normalization(m, m.flatten(x), 4 * 3 * 5, "bn_flat"), 4 * 3 * 5, 12, "fc1")
    ratio, training = m.constant("ratio", np.float32(0.5)), m.constant("training", np.bool_(True))
    x = m.node("Dropout", [x, ratio, training], "drop")
    return m.gemm(m.relu(_batch_normalization(m, x, 12, "bn5"), "relu4"), 12, CLASSES, "fc2")


def concat(m):
    x = m.relu(m.conv("x", 5, 4, (1, 1), "squeeze"), "relu0")
    a = m.relu(m.conv(x, 4, 3, (1, 1), "expand1"), "relu1")
    b = m.relu(m.conv(x, 4, 5, (3, 3), "expand3", pads=[1, 1, 1, 1]), "relu2")
    return m.classify(m.node("Concat", [a, b, x], "concat", axis=1), 12 * 9 * 7)


def _layers(m, nodes, kernel=(1, 1)):
    """A Conv before each of the functions, written as (operator, attributes)."""
    x, channels = "x", IMAGE[0]
    for index, (op, attributes) in enumerate(nodes):
        x = m.conv(x, channels, 6 + index % 2, kernel, f"conv{index}")
        x, channels = m.node(op, [x], f"{op.lower()}{index}", **attributes), 6 + index % 2
    return m.classify(x, channels * IMAGE[1] * IMAGE[2])


def bounded_functions(m):
    nodes = [("Sigmoid", {}), ("Tanh", {}), ("Erf", {}), ("HardSigmoid", {"alpha": 0.3}), ("Softsign", {})]
    return _layers(m, nodes)


def straight_functions(m):
    """Functions that are straight on both sides, or exact for integers."""
    nodes = [
        ("LeakyRelu", {"alpha": 0.1}), ("Abs", {}), ("Neg", {}), ("HardSwish", {}), ("ThresholdedRelu", {"alpha": 0.02}),
    ]
    m.opset = 14
    return _layers(m, nodes)


def prelu(m):
    """Slopes per channel, before a normalization, and one slope; of images and rows, merged with another node's."""
    half = m.constant("half", np.array([0.5], np.float32))
    slopes = m.constant("prelu1.weight", m.random.uniform(-0.5, 0.5, (6, 1, 1)).astype(np.float32))
    x = m.node("PRelu", [m.conv("x", 5, 6, (3, 3), "conv1"), slopes], "prelu1")
    x = m.node("PRelu", [m.conv(x, 6, 7, (3, 3), "conv2", pads=[1, 1, 1, 1]), half], "prelu2")
    x = m.node("PRelu", [_batch_normalization(m, x, 7, "bn"), half], "prelu3")
    x = m.gemm(m.flatten(x), 7 * 7 * 5, 9, "fc1")
    x = m.node("PRelu", [x, m.constant("prelu4.weight", np.full(9, 0.25, np.float32))], "prelu4")
    return m.gemm(x, 9, CLASSES, "fc2")


def growing_functions(m):
    nodes = [("Elu", {}), ("Selu", {}), ("Celu", {"alpha": 0.5}), ("Softplus", {}), ("Exp", {})]
    return _layers(m, nodes)


def pooled_functions(m):
    """Overlapping pools after functions, one of them at the end."""
    pool = {"kernel_shape": [2, 2], "strides": [1, 1]}
    x = m.node("Elu", [m.conv("x", 5, 8, (3, 3), "conv1", strides=[2, 1])], "elu")
    x = m.node("Tanh", [m.conv(m.node("MaxPool", [x], "pool1", **pool), 8, 9, (1, 1), "conv2")], "tanh")
    x = m.conv(m.node("MaxPool", [x], "pool2", **pool), 9, CLASSES, (1, 1), "conv3")
    return m.flatten(m.node("GlobalMaxPool", [m.node("Sigmoid", [x], "sigmoid")], "pool3"))


def clips(m):
    """Bounds on both sides, on one side, and a residual through a function with two users."""
    low, high = m.constant("low", np.float32(-0.3)), m.constant("high", np.float32(0.4))
    x = m.node("Clip", [m.conv("x", 5, 6, (3, 3), "conv1"), low, high], "both")
    y = m.node("Clip", [m.conv(x, 6, 6, (1, 1), "conv2"), "", high], "above")
    return m.classify(m.node("Add", [x, m.node("LeakyRelu", [y], "leaky")], "add"), 6 * 7 * 5)


def numbers_mlp(m):
    """Three layers on a row of features."""
    x = m.relu(m.gemm("x", 13, 24, "fc1"), "relu1")
    x = m.relu(m.gemm(x, 24, 17, "fc2"), "relu2")
    return m.gemm(x, 17, 3, "fc3")


def numbers_signal(m):
    """Convolutions of a signal of two channels, and a function that goes below 0."""
    x = m.node("Tanh", [m.conv("x", 2, 8, (1, 5), "conv1", strides=[1, 2])], "tanh")
    x = m.node("AveragePool", [m.relu(m.conv(x, 8, 12, (1, 3), "conv2", pads=[0, 1, 0, 1]), "relu")], "pool",
               kernel_shape=[1, 2], strides=[1, 2])
    return m.gemm(m.flatten(x), 12 * 5, 3)


def numbers_normalized(m):
    """One number per example, without a dimension for it, after a BatchNormalization."""
    x = m.gemm("x", 13, 16, "fc1", bias=False)
    x = m.relu(_batch_normalization(m, x, 16, "bn"), "relu1")
    return m.node("Squeeze", [m.gemm(x, 16, 1, "fc2"), m.constant("axes", np.array([1]))], "squeeze")


# Models of floats, and the shapes of an example and of its result.
NUMBER_MODELS = {
    "numbers_mlp": (numbers_mlp, (13,), (3,)),
    "numbers_signal": (numbers_signal, (2, 1, 24), (3,)),
    "numbers_normalized": (numbers_normalized, (13,), ()),
}

MODELS = {
    f.__name__: f
    for f in (
        conv_strided, conv_strided_twice, conv_dilated, conv_grouped, conv_depthwise, conv_depthwise_vectors,
        conv_phases, conv_asymmetric_pads, conv_same_upper, conv_same_lower, conv_full_kernel, conv_1x1, conv_zero_bias, max_pool_overlapping,
        max_pool_before_relu, max_pool_dilated, pool_ceil_mode, average_pool_exclude_pad, average_pool_include_pad,
        global_average_pool, residual, dropout_half, dropout_others, gemm_plain, gemm_transposed_operand,
        gemm_alpha_beta, matmul_add, conv_add, shared_parameter, tied_weights, deduplicated, ranked_parameters, plumbing, twice_relu, two_heads,
        batch_normalization, normalized_residual, normalized_views, concat, bounded_functions, straight_functions, growing_functions,
        pooled_functions, clips, prelu,
    )
}


def make_data(folder, flat=False, image=IMAGE, classes=CLASSES):
    """Images of a class share a pattern under noise, so that training has something to learn."""
    random = np.random.RandomState(20240917)
    patterns = random.randint(0, 256, (classes, *image))
    os.makedirs(folder, exist_ok=True)
    for part, count in (("train", 62), ("test", 17)):
        labels = random.randint(0, classes, count)
        noise = random.randint(0, 256, (count, *image))
        images = ((patterns[labels] + 2 * noise) // 3).astype(np.uint8)
        np.save(os.path.join(folder, part + "_x.npy"), images.reshape(count, -1) if flat else images)
        np.save(os.path.join(folder, part + "_y.npy"), labels.astype(np.int64))


def make_numbers(folder, shape, output, shares=False):
    """Features of several scales, one of them constant, and targets that depend on them; `shares` are in [0, 1]."""
    random = np.random.RandomState(20250301)
    features = random.standard_normal((62 + 17, *shape))
    scales = (10.0 ** np.linspace(-2, 3, shape[0])).reshape(shape[:1] + (1,) * (len(shape) - 1))
    weights = random.standard_normal((int(np.prod(shape)), int(np.prod(output)))) / np.sqrt(np.prod(shape))
    targets = np.tanh(features.reshape(len(features), -1) @ weights) * [1.0, 2.5, 0.25][: weights.shape[1]]
    targets += 0.05 * random.standard_normal(targets.shape)
    if shares:
        targets = np.where(random.uniform(size=targets.shape) < 0.7, targets > 0, 1 / (1 + np.exp(-targets)))
    features = features * scales + 3 * scales[::-1]
    if len(shape) == 1:
        features[:, 4] = 0.1
    os.makedirs(folder, exist_ok=True)
    kinds = ("<f8", "<f4") if len(shape) == 1 else ("<f4", "<f8")
    for part, chosen in (("train", slice(0, 62)), ("test", slice(62, None))):
        np.save(os.path.join(folder, part + "_x.npy"), features[chosen].astype(kinds[0]))
        np.save(os.path.join(folder, part + "_y.npy"), targets[chosen].reshape((-1, *output)).astype(kinds[1]))


def make_model(folder, name):
    """The path of the file of one of MODELS or NUMBER_MODELS."""
    build, *shapes = NUMBER_MODELS.get(name) or (MODELS[name],)
    model, path = Model(name, *shapes), os.path.join(folder, name + ".onnx")
    model.save(build(model), path)
    return path


def make_number_data(folder, name):
    """Data of one of NUMBER_MODELS."""
    _, *shapes = NUMBER_MODELS[name]
    make_numbers(os.path.join(folder, name + "_data"), *shapes)
    make_numbers(os.path.join(folder, name + "_shares"), *shapes, shares=True)


def main(arguments):
    if not arguments or arguments[0].startswith("-"):
        sys.exit(__doc__)
    folder, names = arguments[0], arguments[1:] or [*MODELS, *NUMBER_MODELS]
    os.makedirs(folder, exist_ok=True)
    for name in names:
        make_model(folder, name)
        if name in NUMBER_MODELS:
            make_number_data(folder, name)
    make_data(os.path.join(folder, "data"))
    make_data(os.path.join(folder, "data_flat"), flat=True)


if __name__ == "__main__":
    main(sys.argv[1:])
