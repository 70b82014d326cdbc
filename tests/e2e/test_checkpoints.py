# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Real models on MNIST against values that an independent implementation of the NITI step gave.

Settings: --init=onnx, batch 128, pixels / 255, file order, seed 1, constant mu 4. tools/dev/checkpoint-crcs.sh prints
the values of the tree at hand.
"""

import sys
import unittest

import harness

sys.path.insert(0, harness.REFERENCE)
from checkpoints import CHECKPOINTS, STEPS  # noqa: E402 (the path comes first)


class Checkpoints(harness.Case):
    def compare(self, name):
        data = "mnist:" + harness.shared("data", "mnist")
        trainer = harness.compile_model(harness.shared("models", name + ".onnx"), self.path("trainer"))
        for column, steps in enumerate(STEPS, 1):
            expected = {tensor: f"{row[0]} {row[column]}" for tensor, row in CHECKPOINTS[name].items()}
            with self.subTest(steps=steps):
                out = self.path(f"out{steps}")
                options = ("--data", data, "--steps", steps, "--schedule=4", "--no-shuffle", "--seed=1", "--out", out)
                harness.succeed(trainer, "train", *options)
                self.assertEqual(harness.tensors(trainer, harness.checkpoint(out)), expected)

    def test_mlp(self):
        self.compare("mlp")

    def test_lenet(self):
        self.compare("lenet")


if __name__ == "__main__":
    unittest.main()
