# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""WAGE trainers against the NumPy reference: every mode on a small net, and the kinds of nodes that WAGE supports."""

import os
import unittest

import harness
from differential import DifferentialCase

# Modes take turns on an overlapping pool and a grouped convolution; both have biases.
MODELS = ("max_pool_overlapping", "conv_grouped")
MODES = (
    ("--wage-bits=2-8-12-8", "--schedule=128,16@50%"),
    ("--wage-bits=2-8-2-8", "--schedule=1/8"),
    ("--wage-bits=2-8-4-8", "--schedule=1/2"),
    ("--wage-bits=2-8-8-4",),
    ("--wage-bits=2-8-8-12",),
    ("--wage-bits=2-8-8-15",),
    ("--wage-bits=2-8-8-16",),
    ("--wage-bits=4-8-8-8",),
    ("--wage-bits=8-8-8-8",),
    ("--wage-bits=3-5-16-6", "--schedule=64"),
    ("--wage-weight-clip=paper",),
    ("--wage-alpha=paper",),
    ("--wage-last-layer=quantized",),
    ("--wage-gamma=4",),
    ("--wage-input=c17",),
    ("--wage-input=mnist",),
    ("--loss=cross-entropy",),
    ("--init=onnx",),
    ("--init=onnx", "--wage-bits=2-8-16-15", "--wage-last-layer=quantized", "--loss=cross-entropy", "--schedule=1024"),
)
NODES = {
    "bounded_functions": ("--wage-bits=2-8-12-12", "--wage-gamma=2"),
    "conv_depthwise_vectors": ("--init=onnx",),
    "conv_phases": ("--wage-bits=2-8-8-12",),
    "gemm_transposed_operand": ("--init=onnx", "--batch=5"),
    "matmul_add": ("--init=onnx", "--batch=1"),
    "growing_functions": ("--init=onnx", "--wage-last-layer=quantized"),
    "max_pool_before_relu": (),
    "max_pool_dilated": ("--wage-bits=2-8-8-16",),
    "pooled_functions": ("--wage-bits=4-8-8-16", "--wage-gamma=4"),
    "straight_functions": ("--wage-bits=2-5-8-8",),
}
REFUSED = {
    "average_pool_include_pad": "node 'pool' (AveragePool): scheme wage defines maximum pools only",
    "dropout_half": "node 'drop' (Dropout): scheme wage does not define this operator",
    "prelu": "node 'prelu1' (PRelu): scheme wage defines no trained slopes",
    "residual": "node 'add1' (Add): scheme wage has no rule to add",
    "shared_parameter": "parameter 'shared.weight' is used by several nodes",
}


def split(options):
    """Options of the compiler, and of training."""
    trains = [option for option in options if option.startswith("--schedule")]
    return [option for option in options if option not in trains], trains


class Wage(DifferentialCase):
    COMPILE_OPTIONS = {"--scheme": "wage", "--batch": "6", "--init": "scheme"}
    TRAIN_OPTIONS = {"--steps": "20", "--schedule": "8,1@50%", "--data": "data"}

    def test_modes(self):
        for index, mode in enumerate(MODES):
            with self.subTest(mode=mode):
                self.compare(MODELS[index % len(MODELS)], *split(mode), threads=(1 + index % 2,))

    def test_nodes(self):
        for name, options in NODES.items():
            with self.subTest(model=name):
                self.compare(name, options, threads=(2,))

    def test_seed(self):
        """Another seed of the run draws other first weights, of as many levels."""
        options = ("--wage-bits=4-8-12-8",)
        self.compare("conv_strided", (*options, "--seed=9"), ("--seed=9",), threads=(2,))

    def test_refused(self):
        for name, expected in REFUSED.items():
            with self.subTest(model=name):
                self.assert_refused(name, expected, "--scheme=wage")

    def test_normalize_is_refused(self):
        options = ("--scheme=wage", "--normalize=mnist")
        self.assert_refused("conv_strided", "has its own forms of input", *options)


class WageLeNet(harness.Case):
    """A real net, whose long reductions need 64 bits with wide errors."""

    def test_hashes(self):
        data = "mnist:" + harness.shared("data", "mnist")
        model = harness.shared("models", "lenet_wage.onnx")
        for bits in ("2-8-8-8", "2-8-8-12"):
            options = ("--scheme=wage", "--init=scheme", f"--wage-bits={bits}")
            fast = harness.compile_model(model, self.path("fast"), *options)
            plain = harness.compile_model(model, self.path("plain"), *options, "--no-microkernels", "--mcpu=baseline")
            words = ("--data", data, "--steps=3", "--schedule=8", "--eval-every=0", "--limit=384")
            runs = [(fast, isa, threads) for isa in harness.variants(fast) for threads in (1, 2)]
            states = {
                harness.train(trainer, *words, f"--isa={isa}", f"--threads={threads}", "--out", self.path("out")).state
                for trainer, isa, threads in [*runs, (plain, "baseline", 2)]
            }
            with self.subTest(bits=bits):
                self.assertEqual(len(states), 1)

    def test_resume(self):
        data = "mnist:" + harness.shared("data", "mnist")
        model = harness.shared("models", "lenet_wage.onnx")
        trainer = harness.compile_model(model, self.path("trainer"), "--scheme=wage", "--mcpu=native")
        words = ("--data", data, "--schedule=8,1@1", "--eval-every=0", "--limit=640")
        whole = harness.train(trainer, *words, "--steps=8", "--out", self.path("whole"))
        harness.train(trainer, *words, "--steps=4", "--out", self.path("half"))
        resumed = ("--resume", os.path.join(self.path("half"), "checkpoint.safetensors"))
        rest = harness.train(trainer, *words, "--steps=8", *resumed, "--out", self.path("rest"))
        self.assertEqual(rest.state, whole.state)


if __name__ == "__main__":
    unittest.main()
