# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Numbers of 16 bits: training compiled with --niti-error-bits and --niti-norm-bits against the NumPy reference."""

import os
import unittest

import harness
from differential import DifferentialCase

WIDE = "--niti-error-bits=16"
WIDE_NORMS = "--niti-norm-bits=16"
# What has a rule of its own for such errors. Thread counts take turns.
MODELS = {
    "conv_grouped": 5,
    "max_pool_overlapping": 2,
    "growing_functions": 1,
    "normalized_residual": 2,
    "prelu": 1,
    "tied_weights": 2,
}


class Bits(DifferentialCase):
    def test_options(self):
        options = (WIDE, "--niti-weight-bits=16", "--niti-momentum=0.9", "--niti-loss=paper", "--label-smoothing=0.1")
        self.compare("batch_normalization", options, ("--schedule=2,-1@50%",), threads=(2,))

    def test_scales_and_biases(self):
        """Their 16 bits are stored and computed with, whatever weights have."""
        self.compare("batch_normalization", (WIDE_NORMS,), threads=(5,))
        self.compare("normalized_residual", (WIDE_NORMS, WIDE, "--niti-weight-bits=16"), ("--schedule=3,-2@50%",), threads=(2,))

    def test_errors_of_numbers(self):
        """Those of the loss have 8 bits, those of layers 16."""
        options = (WIDE, "--input=float32", "--normalize=none", "--loss=huber", "--batch=9")
        self.compare("numbers_mlp", options, ("--data=numbers_mlp_data",), threads=(2,))

    def test_evaluation_is_the_same(self):
        """A trainer with errors of 8 bits evaluates a checkpoint of one with 16, but does not continue it."""
        wide, narrow = (
            harness.compile_model(self.model("residual"), self.path(name), "--mcpu=native", "--batch=6", *options)
            for name, options in (("wide", (WIDE,)), ("narrow", ()))
        )
        data = "--data=npy:" + os.path.join(self.common, "data")
        harness.succeed(wide, "train", data, "--steps=9", "--out", self.path("out"))
        file = harness.checkpoint(self.path("out"))
        results = [harness.succeed(t, "eval", data, "--checkpoint", file).out for t in (wide, narrow)]
        self.assertEqual(*results)
        refused = harness.execute(narrow, "train", data, "--resume", file, "--steps=18")
        self.assertEqual(refused.code, 1, refused)
        self.assertIn("niti-error-bits", refused.err)


def _add(name, threads):
    setattr(Bits, "test_" + name, lambda self: self.compare(name, (WIDE,), threads=(threads,)))


for _name, _threads in MODELS.items():
    _add(_name, _threads)

if __name__ == "__main__":
    unittest.main()
