# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models of all operators, made from a table: integers bit for bit, gradients of floats. slow/ has new ones in every run."""

import os
import unittest

import onnx

import random_models
import random_runs
from parameter_runs import ParameterCase

COUNT = 2
BUILDS = {"fast": ("--mcpu=native",), "plain": random_runs.BUILDS["plain"]}
# Of the machine's best instruction set only.
NATIVE = {"fast": ("--mcpu=native",)}
WAGE_SEEDS = (0, 3)


class Coverage(unittest.TestCase):
    def test_operators(self):
        """All that the importer and the reference know are in the table of random_models.py."""
        known = random_runs.registered_operators() & random_runs.importer.OPERATORS
        self.assertGreater(len(known), 40)
        self.assertEqual(known - random_runs.operators_of(random_models.make_covering("niti", COUNT)), set())

    def test_steps(self):
        """Each has an operator of the table of the importer, except those that are there to be refused."""
        for scheme in ("niti", "fp32", "wage"):
            for seed in range(20):
                used = random_runs.operators_of([random_models.make_supported(seed, scheme)])
                self.assertEqual(used - random_runs.registered_operators(), set())


class Integers(random_runs.IntegerCase):
    def test_niti(self):
        for number, model in enumerate(random_models.make_covering("niti", COUNT)):
            name = f"covering{number}"
            self.check(name, model, builds=BUILDS, threads=(1 + number, 5))
            # Values that are all 0 agree too easily.
            self.assertEqual(self.unmoved(name), [])

    def test_wage_functions(self):
        options = ("--scheme=wage", "--init=scheme", "--batch=5")
        for number, model in enumerate(random_models.make_covering("wage", COUNT)):
            self.check(f"functions{number}", model, options, ("--schedule=8",), BUILDS, threads=(1 + number, 5))

    def test_wage(self):
        for seed in WAGE_SEEDS:
            compile_options, train_options = random_runs.choose_options(seed, "wage")
            model = random_models.make_supported(seed, "wage")
            self.check(f"wage{seed}", model, compile_options, train_options, NATIVE, threads=(2,))


class Differences(ParameterCase):
    """fp32 against differences of the loss in double, which need no other program."""

    def test_gradients(self):
        for number, model in enumerate(random_models.make_covering("niti", COUNT)):
            path = os.path.join(self.folder, f"covering{number}.onnx")
            onnx.save(model, path)
            self.check_gradients(path, apart=False)


class Floats(random_runs.FloatCase):
    def test_gradients(self):
        for number, model in enumerate(random_models.make_covering("fp32", COUNT)):
            self.check(f"covering{number}", model, NATIVE)


if __name__ == "__main__":
    unittest.main()
