# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs that must all end in the same bits: every instruction set and thread count, killed and resumed."""

import json
import os
import random
import shutil
import subprocess
import sys
import time

import numpy as np

import harness

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)

SIGKILLED = -9


def killed(trainer, words, delay):
    """Starts a run and kills it `delay` seconds later; whether it was still at work. A failure is an error."""
    command = [str(word) for word in (trainer, "train", *words)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.kill()
        out, err = process.communicate()
        if process.returncode not in (0, SIGKILLED):
            raise AssertionError(f"$ {' '.join(command)}\nexit status {process.returncode}\n{(out + err).decode()}")
        return process.returncode == SIGKILLED


def metrics(folder):
    """The lines of metrics.jsonl without the entries that depend on time."""
    with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [{key: value for key, value in line.items() if key not in ("images_per_second", "seconds")} for line in lines]


def resume_words(folder):
    file = harness.checkpoint(folder)
    return ("--resume", file) if os.path.exists(file) else ()


def small_data(folder, image, count=512, tests=64):
    """Random images with a trace of their label, as an npy data set: evaluation takes no time."""
    generator = np.random.RandomState(7)
    os.makedirs(folder)
    for part, size in (("train", count), ("test", tests)):
        labels = generator.randint(0, 10, size)
        images = generator.randint(0, 256, (size, *image)) // 2 + 12 * labels[:, None, None, None]
        np.save(os.path.join(folder, part + "_x.npy"), images.astype(np.uint8))
        np.save(os.path.join(folder, part + "_y.npy"), labels)
    return "npy:" + folder


class HashMatrixCase(harness.Case):
    """`matrix` trains one model in every way."""

    def matrix(self, model, data, steps, compile_options=(), train_options=(), threads=(1, 2, 5), plain_threads=(2,)):
        builds = [("fast", ()), ("plain", ("--no-microkernels", "--mcpu=baseline"))]
        fast, plain = harness.in_parallel(
            lambda build: harness.compile_model(model, self.path(build[0]), *compile_options, *build[1]), builds
        )
        words = ("--data", data, f"--steps={steps}", *train_options)
        expected = harness.train(fast, *words)
        # The plain loops are the oracle, and slow.
        for trainer, counts in ((fast, threads), (plain, plain_threads)):
            for isa in harness.variants(trainer):
                for count in counts:
                    with self.subTest(trainer=os.path.basename(trainer), isa=isa, threads=count):
                        result = harness.train(trainer, *words, f"--isa={isa}", f"--threads={count}")
                        self.assertEqual((result.state, result.accuracy), (expected.state, expected.accuracy))
        with self.subTest("killed and resumed, with another instruction set and thread count each time"):
            self.assertEqual(self.interrupted(fast, words, steps).state, expected.state)

    def interrupted(self, trainer, words, steps):
        """The result of a run that is killed twice, once a new checkpoint is there, and resumed."""
        out, isas = self.path("interrupted"), harness.variants(trainer)
        saving = (*words, "--out", out, f"--save-every={max(1, steps // 10)}")
        for kill in range(2):
            file, before = harness.checkpoint(out), None
            settings = (f"--isa={isas[kill % len(isas)]}", f"--threads={kill + 1}")
            command = [str(word) for word in (trainer, "train", *saving, *settings, *resume_words(out))]
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
                saves, deadline = 0, time.monotonic() + harness.TIMEOUT
                # The first save is the initial state; the third has steps in it.
                while saves < 3 and process.poll() is None and time.monotonic() < deadline:
                    now = os.stat(file).st_mtime_ns if os.path.exists(file) else None
                    saves += now != before
                    before = now
                process.kill()
        return harness.train(trainer, *saving, *resume_words(out))


class KillCase(harness.Case):
    """`kill_at_random` on a model whose steps are so short that many kills meet a save."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models.make_data(os.path.join(cls.common, "data"))
        model = make_models.Model("conv_depthwise")
        path = os.path.join(cls.common, "model.onnx")
        model.save(make_models.conv_depthwise(model), path)
        options = ("--batch=6", "--normalize=0.5/0.25", "--niti-grad-round=stochastic")
        cls.trainer = harness.compile_model(path, os.path.join(cls.common, "trainer"), *options)

    def kill_at_random(self, kills, seed):
        generator = random.Random(seed)
        words = ("--data", "npy:" + os.path.join(self.common, "data"), "--augment=crop-flip", "--save-every=3")
        # The length of the run follows the machine: about half a second per kill.
        begin = time.monotonic()
        harness.train(self.trainer, *words, "--steps=400", "--out", self.path("probe"))
        seconds = 0.3
        steps = int(400 * seconds * kills / (time.monotonic() - begin)) // 10 * 10 + 400
        words = (*words, f"--steps={steps}")
        expected = harness.train(self.trainer, *words, "--out", self.path("whole"))
        out, done, positions = self.path("killed"), 0, set()
        while done < kills:
            before = resume_words(out)
            if killed(self.trainer, (*words, "--out", out, *before), generator.uniform(0.0, 2 * seconds)):
                done += 1
                if os.path.exists(harness.checkpoint(out)):
                    positions.add(harness.state_hash(self.trainer, harness.checkpoint(out)))
            else:
                # It got to its end: once more from the start.
                shutil.rmtree(out)
        result = harness.train(self.trainer, *words, "--out", out, *resume_words(out))
        self.assertEqual((result.state, result.accuracy), (expected.state, expected.accuracy))
        self.assertEqual(metrics(out), metrics(self.path("whole")))
        self.assertEqual(sorted(os.listdir(out)), ["checkpoint.safetensors", "metrics.jsonl"])
        # Kills at different places, or the test says nothing.
        self.assertGreater(len(positions), kills // 3)
