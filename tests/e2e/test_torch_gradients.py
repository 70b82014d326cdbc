# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gradients of whole models: a compiled fp32 step against PyTorch's autograd, where PyTorch is installed.

One step of plain gradient descent from the file's weights w gives w' = w - (rate / B) G, so (w - w') B / rate is the
gradient G of the loss summed over the batch. The rate is so large that w' keeps all digits of G. PyTorch computes in
double, and in single to see how far single precision gets: in a deep network a rounding error may turn a unit on or off.

    QTC_BUILD_DIR=build python3 tests/e2e/test_torch_gradients.py -v     prints the largest error of each model
"""

import json
import os
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
# A gradient below this part of the whole model's counts as much as that: of a bias in front of a normalization, whose
# gradient is zero, there are rounding errors alone.
FLOOR = 1e-4


def read_checkpoint(path):
    """{name: array} of the float tensors of a safetensors file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
    }


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
    def compare(self, model, batch=4):
        """Prints and checks the largest relative error of the gradients of a model's parameters."""
        network, single = onnx_torch.Network(model), onnx_torch.Network(model, torch.float)
        pixels, labels = self.make_batch(network, batch)
        expected = network.gradients(pixels, labels)
        after = self.step(model, pixels, labels)
        actual = {
            name: (network.parameters[name].detach().numpy() - after[name]) * (batch / RATE) for name in expected
        }
        error, name = largest_error(actual, expected)
        noise, _ = largest_error(single.gradients(pixels, labels), expected)
        print(f"{os.path.basename(model)}: {len(expected)} gradients, largest relative error {error:.1e} ({name}), "
              f"of PyTorch in single precision {noise:.1e}")
        self.assertLessEqual(error, max(TOLERANCE, 2 * noise))
        for name, statistic in network.statistics.items():
            np.testing.assert_allclose(after[name], statistic.numpy(), rtol=TOLERANCE, atol=1e-6, err_msg=name)

    def make_batch(self, network, batch):
        """Random pixels and labels of a batch."""
        generator = np.random.default_rng(3)
        shape = network.input_shape[1:]
        pixels = generator.integers(0, 256, (batch, *shape), dtype=np.uint8)
        classes = network.forward(torch.zeros((batch, *shape), dtype=torch.double)).shape[1]
        return pixels, generator.integers(0, classes, batch)

    def step(self, model, pixels, labels):
        """The state after one step on a batch."""
        folder = self.path("data")
        os.makedirs(folder, exist_ok=True)
        for part in ("train", "test"):
            np.save(os.path.join(folder, part + "_x.npy"), pixels)
            np.save(os.path.join(folder, part + "_y.npy"), labels)
        options = ("--scheme=fp32", "--fp32-momentum=0", f"--batch={len(labels)}", "--mcpu=native")
        trainer = harness.compile_model(model, self.path("trainer"), *options)
        words = ("--data", "npy:" + folder, "--no-shuffle", "--steps=1", f"--schedule={RATE}", "--out", self.path("out"))
        harness.train(trainer, *words)
        return read_checkpoint(harness.checkpoint(self.path("out")))


def add_test(name, file, **settings):
    def test(self):
        self.compare(harness.shared("models", *file.split("/")), **settings)

    setattr(TorchGradients, "test_" + name, test)


for name in ("mlp", "lenet", "lenet_nobias", "lenet_wage", "vgg_tiny"):
    add_test(name, name + ".onnx")
add_test("resnet20", "resnet20.onnx", batch=8)
add_test("mobilenet_v2", "mobilenet_v2_w25.onnx", batch=8)
add_test("conv_bn_burn", "real/mnist_conv_bn_burn.onnx", batch=16)
add_test("lenet5_pytorch", "real/mnist_lenet5_pytorch.onnx", batch=10)
add_test("cntk_zoo8", "real/mnist_cntk_zoo8_optimized.onnx")
add_test("mlp_maxpool", "real/mnist_mlp_maxpool_onnxmlir.onnx")


if __name__ == "__main__":
    unittest.main()
