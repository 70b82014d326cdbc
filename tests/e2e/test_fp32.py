# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scheme fp32: the same bits for any number of threads and after a resume, options, losses, trained models."""

import json
import os
import re
import sys
import unittest

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

import harness
import trained

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)

USAGE = 2


class Fp32Case(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models.make_data(os.path.join(cls.common, "data"))

    def model(self, name):
        path = os.path.join(self.common, name + ".onnx")
        if not os.path.exists(path):
            model = make_models.Model(name)
            model.save(getattr(make_models, name)(model), path)
        return path

    def build(self, name, *options, output="trainer"):
        words = ("--scheme=fp32", "--batch=6", "--normalize=0.5/0.25", *options)
        return harness.compile_model(self.model(name), self.path(output), *words)

    def train(self, trainer, *options):
        data = "npy:" + os.path.join(self.common, "data")
        return harness.train(trainer, "--data", data, "--schedule=0.01", *options)


class Bits(Fp32Case):
    """One instruction set gives one state, whatever else differs."""

    MODELS = (
        "average_pool_include_pad", "batch_normalization", "conv_depthwise", "conv_grouped", "conv_phases", "dropout_others", "gemm_alpha_beta",
        "global_average_pool", "max_pool_overlapping", "pool_ceil_mode", "residual", "shared_parameter",
    )

    def test_threads(self):
        for name in self.MODELS:
            for options in ((), ("--no-microkernels", "--mcpu=baseline")):
                trainer = self.build(name, *options)
                for isa in harness.variants(trainer):
                    with self.subTest(model=name, options=options, isa=isa):
                        states = {
                            self.train(trainer, "--steps=12", f"--isa={isa}", f"--threads={threads}").state
                            for threads in (1, 2, 5)
                        }
                        self.assertEqual(len(states), 1)

    def test_resume(self):
        """Momentum is saved, too."""
        trainer = self.build("residual")
        whole = self.train(trainer, "--steps=23")
        out = self.path("out")
        self.train(trainer, "--steps=9", "--out", out)
        resumed = self.train(trainer, "--steps=23", "--resume", harness.checkpoint(out))
        self.assertEqual((resumed.state, resumed.accuracy), (whole.state, whole.accuracy))
        self.assertIn("conv1.weight.momentum", harness.tensors(trainer, harness.checkpoint(out)))

    def test_resume_of_running_statistics(self):
        """They are part of the state and of what evaluation sees."""
        trainer = self.build("batch_normalization")
        whole, out = self.train(trainer, "--steps=23"), self.path("out")
        before = self.train(trainer, "--steps=9", "--out", out)
        self.assertNotEqual(before.state, whole.state)
        file = harness.checkpoint(out)
        self.assertIn("bn1.running_mean", harness.tensors(trainer, file))
        resumed = self.train(trainer, "--steps=23", "--resume", file)
        self.assertEqual((resumed.state, resumed.accuracy), (whole.state, whole.accuracy))

    def test_seed_of_the_run_or_of_the_compiler(self):
        """Both draw the same initial weights."""
        trainers = [
            self.build("residual", "--init=scheme", "--seed=7", output="seven"),
            self.build("residual", "--init=scheme", output="one"),
        ]
        results = [self.train(trainers[0], "--steps=5"), self.train(trainers[1], "--steps=5", "--seed=7")]
        self.assertEqual(results[0].state, results[1].state)
        self.assertNotEqual(results[0].state, self.train(trainers[1], "--steps=5").state)


class Options(Fp32Case):
    def test_values(self):
        """Each option changes the run; without momentum nothing is kept for it."""
        states = set()
        for index, option in enumerate(("--fp32-momentum=0.9", "--fp32-momentum=0.5", "--fp32-weight-decay=0.01")):
            states.add(self.train(self.build("residual", option, output=str(index)), "--steps=5").state)
        self.assertEqual(len(states), 3)
        out = self.path("out")
        trainer = self.build("residual", "--fp32-momentum=0")
        self.train(trainer, "--steps=5", "--out", out)
        self.assertFalse([name for name in harness.tensors(trainer, harness.checkpoint(out)) if "momentum" in name])

    def test_wrong_values(self):
        for option in ("--fp32-momentum=1", "--fp32-momentum=-0.1", "--fp32-weight-decay=x", "--fp32-weight-decay=nan"):
            command = (harness.QTC, "compile", self.model("residual"), "-o", self.path("x"), "--scheme=fp32", option)
            outcome = harness.execute(*command)
            with self.subTest(option=option):
                self.assertEqual(outcome.code, USAGE, outcome)
                self.assertRegex(outcome.err, f"^error: option '{option.split('=', 1)[0]}': expected [^\n]*\n$")

    def test_evaluation_of_the_initial_weights(self):
        trainer = self.build("residual")
        data = "npy:" + os.path.join(self.common, "data")
        evaluated = harness.succeed(trainer, "eval", "--data", data).out
        self.assertIn(f"state={self.train(trainer, '--steps=0').state}", evaluated)

    def test_peak(self):
        bench = harness.succeed(self.build("residual"), "bench", "--steps=1").out
        self.assertIn("multiply-add peak", bench)


class Optimizers(Fp32Case):
    """Each rule gives one state, with what it keeps for each parameter, and its options are checked."""

    RULES = {
        "nesterov": ("--fp32-nesterov=on", "--fp32-weight-decay=0.01"),
        "adamw": ("--optimizer=adamw", "--fp32-beta2=0.99"),
    }
    KEPT = {"nesterov": ["momentum"], "adamw": ["moment1", "moment2"]}

    def table(self, trainer, *options):
        """The whole state after a run: the state hash leaves out what optimizers keep."""
        out = self.path("out")
        self.train(trainer, *options, "--out", out)
        return harness.tensors(trainer, harness.checkpoint(out))

    def test_threads(self):
        for rule, options in self.RULES.items():
            trainer = self.build("residual", *options)
            for isa in harness.variants(trainer):
                tables = [self.table(trainer, "--steps=12", f"--isa={isa}", f"--threads={count}") for count in (1, 2, 5)]
                with self.subTest(rule=rule, isa=isa):
                    self.assertEqual(tables[0], tables[1])
                    self.assertEqual(tables[0], tables[2])

    def test_instruction_sets(self):
        """All of them agree where no product of a contraction is rounded: one layer on black and white pixels."""
        random = np.random.RandomState(5)
        weights = random.standard_normal((3, 40)).astype(np.float32)
        graph = helper.make_graph(
            [helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1)], "layer",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("N", 40))],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("N", 3))],
            [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(np.zeros(3, np.float32), "b")],
        )
        model, data = self.path("layer.onnx"), self.path("data")
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), model)
        os.makedirs(data)
        for part in ("train", "test"):
            np.save(os.path.join(data, part + "_x.npy"), (random.randint(0, 2, (30, 40)) * 255).astype(np.uint8))
            np.save(os.path.join(data, part + "_y.npy"), random.randint(0, 3, 30))
        for rule, options in self.RULES.items():
            trainer = harness.compile_model(model, self.path("trainer"), "--scheme=fp32", "--batch=6", *options)
            tables = {}
            for isa in harness.variants(trainer):
                out = self.path("out")
                words = ("--data", "npy:" + data, "--steps=40", "--schedule=0.01", f"--isa={isa}", "--out", out)
                harness.train(trainer, *words)
                tables[isa] = harness.tensors(trainer, harness.checkpoint(out))
            with self.subTest(rule=rule, isas=list(tables)):
                self.assertEqual(list(tables.values())[1:], list(tables.values())[:-1])

    def test_resume(self):
        for rule, options in self.RULES.items():
            trainer, out, again = self.build("residual", *options), self.path("half"), self.path(rule)
            whole = self.table(trainer, "--steps=23")
            self.train(trainer, "--steps=9", "--out", out)
            self.train(trainer, "--steps=23", "--resume", harness.checkpoint(out), "--out", again)
            with self.subTest(rule=rule):
                self.assertEqual(harness.tensors(trainer, harness.checkpoint(again)), whole)
                kept = [name.rsplit(".", 1)[1] for name in whole if name.startswith("conv1.weight.")]
                self.assertEqual(sorted(kept), self.KEPT[rule])

    def test_another_rule_does_not_resume(self):
        out = self.path("out")
        self.train(self.build("residual"), "--steps=2", "--out", out)
        other = self.build("residual", *self.RULES["adamw"], output="other")
        data = "npy:" + os.path.join(self.common, "data")
        outcome = harness.execute(other, "train", "--data", data, "--resume", harness.checkpoint(out))
        self.assertRegex(outcome.err, "^error: .*--optimizer=adamw")

    def test_values(self):
        """Each option changes the run."""
        options = ("", "--fp32-beta1=0.8", "--fp32-beta2=0.9", "--fp32-epsilon=0.1", "--fp32-weight-decay=0.5")
        trainers = [
            self.build("residual", "--optimizer=adamw", *filter(None, [option]), output=str(index))
            for index, option in enumerate(options)
        ]
        states = {self.train(trainer, "--steps=5").state for trainer in trainers}
        states.add(self.train(self.build("residual", "--fp32-nesterov=on"), "--steps=5").state)
        states.add(self.train(self.build("residual"), "--steps=5").state)
        self.assertEqual(len(states), len(options) + 2)

    def test_descriptions(self):
        """Each rule has rates of its own, and checkpoints from before there was a choice still fit the default."""
        plain, adamw = (
            json.loads(harness.succeed(self.build("residual", *options), "info", "--json").out)
            for options in ((), ("--optimizer=adamw",))
        )
        self.assertEqual(plain["default_schedule"], "0.05,0.005@60%,0.0005@90%")
        self.assertEqual(adamw["default_schedule"], "0.001,0.0001@60%,0.00001@90%")
        for key in ("optimizer", "fp32-nesterov"):
            self.assertNotIn(key, str(plain["options"]))
        for key in ("optimizer", "fp32-beta1", "fp32-beta2", "fp32-epsilon", "fp32-weight-decay"):
            self.assertIn(key, str(adamw["options"]))

    def test_refusals(self):
        model = self.model("residual")
        for words in (
            "--optimizer=sgd --scheme=wage", "--optimizer=adamw --scheme=niti",
            "--fp32-beta1=0.5 --scheme=fp32", "--fp32-momentum=0.5 --scheme=fp32 --optimizer=adamw",
            "--fp32-beta1=0.5 --optimizer=adamw --scheme=wage", "--fp32-nesterov=on --scheme=fp32 --fp32-momentum=0",
            "--fp32-beta1=1 --scheme=fp32 --optimizer=adamw",
            "--fp32-beta2=-0.1 --scheme=fp32 --optimizer=adamw", "--fp32-epsilon=0 --scheme=fp32 --optimizer=adamw",
            "--fp32-weight-decay=nan --scheme=fp32 --optimizer=adamw",
        ):
            outcome = harness.execute(harness.QTC, "compile", model, "-o", self.path("x"), *words.split())
            with self.subTest(options=words):
                self.assertEqual(outcome.code, USAGE, outcome)
                self.assertRegex(outcome.err, f"^error: option '{words.split('=', 1)[0]}': expected [^\n]*\n$")


class Learning(harness.Case):
    """Both losses fall, and digits are learned."""

    def test_losses(self):
        for loss in ("cross-entropy", "sse"):
            trainer = harness.compile_model(
                harness.shared("models", "lenet.onnx"), self.path(loss), "--scheme=fp32", "--batch=32", f"--loss={loss}"
            )
            words = ("--data", "synthetic:digits", "--limit=3200", "--epochs=3", "--schedule=0.02")
            outcome = harness.succeed(trainer, "train", *words)
            losses = [float(value) for value in re.findall(r"loss +(\S+)", outcome.out)]
            with self.subTest(loss=loss):
                self.assertLess(losses[-1], 0.5 * losses[0])
                self.assertGreater(harness.Result(outcome).accuracy, 0.9)


class TrainedModels(trained.TrainedCase):
    def test_floats(self):
        for name, normalize, measured, _ in trained.MODELS:
            _, accuracy = self.evaluate(name, normalize, "--scheme=fp32")
            with self.subTest(model=name, normalize=normalize):
                self.assertAlmostEqual(accuracy, measured, delta=0.1 * trained.POINT)

    def test_integers(self):
        """NITI from the file's weights is within a point before any training."""
        for name, normalize, measured, _ in trained.MODELS:
            _, accuracy = self.evaluate(name, normalize, "--scheme=niti", "--init=onnx")
            with self.subTest(model=name, normalize=normalize):
                self.assertGreater(accuracy, measured - trained.POINT)


if __name__ == "__main__":
    unittest.main()
