# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trainers with several batch sizes do what trainers of one size do, bit for bit."""

import json
import os
import re
import sys
import unittest

import harness

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)

SCHEMES = {
    "niti": ("--scheme=niti", "--normalize=0.5/0.25", "--niti-grad-round=stochastic"),
    "wage": ("--scheme=wage", "--init=scheme"),
    "fp32": ("--scheme=fp32", "--normalize=0.5/0.25", "--optimizer=adamw"),
}
MODEL = "conv_strided"
BATCHES = (6, 4)
# Compiles fast, and trains to the same bits.
PLAIN = ("--mcpu=baseline", "--no-microkernels")


class BatchCase(harness.Case):
    """Trainers of one model: SCHEME.6,4 and SCHEME.4, with the instruction sets of this machine."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models.make_data(os.path.join(cls.common, "data"))
        cls.data = "npy:" + os.path.join(cls.common, "data")
        model = make_models.Model(MODEL)
        cls.model = os.path.join(cls.common, "model.onnx")
        model.save(getattr(make_models, MODEL)(model), cls.model)
        cls.compile_trainers()

    @classmethod
    def compile_trainers(cls):
        # All instruction sets are quick to compile for under this scheme only.
        cls.compile("fp32", "6,4", "auto")
        cls.isas = list(dict.fromkeys(harness.variants(cls.trainer("fp32", "6,4"))))
        jobs = [("niti", "6,4"), ("wage", "6,4"), ("niti", "4"), ("wage", "4"), ("fp32", "4")]
        harness.in_parallel(lambda job: cls.compile(*job, ",".join(cls.isas)), jobs)

    @classmethod
    def compile(cls, scheme, batch, processor):
        options = (*SCHEMES[scheme], f"--batch={batch}", "--mcpu=" + processor)
        harness.compile_model(cls.model, cls.trainer(scheme, batch), *options)

    @classmethod
    def trainer(cls, scheme, batch):
        return os.path.join(cls.common, f"{scheme}.{batch}")

    def train(self, scheme, batch, *options):
        return harness.train(self.trainer(scheme, batch), "--data", self.data, "--epochs=2", *options)

    def evaluate(self, scheme, batch, *options):
        """The words of the result line."""
        line = harness.succeed(self.trainer(scheme, batch), "eval", "--data", self.data, *options).out
        return dict(word.split("=") for word in line.split()[1:])

    def refuse(self, status, text, *words):
        outcome = harness.execute(*words)
        self.assertEqual(outcome.code, status, outcome)
        self.assertRegex(outcome.err, r"\Aerror: [^\n]*\n\Z")
        self.assertIn(text, outcome.err)


class Batches(BatchCase):
    def test_states(self):
        """Also those of the trainer's other batch, in the trainer with both."""
        for scheme in SCHEMES:
            for isa in self.isas:
                with self.subTest(scheme=scheme, isa=isa):
                    words = ("--isa=" + isa, "--threads=2", "--out")
                    alone = self.train(scheme, "4", *words, self.path("alone"))
                    among = self.train(scheme, "6,4", "--batch=4", *words, self.path("among"))
                    first = self.train(scheme, "6,4", *words, self.path("first"))
                    self.assertEqual((among.state, among.accuracy, among.steps), (alone.state, alone.accuracy, 30))
                    self.assertEqual(first.steps, 20)
                    self.assertNotEqual(first.state, alone.state)

    def test_the_first_is_the_default(self):
        one = self.path("one")
        words = (harness.QTC, "compile", self.model, "-o", one, *SCHEMES["niti"], "--batch=6,5", *PLAIN, "--memory-report")
        report = [line.split()[:2] for line in harness.succeed(*words).out.splitlines()]
        self.assertEqual(report, [["variant", "batch"], ["baseline", "6"], ["baseline", "5"]])
        alone = harness.train(one, "--data", self.data, "--steps=9", "--out", self.path("alone"))
        first = harness.train(self.trainer("niti", "6,4"), "--data", self.data, "--steps=9", "--out", self.path("first"))
        self.assertEqual(first.state, alone.state)
        self.train("niti", "4", "--out", self.path("four"))
        words = ("train", "--data", self.data, "--resume", harness.checkpoint(self.path("four")))
        self.refuse(1, "with --batch=4, but this trainer has --batch=6,5; compile with --batch=4", one, *words)

    def test_evaluation(self):
        """Any checkpoint, with any batch. Under NITI, scales follow the batch."""
        for scheme in SCHEMES:
            with self.subTest(scheme=scheme):
                out = self.path(scheme)
                self.train(scheme, "6,4", "--out", out)
                file = "--checkpoint=" + harness.checkpoint(out)
                first, same, other = (
                    self.evaluate(scheme, "6,4", file, *words) for words in ((), ("--batch=6",), ("--batch=4",))
                )
                self.assertEqual(first, same)
                self.assertEqual(other, self.evaluate(scheme, "4", file))
                self.assertEqual((first["state"], first["examples"]), (other["state"], "17"))
                delta = {"niti": 0.05, "wage": 0, "fp32": 1e-4}[scheme]
                self.assertAlmostEqual(float(first["test_loss"]), float(other["test_loss"]), delta=delta)
                self.assertEqual(first["test_accuracy"], other["test_accuracy"])

    def test_resume(self):
        """A run keeps its batch."""
        whole = self.train("niti", "4", "--schedule=4", "--out", self.path("whole"))
        out = self.path("out")
        words = ("train", "--data", self.data, "--schedule=4", "--batch=4", "--steps=11", "--out", out)
        harness.succeed(self.trainer("niti", "6,4"), *words)
        resume = ("--resume", harness.checkpoint(out), "--overwrite", "--out", self.path("rest"))
        for trainer, words in (("6,4", ()), ("6,4", ("--batch=4",)), ("4", ())):
            self.assertEqual(self.train("niti", trainer, *words, *resume).state, whole.state)
        words = (self.trainer("niti", "6,4"), "train", "--data", self.data, *resume)
        self.refuse(1, "with --batch=4, but this command has --batch=6; leave --batch out", *words, "--batch=6")
        self.refuse(2, "no code for batches of 5, expected one of: 6, 4;", *words, "--batch=5")

    def test_info(self):
        info = json.loads(harness.succeed(self.trainer("niti", "6,4"), "info", "--json").out)
        self.assertEqual((info["batch"], info["batches"]), (6, [6, 4]))
        arenas = {(entry["name"], entry["batch"]): entry["arena_bytes"] for entry in info["variants"]}
        self.assertEqual(len(arenas), len(info["variants"]))
        self.assertEqual(set(arenas), {(isa, batch) for isa in self.isas for batch in BATCHES})
        for isa in self.isas:
            self.assertLess(arenas[isa, 4], arenas[isa, 6])
        text = harness.succeed(self.trainer("niti", "6,4"), "info").out
        self.assertIn("batch             6, 4\n", text)
        self.assertRegex(text, rf"(?m)^baseline +4 .* {arenas['baseline', 4]} ")

    def test_size(self):
        """What does not depend on the batch exists once."""
        sizes = [os.path.getsize(self.trainer("niti", batch)) for batch in ("4", "6,4")]
        with open(self.trainer("niti", "6,4"), "rb") as file:
            self.assertEqual(file.read().count(b"\0fc.weight\0"), 1)
        self.assertLess(sizes[1] - sizes[0], 0.6 * sizes[0])


class Lists(BatchCase):
    @classmethod
    def compile_trainers(cls):
        pass

    def test_errors(self):
        for command in ("check", "compile", "train"):
            words = (harness.QTC, command, self.model, *(("--data", self.data) if command == "train" else ()))
            for given, text in (
                ("6,", "--batch: expected an integer from 1 to 1048576, but got ''; see"),
                ("6,1048577", "but got '1048577'; see"), ("6,4,6", "--batch: expected different numbers, but got 6 twice; see"),
                ("1,2,3,4,5,6,7,8,9", "--batch: expected 8 numbers at most, but got 9; compile another trainer for the rest"),
            ):
                with self.subTest(command=command, given=given):
                    self.refuse(2, text, *words, "--batch=" + given)

    def test_qtc_train(self):
        """The list is part of the trainer; its first is trained with."""
        environment = dict(os.environ, XDG_CACHE_HOME=self.path("cache"))
        words = (harness.QTC, "train", self.model, "--data", self.data, *PLAIN, "--steps=3")
        for batch, compiles in (("6,4", True), ("6,4", False), ("4,6", True)):
            outcome = harness.succeed(*words, "--batch=" + batch, env=environment, cwd=self.folder)
            self.assertIn(f"batch {batch[0]},", outcome.out)
            self.assertEqual("compiling" in outcome.err, compiles)

    def test_remarks_come_once(self):
        outcome = harness.succeed(
            harness.QTC, "compile", self.model, "-o", self.path("trainer"), *PLAIN, "--scheme=fp32",
            "--loss=mse", "--input=float32", "--batch=6,4",
        )
        lines = outcome.err.splitlines()
        self.assertEqual(len(lines), len(set(lines)), outcome)

    def test_text_phases_take_the_first(self):
        texts = [
            harness.succeed(
                harness.QTC, "compile", self.model, "--mcpu=baseline", "--emit=plan", "--batch=" + batch
            ).out for batch in ("6,4", "6")
        ]
        self.assertEqual(re.sub("0x[0-9a-f]+", "", texts[0]), re.sub("0x[0-9a-f]+", "", texts[1]))

    def test_library(self):
        """The members of an archive have different names, and so have the entry points."""
        library = self.path("model.a")
        harness.succeed(
            harness.QTC, "compile", self.model, "-o", library, *PLAIN, "--emit=lib", "--batch=6,4"
        )
        members = harness.succeed("ar", "t", library).out.split()
        self.assertEqual(len(members), len(set(members)))
        self.assertIn("baseline-4-steps.o", members)
        symbols = re.findall(r" T qtc_baseline_(\w+)", harness.succeed("nm", library).out)
        self.assertEqual(
            sorted(symbols), ["evaluate", "evaluate_4", "peak", "train_step", "train_step_4"]
        )

    def test_check(self):
        check = harness.succeed(harness.QTC, "check", self.model, "--batch=6,4").out
        self.assertEqual(check, harness.succeed(harness.QTC, "check", self.model, "--batch=6").out)


if __name__ == "__main__":
    unittest.main()
