# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs of models of random_models.py: integers against the NumPy reference, floats against PyTorch and ONNX Runtime."""

import os
import random
import re
import sys
import unittest
import zlib

import numpy as np
import onnx

import harness
import torch_runs
from differential import THREADS, DifferentialCase

sys.path.insert(0, harness.REFERENCE)
import importer  # noqa: E402 (the path comes first)
import make_models  # noqa: E402
import niti  # noqa: E402

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

REGISTRY = os.path.join(harness.SOURCE, "compiler", "Import", "ONNX", "Registry.cpp")
BUILDS = {"fast": (), "plain": ("--no-microkernels", "--mcpu=baseline")}
# What a random run chooses from: options of the compiler, and the schedules.
OPTIONS = {
    "niti": {
        "--batch": (1, 2, 3, 5, 7, 11, 16),
        "--normalize": ("none", "0.5/0.25"),
        "--init": ("onnx", "onnx", "scheme"),
        "--niti-weight-bits": (8, 8, 16),
        "--niti-grad-round": ("pseudo", "stochastic", "nearest"),
        "--niti-loss": ("fraction", "paper"),
        "--niti-headroom": (1, 0, 2),
        "--niti-error-bits": (8, 16),
        "--niti-norm-bits": (8, 16),
    },
    "wage": {
        "--batch": (1, 2, 3, 5, 7, 11, 16),
        "--init": ("onnx", "scheme"),
        "--loss": ("sse", "cross-entropy"),
        "--wage-bits": ("2-8-8-8", "2-8-12-8", "2-8-8-4", "2-8-8-16", "4-8-8-8", "3-5-16-6"),
        "--wage-input": ("auto", "head", "c17", "mnist"),
        "--wage-weight-clip": ("code", "paper"),
        "--wage-alpha": ("code", "paper"),
        "--wage-last-layer": ("exact", "quantized"),
        "--wage-gamma": (1, 4),
    },
}
SCHEDULES = {"niti": ("1", "2,0@50%", "1,-1@60%"), "wage": ("8,1@50%", "64", "1/2")}


def choose_options(seed, scheme):
    """(options of the compiler, options of training) of a run"""
    generator = random.Random(seed)
    words = [f"{key}={generator.choice(values)}" for key, values in OPTIONS[scheme].items()]
    train = [f"--schedule={generator.choice(SCHEDULES[scheme])}", f"--seed={generator.randrange(1, 2**63)}"]
    return [f"--scheme={scheme}", *words], train


def registered_operators():
    """Those in the table of the importer."""
    with open(REGISTRY, encoding="utf-8") as file:
        return set(re.findall(r'^    \{"(\w+)", \w+, \w+, ', file.read(), re.MULTILINE))


def operators_of(models):
    return {node.op_type for model in models for node in model.graph.node}


def sizes_of(model):
    """(shape of an example, number of classes)"""
    values = (*model.graph.input, *model.graph.output)
    shapes = [[dim.dim_value for dim in value.type.tensor_type.shape.dim[1:]] for value in values]
    return tuple(shapes[0]), shapes[1][0]


class IntegerCase(DifferentialCase):
    """`check` writes a model and its data, and compares its runs with the reference."""

    COMPILE_OPTIONS = {"--batch": "5"}
    TRAIN_OPTIONS = {"--steps": "6", "--schedule": "1"}

    @classmethod
    def make_inputs(cls):
        """Each test makes its own."""

    def check(self, name, model, compile_options=(), train_options=(), builds=None, threads=THREADS):
        """Options of the compiler have a batch if there are any; `builds` are others, which change no bit."""
        onnx.save(model, self.model(name))
        shape, classes = sizes_of(model)
        make_models.make_data(os.path.join(self.common, name + "_data"), image=shape, classes=classes)
        words = tuple(compile_options) or ("--batch=" + self.COMPILE_OPTIONS["--batch"],)
        trainers = harness.in_parallel(
            lambda build: harness.compile_model(self.model(name), self.path(build[0]), *words, *build[1]),
            (builds or BUILDS).items(),
        )
        self.compare(name, words, (f"--data={name}_data", *train_options), threads, trainers)

    def unmoved(self, name):
        """The weights and biases that the last run, with the options of the class, left as they were."""
        graph = importer.load(self.model(name), int(self.COMPILE_OPTIONS["--batch"]))
        start = niti.Trainer(graph, niti.Settings())
        first = {key: f"{exponent} {zlib.crc32(content):08x}" for key, exponent, content in start.state()}
        return [key for key, p in graph.parameters.items() if p.role in ("weight", "bias") and first[key] == self.final_state[key]]


class FloatCase(torch_runs.GradientCase):
    """`check` compares runs of a model with PyTorch and ONNX Runtime, where they are installed."""

    BATCH = 5

    def check(self, name, model, builds=None, threads=THREADS):
        path = self.path(name + ".onnx")
        onnx.save(model, path)
        shape, classes = sizes_of(model)
        folder = self.path(name + "_data")
        make_models.make_data(folder, image=shape, classes=classes)
        builds = builds or BUILDS
        trainers = harness.in_parallel(
            lambda build: self.compile(path, self.BATCH, words=build[1], output=name + build[0]), builds.items()
        )
        loss = forward_loss(path, folder)
        for trainer in trainers:
            for number, isa in enumerate(harness.variants(trainer)):
                with self.subTest(model=name, trainer=os.path.basename(trainer), isa=isa):
                    run = (f"--isa={isa}", f"--threads={threads[number % len(threads)]}")
                    self.compare(path, self.BATCH, trainer=trainer, words=run)
                    self.check_forward(trainer, folder, run, loss)
                    self.check_threads(trainer, folder, isa, threads)

    def check_forward(self, trainer, folder, run, expected):
        outcome = harness.succeed(trainer, "eval", "--data", "npy:" + folder, *run)
        found = float(re.search(r"test_loss=(\S+)", outcome.out)[1])
        self.assertAlmostEqual(found, expected, delta=torch_runs.TOLERANCE * max(1.0, expected))

    def check_threads(self, trainer, folder, isa, threads):
        """The number of threads changes no bit."""
        words = ("--data", "npy:" + folder, "--steps=6", "--schedule=0.01", f"--isa={isa}")
        states = {harness.train(trainer, *words, f"--threads={count}").state for count in threads}
        self.assertEqual(len(states), 1)


def forward_loss(path, folder):
    """The mean cross-entropy of the test set by ONNX Runtime."""
    if onnxruntime is None:
        raise unittest.SkipTest("results are compared with ONNX Runtime, and there is no module onnxruntime")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    pixels, labels = (np.load(os.path.join(folder, f"test_{kind}.npy")) for kind in "xy")
    (scores,) = session.run(None, {session.get_inputs()[0].name: (pixels / 255).astype(np.float32)})
    scores, last = scores.reshape(len(labels), -1).astype(float), onnx.load(path).graph.node[-1].op_type
    if last == "Softmax":
        scores = np.log(scores)
    scores = scores - scores.max(axis=1, keepdims=True)
    return (np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(labels)), labels]).mean()
