# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Texts for users: help, messages about the command line, and the lines of a run."""

import os
import pty
import re
import subprocess
import sys
import time
import unittest

import numpy as np

import harness

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)

USAGE = 2


def long_options(text):
    """Long options of a help text, those in descriptions left out."""
    return set(re.findall(r"^ {2}(?:-\w,)?(--[a-z0-9-]+)", text, re.MULTILINE))


class CommandLineCase(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models.make_data(os.path.join(cls.common, "data"))
        cls.data = "npy:" + os.path.join(cls.common, "data")
        model = make_models.Model("gemm_plain")
        cls.model = os.path.join(cls.common, "gemm_plain.onnx")
        model.save(make_models.MODELS["gemm_plain"](model), cls.model)
        cls.trainer = harness.compile_model(
            cls.model, os.path.join(cls.common, "trainer"), "--mcpu=baseline", "--batch=6"
        )

    def assert_usage_error(self, text, *command, **settings):
        outcome = harness.execute(*command, **settings)
        self.assertEqual(outcome.code, USAGE, outcome)
        self.assertEqual(outcome.err.count("\n"), 1, outcome)
        self.assertIn(text, outcome.err)


class Help(CommandLineCase):
    def helps(self):
        for command in ("check", "compile", "train"):
            yield command, harness.succeed(harness.QTC, command, "--help").out
        for command in ("train", "eval", "bench", "info", "hash"):
            yield "trainer " + command, harness.succeed(self.trainer, command, "--help").out

    def test_form(self):
        """80 columns, and none of CLI11's notation for types and ranges."""
        for command, text in self.helps():
            with self.subTest(command=command):
                self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])
                for notation in ("INT", "UINT", "TEXT", "FLOAT", " in [1", "{", "BOOLEAN", "Excludes"):
                    self.assertNotIn(notation, text)

    def test_train_has_the_options_of_trainers(self):
        trainer = long_options(harness.succeed(self.trainer, "train", "--help").out)
        options = long_options(harness.succeed(harness.QTC, "train", "--help").out)
        self.assertGreater(len(trainer), 10)
        self.assertEqual(trainer - options, set())
        self.assertNotIn("--emit", options)

    def test_statistics_are_for_normalization(self):
        text = " ".join(harness.succeed(harness.QTC, "train", "--help").out.split())
        self.assertIn("before every test; models with BatchNormalization only", text)
        self.assertNotIn("--statistics-batches", harness.succeed(self.trainer, "train", "--help").out)
        words = ("train", "--data", self.data, "--statistics-batches=3")
        self.assert_usage_error("--statistics-batches: the model has no BatchNormalization", self.trainer, *words)

    def test_statistics_are_refused_before_the_compilation(self):
        cache = self.path("cache")
        words = ("train", self.model, "--data", self.data, "--statistics-batches=3")
        outcome = harness.execute(harness.QTC, *words, env=dict(os.environ, XDG_CACHE_HOME=cache))
        self.assertEqual(outcome.code, 2, outcome)
        self.assertEqual(
            outcome.err,
            "error: --statistics-batches: the model has no BatchNormalization, so there are no statistics to estimate; "
            "leave the option out\n",
        )
        self.assertFalse(os.path.exists(cache))

    def test_help_and_version(self):
        for program, command in ((harness.QTC, "compile"), (self.trainer, "eval")):
            for words, same in ((("help",), ("--help",)), (("help", command), (command, "--help"))):
                self.assertEqual(harness.succeed(program, *words).out, harness.succeed(program, *same).out)
            self.assertRegex(harness.succeed(program, "--version").out, r"^\S+ .*\n$")
            self.assertIn("Print the version and exit", harness.succeed(program, "--help").out)
            self.assertNotIn("--version", harness.succeed(program, command, "--help").out)
            self.assert_usage_error("unknown command 'fly'", program, "help", "fly")
        self.assertIn("Seed of all random numbers (default: 1)", harness.succeed(harness.QTC, "train", "--help").out)

    def test_mood(self):
        """Descriptions of commands tell what to do: `Compile a model`."""
        for program in (harness.QTC, self.trainer):
            commands = harness.succeed(program, "--help").out.split("Subcommands:\n")[1]
            for verb in re.findall(r"^ {2}\w+ +(\w+)", commands, re.MULTILINE):
                self.assertFalse(verb.endswith("s"), verb)

    def test_groups(self):
        text = harness.succeed(harness.QTC, "compile", "--help").out
        for scheme in ("niti", "wage", "fp32"):
            group = text.split(f"Options of --scheme={scheme}:\n")[1].split("\n\n")[0]
            self.assertTrue(all(name.startswith(f"--{scheme}-") for name in long_options(group)), group)


class Usage(CommandLineCase):
    def test_unknown_words(self):
        for program, words, text in (
            (harness.QTC, ("checks", self.model), "unknown command 'checks'; did you mean 'check'?"),
            (harness.QTC, ("frobnicate",), "unknown command 'frobnicate'; see qtc --help"),
            (harness.QTC, (), "no command; expected check, compile, train"),
            (harness.QTC, ("compile", self.model, "--bacth=5"), "unknown option '--bacth'; did you mean '--batch'?"),
            (harness.QTC, ("compile", self.model, "--frob", "--grob"), "unknown options '--frob', '--grob'; see"),
            (harness.QTC, ("compile",), "MODEL.onnx is required; see qtc compile --help"),
            (harness.QTC, ("train", self.model, "--data=mnits:x"), "--data: unknown format 'mnits:x', expected one of"),
            (harness.QTC, ("train", self.model, "--data=mnist:x", "--steps=1", "--epochs=1"), "--epochs cannot be used with"),
            (harness.QTC, ("compile", self.model, "second", "third"), "unexpected arguments 'second', 'third'; see"),
            (harness.QTC, ("train", self.model, "--dat=mnist:x"), "unknown option '--dat'; did you mean '--data'?"),
            (harness.QTC, ("train", self.model, "--data=mnist:x", "--epoch=3"), "did you mean '--epochs'?"),
            (self.trainer, ("trainn",), "unknown command 'trainn'; did you mean 'train'?"),
            (self.trainer, ("train", "--data=mnist:x", "--epoch=3"), "unknown option '--epoch'; did you mean '--epochs'?"),
        ):
            with self.subTest(words=words):
                self.assert_usage_error(text, program, *words)

    def test_values(self):
        """A value that is missing or empty is neither the next word nor the default; a second value is one too many."""
        compiling = (harness.QTC, "compile", self.model)
        training = (harness.QTC, "train", self.model, "--data", self.data, "--steps=1")
        for program, option in (
            (compiling, "--output"), (compiling, "--batch"), (compiling, "--mcpu"), (compiling, "--tune-file"),
            (training, "--out"), (training, "--isa"), (training, "--resume"), (training, "--schedule"),
        ):
            for words, problem in (
                ((option + "=", "--no-microkernels"), "got ''; see"),
                ((option, "", "--no-microkernels"), "got ''; see"),
                ((option, "--no-microkernels"), "the option '--no-microkernels' follows"),
                ((option,), "the command ends"),
            ):
                with self.subTest(words=words):
                    self.assert_usage_error(f"{option}: expected a value, but {problem}", *program, *words, cwd=self.folder)
        for words, text in (
            (("-o", "a", "-o", "b"), "-o: given twice"), (("--batch=1", "--batch", "2"), "--batch: given twice"),
            (("--assert-integer", "--no-assert-integer"), "given twice"), (("-o", ""), "-o: expected a value, but got ''"),
            (("--cubin=x",), "--cubin: expected no value, but got 'x'"), (("--tune=",), "--tune: expected a value"),
        ):
            with self.subTest(words=words):
                self.assert_usage_error(text, *compiling, *words, cwd=self.folder)
        self.assertEqual(os.listdir(self.folder), [])

    def test_options_without_effect(self):
        for words, text in (
            (("--wage-bits=2-8-8-8",), "'--wage-bits': expected --scheme=wage, but got --scheme=niti"),
            (("--scheme=fp32", "--niti-headroom=1"), "'--niti-headroom': expected --scheme=niti, but got --scheme=fp32"),
            (("--sm=80",), "'--sm': expected --target=cuda"),
            (("--target=cuda", "--mcpu=avx2"), "'--mcpu': expected --target=cpu"),
            (("--scheme=fp32", "--assert-integer"), "'--assert-integer': expected an integer scheme"),
            (("--emit=import", "--memory-report"), "'--memory-report': expected a phase from plan on"),
        ):
            with self.subTest(words=words):
                self.assert_usage_error(text, harness.QTC, "compile", self.model, "-o", self.path("out"), *words)
        train = (harness.QTC, "train", self.model, "--data=" + self.data)
        self.assert_usage_error("unknown option '--emit'; see", *train, "--emit=plan")
        self.assert_usage_error("'--wage-bits': expected --scheme=wage", *train, "--wage-bits=2-8-8-8")

    def test_text_phases(self):
        """They show where operations come from, but not all of the weights, and take the options of MLIR."""
        def emit(phase, *words):
            return harness.succeed(harness.QTC, "compile", self.model, "--mcpu=baseline", f"--emit={phase}", *words)

        text = emit("import").out
        self.assertIn("__elided__", text)
        self.assertRegex(text, r'loc\("fc1"\)')
        whole = emit("import", "--mlir-elide-elementsattrs-if-larger=1000000").out
        self.assertNotIn("__elided__", whole)
        self.assertNotIn("__elided__", emit("plan").out)
        self.assertIn("IR Dump After", emit("scheme", "--mlir-print-ir-after-all").err)
        for words, text in (
            (("--mlir-frob",), "unknown option '--mlir-frob'"),
            (("--mlir-elide-elementsattrs-if-larger=x",), "--mlir-elide-elementsattrs-if-larger"),
        ):
            self.assert_usage_error(text, harness.QTC, "compile", self.model, "-o", self.path("out"), *words)

    def test_default_output(self):
        for words, file in (((), "gemm_plain"), (("--emit=lib",), "gemm_plain.a"), (("--emit=obj",), "gemm_plain.o")):
            harness.succeed(harness.QTC, "compile", self.model, "--mcpu=baseline", *words, cwd=self.folder)
            self.assertIn(file, os.listdir(self.folder))
        with open(self.model, "rb") as file:
            content = file.read()
        bare = self.path("bare")
        with open(bare, "wb") as file:
            file.write(content)
        text = "the default output, 'bare', is the model itself; name a file to write with -o"
        self.assert_usage_error(text, harness.QTC, "compile", "bare", cwd=self.folder)
        os.symlink("bare", self.path(".onnx"))
        self.assert_usage_error("name a file to write with -o", harness.QTC, "compile", ".onnx", cwd=self.folder)
        self.assert_usage_error("MODEL.onnx: expected the name of a file", harness.QTC, "compile", "", cwd=self.folder)
        with open(bare, "rb") as file:
            self.assertEqual(file.read(), content)


class Runs(CommandLineCase):
    def test_qtc_train(self):
        """Options of both kinds arrive, and slow work is announced."""
        environment = dict(os.environ, XDG_CACHE_HOME=self.path("cache"))
        words = ("train", self.model, "--data", self.data, "--mcpu=baseline", "--batch", 6, "--steps", 7, "--seed=3")
        first = harness.succeed(harness.QTC, *words, env=environment, cwd=self.folder)
        self.assertRegex(first.err, r"^compiling '.*gemm_plain\.onnx' \(cached in '.*'\)\n")
        second = harness.succeed(harness.QTC, *words, env=environment, cwd=self.folder)
        self.assertNotIn("compiling", second.err)
        direct = harness.train(self.trainer, "--data", self.data, "--steps=7", "--seed=3", cwd=self.folder)
        for outcome in (first, second):
            self.assertEqual(harness.Result(outcome).state, direct.state)

    def test_errors_of_the_trainer_are_those_of_qtc_train(self):
        environment = dict(os.environ, XDG_CACHE_HOME=self.path("cache"))
        words = (harness.QTC, "train", self.model, "--data", self.data, "--mcpu=baseline", "--batch=6", "--steps=2")
        settings = {"env": environment, "cwd": self.folder}
        harness.succeed(*words, "--out=run", **settings)
        outcome = harness.execute(*words, "--statistics-batches=3", **settings)
        self.assertEqual(outcome.code, USAGE, outcome)
        self.assertRegex(outcome.err, r"^error: --statistics-batches: the model has no .*; leave the option out\n$")
        resume = (*words[:-2], "--batch=5", "--resume=run/checkpoint.safetensors")
        outcome = harness.execute(*resume, **settings)
        self.assertIn("started with --batch=6, but this trainer has --batch=5; use --batch=6\n", outcome.err)

    def test_a_complete_run_is_no_failure_to_learn(self):
        words = ("train", "--data", self.data, "--steps=7", "--schedule=-60", "--out", self.path("run"))
        first = harness.succeed(self.trainer, *words)
        again = harness.succeed(self.trainer, *words, "--resume", harness.checkpoint(self.path("run")))
        self.assertEqual(again.err, "")
        self.assertRegex(again.out, r"^the run of 7 steps is complete: nothing to do; use [^\n]*\nresult: [^\n]*\n$")
        self.assertEqual(harness.Result(again).state, harness.Result(first).state)

    def test_first_row_of_bench_has_a_name(self):
        lines = harness.succeed(self.trainer, "bench", "--steps=1").out.splitlines()
        rows = lines[[line.split()[:1] for line in lines].index(["op"]) + 1 :]
        self.assertNotEqual(rows[0][0], " ")

    def test_heading(self):
        outcome = harness.succeed(
            self.trainer, "train", "--data", self.data, "--steps=1", "--threads=2", "--isa=baseline", cwd=self.folder
        )
        self.assertIn(
            "training 'gemm_plain': scheme niti, 6065 parameters, batch 6, 62 + 17 examples, 2 threads, baseline\n",
            outcome.out,
        )

    def test_nothing_learned(self):
        words = ("train", "--data", self.data, "--epochs=2")
        outcome = harness.succeed(self.trainer, *words, "--schedule=-60", cwd=self.folder)
        self.assertEqual(outcome.err.count("warning: nothing was learned: no parameter has changed"), 1, outcome)
        self.assertNotIn("warning", harness.succeed(self.trainer, *words, cwd=self.folder).err)

    def test_epochs_fit_a_terminal(self):
        outcome = harness.succeed(self.trainer, "train", "--data", self.data, "--epochs=3", cwd=self.folder)
        lines = [line for line in outcome.out.splitlines() if line.startswith("epoch ")]
        self.assertEqual([line.split()[1] for line in lines], ["0", "1", "2"])
        for line in lines:
            self.assertRegex(
                line, r"^epoch +\d+  loss +\d+\.\d{4}  train +[\d.]+ %  test +[\d.]+ %  +\d+ img/s  +[\d.]+ s$"
            )
            self.assertLess(len(line), 80)

    def test_progress(self):
        """On a terminal, one line that names the work that the remaining time is for and fits 80 columns."""
        trainer = os.path.join(harness.BUILD, "runtime", "tests", "qtcrt-fake-trainer")
        if not os.access(trainer, os.X_OK):
            self.skipTest(f"no {trainer}")
        for part in ("train", "test"):
            np.save(self.path(part + "_x.npy"), np.zeros((160, 12, 12), np.uint8))
            np.save(self.path(part + "_y.npy"), np.arange(160) % 10)
        terminal, other = pty.openpty()
        command = [trainer, "train", "--data", "npy:" + self.folder, "--epochs=1"]
        settings = {"cwd": self.folder, "env": dict(os.environ, FAKE_STEP_MICROSECONDS="400000")}
        text = b""
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=other, **settings) as process:
            os.close(other)
            end = time.monotonic() + 30
            while b" left in " not in text and time.monotonic() < end:
                try:
                    text += os.read(terminal, 4096)
                except OSError:
                    break
            process.kill()
        os.close(terminal)
        lines = re.findall(r"\x1b\[K([^\r\x1b]+)", text.decode())
        self.assertTrue(lines, text)
        self.assertRegex(lines[0], r"^epoch 0: step \d+/10 \(\d+ %\), \d+ s left in epoch 0$")
        self.assertLess(max(len(line) for line in lines), 80)


if __name__ == "__main__":
    unittest.main()
