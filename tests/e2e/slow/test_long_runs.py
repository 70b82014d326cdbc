# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The state-hash matrix over 50 steps of real models and data, and 50 kills."""

import os
import sys
import unittest

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402 (the path comes first)
import runs  # noqa: E402


def cifar_subset(folder, output, **counts):
    """The first images of CIFAR-10's binary files, as an npy data set."""
    os.makedirs(output)
    for part, file in (("train", "data_batch_1.bin"), ("test", "test_batch.bin")):
        rows = np.fromfile(os.path.join(folder, file), np.uint8).reshape(-1, 3073)[: counts[part]]
        np.save(os.path.join(output, part + "_x.npy"), rows[:, 1:].reshape(-1, 3, 32, 32))
        np.save(os.path.join(output, part + "_y.npy"), rows[:, 0].astype(np.int64))
    return "npy:" + output


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
        # $QTC_CIFAR10 saves the unpacking.
        folder = os.environ.get("QTC_CIFAR10")
        if not folder:
            folder = harness.succeed(harness.shared("data", "unpack.sh"), "cifar10", self.path("cifar10")).out.strip()
        # Plain loops take tens of milliseconds per image, so the test set is one batch.
        data = cifar_subset(folder, self.path("data"), train=6400, test=128)
        self.matrix(model, data, 50, ("--init=scheme", "--normalize=cifar10"), ("--augment=crop-flip",))


class Kill(runs.KillCase):
    def test_kill_50_times(self):
        self.kill_at_random(50, seed=2)


if __name__ == "__main__":
    unittest.main()
