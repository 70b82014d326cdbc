# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One state hash for all instruction sets, thread counts and interruptions, on real models. slow/ has the long runs."""

import unittest

import harness
import runs


class HashMatrix(runs.HashMatrixCase):
    def test_lenet(self):
        data = runs.small_data(self.path("data"), (1, 28, 28))
        self.matrix(harness.shared("models", "lenet.onnx"), data, 8, ("--batch=50",), threads=(2, 5))

    def test_vgg_tiny(self):
        data = runs.small_data(self.path("data"), (3, 32, 32), tests=20)
        options = ("--init=scheme", "--normalize=cifar10", "--batch=16")
        self.matrix(harness.shared("models", "vgg_tiny.onnx"), data, 5, options, ("--augment=crop-flip",), threads=(2,))

    def test_resnet20(self):
        """Running statistics are part of the state."""
        data = runs.small_data(self.path("data"), (3, 32, 32), count=64, tests=10)
        options = ("--normalize=cifar10", "--batch=8")
        self.matrix(harness.shared("models", "resnet20.onnx"), data, 5, options, threads=(1, 2))


if __name__ == "__main__":
    unittest.main()
