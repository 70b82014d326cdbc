# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models with several inputs, indices, and classes of positions: NITI against the reference, fp32 against PyTorch."""

import json
import os
import sys
import unittest

import numpy as np

import agreement
import harness
from differential import THREADS, DifferentialCase

sys.path.insert(0, harness.REFERENCE)
import port_models  # noqa: E402 (the path comes first)

try:
    import torch

    import onnx_torch

    torch.set_num_threads(1)
except ImportError as error:
    torch, MISSING = None, error.name

INPUT, USAGE = 1, 2
# The options of each model.
OPTIONS = {
    "image_and_table": ("--input=pixels,float32", "--normalize=0.5/0.25"),
    "two_tables": ("--input=float32", "--loss=bce"),
    "next_token": (),
    "window_of_tokens": (),
    "category_and_table": ("--input=indices,float32", "--loss=bce"),
    "segmentation": (),
}


class Integers(DifferentialCase):
    """Every parameter of NITI, bit for bit, and the accuracy or loss of the test set."""

    COMPILE_OPTIONS = {"--batch": "6"}
    TRAIN_OPTIONS = {"--steps": "20", "--schedule": "2"}

    @classmethod
    def setUpClass(cls):
        harness.Case.setUpClass.__func__(cls)
        port_models.main([cls.common])

    def compile(self, name, *options):
        """Of the machine's instruction sets the best one, and plain loops."""
        builds = [("fast", ("--mcpu=native",)), ("plain", ("--no-microkernels", "--mcpu=baseline"))]
        return harness.in_parallel(
            lambda build: harness.compile_model(self.model(name), self.path(build[0]), *options, *build[1]), builds
        )

    def test_models(self):
        for name, options in OPTIONS.items():
            self.compare(name, options, (f"--data={name}_data",), (2,))

    def test_every_instruction_set(self):
        words = ("--batch=6", *OPTIONS["next_token"])
        trainers = super().compile("next_token", *words)
        self.compare("next_token", words, ("--data=next_token_data",), THREADS, trainers)

    def test_options(self):
        for name, options, train_options in (
            ("image_and_table", ("--input=float32,float32", "--normalize=none"), ("--data=floats",)),
            ("next_token", ("--niti-weight-bits=16", "--init=scheme"), ("--data=next_token_data", "--limit=31")),
            ("window_of_tokens", ("--niti-grad-round=stochastic",), ("--data=window_of_tokens_data", "--no-shuffle")),
        ):
            if train_options[0] == "--data=floats":
                self.save_floats("image_and_table", "floats")
            self.compare(name, options, train_options, (2,))

    def save_floats(self, name, folder):
        """The data of a model with pixels as small floats."""
        os.makedirs(os.path.join(self.common, folder))
        for file in os.listdir(os.path.join(self.common, name + "_data")):
            array = np.load(os.path.join(self.common, name + "_data", file))
            array = (array / 100).astype("f4") if array.dtype == np.uint8 else array
            np.save(os.path.join(self.common, folder, file), array)

    def test_check_agrees(self):
        for name in OPTIONS:
            for scheme in ("niti", "fp32", "wage"):
                with self.subTest(model=name, scheme=scheme):
                    self.assertEqual(agreement.find_disagreement(self.model(name), scheme, "scheme"), "")


@unittest.skipIf(torch is None, "PyTorch is what losses are compared with, and there is no module " + (
    MISSING if torch is None else ""))
class Floats(harness.Case):
    """fp32 against PyTorch in double, from the weights of the file, unshuffled."""

    TOLERANCE = 1e-4
    STEPS, BATCH, BATCHES, RATE, MOMENTUM = 30, 6, 10, 0.05, 0.9

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        port_models.main([cls.common])

    def inputs(self, name, options):
        """The inputs as the model gets them."""
        _, ports, _ = port_models.MODELS[name]
        arrays = []
        for port in ports:
            suffix = f"_{port}" if len(ports) > 1 else ""
            array = np.load(os.path.join(self.common, name + "_data", f"train_x{suffix}.npy"))[: self.BATCH * self.BATCHES]
            if array.dtype == np.uint8:
                array = (array / 255 - 0.5) / 0.25 if "--normalize=0.5/0.25" in options else array / 255
            elif array.dtype.kind == "f":
                array = array.astype(float)
                array = (array - array.mean(axis=0)) / array.std(axis=0)
            arrays.append(torch.from_numpy(array.astype("i8") if array.dtype.kind == "i" else array))
        return arrays

    def measure(self, outputs, targets, axis):
        if targets.dtype.kind == "f":
            return torch.nn.functional.binary_cross_entropy_with_logits(outputs, torch.from_numpy(targets.astype(float)))
        return torch.nn.functional.cross_entropy(outputs.movedim(axis, 1), torch.from_numpy(targets.astype("i8")))

    def descend(self, name, options):
        """(loss of each epoch, parameters) by PyTorch."""
        network = onnx_torch.Network(os.path.join(self.common, name + ".onnx"))
        inputs = self.inputs(name, options)
        targets = np.load(os.path.join(self.common, name + "_data", "train_y.npy"))
        optimizer = torch.optim.SGD(network.parameters.values(), self.RATE, self.MOMENTUM)
        losses = []
        for step in range(self.STEPS):
            begin = step % self.BATCHES * self.BATCH
            part = slice(begin, begin + self.BATCH)
            outputs = network.outputs(*(x[part] for x in inputs))
            value = self.measure(outputs, targets[part], axis=2 if name == "next_token" else 1)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            losses.append(value.item())
        state = {key: value.detach().numpy() for key, value in network.parameters.items()}
        return np.reshape(losses, (-1, self.BATCHES)).mean(axis=1), state

    def compare(self, name, options):
        """Prints and checks the largest differences."""
        words = ("--scheme=fp32", f"--batch={self.BATCH}", "--mcpu=native", *options)
        words += (f"--fp32-momentum={self.MOMENTUM}", "--fp32-weight-decay=0")
        trainer = harness.compile_model(os.path.join(self.common, name + ".onnx"), self.path("trainer"), *words)
        expected, state = self.descend(name, options)
        out = self.path("out")
        harness.train(
            trainer, "--data", "npy:" + os.path.join(self.common, name + "_data"), f"--steps={self.STEPS}",
            f"--schedule={self.RATE}", "--no-shuffle", f"--limit={self.BATCH * self.BATCHES}", "--eval-every=0", "--out", out,
        )
        with open(os.path.join(out, "metrics.jsonl"), encoding="utf-8") as file:
            losses = [json.loads(line)["train_loss"] for line in file]
        first = np.abs(np.array(losses) / expected - 1).max()
        actual = harness.read_floats(harness.checkpoint(out))
        second = max(np.linalg.norm(actual[key] - value) / np.linalg.norm(value) for key, value in state.items())
        print(f"{name}: largest relative difference of losses {first:.1e}, of parameters {second:.1e}")
        self.assertLess(first, self.TOLERANCE)
        self.assertLess(second, self.TOLERANCE)

    def test_models(self):
        for name, options in OPTIONS.items():
            with self.subTest(model=name):
                self.compare(name, options)


class NextCharacter(harness.Case):
    """A model of the project's own documentation learns more than how often each character occurs."""

    def test_learns(self):
        text = ""
        for page in ("numerics.md", "design.md"):
            with open(os.path.join(harness.SOURCE, "docs", page), encoding="utf-8") as file:
                text += file.read()
        model = port_models.make_next_character(self.path("data"), text)
        most_frequent = max(map(text.count, set(text))) / len(text)
        for scheme in ("niti", "fp32"):
            with self.subTest(scheme=scheme):
                trainer = harness.compile_model(model, self.path(scheme), f"--scheme={scheme}", "--mcpu=native")
                result = harness.train(trainer, "--data", "npy:" + self.path("data"), "--epochs=3", "--out", self.path("out"))
                print(f"{scheme}: {result.accuracy:.4f}, the most frequent character has {most_frequent:.4f}")
                self.assertGreater(result.accuracy, 0.4)
                self.assertGreater(result.accuracy, 2 * most_frequent)


class Refusals(harness.Case):
    """One line that says what to do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        port_models.main([cls.common])

    def assert_refused(self, outcome, status, *mentions):
        self.assertEqual(outcome.code, status, outcome)
        errors = [line for line in outcome.err.splitlines() if "error: " in line]
        self.assertEqual(len(errors), 1, outcome)
        for word in mentions:
            self.assertIn(word, errors[0], outcome)

    def compile(self, name, *options):
        model = os.path.join(self.common, name + ".onnx")
        return harness.execute(harness.QTC, "compile", model, "-o", self.path("trainer"), "--batch=6", *options)

    def test_options(self):
        for name, options, status, *mentions in (
            ("image_and_table", ("--input=pixels,float32,float32",), INPUT, "--input", "2 inputs", "3"),
            ("image_and_table", ("--input=pixels,indices",), INPUT, "'table'", "floats", "indices"),
            ("category_and_table", ("--input=pixels,float32",), INPUT, "'category'", "indices", "pixels"),
            ("two_tables", ("--input=tokens",), USAGE, "--input", "indices", "tokens"),
            ("two_tables", ("--input=",), USAGE, "--input"),
            ("two_tables", ("--input=float32", "--loss=bce", "--class-axis=1"), USAGE, "--class-axis", "bce"),
            ("next_token", ("--class-axis=3",), INPUT, "--class-axis", "3"),
            ("next_token", ("--class-axis=x",), USAGE, "--class-axis"),
            ("next_token", ("--scheme=wage",), INPUT, "wage"),
            ("next_token", ("--output=gather_out",), INPUT, "--output", "'logits'", "'gather_out'"),
        ):
            with self.subTest(model=name, options=options):
                self.assert_refused(self.compile(name, *options), status, *mentions)

    def test_data(self):
        """Of each file that is missing or does not fit."""
        options = {name: ("--mcpu=baseline", *OPTIONS[name]) for name in ("image_and_table", "next_token")}
        trainers = {}
        for name, words in options.items():
            self.assertEqual(self.compile(name, *words).code, 0)
            trainers[name] = os.path.join(self.folder, name)
            os.rename(self.path("trainer"), trainers[name])
        tokens = np.load(os.path.join(self.common, "next_token_data", "train_x.npy"))
        wrong = tokens.copy()
        wrong[3, 2] = port_models.ROWS
        for name, file, array, *mentions in (
            ("next_token", "train_x", wrong, "train_x.npy", "index 11", "example 3", "0 to 10"),
            ("next_token", "train_x", -wrong, "train_x.npy", "index -"),
            ("next_token", "train_x", tokens.astype("f4"), "train_x.npy", "indices", "int64"),
            ("next_token", "train_y", tokens[:, :4], "train_y.npy", "(62, 4)", "[N,6]", "6 positions"),
            ("image_and_table", "train_x_table", None, "train_x_table.npy", "'table'"),
            ("image_and_table", "train_x_table", np.zeros((61, 7), "f4"), "train_x_table.npy", "61", "62"),
            ("image_and_table", "train_x_image", np.zeros((62, 3, 9, 7), "f4"), "train_x_image.npy", "uint8"),
        ):
            with self.subTest(model=name, file=file, mentions=mentions):
                folder = self.path("data")
                os.makedirs(folder, exist_ok=True)
                for entry in os.listdir(folder):
                    os.remove(os.path.join(folder, entry))
                source = os.path.join(self.common, name + "_data")
                for entry in os.listdir(source):
                    if entry != file + ".npy":
                        os.symlink(os.path.join(source, entry), os.path.join(folder, entry))
                if array is not None:
                    np.save(os.path.join(folder, file + ".npy"), array)
                words = ("--data", "npy:" + folder, "--steps=1", "--out", self.path("out"), "--overwrite")
                self.assert_refused(harness.execute(trainers[name], "train", *words), INPUT, *mentions)
        words = ("--data=synthetic:digits", "--steps=1", "--out", self.path("out"))
        self.assert_refused(
            harness.execute(trainers["image_and_table"], "train", *words), INPUT, "synthetic", "2 inputs", "npy:DIR"
        )
        words = ("--data", "npy:" + os.path.join(self.common, "image_and_table_data"), "--steps=1", "--augment=crop-flip")
        outcome = harness.execute(trainers["image_and_table"], "train", *words, "--out", self.path("out"))
        self.assert_refused(outcome, USAGE, "--augment", "2 inputs")


if __name__ == "__main__":
    unittest.main()
