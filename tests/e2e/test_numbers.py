# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models of numbers: NITI against the NumPy reference, fp32 against PyTorch, refusals, checkpoints, what is learned."""

import itertools
import json
import math
import os
import re
import shutil
import sys
import unittest

import numpy as np

import agreement
import harness
from differential import THREADS, DifferentialCase

sys.path.insert(0, harness.REFERENCE)
import data as reference_data  # noqa: E402 (the path comes first)
import make_models  # noqa: E402
import schedules  # noqa: E402

try:
    import torch

    import onnx_torch

    torch.set_num_threads(1)
except ImportError as error:
    torch, MISSING = None, error.name

INPUT, USAGE = 1, 2
# Hidden features, and epochs.
SIZES = {"synthetic": (32, 30), "diabetes": (16, 10)}
LOSSES = {"mse": (), "l1": (), "huber": ("--loss-delta=0.5",), "bce": ()}


def data_of(name, loss):
    """The folder of a model's targets: those of `bce` are between 0 and 1."""
    return name + ("_shares" if loss == "bce" else "_data")


def save_data(folder, train_x, train_y, test_x, test_y):
    """--data of an npy data set."""
    os.makedirs(folder, exist_ok=True)
    for name, array in (("train_x", train_x), ("train_y", train_y), ("test_x", test_x), ("test_y", test_y)):
        np.save(os.path.join(folder, name + ".npy"), array)
    return "npy:" + folder


def load(folder, name):
    return np.load(os.path.join(folder, name + ".npy"))


def make_mlp(path, features, width, outputs=1):
    """A model of two layers."""
    model = make_models.Model("regression", (features,), (outputs,))
    x = model.relu(model.gemm("x", features, width, "fc1"))
    model.save(model.gemm(x, width, outputs, "fc2"), path)
    return path


def synthetic(count=4000, tests=1000, seed=5):
    """Standardized targets: a function of eight features, and noise of 0.3 of its deviation."""
    random = np.random.default_rng(seed)
    x = random.uniform(-2, 2, (count + tests, 8))
    y = np.sin(1.5 * x[:, 0]) + x[:, 1] * x[:, 2] / 2 + 0.5 * np.abs(x[:, 3]) + x[:, 4:] @ [0.5, -0.25, 0.125, 0.0]
    y += 0.3 * y.std() * random.standard_normal(len(y))
    y = (y - y[:count].mean()) / y[:count].std()
    return x[:count], y[:count], x[count:], y[count:]


def diabetes():
    """Standardized targets of scikit-learn's data set, of which every fifth example is a test."""
    try:
        from sklearn import datasets
    except ImportError as error:
        raise unittest.SkipTest("the diabetes data come with scikit-learn, which is not installed") from error
    bunch = datasets.load_diabetes(scaled=False)
    tests = np.arange(len(bunch.target)) % 5 == 0
    y = (bunch.target - bunch.target[~tests].mean()) / bunch.target[~tests].std()
    return bunch.data[~tests], y[~tests], bunch.data[tests], y[tests]


class Integers(DifferentialCase):
    """Every parameter of NITI, bit for bit, and the loss of the test set."""

    COMPILE_OPTIONS = {"--batch": "6", "--input": "float32"}
    TRAIN_OPTIONS = {"--steps": "20", "--schedule": "2"}
    CASES = [("numbers_signal", loss) for loss in LOSSES]
    CASES += [("numbers_normalized", "mse"), ("numbers_normalized", "bce")]

    def compile(self, name, *options):
        """Of the machine's instruction sets the best one, and plain loops."""
        builds = [("fast", ("--mcpu=native",)), ("plain", ("--no-microkernels", "--mcpu=baseline"))]
        return harness.in_parallel(
            lambda build: harness.compile_model(self.model(name), self.path(build[0]), *options, *build[1]), builds
        )

    def test_losses(self):
        for name, loss in self.CASES:
            words, folder = (f"--loss={loss}", *LOSSES[loss]), (f"--data={data_of(name, loss)}",)
            self.compare(name, words, folder, (2,))

    def test_losses_on_every_instruction_set(self):
        for loss in LOSSES:
            words = ("--batch=6", "--input=float32", f"--loss={loss}", *LOSSES[loss])
            trainers = super().compile("numbers_mlp", *words)
            self.compare("numbers_mlp", words, (f"--data={data_of('numbers_mlp', loss)}",), THREADS, trainers)

    def test_options(self):
        for name, options, train_options in (
            ("numbers_mlp", ("--loss=mse", "--normalize=none"), ("--limit=40", "--no-shuffle")),
            ("numbers_signal", ("--loss=huber", "--loss-delta=3", "--niti-weight-bits=8"), ("--schedule=3,0@50%",)),
            ("numbers_mlp", ("--loss=mse", "--niti-weight-bits=8"), ()),
            ("numbers_mlp", ("--loss=l1", "--init=scheme", "--niti-grad-round=stochastic"), ("--limit=31",)),
        ):
            self.compare(name, options, (f"--data={name}_data", *train_options), (2,))

    def test_numbers_of_pixels(self):
        """Bytes as input, numbers as targets."""
        folder = os.path.join(self.common, "data")
        arrays = [load(folder, name) for name in ("train_x", "train_y", "test_x", "test_y")]
        for index in (1, 3):
            arrays[index] = np.sin(arrays[index][:, None] + np.arange(4)).astype("f4")
        save_data(os.path.join(self.common, "numbers_of_pixels"), *arrays)
        options = ("--input=pixels", "--normalize=0.5/0.25", "--loss=huber", "--loss-delta=0.25")
        self.compare("residual", options, ("--data=numbers_of_pixels", "--schedule=1", "--augment=crop-flip"), (2,))

    def test_classes_of_numbers(self):
        """Floats as input, class indices as targets."""
        folder = os.path.join(self.common, "numbers_mlp_data")
        arrays = [load(folder, name) for name in ("train_x", "train_y", "test_x", "test_y")]
        for index in (1, 3):
            arrays[index] = arrays[index].argmax(axis=1)
        save_data(os.path.join(self.common, "classes"), *arrays)
        self.compare("numbers_mlp", ("--loss=cross-entropy",), ("--data=classes",), (2,))

    def test_sigmoid_belongs_to_bce(self):
        """A model that ends in it has the trainer of one that does not."""
        model = make_models.Model("numbers_mlp", (13,), (3,))
        model.save(model.node("Sigmoid", [make_models.numbers_mlp(model)], "sigmoid"), self.model("sigmoid"))
        self.compare("sigmoid", ("--loss=bce",), ("--data=numbers_mlp_shares",), (2,))
        words = ("--input=float32", "--loss=bce", "--batch=6")
        train = ("--data", "npy:" + os.path.join(self.common, "numbers_mlp_shares"), "--steps=20", "--schedule=2")
        states = {
            harness.train(harness.compile_model(self.model(name), self.path(name), *words), *train).state
            for name in ("sigmoid", "numbers_mlp")
        }
        self.assertEqual(len(states), 1)
        self.compare("sigmoid", ("--loss=mse",), ("--data=numbers_mlp_shares",), (2,))

    def test_sigmoid_and_views(self):
        """One number an example, as models often end: the dimension is dropped before the Sigmoid or after it."""
        for name, order in (("before", ("Squeeze", "Sigmoid")), ("after", ("Sigmoid", "Squeeze"))):
            model = make_models.Model("views", (13,), ())
            x = model.gemm(model.relu(model.gemm("x", 13, 16, "fc1")), 16, 1, "fc2")
            for op in order:
                axes = [model.constant("axes", np.array([1]))] if op == "Squeeze" else []
                x = model.node(op, [x, *axes], op.lower())
            model.save(x, self.model(name))
            self.compare(name, ("--loss=bce",), ("--data=numbers_normalized_shares",), (2,))


@unittest.skipIf(torch is None, "PyTorch is what losses are compared with, and there is no module " + (
    MISSING if torch is None else ""))
class Floats(harness.Case):
    """fp32 against PyTorch in double, from the weights of the file, on standardized features, unshuffled."""

    TOLERANCE = 1e-4
    STEPS, BATCH, RATE, MOMENTUM = 100, 6, 0.02, 0.9

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models.main([cls.common, "numbers_mlp", "numbers_signal"])

    @staticmethod
    def loss_of(loss):
        functions = torch.nn.functional
        return {
            "mse": functions.mse_loss,
            "l1": functions.l1_loss,
            "huber": lambda y, t: functions.huber_loss(y, t, delta=0.5),
            "bce": functions.binary_cross_entropy_with_logits,
        }[loss]

    def descend(self, model, folder, loss, batches):
        """(loss of each step, {step: parameters after it}) by PyTorch; an epoch has so many batches."""
        x, y = load(folder, "train_x").astype(float), load(folder, "train_y").astype(float)
        x, y = x[: self.BATCH * batches], y[: self.BATCH * batches]
        axes = (0, *range(2, x.ndim))
        deviation = x.std(axis=axes, keepdims=True)
        deviation[x.min(axis=axes, keepdims=True) == x.max(axis=axes, keepdims=True)] = 1
        x = torch.from_numpy((x - x.mean(axis=axes, keepdims=True)) / deviation)
        network, measure = onnx_torch.Network(model), self.loss_of(loss)
        optimizer = torch.optim.SGD(network.parameters.values(), self.RATE, self.MOMENTUM)
        losses, states = [], {}
        for step in range(self.STEPS):
            begin = step % batches * self.BATCH
            part = slice(begin, begin + self.BATCH)
            value = measure(network.forward(x[part]), torch.from_numpy(y[part].reshape(self.BATCH, -1)))
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            losses.append(value.item())
            if step + 1 in (1, 10, self.STEPS):
                states[step + 1] = {name: p.detach().numpy().copy() for name, p in network.parameters.items()}
        return losses, states

    def train(self, trainer, folder, batches, steps):
        """(loss of each epoch, parameters) of a run."""
        out = self.path("out")
        harness.train(
            trainer, "--data", "npy:" + folder, f"--steps={steps}", f"--schedule={self.RATE}", "--no-shuffle",
            f"--limit={batches * self.BATCH}", "--eval-every=0", "--out", out,
        )
        with open(os.path.join(out, "metrics.jsonl"), encoding="utf-8") as file:
            losses = [json.loads(line)["train_loss"] for line in file]
        return losses, harness.read_floats(harness.checkpoint(out))

    def compare(self, name, loss):
        """Prints and checks the largest differences."""
        model = os.path.join(self.common, name + ".onnx")
        folder = os.path.join(self.common, data_of(name, loss))
        words = ("--scheme=fp32", "--input=float32", f"--loss={loss}", *LOSSES[loss], f"--batch={self.BATCH}")
        words += (f"--fp32-momentum={self.MOMENTUM}", "--fp32-weight-decay=0", "--mcpu=native")
        trainer = harness.compile_model(model, self.path("trainer"), *words)
        # An epoch of one batch, so that every step has a line.
        expected, _ = self.descend(model, folder, loss, 1)
        losses, _ = self.train(trainer, folder, 1, self.STEPS)
        self.assertEqual(len(losses), self.STEPS)
        first = np.abs(np.array(losses) / expected - 1).max()
        # Epochs of ten batches.
        expected, states = self.descend(model, folder, loss, 10)
        losses, _ = self.train(trainer, folder, 10, self.STEPS)
        second = np.abs(np.array(losses) / np.reshape(expected, (-1, 10)).mean(axis=1) - 1).max()
        third = 0.0
        for step, state in states.items():
            actual = self.train(trainer, folder, 10, step)[1]
            for key, value in state.items():
                third = max(third, np.linalg.norm(actual[key] - value) / np.linalg.norm(value))
        print(f"{name}, {loss}: largest relative difference of losses of steps {first:.1e}, "
              f"of epochs {second:.1e}, of parameters {third:.1e}")
        for difference in (first, second, third):
            self.assertLess(difference, self.TOLERANCE)

    def test_losses(self):
        for name, loss in itertools.product(("numbers_mlp", "numbers_signal"), LOSSES):
            with self.subTest(model=name, loss=loss):
                self.compare(name, loss)


@unittest.skipIf(torch is None, "PyTorch is what final errors are compared with, and there is no module " + (
    MISSING if torch is None else ""))
class FinalErrors(harness.Case):
    """Whole runs of fp32 with its default schedule end where those of PyTorch end: the same batches, in double."""

    TOLERANCE = 0.02
    SEEDS, BATCH, MOMENTUM, SCHEDULE = (1, 2, 3), 32, 0.9, "0.05,0.005@60%,0.0005@90%"

    def descend(self, model, folder, seed, epochs):
        """The error of the test set after a run by PyTorch."""
        dataset = reference_data.load("npy:" + folder)
        train_x, test_x = (torch.from_numpy(np.asarray(x, np.float64)) for x in (dataset.train_x, dataset.test_x))
        mean, deviation = train_x.mean(axis=0), train_x.std(axis=0, correction=0)
        batches = reference_data.TrainingBatches(dataset, self.BATCH, seed)
        steps = epochs * batches.steps_per_epoch
        schedule = schedules.Schedule(self.SCHEDULE, steps, batches.steps_per_epoch, float)
        network, measure = onnx_torch.Network(model), torch.nn.functional.mse_loss
        optimizer = torch.optim.SGD(network.parameters.values(), schedule[0], self.MOMENTUM)
        for step in range(steps):
            x, y = (torch.from_numpy(np.asarray(array, np.float64)) for array in batches[step])
            optimizer.param_groups[0]["lr"] = schedule[step]
            optimizer.zero_grad()
            measure(network.forward((x - mean) / deviation).reshape(-1), y.reshape(-1)).backward()
            optimizer.step()
        with torch.no_grad():
            predictions = network.forward((test_x - mean) / deviation).reshape(-1)
            return measure(predictions, torch.from_numpy(np.asarray(dataset.test_y, np.float64)).reshape(-1)).item()

    def compare(self, name, arrays, width, epochs):
        data = save_data(self.path("data"), *arrays)
        model = make_mlp(self.path("model.onnx"), arrays[0].shape[1], width)
        words = ("--scheme=fp32", "--input=float32", "--loss=mse", f"--batch={self.BATCH}", "--mcpu=native")
        trainer = harness.compile_model(model, self.path("trainer"), *words)
        settings = ("--data", data, f"--epochs={epochs}", "--eval-every=0", "--out", self.path("out"))
        ours = [harness.train(trainer, *settings, f"--seed={seed}").loss for seed in self.SEEDS]
        theirs = [self.descend(model, self.path("data"), seed, epochs) for seed in self.SEEDS]
        difference = np.mean(ours) / np.mean(theirs) - 1
        print(f"{name}: test loss {np.mean(ours):.4f} of fp32, {np.mean(theirs):.4f} of PyTorch, {100 * difference:+.2f} %")
        self.assertLess(abs(difference), self.TOLERANCE)

    def test_synthetic(self):
        self.compare("synthetic", synthetic(), *SIZES["synthetic"])

    def test_diabetes(self):
        self.compare("diabetes", diabetes(), *SIZES["diabetes"])


class Refusals(harness.Case):
    """One line that says what to do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models.main([cls.common, "numbers_mlp", "numbers_normalized"])
        cls.model = os.path.join(cls.common, "numbers_mlp.onnx")
        cls.one = make_mlp(os.path.join(cls.common, "one.onnx"), 13, 8)
        cls.data = os.path.join(cls.common, "numbers_mlp_data")
        cls.trainers = {}

    def assert_refused(self, outcome, status, *mentions):
        self.assertEqual(outcome.code, status, outcome)
        errors = [line for line in outcome.err.splitlines() if line.startswith("error: ")]
        self.assertEqual(len(errors), 1, outcome)
        for word in mentions:
            self.assertIn(word, errors[0], outcome)

    def compile(self, model, *options):
        return harness.execute(harness.QTC, "compile", model, "-o", self.path("trainer"), "--batch=6", *options)

    def test_options(self):
        numbers = ("--input=float32",)
        for options, *mentions in (
            ((*numbers, "--scheme=wage"), "--input", "wage"),
            (("--loss=mse", "--scheme=wage"), "--loss", "wage", "mse"),
            ((*numbers, "--loss=sse"), "--loss", "niti", "sse"),
            ((*numbers, "--loss=mse", "--loss-delta=2"), "--loss-delta", "--loss=huber"),
            ((*numbers, "--loss-delta=2"), "--loss-delta", "--loss=huber"),
            ((*numbers, "--loss=huber", "--loss-delta=0"), "--loss-delta", "positive"),
            ((*numbers, "--loss=huber", "--loss-delta=-1"), "--loss-delta", "positive"),
            ((*numbers, "--loss=huber", "--loss-delta=nan"), "--loss-delta"),
            ((*numbers, "--loss=huber", "--loss-delta=inf"), "--loss-delta"),
            ((*numbers, "--loss=mse", "--normalize=cifar10"), "--normalize", "standard", "cifar10"),
            ((*numbers, "--loss=mse", "--normalize=0.5/0.25"), "--normalize", "standard"),
            (("--loss=mse", "--normalize=standard"), "--normalize", "standard"),
            (("--input=float64",), "--input"),
        ):
            with self.subTest(options=options):
                self.assert_refused(self.compile(self.model, *options), USAGE, *mentions)
                self.assertFalse(os.path.exists(self.path("trainer")))

    def test_one_output_is_no_class(self):
        for scheme in ("niti", "fp32"):
            with self.subTest(scheme=scheme):
                classes = ("--loss=cross-entropy",)
                self.assertEqual(agreement.find_disagreement(self.one, scheme, "import", options=classes), "")
                check, compilation = agreement.judge(self.one, scheme, "import", options=classes)
                self.assertEqual((check.code, compilation.code), (INPUT, INPUT), check)
                for text in (check.out + check.err, compilation.err):
                    self.assertIn("--loss=mse", text)
                words = ("--loss=mse", f"--scheme={scheme}")
                harness.succeed(harness.QTC, "check", self.one, *words)
                harness.succeed(harness.QTC, "compile", self.one, "-o", "-", "--emit=import", *words)

    def test_softmax_belongs_to_classes(self):
        model = make_models.Model("softmax", (13,), (3,))
        path = self.path("softmax.onnx")
        model.save(model.node("Softmax", [make_models.numbers_mlp(model)], "softmax", axis=1), path)
        self.assert_refused(self.compile(path, "--input=float32", "--loss=mse"), INPUT, "softmax", "Softmax")
        harness.compile_model(path, self.path("classes"), "--input=float32", "--loss=cross-entropy", "--mcpu=baseline")

    def trainer(self, options):
        if options not in self.trainers:
            output = os.path.join(self.common, f"trainer{len(self.trainers)}")
            self.trainers[options] = harness.compile_model(self.model, output, "--batch=6", "--mcpu=baseline", *options)
        return self.trainers[options]

    def run_on(self, options, **arrays):
        """The outcome of a run on the data with some arrays replaced."""
        names = ("train_x", "train_y", "test_x", "test_y")
        found = [arrays[name] if name in arrays else load(self.data, name) for name in names]
        words = ("--data", save_data(self.path("data"), *found), "--steps=2", "--out", self.path("out"), "--overwrite")
        return harness.execute(self.trainer(options), "train", *words)

    def test_floats_for_pixels(self):
        outcome = self.run_on(("--loss=mse",))
        self.assert_refused(outcome, INPUT, "train_x.npy", "uint8", "--input=float32")

    def test_targets(self):
        y = load(self.data, "train_y")
        mse, classes = ("--input=float32", "--loss=mse"), ("--input=float32", "--loss=cross-entropy")
        self.assert_refused(self.run_on(mse, train_y=y[:, :2]), INPUT, "train_y.npy", "[N,3]")
        self.assert_refused(self.run_on(mse, train_y=y[:, 0]), INPUT, "train_y.npy", "[N,3]")
        self.assert_refused(self.run_on(mse, train_y=y[:-1]), INPUT, "train_x.npy", "62", "61")
        self.assert_refused(self.run_on(mse, test_y=load(self.data, "test_y")[:, :1]), INPUT, "test_y.npy")
        self.assert_refused(self.run_on(mse, train_y=y.astype("c16")), INPUT, "train_y.npy")
        self.assert_refused(self.run_on(mse, train_y=y[:, :1].round().astype(int)), INPUT, "--loss=cross-entropy")
        self.assert_refused(self.run_on(classes), INPUT, "train_y.npy", "--loss=mse")
        self.assert_refused(self.run_on(classes, train_y=y[:, 0]), INPUT, "train_y.npy", "--loss=mse")

    def test_numbers_that_are_none(self):
        for scheme in ("niti", "fp32"):
            options = ("--input=float32", "--loss=mse", f"--scheme={scheme}")
            for value in (math.nan, math.inf, -math.inf):
                for name in ("train_x", "train_y", "test_x", "test_y"):
                    array = load(self.data, name)
                    array[7, 1] = value
                    with self.subTest(scheme=scheme, value=value, name=name):
                        outcome = self.run_on(options, **{name: array})
                        self.assert_refused(outcome, INPUT, name + ".npy", "example 7", "not finite")

    def test_targets_of_bce(self):
        options = ("--input=float32", "--loss=bce")
        shares = os.path.join(self.common, "numbers_mlp_shares")
        inside = {name: load(shares, name) for name in ("train_y", "test_y")}
        outcome = self.run_on(options, **inside)
        self.assertEqual(outcome.code, 0, outcome)
        for name, value in itertools.product(inside, (-0.001, 1.001)):
            arrays = {key: array.copy() for key, array in inside.items()}
            arrays[name][5, 2] = value
            with self.subTest(name=name, value=value):
                self.assert_refused(self.run_on(options, **arrays), INPUT, name + ".npy", "example 5", "--loss=mse")

    def test_too_large(self):
        x = load(self.data, "train_x")
        x[3, 2] = 1e39
        for normalize, mentions in (("none", ["example 3", "too large"]), ("standard", [])):
            options = ("--input=float32", "--loss=mse", "--scheme=fp32", f"--normalize={normalize}")
            outcome = self.run_on(options, train_x=x)
            if mentions:
                self.assert_refused(outcome, INPUT, "train_x.npy", *mentions)
            else:
                self.assertEqual(outcome.code, 0, outcome)

    def test_clipped_inputs_are_remarked(self):
        """Integers reach 4 from 0; it is no error."""
        options, x = ("--input=float32", "--loss=mse", "--normalize=none"), load(self.data, "train_x")
        outcome = self.run_on(options, train_x=np.clip(x, -3.9, 3.9), test_x=np.zeros((17, 13)))
        self.assertEqual((outcome.code, outcome.err), (0, ""), outcome)
        outcome = self.run_on(options)
        self.assertEqual(outcome.code, 0, outcome)
        self.assertRegex(outcome.err, r"\Aremark: [^\n]* clipped[^\n]*\n\Z")

    def test_augmentation(self):
        words = ("--data", "npy:" + self.data, "--steps=2", "--augment=crop-flip", "--out", self.path("out"))
        trainer = self.trainer(("--input=float32", "--loss=mse"))
        self.assert_refused(harness.execute(trainer, "train", *words), USAGE, "--augment")


class Checkpoints(harness.Case):
    """The mean and deviation of a run go with its checkpoint."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models.main([cls.common, "numbers_normalized", "numbers_mlp"])

    def test_evaluation_and_resume(self):
        for name, scheme, schedule in (
            ("numbers_mlp", "niti", "2"), ("numbers_normalized", "niti", "2"), ("numbers_normalized", "fp32", "0.01"),
        ):
            with self.subTest(model=name, scheme=scheme):
                self.check(name, scheme, schedule)

    def check(self, name, scheme, schedule):
        data, out = os.path.join(self.common, name + "_data"), self.path("out")
        words = (f"--scheme={scheme}", "--input=float32", "--loss=huber", "--batch=6", "--mcpu=native")
        trainer = harness.compile_model(os.path.join(self.common, name + ".onnx"), self.path("trainer"), *words)
        settings = ("--data", "npy:" + data, f"--schedule={schedule}", "--limit=50")
        whole = harness.train(trainer, *settings, "--steps=23", "--out", out)
        # The test set alone, and another training set, which must not count.
        tests, other = self.path("tests"), self.path("other")
        for folder in (tests, other):
            shutil.copytree(data, folder, dirs_exist_ok=True)
        for part in ("train_x.npy", "train_y.npy"):
            os.remove(os.path.join(tests, part))
        np.save(os.path.join(other, "train_x.npy"), 5 * load(data, "train_x") + 3)
        for folder in (data, tests, other):
            outcome = harness.succeed(
                trainer, "eval", "--data", "npy:" + folder, "--checkpoint", harness.checkpoint(out)
            )
            fields = dict(word.split("=") for word in outcome.out.split()[1:])
            self.assertEqual((float(fields["test_loss"]), fields["state"]), (whole.loss, whole.state))
        # Without a checkpoint only the training set says how to standardize.
        outcome = harness.execute(trainer, "eval", "--data", "npy:" + tests)
        self.assertEqual(outcome.code, INPUT, outcome)
        self.assertIn("train_x.npy", outcome.err)
        # Interrupted, with another number of threads.
        for step in (9, 17):
            resume = ("--resume", harness.checkpoint(out)) if step > 9 else ()
            harness.train(trainer, *settings, f"--steps={step}", "--out", out, *resume)
        resumed = harness.train(trainer, *settings, "--steps=23", "--threads=2", "--resume", harness.checkpoint(out))
        self.assertEqual((resumed.state, resumed.loss), (whole.state, whole.loss))


class OneCommand(harness.Case):
    """`qtc train` on numbers."""

    def test_train(self):
        model = make_mlp(self.path("model.onnx"), 8, 16)
        words = ("--input=float32", "--loss=huber", "--batch=32", "--mcpu=baseline")
        run = ("--data", save_data(self.path("data"), *synthetic(256, 64)), "--steps=9", "--out", self.path("out"))
        environment = dict(os.environ, XDG_CACHE_HOME=self.path("cache"))
        outcome = harness.succeed(harness.QTC, "train", model, *words, *run, env=environment)
        expected = harness.train(harness.compile_model(model, self.path("trainer"), *words), *run)
        result = harness.Result(outcome)
        self.assertEqual((result.state, result.loss), (expected.state, expected.loss))
        # Another delta is another program.
        other = harness.succeed(harness.QTC, "train", model, *words, "--loss-delta=0.1", *run, "--overwrite", env=environment)
        self.assertNotEqual(harness.Result(other).state, expected.state)


class Learning(harness.Case):
    """The test loss of NITI is close to that of fp32, by default. slow/test_number_losses.py has more losses and seeds."""

    BUILDS = {"niti": (), "fp32": ("--scheme=fp32",)}
    LOSSES, SEEDS, ALLOWED = ("mse",), (1,), 1.05

    def measure(self, name, arrays, loss):
        """{build: mean test loss at the end}"""
        width, epochs = SIZES[name]
        data = save_data(self.path("data"), *arrays)
        model = make_mlp(self.path("model.onnx"), arrays[0].shape[1], width)

        def run(build):
            words = ("--input=float32", f"--loss={loss}", "--batch=32", "--mcpu=native", *self.BUILDS[build])
            trainer = harness.compile_model(model, self.path(build), *words)
            settings = ("--data", data, f"--epochs={epochs}", "--eval-every=0", "--threads=1")
            return [
                harness.train(trainer, *settings, f"--seed={seed}", "--out", self.path(build + "_out")).loss
                for seed in self.SEEDS
            ]

        losses = dict(zip(self.BUILDS, harness.in_parallel(run, self.BUILDS), strict=True))
        floats = np.mean(losses["fp32"])
        for build, values in losses.items():
            print(f"{name}, {loss}: test loss {np.mean(values):.4f} ({min(values):.4f} to {max(values):.4f}) of {build}, "
                  f"{100 * (np.mean(values) / floats - 1):+.1f} %")
        return {build: np.mean(values) for build, values in losses.items()}

    def check(self, name, arrays, loss):
        losses = self.measure(name, arrays, loss)
        self.assertLess(losses["niti"], self.ALLOWED * losses["fp32"])
        return losses

    def test_synthetic(self):
        """Little noise shows what 8 bits of a weight lose."""
        losses = [self.check("synthetic", synthetic(), loss) for loss in self.LOSSES]
        self.assertLess(losses[0]["fp32"], 0.12)  # that of the mean is 1, that of the function 0.08

    def test_diabetes(self):
        losses = [self.check("diabetes", diabetes(), loss) for loss in self.LOSSES]
        self.assertLess(losses[0]["fp32"], 0.6)

    def test_defaults(self):
        """A loss that fits numbers has others, with a remark; what is given explicitly counts."""
        model, remark = make_mlp(self.path("model.onnx"), 8, 4), "the default of --niti-weight-bits is 16"
        for *words, bits, schedule in (
            ("--loss=mse", "16", "3,1@40%,-1@60%,-3@80%"),
            ("16", "3,1@40%,-1@60%,-3@80%"),
            ("--loss=mse", "--niti-weight-bits=8", "8", "3,1@40%,-1@60%,-3@80%"),
            ("--loss=huber", "--niti-momentum=0.9", "16", "3,1@40%,-1@60%,-3@80%"),
            ("--niti-momentum=0.9", "16", "3,1@40%,-1@60%,-3@80%"),
            ("--loss=bce", "8", "4,2@40%,0@60%,-1@80%"),
        ):
            with self.subTest(words=words):
                options = ("--input=float32", "--mcpu=baseline", *words)
                outcome = harness.succeed(harness.QTC, "compile", model, "-o", self.path("trainer"), *options)
                said = [line for line in outcome.err.splitlines() if remark in line]
                self.assertEqual(len(said), int(bits == "16"), outcome)
                info = harness.succeed(self.path("trainer"), "info").out
                self.assertIn(f'"niti-weight-bits":"{bits}"', info)
                self.assertRegex(info, rf"default schedule +{re.escape(schedule)}\n")


if __name__ == "__main__":
    unittest.main()
