# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Interprets the text of an imported module with numpy: slow and obvious.

    values = interpret.run(text, x)     the result of @forward on input x, as in evaluation

With `training`, BatchNormalization uses the statistics of the batch.
"""

import ast
import os
import re
import struct
import sys

import numpy as np

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 5))
sys.path.insert(0, os.path.join(ROOT, "tests", "numeric", "reference"))
import functions  # noqa: E402 (the path comes first)


def parse_elements(text, shape):
    text = text.strip()
    if text.startswith('"0x'):
        data = np.frombuffer(bytes.fromhex(text[3:-1]), dtype="<f4")
    else:
        data = np.array(ast.literal_eval(text), dtype=np.float32)
    return np.broadcast_to(data.reshape(shape) if data.size > 1 else data.reshape(()), shape)


def parse_shape(text):
    match = re.match(r"tensor<((?:\d+x)*)f32>", text.strip())
    return tuple(int(n) for n in match.group(1).split("x") if n)


def parse_double(name, attributes):
    """A number, or the bits of one that is not finite."""
    return parse_number(re.search(name + r" = (\S+) : f64", attributes).group(1))


def parse_number(text):
    return struct.unpack(">d", bytes.fromhex(text[2:]))[0] if text.startswith("0x") else float(text)


def elementwise(x, attributes):
    """The function `#qtrain.name` or `#qtrain.name<constant = number : f64, ...>` of each element."""
    name, constants = re.search(r"#qtrain\.(\w+)(?:<([^>]*)>)?", attributes).groups()
    if constants is None:
        function = getattr(functions, name.upper())
    else:
        numbers = re.findall(r"= (\S+) : f64", constants)
        function = getattr(functions, name)(*map(parse_number, numbers))
    return np.vectorize(function.value, otypes=[np.float64])(x)


def windows(x, attributes, fill, shape):
    """Yields (y, x, patch, valid) for each output position."""
    kernel, strides, pads, dilations = (
        [int(n) for n in re.search(name + r" = \[([^\]]*)\]", attributes).group(1).split(",")]
        for name in ("kernel", "strides", "pads", "dilations")
    )
    height, width = x.shape[2:]
    for oy in range(shape[2]):
        for ox in range(shape[3]):
            patch = np.full(x.shape[:2] + tuple(kernel), fill, dtype=np.float64)
            valid, padded = 0, 0
            for ky in range(kernel[0]):
                for kx in range(kernel[1]):
                    iy = oy * strides[0] - pads[0] + ky * dilations[0]
                    ix = ox * strides[1] - pads[1] + kx * dilations[1]
                    inside = 0 <= iy < height and 0 <= ix < width
                    if inside:
                        patch[:, :, ky, kx] = x[:, :, iy, ix]
                    valid += inside
                    padded += iy < height + pads[2] and ix < width + pads[3]
            yield oy, ox, patch, valid, padded


def conv2d(x, w, attributes, shape):
    group = re.search(r"group = (\d+)", attributes)
    group = int(group.group(1)) if group else 1
    result = np.zeros(shape)
    inputs, outputs = x.shape[1] // group, w.shape[0] // group
    for oy, ox, patch, _, _ in windows(x, attributes, 0, shape):
        for g in range(group):
            part = patch[:, g * inputs : (g + 1) * inputs].reshape(x.shape[0], -1)
            rows = w[g * outputs : (g + 1) * outputs].reshape(outputs, -1)
            result[:, g * outputs : (g + 1) * outputs, oy, ox] = part @ rows.T
    return result


def max_pool2d(x, attributes, shape):
    result = np.zeros(shape)
    for oy, ox, patch, _, _ in windows(x, attributes, -np.inf, shape):
        result[:, :, oy, ox] = patch.max(axis=(2, 3))
    return result


def average_pool2d(x, attributes, shape):
    result = np.zeros(shape)
    for oy, ox, patch, valid, padded in windows(x, attributes, 0, shape):
        count = padded if "count_include_pad" in attributes else valid
        result[:, :, oy, ox] = patch.sum(axis=(2, 3)) / count
    return result


def batch_norm(x, parameters, attributes, training):
    axes = (0,) + tuple(range(2, x.ndim))
    scale, bias, mean, variance = (p.reshape((1, -1) + (1,) * (x.ndim - 2)) for p in parameters)
    if training:
        mean, variance = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    return scale * (x - mean) / np.sqrt(variance + parse_double("epsilon", attributes)) + bias


def local_response_norm(x, attributes):
    size = int(re.search(r"size = (\d+)", attributes).group(1))
    alpha, beta, bias = (parse_double(name, attributes) for name in ("alpha", "beta", "bias"))
    pads = [(0, 0), ((size - 1) // 2, size // 2)] + [(0, 0)] * (x.ndim - 2)
    squares = np.pad(x**2, pads)
    total = sum(squares[:, k : k + x.shape[1]] for k in range(size))
    return x / (bias + alpha / size * total) ** beta


def evaluate(op, operands, attributes, shape, training):
    x = operands[0]
    if op == "conv2d":
        return conv2d(x, operands[1], attributes, shape)
    if op == "max_pool2d":
        return max_pool2d(x, attributes, shape)
    if op == "average_pool2d":
        return average_pool2d(x, attributes, shape)
    if op == "linear":
        return x.reshape(x.shape[0], -1) @ operands[1].T
    if op == "bias_add":
        return x + operands[1].reshape((1, -1) + (1,) * (x.ndim - 2))
    if op == "relu":
        return np.maximum(x, 0)
    if op == "elementwise":
        return elementwise(x, attributes)
    if op == "reshape":
        return x.reshape(shape)
    if op == "transpose":
        permutation = re.search(r"array<i64: ([^>]*)>", attributes).group(1)
        return x.transpose([int(n) for n in permutation.split(",")])
    if op == "sum":
        return sum(operands)
    if op == "concat":
        return np.concatenate(operands, int(re.search(r"axis = (\d+)", attributes).group(1)))
    if op == "local_response_norm":
        return local_response_norm(x, attributes)
    if op == "batch_norm_training":
        return batch_norm(x, operands[1:], attributes, training)
    if op == "dropout":  # as in evaluation
        return x
    raise ValueError("unknown operation " + op)


def run(text, x, training=False):
    parameters, values = {}, {}
    for match in re.finditer(r"qtrain\.parameter @(\S+) id \d+(?: kind +buffer)? = dense<(.*)> : (tensor<\S+>)", text):
        name, elements, shape = match.groups()
        parameters[name] = parse_elements(elements, parse_shape(shape)).astype(np.float64)
    signature = re.search(r"func\.func @forward\((.*?)\) ->", text).group(1)
    for match in re.finditer(r"(%arg\d+): \S+?(?: \{qtrain\.parameter = @([^}]+)\})?(?:,|$)", signature):
        name, parameter = match.groups()
        values[name] = parameters[parameter] if parameter else x.astype(np.float64)
    for line in text.splitlines():
        line = line.strip()
        match = re.match(r"return (%\w+)", line)
        if match:
            return values[match.group(1)]
        match = re.match(r"(%\w+)(?:, %\w+)* = qtrain\.(\w+) ([^{:]*?)( \{.*\})? : .* -> \(?(tensor<\S+?>)(?:, .*)?$", line)
        if not match or match.group(2) == "random":
            continue
        result, op, operands, attributes, shape = match.groups()
        operands = [values.get(name.strip()) for name in operands.split(",")]
        values[result] = evaluate(op, operands, attributes or "", parse_shape(shape), training)
        assert values[result].shape == parse_shape(shape), line
    raise ValueError("no return")
