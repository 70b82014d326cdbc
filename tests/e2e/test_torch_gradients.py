# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gradients of whole models: a compiled fp32 step against PyTorch's autograd, where PyTorch is installed.

    QTC_BUILD_DIR=build python3 tests/e2e/test_torch_gradients.py -v     prints the largest error of each model
"""

import unittest

import harness
import torch_runs


class TorchGradients(torch_runs.GradientCase):
    pass


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
