# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Optimizers of NITI and options of single layers against the NumPy reference, over whole steps; their refusals."""

import json
import os
import unittest

import harness
import wage_runs
from differential import DifferentialCase

USAGE, FAILURE = 2, 1
MOMENTUM = ("--niti-weight-bits=16", "--niti-momentum=0.9", "--niti-weight-decay=0.01")
LION = ("--niti-weight-bits=16", "--optimizer=lion", "--niti-weight-decay=0.002", "--niti-grad-round=stochastic")


class Optimizers(DifferentialCase):
    """Momentum, decay and Lion, on all instruction sets and thread counts; what they keep is compared, too."""

    def test_momentum(self):
        self.compare("batch_normalization", MOMENTUM, ("--schedule=0,linear:2@30%,cosine:-2@100%",))

    def test_decay_of_8_bits(self):
        self.compare("tied_weights", ("--niti-weight-decay=0.02",), ("--schedule=2",), threads=(2,))

    def test_lion(self):
        self.compare("residual", LION, ("--schedule=6,-1@90%",), threads=(2,))

    def test_resume(self):
        trainer, data = self.path("trainer"), "npy:" + os.path.join(self.common, "data")
        harness.compile_model(self.model("residual"), trainer, "--batch=6", *MOMENTUM)
        runs = {}
        for name, words in (
            ("whole", ("--steps=23",)), ("half", ("--steps=9",)),
            ("resumed", ("--steps=23", "--resume", self.path("half", "checkpoint.safetensors"))),
        ):
            harness.train(trainer, "--data", data, "--schedule=2", *words, "--out", self.path(name))
            runs[name] = harness.tensors(trainer, harness.checkpoint(self.path(name)))
        self.assertEqual(runs["resumed"], runs["whole"])
        self.assertNotEqual(runs["half"], runs["whole"])
        self.assertIn("conv1.weight.momentum", runs["whole"])
        # Checkpoints from before there was a choice fit the default.
        harness.compile_model(self.model("residual"), trainer, "--batch=6")
        options = json.loads(harness.succeed(trainer, "info", "--json").out)["options"]
        for key in ("optimizer", "momentum", "decay", "layer"):
            self.assertNotIn(key, options)

    def test_refusals(self):
        for words, expected in (
            ("--niti-momentum=0.9 --loss=bce", "'--niti-weight-bits': expected 16 for a momentum, but got 8"),
            ("--optimizer=lion --loss=bce", "'--niti-weight-bits': expected 16 for lion, but got 8"),
            ("--optimizer=adamw", "'--optimizer': expected sgd or lion with --scheme=niti, but got adamw"),
            ("--optimizer=sgd --scheme=wage", "'--optimizer': expected --scheme=niti or --scheme=fp32"),
            ("--niti-beta1=0.5", "'--niti-beta1': expected --optimizer=lion, but got --optimizer=sgd"),
            ("--niti-momentum=0.5 --optimizer=lion", "'--niti-momentum': expected --optimizer=sgd, but got"),
            ("--niti-momentum=0.5 --scheme=fp32", "'--niti-momentum': expected --scheme=niti, but got --scheme=fp32"),
            ("--niti-momentum=1", "'--niti-momentum': expected a number from 0 to below 0.998, but got '1'"),
            ("--niti-momentum=0.001", "'--niti-momentum': expected 0 or at least 1/256, but got '0.001'"),
            ("--niti-weight-decay=1", "'--niti-weight-decay': expected a number from 0 to below 1, but got '1'"),
            ("--niti-weight-decay=nan", "'--niti-weight-decay': expected a number"),
        ):
            outcome = harness.execute(
                harness.QTC, "compile", self.model("residual"), "-o", self.path("x"), *words.split()
            )
            with self.subTest(options=words):
                self.assertEqual(outcome.code, USAGE, outcome)
                self.assertIn("error: option " + expected, outcome.err)

    def test_refusals_that_depend_on_the_model(self):
        """The end of the model decides on the loss, and that on the default of an option."""
        for words, expected in (
            ("--niti-momentum=0.9", "'--niti-weight-bits': expected 16 for a momentum, but got 8"),
            ("--optimizer=lion", "'--niti-weight-bits': expected 16 for lion, but got 8"),
        ):
            with self.subTest(options=words):
                self.assert_refused("residual", "option " + expected, words)


class WageLayers(DifferentialCase):
    """The same options in the other integer scheme."""

    COMPILE_OPTIONS = wage_runs.WageCase.COMPILE_OPTIONS
    TRAIN_OPTIONS = wage_runs.WageCase.TRAIN_OPTIONS

    def test_wage(self):
        options = ("--freeze=conv*", "--layer=fc*:rate=2")
        self.compare("max_pool_overlapping", options, ("--schedule=8",), threads=(2,))


class Layers(DifferentialCase):
    """--freeze and --layer."""

    def test_frozen(self):
        """What is frozen keeps its value, running statistics move; options of layers, against the reference."""
        options = ("--freeze=conv*", "--layer=fc*:rate=0.5,weight-bits=16", *MOMENTUM[2:])
        self.compare("batch_normalization", options, ("--schedule=2",), threads=(2,))

    def test_headroom(self):
        """Of weights, biases and scales, from the file and from the scheme."""
        for options in (
            ("--layer=fc*:headroom=3", "--layer=bn[12]*:headroom=0"),
            ("--layer=fc*:headroom=3", "--init=scheme", "--seed=3"),
            ("--layer=*:headroom=2", "--init=scheme", "--niti-weight-bits=16"),
            ("--niti-output-headroom=3",),
            ("--niti-output-headroom=0", "--niti-headroom=2", "--layer=fc.bias:headroom=1"),
        ):
            self.compare("normalized_residual", options, ("--schedule=2", "--seed=3"), threads=(2,))

    def test_frozen_scales(self):
        """A node's name selects all of its parameters."""
        self.compare("normalized_residual", ("--freeze=bn[12]",), ("--schedule=2",), threads=(5,))

    def compiled(self, *options):
        trainer = self.path("trainer")
        harness.compile_model(self.model("residual"), trainer, "--batch=6", *options)
        return trainer

    def test_floats(self):
        """Frozen tensors stay, have no momentum and are in checkpoints; a factor on all rates is another rate."""
        data = "npy:" + os.path.join(self.common, "data")
        tables = []
        for options, rate in (
            (("--freeze=conv1*",), "0.02"),
            (("--freeze=conv*", "--layer=conv[!1]*:frozen=false", "--layer=*:rate=0.25"), "0.08"),
        ):
            trainer = self.compiled("--scheme=fp32", *options)
            out = self.path("out")
            harness.train(trainer, "--data", data, "--steps=5", f"--schedule={rate}", "--out", out)
            tables.append(harness.tensors(trainer, harness.checkpoint(out)))
        self.assertEqual(*tables)
        self.assertNotIn("conv1.weight.momentum", tables[0])
        self.assertIn("conv2.weight.momentum", tables[0])
        harness.train(trainer, "--data", data, "--steps=0", "--out", out)
        start = harness.tensors(trainer, harness.checkpoint(out))
        same = [name for name in tables[0] if not name.endswith("momentum") and tables[0][name] == start[name]]
        self.assertEqual(same, ["conv1.bias", "conv1.weight"])

    def test_descriptions(self):
        """`info` and checkpoints say what is frozen; another choice does not resume, but evaluates."""
        trainer, data = self.compiled("--freeze=conv1*"), "npy:" + os.path.join(self.common, "data")
        described = json.loads(harness.succeed(trainer, "info", "--json").out)
        self.assertEqual(described["frozen"], ["conv1.bias", "conv1.weight"])
        self.assertEqual(json.loads(described["options"])["layer"], ["conv1*:frozen=true"])
        self.assertIn("\nfrozen            conv1.bias, conv1.weight\n", harness.succeed(trainer, "info").out)
        out = self.path("out")
        harness.train(trainer, "--data", data, "--steps=2", "--schedule=1", "--out", out)
        other, file = self.compiled(), harness.checkpoint(out)
        harness.succeed(other, "eval", "--data", data, "--checkpoint", file)
        outcome = harness.execute(other, "train", "--data", data, "--resume", file)
        self.assertRegex(outcome.err, r"^error: .*'--layer=conv1\*:frozen=true', but this trainer has 'no --layer'")

    def test_imported(self):
        """The options are data of the model, and no gradient is built below the lowest layer that learns."""
        words = (harness.QTC, "compile", self.model("residual"), "--freeze=[cs]*", "--layer=fc*:rate=0.5")
        text = harness.succeed(*words, "--emit=import").out
        self.assertRegex(text, r"qtrain\.parameter @parameter\.conv1\.weight id \d+ frozen = ")
        self.assertRegex(text, r"qtrain\.parameter @parameter\.fc\.weight id \d+ rate 5\.000000e-01 = ")
        self.assertNotIn("qtrain.conv2d_input_gradient", harness.succeed(*words, "--emit=backward").out)

    def test_refusals(self):
        keys = "frozen, rate, weight-bits, headroom"
        for words, code, expected in (
            ("--freeze=conv9*", FAILURE, "option '--freeze': 'conv9*' matches no parameter and no node that has one; near "
             "names: 'conv1', 'conv2', 'conv3'"),
            ("--freeze=*", FAILURE, "option '--freeze': every parameter is frozen, so there is nothing to train"),
            ("--freeze=conv[", USAGE, "option '--freeze': expected a shell pattern, but got 'conv['"),
            ("--layer=conv1", USAGE, f"option '--layer': expected PATTERN:key=value[,key=value] with the keys {keys}"),
            ("--layer=:rate=1", USAGE, "option '--layer': expected a pattern, but got ''"),
            ("--layer=fc*:", USAGE, f"option '--layer': expected one of the keys {keys}, but got ''"),
            ("--layer=fc*:speed=1", USAGE, f"option '--layer': expected one of the keys {keys}, but got 'speed=1'"),
            ("--layer=fc*:rate=3", USAGE, "option '--layer': scheme niti counts the learning rate in octaves; expected a"),
            ("--layer=fc*:rate=1e9", USAGE, "option '--layer': scheme niti counts the learning rate in octaves; expected a"),
            ("--layer=fc*:rate=0", USAGE, "option '--layer': expected a positive rate in single precision"),
            ("--layer=fc*:rate=nan --scheme=fp32", USAGE, "option '--layer': expected a positive rate"),
            ("--layer=fc*:rate=3 --scheme=wage", USAGE, "option '--layer': scheme wage counts the learning rate in octaves"),
            ("--layer=fc*:frozen=yes", USAGE, "option '--layer': expected frozen=true or frozen=false, but got frozen=yes"),
            ("--layer=fc*:weight-bits=9", USAGE, "option '--layer': expected weight-bits=8 or weight-bits=16, but got weight-"),
            ("--layer=fc*:weight-bits=8 --scheme=fp32", USAGE, "option '--layer': scheme fp32 has no choice of weight-bits"),
            ("--layer=fc*:headroom=8", USAGE, "option '--layer': expected headroom=0 or headroom=1 or headroom=2 or"),
            ("--layer=fc*:headroom=1 --scheme=wage", USAGE, "option '--layer': scheme wage has no choice of headroom"),
            ("--layer=fc*:weight-bits=8 --niti-weight-bits=16 --niti-momentum=0.5", FAILURE,
             "expected parameters of 16 bits for a momentum, but 'fc.bias' has 8"),
        ):
            outcome = harness.execute(
                harness.QTC, "compile", self.model("residual"), "-o", self.path("x"), *words.split()
            )
            with self.subTest(options=words):
                self.assertEqual(outcome.code, code, outcome)
                self.assertIn(expected, outcome.err)
                self.assertEqual(outcome.err.count("error:"), 1, outcome)

    def test_check(self):
        model = self.model("residual")
        self.assertEqual(harness.execute(harness.QTC, "check", "--freeze=conv1*", model).code, 0)
        outcome = harness.execute(harness.QTC, "check", model, "--freeze=frob")
        self.assertEqual(outcome.code, FAILURE)
        self.assertIn("option '--freeze': 'frob' matches no parameter", outcome.out)


if __name__ == "__main__":
    unittest.main()
