# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that others trained, and their measured accuracies (models/real/MANIFEST.md)."""

import re

import harness

# (file, --normalize, accuracy, gradient bits of a fine-tuning that is small for the size of its logits)
MODELS = (
    ("mnist_lenet5_pytorch", "mnist", 0.9913, -7),
    ("mnist_lenet5_pytorch", "none", 0.9905, -7),
    ("mnist_cntk_zoo8_optimized", "0/0.00392156862745098", 0.9891, -7),
    ("mnist_mlp_maxpool_onnxmlir", "mnist", 0.9254, -3),
    ("mnist_conv_bn_burn", "mnist", 0.9916, -7),
)
POINT = 0.01


class TrainedCase(harness.Case):
    def setUp(self):
        super().setUp()
        self.data = "mnist:" + harness.shared("data", "mnist")

    def evaluate(self, name, normalize, *options):
        """A trainer of the model, and its accuracy before any training."""
        model = harness.shared("models", "real", name + ".onnx")
        words = ("--batch=100", f"--normalize={normalize}", *options)
        trainer = harness.compile_model(model, self.path("trainer"), *words)
        outcome = harness.succeed(trainer, "eval", "--data", self.data)
        return trainer, float(re.search(r"test_accuracy=(\S+)", outcome.out).group(1))
