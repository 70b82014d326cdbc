# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs that compare trained parameters: integers with the NumPy reference, floats with differences of a loss in double."""

import os
import shutil
import sys

import numpy as np

import double_network
import harness
import random_parameters

sys.path.insert(0, harness.REFERENCE)
import importer  # noqa: E402 (the path comes first)
import make_models  # noqa: E402

BATCH = 6
# So large that the new values keep all digits of the gradient.
RATE = 2.0**20
DIFFERENCE = 1e-6
TOLERANCE = 1e-3
DIRECTIONS = 3
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

    def check_gradients(self, path, apart=True):
        """fp32: the derivative along one direction for each parameter, or along a few directions of all parameters."""
        options = ("--scheme=fp32", "--fp32-momentum=0", f"--batch={BATCH}", "--mcpu=native")
        trainer = harness.compile_model(path, self.path("fp32"), *options)
        generator = np.random.RandomState(len(path))
        network = self.make_network(path, generator)
        new = self.step(trainer, network.pixels * 255, network.labels)
        gradients = {name: (value - new[name]) / RATE for name, value in network.values.items()}
        norms = {name: np.linalg.norm(gradient) for name, gradient in gradients.items()}
        floor = FLOOR * max(norms.values())
        for names in [[name] for name in gradients] if apart else [list(gradients)] * DIRECTIONS:
            # All parameters of a direction have the same part in the derivative.
            steps = {name: generator.normal(size=gradients[name].shape) for name in names}
            lengths = {name: np.linalg.norm(step) * max(norms[name], floor) / floor for name, step in steps.items()}
            steps = {name: step / lengths[name] for name, step in steps.items()}
            ends = [network.loss({n: sign * DIFFERENCE * s for n, s in steps.items()}) for sign in (1, -1)]
            expected = (ends[0] - ends[1]) / (2 * DIFFERENCE)
            error = abs(expected - sum(np.sum(gradients[name] * step) for name, step in steps.items()))
            self.assertLess(error / floor / np.sqrt(len(names)), TOLERANCE, (path, names))

    def make_network(self, path, generator):
        """The model in double, on a random batch."""
        graph = importer.load(path, BATCH)
        pixels = generator.randint(0, 256, graph.shapes[graph.input]).astype(np.uint8)
        classes = graph.shapes[graph.output][1]
        return double_network.DoubleNetwork(path, pixels, generator.randint(0, classes, BATCH))

    def step(self, trainer, pixels, labels):
        """The parameters after one step on a batch."""
        folder, out = self.path("batch"), self.path("step")
        os.makedirs(folder, exist_ok=True)
        shutil.rmtree(out, ignore_errors=True)
        for part in ("train", "test"):
            np.save(os.path.join(folder, part + "_x.npy"), np.rint(pixels).astype(np.uint8))
            np.save(os.path.join(folder, part + "_y.npy"), labels)
        harness.train(trainer, "--data", "npy:" + folder, "--no-shuffle", "--steps=1", f"--schedule={RATE}", "--out", out)
        return harness.read_floats(harness.checkpoint(out))
