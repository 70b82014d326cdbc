# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Smooth labels, weights of classes and ignored labels: NITI against the NumPy reference, fp32 against PyTorch, refusals."""

import json
import os
import sys
import unittest

import numpy as np

import harness
from differential import DifferentialCase

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)

try:
    import torch

    import onnx_torch

    torch.set_num_threads(1)
except ImportError as error:
    torch, MISSING = None, error.name

INPUT, USAGE = 1, 2
NAME, CLASSES = "numbers_mlp", 3
SETS = ("train_x", "train_y", "test_x", "test_y")


def make_classes(common, ignored):
    """--data of classes, every fourth of which is `ignored`, unless that is None."""
    source = os.path.join(common, NAME + "_data")
    folder = os.path.join(common, f"classes{ignored}")
    os.makedirs(folder, exist_ok=True)
    for name in SETS:
        array = np.load(os.path.join(source, name + ".npy"))
        if name.endswith("_y"):
            array = array.argmax(axis=1)
            if ignored is not None:
                array[::4] = ignored
        np.save(os.path.join(folder, name + ".npy"), array)
    return folder


class Integers(DifferentialCase):
    """Every parameter of NITI, bit for bit, and the accuracy on the test set."""

    COMPILE_OPTIONS = {"--batch": "6", "--input": "float32"}
    TRAIN_OPTIONS = {"--steps": "20", "--schedule": "2"}

    def compile(self, name, *options):
        builds = [("fast", ("--mcpu=native",)), ("plain", ("--no-microkernels", "--mcpu=baseline"))]
        return harness.in_parallel(
            lambda build: harness.compile_model(self.model(name), self.path(build[0]), *options, *build[1]), builds
        )

    def test_options(self):
        for options, ignored in (
            (("--label-smoothing=0.1",), None),
            (("--class-weights=1,0.3,2",), None),
            (("--ignore-index=-100",), -100),
            (("--ignore-index=1", "--label-smoothing=0.3", "--class-weights=0.5,9,0", "--niti-loss=paper"), 1),
        ):
            data = os.path.basename(make_classes(self.common, ignored))
            self.compare(NAME, options, (f"--data={data}",), (2,))


@unittest.skipIf(torch is None, "PyTorch is what losses are compared with, and there is no module " + (
    MISSING if torch is None else ""))
class Floats(harness.Case):
    """fp32 against torch.nn.functional.cross_entropy in double: parameters, and the losses that a run reports."""

    TOLERANCE = 1e-4
    STEPS, BATCH, RATE = 40, 8, 0.5
    WEIGHTS = (1.0, 0.25, 3.0)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models.main([cls.common, NAME])
        cls.model = os.path.join(cls.common, NAME + ".onnx")

    def descend(self, folder, measure):
        """(parameters, logits of the test set) by PyTorch."""
        x, y, tests, _ = (torch.from_numpy(np.load(os.path.join(folder, name + ".npy"))) for name in SETS)
        network = onnx_torch.Network(self.model)
        optimizer = torch.optim.SGD(network.parameters.values(), self.RATE)
        batches = len(x) // self.BATCH
        for step in range(self.STEPS):
            begin = step % batches * self.BATCH
            part = slice(begin, begin + self.BATCH)
            optimizer.zero_grad()
            measure(network.forward(x[part].double()), y[part].long()).backward()
            optimizer.step()
        with torch.no_grad():
            logits = network.forward(tests.double())
        return {name: p.detach().numpy() for name, p in network.parameters.items()}, logits

    def check(self, folder, ignored, options, **settings):
        if "weight" in settings:
            settings["weight"] = torch.tensor(settings["weight"], dtype=torch.double)

        def measure(y, t):
            return torch.nn.functional.cross_entropy(y, t, **settings)

        words = ("--scheme=fp32", "--input=float32", "--normalize=none", f"--batch={self.BATCH}", "--mcpu=native")
        words += ("--fp32-momentum=0", "--fp32-weight-decay=0", *options)
        trainer, out = harness.compile_model(self.model, self.path("trainer"), *words), self.path("out")
        run = ("--data", "npy:" + folder, f"--schedule={self.RATE}", "--no-shuffle", "--out", out)
        result = harness.train(trainer, *run, f"--steps={self.STEPS}")
        parameters, logits = self.descend(folder, measure)
        actual = harness.read_floats(harness.checkpoint(out))
        difference = max(np.linalg.norm(actual[key] - p) / np.linalg.norm(p) for key, p in parameters.items())
        targets = torch.from_numpy(np.load(os.path.join(folder, "test_y.npy"))).long()
        expected = measure(logits, targets).item()
        counted = torch.ones_like(targets, dtype=torch.bool) if ignored is None else targets != ignored
        accuracy = (logits.argmax(dim=1) == targets)[counted].double().mean().item()
        with open(os.path.join(out, "metrics.jsonl"), encoding="utf-8") as file:
            last = [json.loads(line) for line in file][-1]
        print(f"{options}: largest relative difference of parameters {difference:.1e}, "
              f"of the loss {abs(last['test_loss'] / expected - 1):.1e}")
        self.assertLess(difference, self.TOLERANCE)
        self.assertAlmostEqual(last["test_loss"], expected, delta=self.TOLERANCE * expected)
        self.assertAlmostEqual(result.accuracy, accuracy, delta=1e-4)
        outcome = harness.succeed(trainer, "eval", "--data", "npy:" + folder, "--checkpoint", harness.checkpoint(out))
        self.assertIn(f"examples={int(counted.sum())} ", outcome.out)
        return trainer, run, result

    def test_each(self):
        plain, without = make_classes(self.common, None), make_classes(self.common, 255)
        weights = ",".join(map(str, self.WEIGHTS))
        self.check(plain, None, ("--label-smoothing=0.1",), label_smoothing=0.1)
        self.check(without, 255, ("--ignore-index=255",), ignore_index=255)
        self.check(plain, None, (f"--class-weights={weights}",), weight=self.WEIGHTS)

    def test_all(self):
        """Together, with weights from a file, and resumed in the middle of an epoch."""
        path = self.path("weights.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(map(str, self.WEIGHTS)) + "\n")
        options = ("--label-smoothing=0.2", f"--class-weights=@{path}", "--ignore-index=-1")
        trainer, run, whole = self.check(
            make_classes(self.common, -1), -1, options, label_smoothing=0.2, weight=self.WEIGHTS, ignore_index=-1
        )
        with open(os.path.join(self.path("out"), "metrics.jsonl"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        half = self.path("half")
        run = (*run[:-1], half)
        harness.train(trainer, *run, f"--steps={self.STEPS // 2 + 1}")
        resumed = harness.train(trainer, *run, f"--steps={self.STEPS}", "--resume", harness.checkpoint(half))
        self.assertEqual((resumed.state, resumed.accuracy), (whole.state, whole.accuracy))
        with open(os.path.join(half, "metrics.jsonl"), encoding="utf-8") as file:
            self.assertEqual(json.loads(file.readlines()[-1])["train_loss"], lines[-1]["train_loss"])


class Refusals(harness.Case):
    """One line that says what to do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models.main([cls.common, NAME])
        cls.model = os.path.join(cls.common, NAME + ".onnx")

    def assert_refused(self, outcome, status, *mentions):
        self.assertEqual(outcome.code, status, outcome)
        errors = [line for line in outcome.err.splitlines() if "error: " in line]
        self.assertEqual(len(errors), 1, outcome)
        for word in mentions:
            self.assertIn(word, errors[0], outcome)

    def compile(self, *options):
        words = ("-o", self.path("trainer"), "--emit=scheme", "--batch=6", "--input=float32")
        return harness.execute(harness.QTC, "compile", self.model, *words, *options)

    def test_options(self):
        empty, words = self.path("empty"), self.path("words")
        for path, text in ((empty, "\n"), (words, "1 2 three")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        for options, status, *mentions in (
            (("--label-smoothing=1",), USAGE, "--label-smoothing", "below 1"),
            (("--label-smoothing=-0.1",), USAGE, "--label-smoothing"),
            (("--label-smoothing=nan",), USAGE, "--label-smoothing"),
            (("--label-smoothing=0.1", "--loss=mse"), USAGE, "--label-smoothing", "--loss=cross-entropy"),
            (("--label-smoothing=0.00001",), INPUT, "--label-smoothing", "niti"),
            (("--class-weights=1,2",), INPUT, "--class-weights", "3 numbers", "got 2"),
            (("--class-weights=1,2,3,4", "--scheme=fp32"), INPUT, "--class-weights", "3 numbers", "got 4"),
            (("--class-weights=1,-2,3",), USAGE, "--class-weights", "'-2'"),
            (("--class-weights=1,nan,3",), USAGE, "--class-weights", "'nan'"),
            (("--class-weights=1,1e300,3",), USAGE, "--class-weights", "'1e300'"),
            (("--class-weights=1,,3",), USAGE, "--class-weights", "''"),
            (("--class-weights=0,0,0",), USAGE, "--class-weights", "not 0"),
            (("--class-weights=1,1e-5,3",), INPUT, "--class-weights", "1/512", "1e-05"),
            (("--class-weights=@/nothing/here",), USAGE, "--class-weights", "/nothing/here"),
            (("--class-weights=@" + empty,), USAGE, "--class-weights", "has none"),
            (("--class-weights=@" + words,), USAGE, "--class-weights", "'three'"),
            (("--ignore-index=x",), USAGE, "--ignore-index", "integer"),
            (("--ignore-index=4294967296",), USAGE, "--ignore-index", "32 bits"),
            (("--ignore-index=0", "--loss=bce"), USAGE, "--ignore-index", "--loss=cross-entropy"),
        ):
            with self.subTest(options=options):
                self.assert_refused(self.compile(*options), status, *mentions)

    def test_wage(self):
        """It has squared errors by default, and no options for cross-entropy."""
        words = ("compile", self.model, "-o", "-", "--emit=scheme", "--batch=6", "--scheme=wage")
        for option in ("--label-smoothing=0.1", "--class-weights=1,1,1", "--ignore-index=0"):
            name = option.split("=")[0]
            with self.subTest(option=option):
                self.assert_refused(harness.execute(harness.QTC, *words, option), USAGE, name, "--loss=cross-entropy")
                outcome = harness.execute(harness.QTC, *words, "--loss=cross-entropy", option)
                self.assert_refused(outcome, INPUT, "scheme wage", name)

    def test_labels(self):
        """A label beyond the classes is an error unless it is the ignored one."""
        data = make_classes(self.common, 255)
        for options, code in ((("--ignore-index=255",), 0), (("--ignore-index=254",), INPUT), ((), INPUT)):
            trainer = harness.compile_model(
                self.model, self.path("trainer"), "--batch=6", "--input=float32", "--mcpu=native", *options
            )
            words = ("--data", "npy:" + data, "--steps=2", "--out", self.path("out"), "--overwrite")
            outcome = harness.execute(trainer, "train", *words)
            self.assertEqual(outcome.code, code, outcome)
            if code:
                self.assertIn("label 255", outcome.err)


class Defaults(harness.Case):
    """Without --loss, the end of the model decides."""

    GRADIENTS = {"cross-entropy": "qtrain.loss_gradient", "mse": "qtrain.residual", "bce": "#qtrain.sigmoid"}

    def make_model(self, outputs, end):
        model = make_models.Model("end", (13,), (outputs,))
        x = model.gemm("x", 13, outputs, "fc")
        model.save(model.node(end, [x], "end") if end else x, self.path("end.onnx"))
        return self.path("end.onnx")

    def test_default(self):
        for outputs, end, loss in (
            (3, None, "cross-entropy"), (3, "Softmax", "cross-entropy"), (1, None, "mse"), (1, "Sigmoid", "bce"),
            (3, "Sigmoid", "bce"),
        ):
            model = self.make_model(outputs, end)
            for scheme in ("niti", "fp32"):
                with self.subTest(outputs=outputs, end=end, scheme=scheme):
                    words = (model, f"--scheme={scheme}")
                    outcome = harness.succeed(harness.QTC, "compile", *words, "-o", "-", "--emit=backward")
                    self.assertIn(self.GRADIENTS[loss], outcome.out)
                    remarks = [line for line in outcome.err.splitlines() if ": the loss is " in line]
                    self.assertEqual(len(remarks), int(loss != "cross-entropy"), outcome)
                    for remark in remarks:
                        self.assertIn(f"the loss is {loss}, because", remark)
                    harness.succeed(harness.QTC, "check", *words)
        # One score is no class, and a Softmax of one neither.
        for end, words in ((None, ("--loss=cross-entropy",)), ("Softmax", ()), (None, ("--label-smoothing=0.1",))):
            outcome = harness.execute(harness.QTC, "compile", self.make_model(1, end), "-o", "-", "--emit=import", *words)
            self.assertEqual(outcome.code, INPUT, outcome)
            self.assertIn("--loss=mse", outcome.err)

    def test_trainer(self):
        """It knows the loss, and what an example is."""
        words = ("--input=float32", "--batch=8", "--mcpu=baseline")
        trainer = harness.compile_model(self.make_model(1, "Sigmoid"), self.path("trainer"), *words)
        info = harness.succeed(trainer, "info").out
        self.assertIn('"loss":"bce"', info)
        self.assertIn("input             13 (features), standardized numbers\n", info)
        self.assertRegex(harness.succeed(trainer, "bench", "--steps=2").out, r"\n[\d.]+ examples/s, ")


if __name__ == "__main__":
    unittest.main()
