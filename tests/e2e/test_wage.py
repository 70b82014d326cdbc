# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""WAGE trainers against the NumPy reference. slow/test_wage_modes.py has all modes and nodes."""

import os
import unittest

import harness
import runs
from wage_runs import MODES, WageCase

# Widths of every kind, the last layer in both forms, and the losses.
FAST_MODES = [MODES[i] for i in (0, 5, 9, 12, 18)]
FAST_NODES = ("bounded_functions", "gemm_transposed_operand", "max_pool_dilated")
REFUSED = {
    "average_pool_include_pad": "node 'pool' (AveragePool): scheme wage defines maximum pools only",
    "dropout_half": "node 'drop' (Dropout): scheme wage does not define this operator",
    "prelu": "node 'prelu1' (PRelu): scheme wage defines no trained slopes",
    "residual": "node 'add1' (Add): scheme wage has no rule to add",
    "shared_parameter": "parameter 'shared.weight' is used by several nodes",
}


class Wage(WageCase):
    def test_modes(self):
        self.compare_modes(FAST_MODES)

    def test_nodes(self):
        self.compare_nodes(FAST_NODES)

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
        data = runs.small_data(self.path("data"), (1, 28, 28), count=64, tests=20)
        model = harness.shared("models", "lenet_wage.onnx")
        for bits in ("2-8-8-8", "2-8-8-12"):
            options = ("--scheme=wage", "--init=scheme", f"--wage-bits={bits}", "--batch=32")
            fast = harness.compile_model(model, self.path("fast"), *options)
            plain = harness.compile_model(model, self.path("plain"), *options, "--no-microkernels", "--mcpu=baseline")
            words = ("--data", data, "--steps=2", "--schedule=8")
            ways = [(fast, isa, threads) for isa in harness.variants(fast) for threads in (1, 2)]
            states = {
                harness.train(trainer, *words, f"--isa={isa}", f"--threads={threads}", "--out", self.path("out")).state
                for trainer, isa, threads in [*ways, (plain, "baseline", 2)]
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
