# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled training against the NumPy reference: the part that takes a minute. slow/ has the whole matrix."""

import unittest

from differential import DifferentialCase

# One of each kind of node, and the shapes that vectorize badly. Thread counts take turns.
MODELS = {
    "conv_strided_twice": 5,
    "conv_grouped": 2,
    "conv_depthwise_vectors": 5,
    "conv_phases": 2,
    "conv_same_upper": 1,
    "pool_ceil_mode": 5,
    "residual": 2,
    "dropout_others": 1,
    "gemm_transposed_operand": 5,
    "matmul_add": 2,
    "batch_normalization": 5,
    "normalized_residual": 2,
    "normalized_views": 1,
    "prelu": 5,
    "tied_weights": 5,
    "deduplicated": 2,
    "ranked_parameters": 1,
}


class Differential(DifferentialCase):
    def test_options(self):
        options = ("--batch=5", "--init=scheme", "--seed=77", "--niti-weight-bits=16", "--niti-grad-round=stochastic")
        self.compare("conv_depthwise", options, ("--augment=crop-flip", "--schedule=3,2@25%,1@1"), threads=(2,))


def _add(name, threads):
    setattr(Differential, "test_" + name, lambda self: self.compare(name, threads=(threads,)))


for _name, _threads in MODELS.items():
    _add(_name, _threads)

if __name__ == "__main__":
    unittest.main()
