# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Averages of weights (docs/numerics.md, 5.4): against the reference, resumed, evaluated from checkpoints."""

import os
import unittest

import harness
import runs
from differential import DifferentialCase

NORMALIZED, PLAIN = "normalized_residual", "conv_strided"
AVERAGE = ("--average-from=35%", "--average-every=3")


class Average(DifferentialCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        options = [f"{key}={value}" for key, value in cls.COMPILE_OPTIONS.items()]
        cls.trainers = {
            (model, scheme): harness.compile_model(
                os.path.join(cls.common, model + ".onnx"), os.path.join(cls.common, f"{model}.{scheme}"), *options,
                "--mcpu=native", f"--scheme={scheme}",
            )
            for model in (NORMALIZED, PLAIN) for scheme in ("niti", "fp32")
        }  # fmt: skip
        cls.data = "npy:" + os.path.join(cls.common, "data")

    def train(self, folder, *options, model=NORMALIZED, scheme="niti"):
        words = ("--data", self.data, "--out", self.path(folder), *options)
        return harness.train(self.trainers[model, scheme], *words)

    def evaluate(self, folder, model=NORMALIZED, scheme="niti"):
        file = harness.checkpoint(self.path(folder))
        return harness.succeed(self.trainers[model, scheme], "eval", "--data", self.data, "--checkpoint", file)

    def table(self, folder, model=NORMALIZED):
        return harness.tensors(self.trainers[model, "niti"], harness.checkpoint(self.path(folder)))

    def test_by_the_reference(self):
        """From a percentage and an epoch, from the start, of one summand, of none; 8 and 16 bits; tests and statistics."""
        for options in (
            AVERAGE, ("--average-from=1", "--average-every=1"), ("--average-from=0", "--average-every=7"),
            ("--average-from=100%",), ("--average-from=9",),
        ):  # fmt: skip
            trainers = [self.trainers[NORMALIZED, "niti"]]
            self.compare(NORMALIZED, (), options, threads=(2,), trainers=trainers)
        for compile_options in (("--niti-weight-bits=16",), ("--niti-weight-bits=16", "--niti-norm-bits=16")):
            self.compare(NORMALIZED, compile_options, AVERAGE, threads=(1,))

    def test_wage_by_the_reference(self):
        options = ("--scheme=wage", "--normalize=none", "--wage-bits=2-8-12-8")
        self.compare(PLAIN, options, ("--schedule=8", *AVERAGE), threads=(1,))

    def test_training_is_the_same(self):
        for scheme, schedule in (("niti", "2"), ("fp32", "0.1")):
            words = ("--steps=20", f"--schedule={schedule}")
            averaged = self.train("averaged", *words, *AVERAGE, scheme=scheme)
            plain = self.train("plain", *words, scheme=scheme)
            self.assertEqual(averaged.state, plain.state)
            first, last = runs.metrics(self.path("plain"))[-1], runs.metrics(self.path("averaged"))[-1]
            self.assertNotEqual(first["test_loss"], last["test_loss"])
            self.assertEqual(last["averaged"], 5)  # after steps 7, 10, 13, 16, 19
            self.assertNotIn("averaged", first)

    def test_resumed(self):
        """Stopped before the first summand, between two, after a test."""
        for scheme, schedule in (("niti", "2"), ("fp32", "0.1")):
            words = (f"--schedule={schedule}", "--average-from=1", "--average-every=3")
            self.train("whole", "--steps=20", *words, scheme=scheme)
            for stop in (3, 8, 15):
                out = f"part{stop}"
                self.train(out, f"--steps={stop}", *words, scheme=scheme)
                file = harness.checkpoint(self.path(out))
                self.train(out, "--steps=20", "--resume", file, scheme=scheme)
                self.assertEqual(runs.metrics(self.path(out))[-1], runs.metrics(self.path("whole"))[-1])

    def test_evaluated(self):
        """`eval` tests the average, and shows the state of the training."""
        for model in (NORMALIZED, PLAIN):
            result = self.train("run", "--steps=20", "--schedule=2", *AVERAGE, model=model)
            outcome = self.evaluate("run", model)
            self.assertIn(f"test_accuracy={result.accuracy:.4f}", outcome.out)
            self.assertIn(f"test_loss={runs.metrics(self.path('run'))[-1]['test_loss']:.4f}", outcome.out)
            self.assertIn(f"state={result.state}", outcome.out)
            self.assertIn("the average of 5 weights", outcome.err)

    def test_refused(self):
        trainer = self.trainers[NORMALIZED, "niti"]
        for options, expected in (
            (("--average-every=3",), "--average-every requires --average-from"),
            (("--average-from=x",), "--average-from: expected an epoch number, such as 5 or 70%, but got 'x'"),
            (("--average-from=101%",), "--average-from: expected a percentage from 0% to 100%, such as 5 or 70%"),
            (("--average-from=-1",), "--average-from: expected an epoch number"),
            (("--average-from=1", "--average-every=0"), "--average-every: expected an integer from 1"),
        ):
            outcome = harness.execute(trainer, "train", "--data", self.data, "--out", self.path("none"), *options)
            self.assertEqual(outcome.code, 2, outcome)
            self.assertIn(expected, outcome.err)
        self.train("run", "--steps=5", *AVERAGE)
        file = harness.checkpoint(self.path("run"))
        for options, expected in (
            (("--average-from=36%",), "the run was started with --average-from=35%"),
            (("--average-from=35%", "--average-every=4"), "the run was started with --average-every=3"),
        ):
            words = ("--data", self.data, "--resume", file, "--steps=9", *options)
            outcome = harness.execute(trainer, "train", *words)
            self.assertEqual(outcome.code, 1, outcome)
            self.assertIn(expected, outcome.err)


if __name__ == "__main__":
    unittest.main()
