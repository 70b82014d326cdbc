# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Helpers of the whole-run tests: compiling, training, reading results, the data they need.

The compiler is $QTC, or bin/qtc in $QTC_BUILD_DIR (default: build in the repository).
"""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REFERENCE = os.path.join(SOURCE, "tests", "numeric", "reference")
BUILD = os.path.abspath(os.environ.get("QTC_BUILD_DIR", os.path.join(SOURCE, "build")))
QTC = os.path.abspath(os.environ.get("QTC", os.path.join(BUILD, "bin", "qtc")))
SHARED = os.environ.get("QTC_SHARED", os.path.join(os.path.dirname(SOURCE), "shared"))
# Seconds that a command may take: much more than it does, but on a busy machine it may need more.
TIMEOUT = int(os.environ.get("QTC_TEST_TIMEOUT", "900"))
# Programs run in here, so that files without a folder go with the tests.
SCRATCH = tempfile.TemporaryDirectory(prefix="qtc-e2e-cwd-")


class Outcome:
    """The output of a program and its exit status."""

    def __init__(self, command, completed):
        self.command = " ".join(command)
        self.code, self.out, self.err = completed.returncode, completed.stdout, completed.stderr

    def __str__(self):
        return f"$ {self.command}\nexit status {self.code}\n{self.out}{self.err}"


def execute(*command, **options):
    """Runs a program to its end, whatever that is."""
    command = [str(word) for word in command]
    options.setdefault("timeout", TIMEOUT)
    options.setdefault("cwd", SCRATCH.name)
    completed = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        encoding="utf-8", errors="replace", check=False, **options
    )
    return Outcome(command, completed)


def succeed(*command, **options):
    outcome = execute(*command, **options)
    if outcome.code != 0:
        raise AssertionError(str(outcome))
    return outcome


def in_parallel(function, items):
    """[function(item) for item in items], on as many items at once as there are processors."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(function, items))


def compile_model(model, output, *options):
    succeed(QTC, "compile", model, "-o", output, *options)
    return output


def shared(*path):
    """A file or folder of the shared models and data; skips the test where it is missing."""
    found = os.path.join(SHARED, *path)
    if not os.path.exists(found):
        raise unittest.SkipTest(f"no {found} (models and data are looked for in $QTC_SHARED)")
    return found


def variants(trainer):
    """The instruction sets of a trainer that this processor runs."""
    rows = [line.split() for line in succeed(trainer, "info").out.splitlines()]
    rows = [row for row in rows if len(row) >= 4 and row[1].isdigit() and row[-1] in ("supported", "used")]
    return [row[0] for row in rows if row[-2] != "not"]


class Result:
    """The `result:` line of a run. Its last test gives an `accuracy`, or a `loss` if targets are numbers."""

    def __init__(self, outcome):
        line = outcome.out.strip().rsplit("\n", 1)[-1]
        if not line.startswith("result: "):
            raise AssertionError(f"no result line\n{outcome}")
        fields = dict(word.split("=", 1) for word in line.split()[1:])
        self.steps, self.state = int(fields["steps"]), fields["state"]
        score = "test_accuracy" if "test_accuracy" in fields else "test_loss"
        self.accuracy = float(fields[score]) if score == "test_accuracy" else None
        self.loss = float(fields[score]) if score == "test_loss" else None
        self.best = float(fields["best_" + score])


def train(trainer, *options, **settings):
    """A run; one with an --out that a run of the same test had replaces it."""
    if "--out" in options and "--resume" not in options:
        options += ("--overwrite",)
    return Result(succeed(trainer, "train", *options, **settings))


def checkpoint(folder):
    return os.path.join(folder, "checkpoint.safetensors")


def tensors(trainer, file):
    """{name: "exponent crc"} of a checkpoint."""
    rows = [line.split() for line in succeed(trainer, "hash", "--checkpoint", file, "--tensors").out.splitlines()]
    if rows[0] != ["tensor", "exponent", "crc32"]:
        raise AssertionError(f"unexpected heading {rows[0]}")
    return {row[0]: " ".join(row[1:]) for row in rows[1:]}


def read_floats(path):
    """{name: array} of the float tensors of a safetensors file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
    }


def state_hash(trainer, file):
    """The 32 hexadecimal digits of `hash`."""
    outcome = succeed(trainer, "hash", "--checkpoint", file)
    match = re.search(r"\b[0-9a-f]{32}\b", outcome.out)
    if not match:
        raise AssertionError(f"no state hash\n{outcome}")
    return match.group()


def reference(model, *options):
    """({name: "exponent crc"} after the last step, {metric: mean over the test set}) by the NumPy reference."""
    script = os.path.join(REFERENCE, "run.py")
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    outcome = succeed(sys.executable, script, model, *options, env=environment)
    table, means = {}, {}
    for line in outcome.out.splitlines():
        name, *rest = line.split()
        if name in ("test_accuracy", "test_loss"):
            means[name] = float(rest[0])
        elif name != "step":
            table[name] = " ".join(rest)
    return table, means


class Case(unittest.TestCase):
    """A test with a folder of its own (self.folder) and one for the class (self.common)."""

    @classmethod
    def setUpClass(cls):
        if not os.access(QTC, os.X_OK):
            raise AssertionError(f"no compiler at {QTC}: build first, or set QTC or QTC_BUILD_DIR")
        cls.common = tempfile.mkdtemp(prefix="qtc-e2e-")
        cls.addClassCleanup(shutil.rmtree, cls.common, ignore_errors=True)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="qtc-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)
