# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gradients of whole models: a compiled fp32 step against PyTorch's autograd, where PyTorch is installed.

One step of plain gradient descent from the file's weights w gives w' = w - (rate / B) G, so (w - w') B / rate is the
gradient G of the loss summed over the batch. The rate is so large that w' keeps all digits of G. PyTorch computes in
double, and in single to see how far single precision gets: in a deep network a rounding error may turn a unit on or off.

    QTC_BUILD_DIR=build python3 tests/e2e/test_torch_gradients.py -v     prints the largest error of each model
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
class TorchGradients(harness.Case):
    def compare(self, model, batch=4, init="onnx"):
        """Prints and checks the largest relative error of the gradients of a model's parameters.

        A unit or a pool that single precision decides otherwise than double precision changes gradients by more than
        rounding errors. A batch without such a decision tells whether the gradients are right, so the best of a few
        counts; where there is none, PyTorch in single precision says what to expect.
        """
        networks = [onnx_torch.Network(model, dtype) for dtype in (torch.double, torch.float)]
        trainer = self.compile(model, batch, init)
        found = []
        for seed in range(BATCHES):
            pixels, labels = self.make_batch(networks[0], batch, seed)
            error, name, noise = self.measure(networks, trainer, pixels, labels, init)
            print(f"{os.path.basename(model)}: {len(networks[0].parameters)} gradients, largest relative error "
                  f"{error:.1e} ({name}), of PyTorch in single precision {noise:.1e}")
            if error <= TOLERANCE:
                return
            found.append((error, noise))
        error, noise = min(found)
        self.assertLessEqual(error, 2 * noise)

    def measure(self, networks, trainer, pixels, labels, init):
        """The error of a trainer, of which parameter, and that of PyTorch, on a batch."""
        before, after = (self.step(trainer, pixels, labels, rate) for rate in (0, RATE))
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

    def compile(self, model, batch, init):
        options = ("--scheme=fp32", "--fp32-momentum=0", f"--batch={batch}", f"--init={init}", "--mcpu=native")
        return harness.compile_model(model, self.path("trainer"), *options)

    def step(self, trainer, pixels, labels, rate):
        """The state after one step on a batch."""
        folder, out = self.path("data"), self.path(f"out{rate}")
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(folder, exist_ok=True)
        for part in ("train", "test"):
            np.save(os.path.join(folder, part + "_x.npy"), pixels)
            np.save(os.path.join(folder, part + "_y.npy"), labels)
        words = ("--data", "npy:" + folder, "--no-shuffle", "--steps=1", f"--schedule={rate}", "--out", out)
        harness.train(trainer, *words)
        return harness.read_floats(harness.checkpoint(out))


def add_test(name, file, **settings):
    def test(self):
        self.compare(harness.shared("models", *file.split("/")), **settings)

    setattr(TorchGradients, "test_" + name, test)


for name in ("mlp", "lenet", "lenet_nobias", "lenet_wage", "vgg_tiny"):
    add_test(name, name + ".onnx")
add_test("resnet20", "resnet20.onnx", batch=8)
add_test("mobilenet_v2", "mobilenet_v2_w25.onnx", batch=8)
add_test("squeezenet1_1", "squeezenet1_1.onnx")
# Their file's weights are all the same, so they take random ones.
for name in ("bvlc_alexnet", "inception_v1", "squeezenet", "vgg19"):
    add_test("light_" + name, f"onnx-light/light_{name}.onnx", batch=1, init="scheme")
add_test("light_resnet50", "onnx-light/light_resnet50.onnx", batch=4, init="scheme")
add_test("conv_bn_burn", "real/mnist_conv_bn_burn.onnx", batch=16)
add_test("lenet5_pytorch", "real/mnist_lenet5_pytorch.onnx", batch=10)
add_test("cntk_zoo8", "real/mnist_cntk_zoo8_optimized.onnx")
add_test("mlp_maxpool", "real/mnist_mlp_maxpool_onnxmlir.onnx")


if __name__ == "__main__":
    unittest.main()
