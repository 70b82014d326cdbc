# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs that compare trained parameters: integers with the NumPy reference, floats with differences of a loss in double."""

import os
import shutil
import sys

import numpy as np

import harness
import random_parameters

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)

BATCH = 6
# So large that the new values keep all digits of the gradient.
RATE = 2.0**20
DIFFERENCE = 1e-6
TOLERANCE = 1e-3
# A gradient below this part of the largest has only rounding errors, like that of a bias before a normalization.
FLOOR = 1e-3


class ParameterCase(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models.make_data(os.path.join(cls.common, "data"))
        cls.data = "npy:" + os.path.join(cls.common, "data")

    def make_model(self, number):
        return random_parameters.make_model(self.common, number)

    def check_integers(self, path, threads=(1,), options=("--mcpu=native",)):
        """NITI, bit for bit."""
        words = (f"--batch={BATCH}", "--normalize=0.5/0.25")
        steps = ("--data", self.data, "--steps=6", "--schedule=1")
        trainer = harness.compile_model(path, self.path("niti"), *words, *options)
        expected, _ = harness.reference(path, *words, *steps)
        for count in threads:
            harness.train(trainer, *steps, f"--threads={count}", "--out", self.path(f"out{count}"))
            found = harness.tensors(trainer, harness.checkpoint(self.path(f"out{count}")))
            self.assertEqual(found, expected, (path, count))

    def check_gradients(self, path):
        """fp32: the derivative along one direction for each parameter."""
        options = ("--scheme=fp32", "--fp32-momentum=0", f"--batch={BATCH}", "--mcpu=native")
        trainer = harness.compile_model(path, self.path("fp32"), *options)
        folder, out = self.path("batch"), self.path("step")
        generator = np.random.RandomState(len(path))
        pixels = generator.randint(0, 256, (BATCH, *make_models.IMAGE)).astype(np.uint8)
        labels = generator.randint(0, make_models.CLASSES, BATCH)
        os.makedirs(folder, exist_ok=True)
        shutil.rmtree(out, ignore_errors=True)
        for part in ("train", "test"):
            np.save(os.path.join(folder, part + "_x.npy"), pixels)
            np.save(os.path.join(folder, part + "_y.npy"), labels)
        harness.train(trainer, "--data", "npy:" + folder, "--no-shuffle", "--steps=1", f"--schedule={RATE}", "--out", out)
        new = harness.read_floats(harness.checkpoint(out))
        network = random_parameters.DoubleNetwork(path, pixels, labels)
        gradients = {name: (value - new[name]) / RATE for name, value in network.values.items()}
        floor = FLOOR * max(np.linalg.norm(gradient) for gradient in gradients.values())
        for name, gradient in gradients.items():
            direction = generator.normal(size=gradient.shape)
            direction /= np.linalg.norm(direction)
            ends = [network.loss(name, sign * DIFFERENCE * direction) for sign in (1, -1)]
            expected = (ends[0] - ends[1]) / (2 * DIFFERENCE)
            error = abs(expected - np.sum(gradient * direction)) / max(np.linalg.norm(gradient), floor)
            self.assertLess(error, TOLERANCE, (path, name))
