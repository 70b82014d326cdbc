# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The state-hash matrix over 50 steps of real models and data, and 50 kills."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402 (the path comes first)
import runs  # noqa: E402


class HashMatrix(runs.HashMatrixCase):
    def mnist(self, model):
        data = "mnist:" + harness.shared("data", "mnist")
        self.matrix(harness.shared("models", model), data, 50)

    def test_lenet(self):
        self.mnist("lenet.onnx")

    def test_mlp(self):
        self.mnist("mlp.onnx")

    def test_vgg_tiny(self):
        model = harness.shared("models", "vgg_tiny.onnx")
        folder = harness.succeed(harness.shared("data", "unpack.sh"), "cifar10", self.path("data")).out.strip()
        options = ("--init=scheme", "--normalize=cifar10")
        self.matrix(model, "cifar10:" + folder, 50, options, ("--augment=crop-flip",))


class Kill(runs.KillCase):
    def test_kill_50_times(self):
        self.kill_at_random(50, seed=2)


if __name__ == "__main__":
    unittest.main()
