# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""--recipe: plain options under one name."""

import os
import re
import unittest

import harness
from differential import DifferentialCase

NORMALIZED, PLAIN = "normalized_residual", "conv_strided"
RECIPES = (("niti", "batchnorm", NORMALIZED), ("niti", "plain", PLAIN), ("fp32", "batchnorm", NORMALIZED))
ADVICE = "networks with BatchNormalization train better with --recipe=batchnorm"


class Recipes(DifferentialCase):
    def setUp(self):
        super().setUp()
        self.settings = {"env": dict(os.environ, XDG_CACHE_HOME=os.path.join(self.common, "cache"))}
        self.data = "npy:" + os.path.join(self.common, "data")

    def train(self, model, *options):
        words = ("train", self.model(model), "--mcpu=native", "--data", self.data, "--steps=6")
        return harness.succeed(harness.QTC, *words, "--out", self.path("out"), "--overwrite", *options, **self.settings)

    def listed(self, outcome, recipe):
        return re.search(rf"^recipe '{recipe}':(.*)$", outcome.err, re.MULTILINE).group(1).split()

    def test_expanded(self):
        """A run with a recipe is one with the options that it prints, whose state has all bits the same."""
        for scheme, recipe, model in RECIPES:
            with self.subTest(scheme=scheme, recipe=recipe):
                options = (f"--scheme={scheme}", "--normalize=0.5/0.25")
                # No batch of the recipe is larger than these data.
                first = self.train(model, *options, f"--recipe={recipe}", "--batch=6")
                words = self.listed(first, recipe)
                self.assertGreater(len(words), 2)
                second = self.train(model, *options, *words, "--batch=6")
                self.assertNotIn("recipe '", second.err)
                self.assertEqual(harness.Result(first).state, harness.Result(second).state)

    def test_given_options_win(self):
        options = ("--recipe=batchnorm", "--batch=6", "--niti-momentum=0.5", "--schedule=1")
        words = self.listed(self.train(NORMALIZED, *options), "batchnorm")
        self.assertIn("--niti-weight-bits=16", words)
        for name in ("--niti-momentum", "--schedule"):
            self.assertFalse([word for word in words if word.startswith(name)])

    def test_compiled(self):
        """Options of the training are for the trainer."""
        words = (harness.QTC, "compile", self.model(NORMALIZED), "-o", self.path("trainer"), "--mcpu=native")
        outcome = harness.succeed(*words, "--recipe=batchnorm")
        self.assertIn("--niti-momentum=0.9", self.listed(outcome, "batchnorm"))
        self.assertRegex(outcome.err, r"\nremark: the recipe trains with --schedule=\S+\n")
        described = harness.succeed(self.path("trainer"), "info", "--json").out
        self.assertIn(r"\"niti-momentum\":\"0.9\"", described)

    def test_recommended(self):
        """Models with normalizations and without options."""
        for model, options, expected in (
            (NORMALIZED, (), True), (NORMALIZED, ("--scheme=fp32",), True), (NORMALIZED, ("--scheme=wage",), False),
            (NORMALIZED, ("--niti-headroom=1",), False), (NORMALIZED, ("--recipe=batchnorm",), False), (PLAIN, (), False),
        ):  # fmt: skip
            words = (harness.QTC, "compile", self.model(model), "-o", self.path("t"), "--mcpu=native", *options)
            self.assertEqual(ADVICE in harness.execute(*words).err, expected, options)

    def test_refused(self):
        for options, expected in (
            (("--recipe=",), "--recipe: expected a value, but got ''"),
            (("--recipe=norm",), "--recipe: expected batchnorm, plain, but got 'norm'"),
            (("--recipe=plain", "--scheme=fp32"), "'--recipe': expected batchnorm with --scheme=fp32, but got plain"),
            (("--recipe=plain", "--scheme=wage"), "'--recipe': expected a scheme with recipes, but got --scheme=wage"),
        ):
            words = (harness.QTC, "compile", self.model(PLAIN), "-o", self.path("t"), *options)
            outcome = harness.execute(*words)
            self.assertEqual(outcome.code, 2, outcome)
            self.assertIn(expected, outcome.err)


if __name__ == "__main__":
    unittest.main()
