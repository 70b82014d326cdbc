# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training of several outputs: NITI against the NumPy reference, fp32 against PyTorch, runs, reports, refusals."""

import json
import os
import re
import shutil
import struct
import sys
import unittest

import numpy as np

import agreement
import harness
import runs
from differential import THREADS, DifferentialCase

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)
import output_models  # noqa: E402

try:
    import torch

    import onnx_torch

    torch.set_num_threads(1)
except ImportError as error:
    torch, MISSING = None, error.name

INPUT, USAGE = 1, 2
NORMALIZE = "--normalize=0.5/0.25"
# The outputs of each model, with what their end does not tell.
OUTPUTS = {
    "heads": ("kind", "early", "shares", "angles:loss=mse"),
    "chain": ("kind", "gate", "angles:loss=mse"),
    "pixels": ("map", "kind", "angles:loss=mse"),
    "normalized": ("kind", "rows", "angles:loss=mse"),
    "towers": ("kind", "early"),
    "twins": ("first", "second/a:0", "copy"),
}


def chosen(*outputs):
    return tuple("--output=" + output for output in outputs)


def link_data(source, folder, names=None, skipped=()):
    """An npy data set of some files of another one, {new name: old name}, or of all but those `skipped`."""
    os.makedirs(folder)
    names = names or {name: name for name in os.listdir(source) if name not in skipped}
    for name, old in names.items():
        os.symlink(os.path.join(source, old), os.path.join(folder, name))
    return "npy:" + folder


def files_of(output):
    """The files of a data set for this output alone, {name: name in a data set of several}."""
    suffixes = {"x": "", "y": "_" + output_models.file_of(output)}
    prefixes = {f"{part}_{kind}": suffix for part in ("train", "test") for kind, suffix in suffixes.items()}
    return {prefix + ".npy": prefix + suffix + ".npy" for prefix, suffix in prefixes.items()}


class OutputCase(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        output_models.main([cls.common])

    def model(self, name):
        return os.path.join(self.common, name + ".onnx")

    def data(self, name):
        return "npy:" + os.path.join(self.common, name)

    def build(self, name, *options, output="trainer"):
        """A trainer, of batch 6 unless `options` have another."""
        batch = () if any(option.startswith("--batch=") for option in options) else ("--batch=6",)
        words = (*batch, NORMALIZE, "--mcpu=native", *options)
        return harness.compile_model(self.model(name), self.path(output), *words)


class Integers(DifferentialCase):
    """Every parameter of NITI, bit for bit, and the metrics of each output on the test set."""

    @classmethod
    def make_inputs(cls):
        output_models.main([cls.common])

    def build(self, name, *options):
        """Of the machine's instruction sets the best one, and plain loops."""
        builds = [("fast", ("--mcpu=native",)), ("plain", ("--no-microkernels", "--mcpu=baseline"))]
        return harness.in_parallel(
            lambda build: harness.compile_model(self.model(name), self.path(build[0]), *options, *build[1]), builds
        )

    def check(self, name, outputs, *options, data=None, train=(), threads=(2,)):
        """Compares runs of two builds; the state at their end."""
        words = (NORMALIZE, *chosen(*outputs), *options)
        words += () if any(option.startswith("--batch=") for option in options) else ("--batch=6",)
        self.compare(name, words, (f"--data={data or name + '_data'}", *train), threads, self.build(name, *words))
        return self.final_state

    def test_heads_on_every_instruction_set(self):
        self.compare("heads", chosen(*OUTPUTS["heads"]), ("--data=heads_data",), THREADS)

    def test_pixels_on_every_instruction_set(self):
        """Different numbers of rows, so the order of the outputs decides how far errors are scaled."""
        train_options = ("--data=pixels_data", "--statistics-batches=3")
        self.compare("pixels", chosen("kind", "map:weight=2"), train_options, THREADS)

    def test_models(self):
        for name in ("chain", "pixels", "normalized", "twins"):
            self.check(name, OUTPUTS[name])

    def test_weights(self):
        for name, outputs in (
            ("heads", ("angles:loss=huber,weight=0.5", "kind:weight=2", "shares:loss=l1", "early:weight=4")),
            ("chain", ("gate:loss=mse,weight=8", "kind:weight=0.125", "angles:weight=0.5,loss=l1")),
            ("normalized", ("angles:weight=0.5,loss=mse", "rows", "kind:weight=2")),
            ("pixels", ("angles:loss=l1", "map:weight=0.5", "kind")),
            ("twins", ("copy:weight=0.5", "second/a:0:weight=2", "first")),
        ):
            self.check(name, outputs)

    def test_order(self):
        """The index of an output is part of its random numbers."""
        states = [self.check("heads", outputs) for outputs in (("kind", "early"), ("early", "kind"))]
        self.assertEqual(states[0].keys(), states[1].keys())
        self.assertNotEqual(*states)

    def test_one_output(self):
        """What only other outputs need is left out, and the targets are those of a model with one output."""
        outputs = (("chain", "gate"), ("normalized", "rows"), ("pixels", "map"), ("chain", "kind:weight=0.5"))
        for name, output in outputs:
            key = output.partition(":")[0]
            folder = f"{name}_{key}"
            link_data(os.path.join(self.common, name + "_data"), os.path.join(self.common, folder), files_of(key))
            self.check(name, (output,), data=folder)

    def test_ids_of_one_output(self):
        """Section 2.2: parameters that only other outputs need have no ids."""
        link_data(os.path.join(self.common, "towers_data"), os.path.join(self.common, "towers_kind"), files_of("kind"))
        self.check("towers", ("kind",), "--niti-grad-round=stochastic", data="towers_kind")

    def test_shared_targets(self):
        """Without files of their own, and one with and one without."""
        self.check("twins", OUTPUTS["twins"], data=output_models.SHARED)
        mixed = os.path.join(self.common, "mixed")
        link_data(os.path.join(self.common, output_models.SHARED), mixed)
        for part in ("train", "test"):
            shutil.copy(os.path.join(self.common, "twins_data", f"{part}_y_second_a_0.npy"), mixed)
        self.check("twins", ("first", "second/a:0"), data="mixed")

    def test_options(self):
        for name, outputs, options, train in (
            ("heads", OUTPUTS["heads"][:2] + ("shares:loss=bce", "angles:loss=huber"),
             ("--label-smoothing=0.2", "--loss-delta=0.5", "--niti-loss=paper"), ("--no-shuffle", "--limit=40")),
            ("twins", ("second/a:0", "first:weight=0.5"), ("--class-weights=1,0.3,2,0.5", "--ignore-index=2"), ()),
            ("pixels", OUTPUTS["pixels"], ("--ignore-index=1", "--init=scheme", "--seed=11"), ("--augment=crop-flip",)),
            ("heads", OUTPUTS["heads"][::-1], ("--batch=5", "--niti-weight-bits=16", "--niti-grad-round=stochastic"),
             ("--schedule=3,1@50%",)),
            # A trunk that learns nothing; and one of which an auxiliary head still learns.
            ("heads", OUTPUTS["heads"], ("--freeze=conv*", "--niti-momentum=0.9"), ()),
            ("heads", ("kind", "early"), ("--freeze=fc*", "--freeze=conv2*"), ()),
        ):
            self.check(name, outputs, *options, train=train)


@unittest.skipIf(torch is None, "PyTorch is what losses are compared with, and there is no module " + (
    MISSING if torch is None else ""))
class Floats(OutputCase):
    """fp32 against PyTorch in double, from the weights of the file, unshuffled."""

    TOLERANCE = 1e-4
    FLOOR = 1e-2  # a loss below this is a difference of numbers that are larger
    STEPS, BATCH, BATCHES, RATE, MOMENTUM = 30, 6, 10, 0.02, 0.9

    def measure(self, loss, predictions, targets, settings):
        """(loss of an output, weight of the batch in the mean of an epoch)"""
        if loss == "classes":
            targets, ignored = torch.from_numpy(targets.astype("i8")), settings.get("ignore_index", -100)
            value = torch.nn.functional.cross_entropy(predictions.flatten(2), targets.flatten(1), **settings)
            weights = settings.get("weight", torch.ones(predictions.shape[1], dtype=torch.double))
            return value, weights[targets[targets != ignored]].sum().item()
        function = {"mse": torch.nn.functional.mse_loss, "bce": torch.nn.functional.binary_cross_entropy}[loss]
        targets = torch.from_numpy(targets.astype(float))
        return function(predictions, targets.reshape(predictions.shape)), 1.0

    def descend(self, name, outputs, settings):
        """({output: loss of each epoch}, parameters) by PyTorch; outputs are {name: (loss, weight)}."""
        network = onnx_torch.Network(self.model(name))
        folder = os.path.join(self.common, name + "_data")
        x = torch.from_numpy((np.load(os.path.join(folder, "train_x.npy")) / 255 - 0.5) / 0.25)
        y = {key: np.load(os.path.join(folder, f"train_y_{output_models.file_of(key)}.npy")) for key in outputs}
        optimizer = torch.optim.SGD(network.parameters.values(), self.RATE, self.MOMENTUM)
        sums = {key: np.zeros((self.STEPS, 2)) for key in outputs}
        for step in range(self.STEPS):
            part = slice(step % self.BATCHES * self.BATCH, (step % self.BATCHES + 1) * self.BATCH)
            network.outputs(x[part])
            total = 0.0
            for key, (loss, weight) in outputs.items():
                targets = y[key][part]
                predictions = network.values[key]
                if loss == "classes":
                    predictions = predictions.reshape(*predictions.shape[:2], -1)
                    targets = targets.reshape(self.BATCH, -1)
                value, counted = self.measure(loss, predictions, targets, settings)
                total = total + weight * value
                sums[key][step] = value.item() * counted, counted
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
        epochs = {key: array.reshape(-1, self.BATCHES, 2).sum(axis=1) for key, array in sums.items()}
        state = {key: p.detach().numpy() for key, p in network.parameters.items() if p.grad is not None}
        return {key: array[:, 0] / array[:, 1] for key, array in epochs.items()}, state

    def check(self, name, outputs, options=(), **settings):
        """Prints and checks the largest differences."""
        words = [f"{key}:weight={weight}" + ("" if loss == "classes" else ",loss=" + loss)
                 for key, (loss, weight) in outputs.items()]
        momentum = (f"--fp32-momentum={self.MOMENTUM}", "--fp32-weight-decay=0")
        trainer, out = self.build(name, "--scheme=fp32", *momentum, *chosen(*words), *options), self.path("out")
        run = (f"--steps={self.STEPS}", f"--schedule={self.RATE}", "--no-shuffle", "--eval-every=0", "--out", out)
        harness.train(trainer, "--data", self.data(name + "_data"), f"--limit={self.BATCH * self.BATCHES}", *run)
        losses, state = self.descend(name, outputs, settings)
        losses["sum"] = sum(weight * losses[key] for key, (_, weight) in outputs.items())
        lines = runs.metrics(out)
        first = 0.0
        for key, expected in losses.items():
            found = [(line if key == "sum" else line["outputs"][key])["train_loss"] for line in lines]
            first = max(first, np.max(np.abs(found - expected) / np.maximum(expected, self.FLOOR)))
        actual = harness.read_floats(harness.checkpoint(out))
        second = max(np.linalg.norm(actual[key] - value) / np.linalg.norm(value) for key, value in state.items())
        print(f"{name}, {words}: largest relative difference of losses {first:.1e}, of parameters {second:.1e}")
        self.assertLess(first, self.TOLERANCE)
        self.assertLess(second, self.TOLERANCE)

    def test_heads(self):
        outputs = {"kind": ("classes", 0.3), "early": ("classes", 1.0), "shares": ("bce", 1.7), "angles": ("mse", 0.25)}
        self.check("heads", outputs)
        self.check("heads", dict(reversed(outputs.items())), ("--label-smoothing=0.1",), label_smoothing=0.1)

    def test_outputs_that_are_read(self):
        self.check("chain", {"kind": ("classes", 1.0), "gate": ("bce", 0.6), "angles": ("mse", 1.5)})
        self.check("normalized", {"rows": ("classes", 0.5), "angles": ("mse", 1.0), "kind": ("classes", 2.5)})

    def test_different_rows(self):
        """A loss is the mean over the rows of its own output."""
        self.check("pixels", {"map": ("classes", 1.0), "kind": ("classes", 1.0), "angles": ("mse", 0.5)})
        outputs = {"kind": ("classes", 0.7), "map": ("classes", 3.0)}
        self.check("pixels", outputs)
        self.check("pixels", outputs, ("--ignore-index=1",), ignore_index=1)

    def test_class_weights(self):
        weights = torch.tensor([1, 0.25, 3, 0.5], dtype=torch.double)
        outputs = {"first": ("classes", 1.0), "second/a:0": ("classes", 0.4)}
        self.check("twins", outputs, ("--class-weights=1,0.25,3,0.5",), weight=weights)


class Runs(OutputCase):
    """What runs of several outputs print, write and continue."""

    def test_resume(self):
        """With another number of threads each time, and in the middle of epochs."""
        for name, scheme in (("pixels", "niti"), ("heads", "niti"), ("heads", "fp32")):
            with self.subTest(model=name, scheme=scheme):
                trainer = self.build(name, f"--scheme={scheme}", *chosen(*OUTPUTS[name]))
                schedule = "2" if scheme == "niti" else "0.01"
                run = ("--data", self.data(name + "_data"), f"--schedule={schedule}")
                whole = harness.train(trainer, *run, "--steps=23", "--out", self.path("whole"))
                for number, step in enumerate((9, 17, 23)):
                    resume = ("--resume", harness.checkpoint(self.path("half"))) if number else ()
                    words = ("--out", self.path("half"), *resume)
                    half = harness.train(trainer, *run, f"--steps={step}", f"--threads={number + 1}", *words)
                self.assertEqual(half.state, whole.state)
                self.assertEqual(runs.metrics(self.path("half"))[-1], runs.metrics(self.path("whole"))[-1])
                shutil.rmtree(self.path("half"))

    def test_reports(self):
        """The log, metrics.jsonl and eval agree, and the loss is the sum of those of the outputs."""
        outputs = ("kind:weight=0.5", "early", "shares:weight=2", "angles:loss=mse,weight=4")
        for scheme in ("niti", "fp32"):
            trainer, out = self.build("heads", f"--scheme={scheme}", *chosen(*outputs)), self.path("out")
            words = ("--data", self.data("heads_data"))
            train = ("--steps=20", "--schedule=" + ("1" if scheme == "niti" else "0.01"), "--out", out, "--overwrite")
            log = harness.succeed(trainer, "train", *words, *train)
            result, line = harness.Result(log), runs.metrics(out)[-1]
            self.assertEqual(list(line["outputs"]), ["kind", "early", "shares", "angles"])
            self.assertFalse({"train_accuracy", "test_accuracy"} & line.keys())
            for part in ("train_loss", "test_loss"):
                total = 0.0
                for weight, metrics in zip((0.5, 1.0, 2.0, 4.0), line["outputs"].values()):
                    total += weight * metrics[part]
                self.assertEqual(line[part], total)
            outcome = harness.succeed(trainer, "eval", *words, "--checkpoint", harness.checkpoint(out))
            *rows, last = outcome.out.splitlines()
            self.assertEqual(len(rows), len(line["outputs"]), outcome)
            for row, (name, metrics) in zip(rows, line["outputs"].items()):
                accuracy = r"(?:test_accuracy=(\S+) correct=\d+ )?"
                match = re.fullmatch(rf"output '(\w+)': {accuracy}test_loss=(\S+) examples=17", row)
                self.assertIsNotNone(match, outcome)
                self.assertEqual(match[1], name)
                self.assertEqual(match[3], f"{metrics['test_loss']:.6g}")
                self.assertEqual(match[2] is None, "test_accuracy" not in metrics)
                self.assertEqual(match[2] is None, name in ("shares", "angles"))
                if match[2]:
                    self.assertEqual(match[2], f"{metrics['test_accuracy']:.4f}")
                self.assertIn(f"output '{name}'\n", log.out)
            self.assertEqual(last, f"result: test_loss={line['test_loss']:.6g} examples=17 state={result.state}")

    def test_info(self):
        trainer = self.build("heads", *chosen("angles:loss=mse", "early:weight=2"))
        info = harness.succeed(trainer, "info").out
        self.assertRegex(info, r"\noutputs +3, 'angles'\nclasses +3, 'early'\n")
        self.assertIn('"output":["angles:weight=1,loss=mse","early:weight=2,loss=cross-entropy"]', info)

    def test_layers_without_connection(self):
        """Towers learn what they learn alone: under NITI the first one, whose random numbers are the same.

        Ids of parameters that WAGE draws random numbers by are those of the file for the tower with the first names.
        """
        source = os.path.join(self.common, "towers_data")
        cases = (("niti", "2", ("kind",)), ("fp32", "0.05", OUTPUTS["towers"]), ("wage", "8", ("early",)))
        for scheme, schedule, alone in cases:
            words = (f"--scheme={scheme}", *(() if scheme == "wage" else (NORMALIZE,)))
            run = ("--steps=12", f"--schedule={schedule}", "--out", self.path("out"))

            def train(data, *outputs):
                options = ("--batch=6", "--mcpu=native", *words, *chosen(*outputs))
                trainer = harness.compile_model(self.model("towers"), self.path("trainer"), *options)
                harness.train(trainer, "--data", data, *run)
                return harness.tensors(trainer, harness.checkpoint(self.path("out")))

            both = train("npy:" + source, *OUTPUTS["towers"])
            for output in alone:
                with self.subTest(scheme=scheme, output=output):
                    single = train(link_data(source, self.path(scheme + output), files_of(output)), output)
                    self.assertEqual({name.split("_")[0] for name in single}, {output})
                    self.assertEqual(single, {name: both[name] for name in single})

    def test_several_batch_sizes(self):
        """A trainer of more has the runs of a trainer of each."""
        outputs, states = chosen(*OUTPUTS["pixels"]), {}
        for batches in ("6,4", "4"):
            trainer = self.build("pixels", f"--batch={batches}", *outputs)
            words = ("--data", self.data("pixels_data"), "--batch=4", "--steps=9", "--schedule=1")
            words += ("--out", self.path("out"))
            states[batches] = harness.train(trainer, *words).state, runs.metrics(self.path("out"))
        self.assertEqual(states["6,4"], states["4"])

    def test_image_files(self):
        """All outputs learn the labels of the images."""
        random = np.random.RandomState(3)
        os.makedirs(self.path("npy"))
        os.makedirs(self.path("mnist"))
        for part, prefix, count in (("train", "train", 40), ("test", "t10k", 11)):
            images, labels = random.randint(0, 256, (count, 28, 28)), random.randint(0, 10, count)
            for kind, array, letter in (("images-idx3", images, "x"), ("labels-idx1", labels, "y")):
                array = array.astype(np.uint8)
                np.save(self.path("npy", f"{part}_{letter}.npy"), array)
                with open(self.path("mnist", f"{prefix}-{kind}-ubyte"), "wb") as file:
                    file.write(struct.pack(f">{array.ndim + 1}I", 0x800 + array.ndim, *array.shape) + array.tobytes())
        model = make_models.Model("digits", (1, 28, 28))
        x = model.relu(model.gemm(model.flatten("x"), 784, 16, "fc1"))
        outputs = {name: (model.gemm(x, 16, 10, "fc_" + name), (10,)) for name in ("a", "b")}
        model.save_outputs(outputs, self.path("digits.onnx"))
        options = ("--batch=8", "--mcpu=native", *chosen("a", "b:weight=0.5"))
        trainer, found = harness.compile_model(self.path("digits.onnx"), self.path("trainer"), *options), []
        for kind in ("npy", "mnist"):
            words = ("--data", f"{kind}:{self.path(kind)}", "--steps=10", "--schedule=2", "--out", self.path("out"))
            found.append((harness.train(trainer, *words).state, runs.metrics(self.path("out"))))
        self.assertEqual(*found)
        harness.train(trainer, "--data=synthetic:digits", "--steps=3", "--out", self.path("out"))
        self.assertEqual(list(runs.metrics(self.path("out"))[-1]["outputs"]), ["a", "b"])

    def test_one_command(self):
        """Outputs, their order, losses and weights are part of what the cache of trainers knows."""
        environment = dict(os.environ, XDG_CACHE_HOME=self.path("cache"))
        run = ("--batch=6", "--mcpu=baseline", NORMALIZE, "--data", self.data("heads_data"), "--steps=5")
        run += ("--out", self.path("out"))
        states = []
        for outputs in (
            ("kind", "shares"), ("shares", "kind"), ("kind", "shares:weight=0.5"), ("kind", "shares:loss=mse"),
            ("kind", "shares"),
        ):
            words = (self.model("heads"), *chosen(*outputs), *run, "--overwrite")
            outcome = harness.succeed(harness.QTC, "train", *words, env=environment)
            states.append(harness.Result(outcome).state)
        self.assertEqual(len(set(states[:-1])), len(states) - 1)
        self.assertEqual(states[0], states[-1])


class Refusals(OutputCase):
    """One line that says what to do."""

    def assert_refused(self, outcome, status, *mentions):
        self.assertEqual(outcome.code, status, outcome)
        errors = [line for line in outcome.err.splitlines() if "error: " in line]
        self.assertEqual(len(errors), 1, outcome)
        self.assertTrue(errors[0].startswith("error: "), outcome)
        for word in mentions:
            self.assertIn(word, errors[0], outcome)

    def compile(self, model, *options):
        words = ("-o", self.path("trainer"), "--batch=6", "--mcpu=baseline")
        return harness.execute(harness.QTC, "compile", model, *words, *options)

    def test_options(self):
        heads = [name.partition(":")[0] for name in OUTPUTS["heads"]]
        for outputs, options, status, *mentions in (
            (("kind", "end"), (), INPUT, "--output", "'end'", *(f"'{name}'" for name in heads)),
            (("softmax_out",), (), INPUT, "--output", "'softmax_out'"),
            (("kind:",), (), INPUT, "--output", "'kind:'"),
            (("kind", "early", "kind"), (), INPUT, "--output", "'kind'", "twice"),
            (("kind:weight=2", "kind"), (), INPUT, "--output", "'kind'", "twice"),
            (("",), (), USAGE, "--output"),
            (("kind", ""), (), USAGE, "--output"),
            ((":loss=mse",), (), USAGE, "--output", "NAME", "':loss=mse'"),
            (("kind:loss=nothing",), (), USAGE, "--output", "nothing", "cross-entropy", "mse"),
            (("kind:loss=",), (), USAGE, "--output"),
            (("kind:loss=sse",), (), USAGE, "--output", "niti", "sse"),
            (("kind:loss=mse",), ("--scheme=wage",), USAGE, "--output", "wage", "mse"),
            (("kind:weight=0",), (), USAGE, "--output", "positive", "weight=0"),
            (("kind:weight=-1",), (), USAGE, "--output", "positive", "weight=-1"),
            (("kind:weight=x",), (), USAGE, "--output", "weight=x"),
            (("kind:weight=nan",), ("--scheme=fp32",), USAGE, "--output", "weight=nan"),
            (("kind:weight=1e-50",), ("--scheme=fp32",), USAGE, "--output", "weight=1e-50"),
            (("kind:weight=3", "early"), (), USAGE, "--output", "niti", "power of two", "weight=3"),
            (("kind:weight=131072",), (), USAGE, "--output", "65536", "weight=131072"),
            (("kind:los=mse",), (), USAGE, "--output", "loss", "weight", "'los=mse'"),
            (("kind:weight=2,",), (), USAGE, "--output", "''"),
            (("kind:loss=mse",), (), INPUT, "'softmax'", "Softmax"),
            (("kind", "angles:loss=mse"), ("--loss-delta=2",), USAGE, "--loss-delta", "--loss=huber"),
            (("shares", "angles"), ("--loss=mse", "--label-smoothing=0.1"), USAGE, "--label-smoothing"),
            (("shares:loss=bce", "angles:loss=mse"), ("--class-axis=1",), USAGE, "--class-axis"),
            (("kind", "early"), ("--class-weights=1,2,3,4",), INPUT, "--class-weights", "3 numbers", "got 4"),
        ):
            with self.subTest(outputs=outputs, options=options):
                self.assert_refused(self.compile(self.model("heads"), *chosen(*outputs), *options), status, *mentions)
                self.assertFalse(os.path.exists(self.path("trainer")))
        # Any factor is right where errors are floats.
        words = (*chosen("kind:weight=3", "early:weight=0.1"), "--scheme=fp32", "-o", "-", "--emit=scheme")
        harness.succeed(harness.QTC, "compile", self.model("heads"), *words)

    def test_wage(self):
        """It has no rule for the sum of errors where the paths to two outputs part."""
        for outputs, node in ((("first", "second/a:0"), "relu1"), (("copy", "first"), "fc2")):
            outcome = self.compile(self.model("twins"), "--scheme=wage", *chosen(*outputs))
            self.assert_refused(outcome, INPUT, f"node '{node}'", "scheme wage")

    def test_number_of_outputs(self):
        for count, code in ((8, 0), (9, INPUT)):
            model = make_models.Model("many", (13,))
            x = model.relu(model.gemm("x", 13, 7, "fc"))
            names = [f"out{k}" for k in range(count)]
            outputs = {name: (model.gemm(x, 7, 3, "fc_" + name), (3,)) for name in names}
            model.save_outputs(outputs, self.path("many.onnx"))
            words = (*chosen(*names), "-o", "-", "--emit=scheme")
            outcome = harness.execute(harness.QTC, "compile", self.path("many.onnx"), *words)
            self.assertEqual(outcome.code, code, outcome)
        self.assert_refused(outcome, INPUT, "--output", "at most 8", "9")

    def test_softmax_that_is_read(self):
        """Only one that nothing else needs is left to the loss."""
        model = make_models.Model("softmax", (13,))
        first = model.node("Softmax", [model.gemm("x", 13, 4, "fc1")], "softmax", axis=1)
        second = model.gemm(first, 4, 3, "fc2")
        model.save_outputs({"first": (first, (4,)), "second": (second, (3,))}, self.path("softmax.onnx"))
        for outputs in (("first", "second"), ("second",)):
            outcome = self.compile(self.path("softmax.onnx"), *chosen(*outputs))
            self.assert_refused(outcome, INPUT, "node 'softmax'", "Softmax")
        outcome = self.compile(self.path("softmax.onnx"), *chosen("first"))
        self.assertEqual(outcome.code, 0, outcome)

    def test_data(self):
        """Of each file that is missing or does not fit."""
        trainer = self.build("heads", *chosen(*OUTPUTS["heads"]))
        source, folder = os.path.join(self.common, "heads_data"), self.path("data")
        angles = np.load(os.path.join(source, "train_y_angles.npy"))
        for file, array, *mentions in (
            ("train_y_early", None, "train_y_early.npy", "train_y.npy", "'early'"),
            ("test_y_shares", None, "test_y_shares.npy", "test_y.npy", "'shares'"),
            ("train_y_angles", angles[:, :2], "train_y_angles.npy", "[N,3]"),
            ("train_y_angles", angles[:-1], "train_y_angles.npy", "61", "62"),
            ("train_y_early", angles, "train_y_early.npy"),
            ("train_y_early", np.full(62, 3), "train_y_early.npy", "label 3"),
            ("train_y_shares", angles[:, :2] + 2, "train_y_shares.npy"),
        ):
            with self.subTest(file=file, mentions=mentions):
                shutil.rmtree(folder, ignore_errors=True)
                data = link_data(source, folder, skipped=[file + ".npy"])
                words = ("--data", data, "--steps=1", "--out", self.path("out"))
                if array is not None:
                    np.save(os.path.join(folder, file + ".npy"), array)
                self.assert_refused(harness.execute(trainer, "train", *words), INPUT, *mentions)

    def test_names_of_files(self):
        """Characters that files may lack become `_`, but two outputs never share a file by that."""
        model = make_models.Model("names", (13,))
        outputs = {name: (model.gemm("x", 13, 3, f"fc{k}"), (3,)) for k, name in enumerate(("a/b", "a:b"))}
        model.save_outputs(outputs, self.path("names.onnx"))
        options = ("--input=float32", "--mcpu=native", *chosen(*outputs))
        trainer = harness.compile_model(self.path("names.onnx"), self.path("trainer"), *options)
        os.makedirs(self.path("data"))
        for part in ("train", "test"):
            np.save(self.path("data", part + "_x.npy"), np.zeros((200, 13), "f4"))
            np.save(self.path("data", part + "_y_a_b.npy"), np.arange(200) % 3)
        words = ("--data", "npy:" + self.path("data"), "--steps=1", "--out", self.path("out"))
        self.assert_refused(harness.execute(trainer, "train", *words), INPUT, "train_y_a_b.npy", "two outputs")


class Check(OutputCase):
    """`qtc check` approves the outputs that `qtc compile` compiles."""

    def test_agrees(self):
        cases = [(name, scheme, OUTPUTS[name]) for name in OUTPUTS for scheme in agreement.SCHEMES]
        # WAGE has no losses of numbers, which is an error of usage; the rest of a model is judged without them.
        cases = [(*c, [o for o in outputs if "wage" not in c or ":loss=mse" not in o]) for *c, outputs in cases]
        wrong = (("kind", "kind"), ("kind", "end"), ("kind:loss=mse",))
        cases += [("heads", scheme, outputs) for scheme in ("niti", "fp32") for outputs in wrong]

        def judge(case):
            name, scheme, outputs = case
            return agreement.find_disagreement(self.model(name), scheme, "scheme", options=chosen(*outputs))

        for case, problem in zip(cases, harness.in_parallel(judge, cases)):
            with self.subTest(case=case):
                self.assertEqual(problem, "")


if __name__ == "__main__":
    unittest.main()
