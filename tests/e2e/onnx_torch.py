# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Interprets an ONNX classifier with PyTorch, in training form, so that autograd gives its gradients.

Softmax at the end belongs to the loss, and Dropout takes the mask of the numerics contract, section 2.
"""

import sys

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper

import harness

sys.path.insert(0, harness.REFERENCE)
import philox  # noqa: E402 (the path comes first)


def _hard_sigmoid(x, alpha=0.2, beta=0.5):
    # Unlike torch.clamp it passes no gradient at the bounds.
    return F.hardtanh(alpha * x + beta, 0.0, 1.0)


def _selu(x, alpha=1.67326319217681884765625, gamma=1.05070102214813232421875):
    return gamma * F.elu(x, alpha)


# Functions of each element, by operator; they take the attributes of the node.
FUNCTIONS = {
    "Abs": torch.abs,
    "Celu": lambda x, alpha=1.0: F.celu(x, alpha),
    "Elu": lambda x, alpha=1.0: F.elu(x, alpha),
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Gelu": lambda x, approximate=b"none": F.gelu(x, approximate=approximate.decode()),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": F.hardswish,
    "LeakyRelu": lambda x, alpha=0.01: F.leaky_relu(x, alpha),
    "Mish": F.mish,
    "Neg": torch.neg,
    "Relu": F.relu,
    "Selu": _selu,
    "Sigmoid": torch.sigmoid,
    "Softplus": F.softplus,
    "Softsign": F.softsign,
    "Swish": F.silu,
    "Tanh": torch.tanh,
    "ThresholdedRelu": lambda x, alpha=1.0: torch.where(x > alpha, x, torch.zeros_like(x)),
}


def spatial_pads(x, attributes, kernel):
    """F.pad's pads of a window operation: last dimension first, begin and end."""
    strides = attributes.get("strides", [1] * len(kernel))
    dilations = attributes.get("dilations", [1] * len(kernel))
    mode = attributes.get("auto_pad", b"NOTSET")
    pads = attributes.get("pads", [0] * 2 * len(kernel))
    begins, ends = list(pads[: len(kernel)]), list(pads[len(kernel) :])
    if mode in (b"SAME_UPPER", b"SAME_LOWER"):
        for i, size in enumerate(x.shape[2:]):
            span = (kernel[i] - 1) * dilations[i] + 1
            total = max((-(-size // strides[i]) - 1) * strides[i] + span - size, 0)
            begins[i] = total // 2 if mode == b"SAME_UPPER" else total - total // 2
            ends[i] = total - begins[i]
    return [pad for pair in zip(reversed(begins), reversed(ends)) for pad in pair]


class Network:
    """A model whose floats have type `dtype`; `parameters` are the constants that training updates."""

    def __init__(self, path, dtype=torch.double, seed=1):
        self.graph, self.dtype, self.seed = onnx.load(path).graph, dtype, seed
        self.values, self.parameters, self.statistics = {}, {}, {}
        for tensor in self.graph.initializer:
            self._add_constant(tensor.name, numpy_helper.to_array(tensor))
        for node in self.graph.node:
            self._evaluate_constant(node)
        names = {tensor.name for tensor in self.graph.initializer}
        self.inputs = [value.name for value in self.graph.input if value.name not in names]
        image = next(value for value in self.graph.input if value.name == self.inputs[0])
        self.input_shape = [dim.dim_value for dim in image.type.tensor_type.shape.dim]
        self.dropouts = 0

    def forward(self, x):
        """The logits of a batch, one row per example; afterwards `statistics` holds the new running ones."""
        return self.outputs(x).flatten(1)

    def outputs(self, *inputs):
        """The output for a batch of each input."""
        self.values.update(zip(self.inputs, inputs, strict=True))
        self.dropouts = 0
        for node in self.graph.node:
            if node.op_type in ("Constant", "ConstantOfShape"):
                continue
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            operation = getattr(self, "_" + node.op_type, None)
            inputs = [self.values[name] if name else None for name in node.input]
            if node.op_type in FUNCTIONS:
                self.values[node.output[0]] = FUNCTIONS[node.op_type](*inputs, **attributes)
                continue
            if operation is None:
                raise NotImplementedError(node.op_type)
            self.values[node.output[0]] = operation(node, attributes, *inputs)
        return self.values[self.graph.output[0].name]

    def set_parameters(self, state):
        """Takes the values of parameters from {name: array}."""
        for name, value in self.parameters.items():
            if name in state:
                value.data = torch.from_numpy(state[name].copy()).to(self.dtype)

    def gradients(self, pixels, labels):
        """Of the cross-entropy summed over a batch: {parameter: array of double}."""
        for value in self.parameters.values():
            value.grad = None
        logits = self.forward(torch.from_numpy(pixels).to(self.dtype) / 255)
        F.cross_entropy(logits, torch.from_numpy(labels), reduction="sum").backward()
        used = {name: value.grad for name, value in self.parameters.items() if value.grad is not None}
        return {name: gradient.double().numpy() for name, gradient in used.items()}

    def _add_constant(self, name, array):
        value = torch.from_numpy(np.array(array))
        if value.is_floating_point():
            value = value.to(self.dtype).requires_grad_()
            self.parameters[name] = value
        self.values[name] = value
        return value

    def _evaluate_constant(self, node):
        if node.op_type == "Constant":
            self._add_constant(node.output[0], numpy_helper.to_array(node.attribute[0].t))
        elif node.op_type == "ConstantOfShape":
            fill = numpy_helper.to_array(node.attribute[0].t)
            self._add_constant(node.output[0], np.full(self.values[node.input[0]].tolist(), fill[0], fill.dtype))

    def _Conv(self, node, attributes, x, weight, bias=None):
        x = F.pad(x, spatial_pads(x, attributes, weight.shape[2:]))
        rank = x.dim() - 2
        settings = {name: attributes.get(name + "s", [1] * rank) for name in ("stride", "dilation")}
        convolve = F.conv1d if rank == 1 else F.conv2d
        return convolve(x, weight, bias, groups=attributes.get("group", 1), **settings)

    def _MaxPool(self, node, attributes, x):
        kernel, rank = attributes["kernel_shape"], x.dim() - 2
        x = F.pad(x, spatial_pads(x, attributes, kernel), value=-float("inf"))
        settings = {name: attributes.get(name + "s", [1] * rank) for name in ("stride", "dilation")}
        pool = F.max_pool1d if rank == 1 else F.max_pool2d
        return pool(x, kernel, ceil_mode=bool(attributes.get("ceil_mode", 0)), **settings)

    def _AveragePool(self, node, attributes, x):
        kernel, strides = attributes["kernel_shape"], attributes.get("strides", [1] * (x.dim() - 2))
        pads = spatial_pads(x, attributes, kernel)
        ones = F.pad(torch.ones_like(x), pads, value=float(attributes.get("count_include_pad", 0)))
        pool = F.avg_pool1d if x.dim() == 3 else F.avg_pool2d
        return pool(F.pad(x, pads), kernel, strides) / pool(ones, kernel, strides)

    def _GlobalAveragePool(self, node, attributes, x):
        return x.mean(dim=tuple(range(2, x.dim())), keepdim=True)

    def _GlobalMaxPool(self, node, attributes, x):
        return self._MaxPool(node, {"kernel_shape": x.shape[2:]}, x)

    def _reduced(self, node, attributes, x, axes, pool):
        """A pool over axes of space."""
        axes = {axis % x.dim() for axis in (attributes["axes"] if axes is None else axes.tolist())}
        kernel = [n if k in axes else 1 for k, n in enumerate(x.shape)][2:]
        shape = [n for k, n in enumerate(x.shape) if k not in axes]
        pooled = pool(node, {"kernel_shape": kernel}, x)
        return pooled if attributes.get("keepdims", 1) else pooled.reshape(shape)

    def _ReduceMean(self, node, attributes, x, axes=None):
        return self._reduced(node, attributes, x, axes, self._AveragePool)

    def _ReduceMax(self, node, attributes, x, axes=None):
        return self._reduced(node, attributes, x, axes, self._MaxPool)

    def _BatchNormalization(self, node, attributes, x, scale, bias, mean, variance):
        axes = [0] + list(range(2, x.dim()))
        momentum = attributes.get("momentum", 0.9)
        batch = (x.mean(dim=axes), x.var(dim=axes, unbiased=False))
        for name, old, new in zip(node.input[3:], (mean, variance), batch):
            self.statistics[name] = (momentum * old + (1 - momentum) * new).detach()
            self.parameters.pop(name, None)
        return F.batch_norm(x, None, None, scale, bias, training=True, eps=attributes.get("epsilon", 1e-5))

    def _LRN(self, node, attributes, x):
        alpha, beta, bias = (attributes.get(name, value) for name, value in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1)))
        return F.local_response_norm(x, attributes["size"], alpha, beta, bias)

    def _Dropout(self, node, attributes, x, ratio=None, training=None):
        ratio = attributes.get("ratio", 0.5) if ratio is None else float(ratio.detach())
        if training is not None and not bool(training):
            ratio = 0.0
        numbers = philox.random16(self.seed, x.shape[1:], self.dropouts, step=0, purpose=philox.DROPOUT)
        self.dropouts += 1
        return x * torch.from_numpy(numbers >= round(ratio * 65536)) / (1 - ratio)

    def _Gemm(self, node, attributes, a, b, c=None):
        b = b.T if attributes.get("transB", 0) else b
        product = attributes.get("alpha", 1.0) * (a @ b)
        return product if c is None else product + attributes.get("beta", 1.0) * c

    def _Gather(self, node, attributes, table, indices):
        return table[indices]

    def _Cast(self, node, attributes, x):
        return x

    def _MatMul(self, node, attributes, a, b):
        return a @ b

    def _Add(self, node, attributes, *terms):
        return sum(terms)

    _Sum = _Add

    def _Concat(self, node, attributes, *parts):
        return torch.cat(parts, dim=attributes["axis"])

    def _Clip(self, node, attributes, x, low=None, high=None):
        bounds = [attributes.get("min"), attributes.get("max")]
        bounds = [b if v is None else v.detach() for v, b in zip((low, high), bounds)]
        low, high = (s * float("inf") if b is None else float(b) for b, s in zip(bounds, (-1, 1)))
        # Unlike torch.clamp it passes no gradient at the bounds.
        return F.hardtanh(x, low, high)

    def _Max(self, node, attributes, *operands):
        x, bound = sorted(operands, key=torch.numel, reverse=True)
        return self._Clip(node, {}, x, low=bound)

    def _Min(self, node, attributes, *operands):
        x, bound = sorted(operands, key=torch.numel, reverse=True)
        return self._Clip(node, {}, x, high=bound)

    def _PRelu(self, node, attributes, x, slope):
        return torch.where(x > 0, x, slope * x)

    def _Softmax(self, node, attributes, x):
        return x

    _LogSoftmax = _Identity = _Softmax

    def _Flatten(self, node, attributes, x):
        return x.flatten(1)

    def _Reshape(self, node, attributes, x, shape):
        if node.input[0] in self.parameters:
            return x.reshape(shape.tolist())
        return x.reshape(x.shape[0], *shape.tolist()[1:])

    def _Shape(self, node, attributes, x):
        return torch.tensor(x.shape)

    def _Gather(self, node, attributes, x, indices):
        return x[indices]

    def _Cast(self, node, attributes, x):
        return x

    def _Unsqueeze(self, node, attributes, x, axes):
        for axis in sorted(axes.tolist()):
            x = x.unsqueeze(axis)
        return x

    def _Squeeze(self, node, attributes, x, axes):
        return x.squeeze(tuple(axes.tolist()))

    def _Transpose(self, node, attributes, x):
        return x.permute(attributes["perm"])
