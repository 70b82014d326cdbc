# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files of PyTorch's exporters, where PyTorch is installed: examples/pytorch/export.py and the new exporter."""

import importlib.util
import os
import tempfile
import unittest
import warnings

import onnx

import harness

try:
    import torch
except ImportError:
    torch = None
# The new exporter's own library.
HAS_DYNAMO = torch is not None and importlib.util.find_spec("onnxscript") is not None
HINT = "dynamo=False, training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False"


def load_example():
    path = os.path.join(harness.SOURCE, "examples", "pytorch", "export.py")
    spec = importlib.util.spec_from_file_location("export", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@unittest.skipIf(torch is None, "there is no module torch")
class Export(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "model.onnx")
        torch.manual_seed(0)
        self.example = load_example()
        self.model = self.example.resnet(8, 4, 1, 10)
        self.images = torch.randn(4, 1, 28, 28)

    def operators(self):
        return [node.op_type for node in onnx.load(self.path).graph.node]

    def check(self):
        return harness.succeed(harness.QTC, "check", self.path, "--scheme=fp32").out

    def export_dynamo(self, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(self.model.train(), (self.images,), self.path, dynamo=True, verbose=False,
                              external_data=False, **options)

    def test_example_keeps_normalization_and_learns(self):
        self.example.export_for_training(self.model, self.images, self.path)
        self.assertEqual(self.operators().count("BatchNormalization"), 9)
        self.assertNotIn(HINT, self.check())
        trainer = os.path.join(os.path.dirname(self.path), "trainer")
        harness.compile_model(self.path, trainer, "--scheme=fp32", "--batch=64", "--mcpu=native")
        outcome = harness.succeed(trainer, "train", "--data", "synthetic:digits", "--steps", "60", "--schedule", "0.05",
                                  "--out", trainer + ".run")
        accuracy = float(outcome.out.rsplit("test_accuracy=", 2)[1].split()[0])
        # The running statistics of 60 steps are still rough; a net that learns nothing has 0.1.
        self.assertGreater(accuracy, 0.5, outcome)

    @unittest.skipIf(not HAS_DYNAMO, "there is no module onnxscript")
    def test_default_exporter_loses_normalization(self):
        self.export_dynamo()
        self.assertNotIn("BatchNormalization", self.operators())
        self.assertIn(HINT, self.check())
        outcome = harness.succeed(harness.QTC, "compile", self.path, "--scheme=fp32", "--emit=import", "-o",
                                  self.path + ".mlir")
        self.assertIn(HINT, outcome.err)

    @unittest.skipIf(not HAS_DYNAMO, "there is no module onnxscript")
    def test_unoptimized_export_imports(self):
        self.export_dynamo(optimize=False)
        self.assertEqual(self.operators().count("BatchNormalization"), 9)
        report = self.check()
        self.assertNotIn(HINT, report)
        # Zeros stand for the biases that the convolutions do not have.
        self.assertIn("hint: 9 biases of zeros that the model computes: left out", report)


if __name__ == "__main__":
    unittest.main()
