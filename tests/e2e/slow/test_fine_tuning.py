# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An epoch of integer fine-tuning does not make models worse that others trained."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402 (the path comes first)
import trained  # noqa: E402

NOISE = 0.0005  # five of the ten thousand test images


class FineTuning(trained.TrainedCase):
    def test_epoch(self):
        for name, normalize, _, bits in trained.MODELS:
            trainer, accuracy = self.evaluate(name, normalize, "--scheme=niti", "--init=onnx")
            tuned = harness.train(trainer, "--data", self.data, "--epochs=1", f"--schedule={bits}").accuracy
            with self.subTest(model=name, normalize=normalize):
                self.assertGreaterEqual(tuned, accuracy - NOISE)


if __name__ == "__main__":
    unittest.main()
