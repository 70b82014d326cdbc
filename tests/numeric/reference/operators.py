# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Exact integer accumulators of the linear ops and pools (section 4).

Tensors are in ONNX layout, any number of spatial dimensions. Products are sums
of float64 matrix products of integers: exact while every partial sum is below
2^53, which holds for 2^38 products of two 8-bit mantissas. `finish` turns them
into accumulators: NITI's saturate, WAGE's are exact. Convolutions of floats
are the same sums, without `finish`.
"""

import itertools

import numpy as np

from arithmetic import int64, saturate


class Window:
    """Positions of a sliding window: kernel, strides, dilations, padding, output.

    begin is the padding before each spatial dimension; after it, the input
    is extended as far as the last window reaches.
    """

    def __init__(self, kernel, strides, dilations, begin, output):
        self.kernel, self.strides, self.dilations = kernel, strides, dilations
        self.begin, self.output = begin, output

    def offsets(self):
        """Kernel positions in row-major order."""
        return itertools.product(*(range(k) for k in self.kernel))

    def size(self):
        return int(np.prod(self.kernel, dtype=np.int64))

    def overlaps(self):
        sizes = zip(self.kernel, self.dilations, self.strides, self.output)
        return any(n > 1 and s < (k - 1) * d + 1 for k, d, s, n in sizes)

    def slices(self, offset):
        """The part of the extended input that position `offset` of the window sees."""
        spatial = tuple(
            slice(o * d, o * d + s * (n - 1) + 1, s)
            for o, d, s, n in zip(offset, self.dilations, self.strides, self.output)
        )
        return (slice(None), slice(None)) + spatial

    def _extended_shape(self, spatial):
        return tuple(
            max(b + n, (k - 1) * d + s * (m - 1) + 1)
            for b, n, k, d, s, m in zip(
                self.begin, spatial, self.kernel, self.dilations, self.strides, self.output
            )
        )

    def _inside(self, spatial):
        return (slice(None), slice(None)) + tuple(
            slice(b, b + n) for b, n in zip(self.begin, spatial)
        )

    def extend(self, x, fill=0):
        extended = np.full(x.shape[:2] + self._extended_shape(x.shape[2:]), fill, dtype=x.dtype)
        extended[self._inside(x.shape[2:])] = x
        return extended

    def gather(self, x, fill=0):
        """[(slice of the extended input) for each kernel position]."""
        extended = self.extend(x, fill)
        return [extended[self.slices(offset)] for offset in self.offsets()]

    def scatter_add(self, parts, batch_channels, spatial, dtype=np.int64):
        """Adjoint of gather: adds each position's part where it was read."""
        extended = np.zeros(batch_channels + self._extended_shape(spatial), dtype=dtype)
        for offset, part in zip(self.offsets(), parts):
            extended[self.slices(offset)] += part
        return extended[self._inside(spatial)]


def _columns(x, window, group):
    """im2col: (N, group, C/group * kernel, output positions) in float64."""
    x = x.astype(np.float64)
    columns = np.stack(window.gather(x), axis=2)
    return columns.reshape(x.shape[0], group, x.shape[1] // group * window.size(), -1)


def _by_group(weight, group):
    return weight.astype(np.float64).reshape(group, weight.shape[0] // group, -1)


def conv_forward(x, weight, window, group, finish=saturate):
    product = np.matmul(_by_group(weight, group)[None], _columns(x, window, group))
    return finish(product.reshape((x.shape[0], weight.shape[0]) + window.output))


def conv_input_error(error, weight, window, group, input_shape, finish=saturate):
    batch, channels = input_shape[:2]
    e = error.astype(np.float64).reshape(batch, group, weight.shape[0] // group, -1)
    columns = np.matmul(_by_group(weight, group).swapaxes(1, 2)[None], e)
    columns = columns.reshape((batch, channels, window.size()) + window.output)
    parts = (columns[:, :, k] for k in range(window.size()))
    return finish(window.scatter_add(parts, (batch, channels), input_shape[2:], np.float64))


def conv_weight_gradient(error, x, window, group, weight_shape, finish=saturate):
    batch = x.shape[0]
    e = error.astype(np.float64).reshape(batch, group, weight_shape[0] // group, -1)
    products = np.matmul(e, _columns(x, window, group).swapaxes(2, 3))
    return finish(products.sum(axis=0).reshape(weight_shape))


def _rows(x, transposed):
    x = x.T if transposed else x
    return x.reshape(-1, x.shape[-1]).astype(np.float64)


def gemm_forward(x, weight, transposed, output_shape, finish=saturate):
    """x (rows, K), or (K, rows) if transposed; weight (K, O)."""
    return finish((_rows(x, transposed) @ weight.astype(np.float64)).reshape(output_shape))


def gemm_input_error(error, weight, transposed, input_shape, finish=saturate):
    product = _rows(error, False) @ weight.astype(np.float64).T
    return finish(product.T if transposed else product.reshape(input_shape))


def gemm_weight_gradient(error, x, transposed, finish=saturate):
    return finish(_rows(x, transposed).T @ _rows(error, False))


def bias_gradient(error, bias_shape, finish=saturate):
    """Sum of the error over every dimension along which the bias is broadcast."""
    padded = (1,) * (error.ndim - len(bias_shape)) + tuple(bias_shape)
    axes = tuple(k for k, n in enumerate(padded) if n == 1)
    return finish(int64(error).sum(axis=axes, keepdims=True).reshape(bias_shape))


PADDING = -(2**31)


def max_pool_forward(x, window):
    """Padding never wins; returns (maxima, kernel position of the first maximum)."""
    best = position = None
    for number, part in enumerate(window.gather(int64(x), PADDING)):
        if best is None:
            best, position = part.copy(), np.zeros(part.shape, dtype=np.int64)
            continue
        greater = part > best
        best[greater], position[greater] = part[greater], number
    return best, position


def max_pool_input_error(error, position, window, input_shape, finish=saturate):
    parts = (np.where(position == k, int64(error), 0) for k in range(window.size()))
    return finish(window.scatter_add(parts, input_shape[:2], input_shape[2:]))


def average_pool_constants(window, spatial, count_include_pad):
    """(c, k) of section 4: c = round(2^(7+k)/area), k = ceil(log2 kernel area).

    With count_include_pad the area is the whole kernel ("all positions"), also
    where ceil_mode lets a window reach beyond the padding.
    """
    k = (window.size() - 1).bit_length()
    if count_include_pad:
        area = np.full((1, 1) + window.output, window.size(), dtype=np.int64)
    else:
        ones = np.ones((1, 1) + tuple(spatial), dtype=np.int64)
        area = sum(window.gather(ones))
    return (2 ** (8 + k) + area) // (2 * area), k


def average_pool_forward(x, constants, window):
    return saturate(sum(window.gather(int64(x))) * constants)


def average_pool_input_error(error, constants, window, input_shape):
    scaled = int64(error) * constants
    parts = (scaled for _ in range(window.size()))
    return saturate(window.scatter_add(parts, input_shape[:2], input_shape[2:]))
