# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares a compiled fp32 step with PyTorch's autograd.

One step of plain gradient descent from the file's weights w gives w' = w - (rate / B) G, so (w - w') B / rate is the
gradient G of the loss summed over the batch. The rate is so large that w' keeps all digits of G. PyTorch computes in
double, and in single to see how far single precision gets: in a deep network a rounding error may turn a unit on or off.
"""

import os
import shutil
import unittest

import numpy as np

import harness

try:
    import torch

    import onnx_torch
except ImportError as error:
    torch, MISSING = None, error.name

RATE = 2**20
TOLERANCE = 1e-4
BATCHES = 6
# A gradient below this part of the whole model's counts as much as that: the gradient of a bias before a
# normalization is zero except for rounding errors.
FLOOR = 1e-4


def largest_error(actual, expected):
    """The largest error of a gradient relative to its norm, and whose it is."""
    floor = FLOOR * np.sqrt(sum(np.sum(gradient**2) for gradient in expected.values()))
    errors = {
        name: np.linalg.norm(actual[name] - gradient) / max(np.linalg.norm(gradient), floor)
        for name, gradient in expected.items()
    }
    worst = max(errors, key=errors.get)
    return errors[worst], worst


@unittest.skipIf(torch is None, "PyTorch's autograd is what gradients are compared with, and there is no " + (
    "module " + MISSING if torch is None else ""))
class GradientCase(harness.Case):
    def compare(self, model, batch=4, init="onnx", trainer=None, words=()):
        """Prints and checks the largest relative error of the gradients of a model's parameters.

        `trainer` is one that `compile` made, and `words` are options of its runs.

        A unit or a pool that single precision decides otherwise than double precision changes gradients by more than
        rounding errors. A batch without such a decision tells whether the gradients are right, so the best of a few
        counts; where there is none, PyTorch in single precision says what to expect.
        """
        networks = [onnx_torch.Network(model, dtype) for dtype in (torch.double, torch.float)]
        trainer = trainer or self.compile(model, batch, init)
        found = []
        for seed in range(BATCHES):
            pixels, labels = self.make_batch(networks[0], batch, seed)
            error, name, noise = self.measure(networks, trainer, pixels, labels, init, words)
            print(f"{os.path.basename(model)}: {len(networks[0].parameters)} gradients, largest relative error "
                  f"{error:.1e} ({name}), of PyTorch in single precision {noise:.1e}")
            if error <= TOLERANCE:
                return
            found.append((error, noise))
        error, noise = min(found)
        self.assertLessEqual(error, 2 * noise)

    def measure(self, networks, trainer, pixels, labels, init, words):
        """The error of a trainer, of which parameter, and that of PyTorch, on a batch."""
        before, after = (self.step(trainer, pixels, labels, rate, words) for rate in (0, RATE))
        if init == "scheme":
            for network in networks:
                network.set_parameters(before)
        expected, single = (network.gradients(pixels, labels) for network in networks)
        actual = {name: (before[name].astype(float) - after[name]) * (len(labels) / RATE) for name in expected}
        for name, statistic in networks[0].statistics.items():
            np.testing.assert_allclose(after[name], statistic.numpy(), rtol=TOLERANCE, atol=1e-6, err_msg=name)
        return *largest_error(actual, expected), largest_error(single, expected)[0]

    def make_batch(self, network, batch, seed):
        """Random pixels and labels of a batch."""
        generator = np.random.default_rng(seed)
        shape = network.input_shape[1:]
        pixels = generator.integers(0, 256, (batch, *shape), dtype=np.uint8)
        with torch.no_grad():
            classes = network.forward(torch.zeros((batch, *shape), dtype=torch.double)).shape[1]
        return pixels, generator.integers(0, classes, batch)

    def compile(self, model, batch, init="onnx", words=("--mcpu=native",), output="trainer"):
        options = ("--scheme=fp32", "--fp32-momentum=0", f"--batch={batch}", f"--init={init}", *words)
        return harness.compile_model(model, self.path(output), *options)

    def step(self, trainer, pixels, labels, rate, words):
        """The state after one step on a batch."""
        folder, out = self.path("data"), self.path(f"out{rate}")
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(folder, exist_ok=True)
        for part in ("train", "test"):
            np.save(os.path.join(folder, part + "_x.npy"), pixels)
            np.save(os.path.join(folder, part + "_y.npy"), labels)
        run = ("--data", "npy:" + folder, "--no-shuffle", "--steps=1", f"--schedule={rate}", "--out", out)
        harness.train(trainer, *run, *words)
        return harness.read_floats(harness.checkpoint(out))
