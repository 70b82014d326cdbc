# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trainer against NumPy reference on the tiny models of make_models.py: every parameter, bit for bit."""

import os
import sys

import harness
import runs

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)

TRAINED = list(make_models.MODELS)
THREADS = (1, 2, 5)

# The reference's names for options of the compiler. Others have the same name or no meaning there.
REFERENCE_NAMES = {
    "--niti-headroom": "--headroom",
    "--niti-output-headroom": "--output-headroom",
    "--niti-weight-bits": "--weight-bits",
    "--niti-error-bits": "--error-bits",
    "--niti-norm-bits": "--norm-bits",
    "--niti-grad-round": "--grad-round",
    "--niti-loss": "--power",
    "--niti-momentum": "--momentum",
    "--niti-weight-decay": "--weight-decay",
    "--niti-beta1": "--beta1",
    "--niti-beta2": "--beta2",
}


class DifferentialCase(harness.Case):
    """Makes the models; `compare` trains one by every variant and the reference, with these options unless told."""

    COMPILE_OPTIONS = {"--batch": "6", "--normalize": "0.5/0.25"}
    TRAIN_OPTIONS = {"--steps": "20", "--schedule": "1", "--data": "data"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_inputs()

    @classmethod
    def make_inputs(cls):
        """The models and data that the tests use."""
        arguments = (sys.executable, os.path.join(harness.REFERENCE, "make_models.py"), cls.common)
        harness.succeed(*arguments, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))

    def model(self, name):
        return os.path.join(self.common, name + ".onnx")

    def compile(self, name, *options):
        """(trainer of all instruction sets, trainer of plain loops)"""
        builds = [("fast", ()), ("plain", ("--no-microkernels", "--mcpu=baseline"))]
        return harness.in_parallel(
            lambda build: harness.compile_model(self.model(name), self.path(build[0]), *options, *build[1]), builds
        )

    def expected(self, name, options):
        renamed = []
        for option in options:
            key, equals, value = option.partition("=")
            renamed.append(REFERENCE_NAMES.get(key, key) + equals + value)
        table, means = harness.reference(self.model(name), "--eval", *renamed)
        # Rows of tensors are an exponent and a CRC, those of several outputs are one mean.
        of_outputs = {name: row for name, row in table.items() if len(row.split()) == 1}
        means.update((name, float(row)) for name, row in of_outputs.items())
        return {name: row for name, row in table.items() if name not in of_outputs}, means

    def compare(self, name, compile_options=(), train_options=(), threads=THREADS, trainers=None):
        """Options are words --name=value. The seed is one of the compiler's options: it may be in the first weights.

        `final_state` is the state that all runs ended in, as {name: "exponent crc"}.
        """
        compile_options = {**self.COMPILE_OPTIONS, **_parsed(compile_options)}
        train_options = {**self.TRAIN_OPTIONS, **_parsed(train_options)}
        train_options["--data"] = "npy:" + os.path.join(self.common, train_options["--data"])
        compile_words, train_words = _words(compile_options), _words(train_options)
        expected, means = self.expected(name, compile_words + train_words)
        trainers = trainers or self.compile(name, *compile_words)
        for trainer in trainers:
            for isa in harness.variants(trainer):
                for count in threads:
                    with self.subTest(model=name, trainer=os.path.basename(trainer), isa=isa, threads=count):
                        out = self.path("out")
                        words = (*train_words, f"--isa={isa}", f"--threads={count}", "--out", out, "--overwrite")
                        outcome = harness.succeed(trainer, "train", *words)
                        note = f"{compile_words} {train_words}"
                        self.assertEqual(harness.tensors(trainer, harness.checkpoint(out)), expected, note)
                        # Reports are of integers, too.
                        self.assertEqual(_tested(runs.metrics(out)[-1]), means, f"{note}\n{outcome}")
        self.final_state = expected

    def assert_refused(self, name, expected, *options):
        outcome = harness.execute(harness.QTC, "compile", self.model(name), "-o", self.path("trainer"), *options)
        self.assertEqual(outcome.code, 1, outcome)
        errors = [line for line in outcome.err.splitlines() if "error:" in line]
        self.assertEqual(len(errors), 1, outcome)
        self.assertIn(expected, errors[0], outcome)
        self.assertFalse(os.path.exists(self.path("trainer")))


def _tested(line):
    """The metrics of the test set in a line of a run, those of several outputs as the reference calls them."""
    means = {key: value for key, value in line.items() if key.startswith("test_")}
    for output, metrics in line.get("outputs", {}).items():
        means.update((f"{output}.{key}", value) for key, value in metrics.items() if key.startswith("test_"))
    return means


def _parsed(options):
    """{key: value, or a list of those of an option that is given several times}"""
    parsed = {}
    for key, equals, value in (option.partition("=") for option in options):
        values = parsed.setdefault(key, [])
        values.append(value if equals else None)
    return {key: values if len(values) > 1 else values[0] for key, values in parsed.items()}


def _words(options):
    words = []
    for key, values in options.items():
        for value in values if isinstance(values, list) else [values]:
            words.append(key if value is None else f"{key}={value}")
    return words
