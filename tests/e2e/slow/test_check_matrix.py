# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that `qtc check` approves compile up to the kernels: every model at hand, under every scheme."""

import glob
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import agreement  # noqa: E402 (the path comes first)
import harness  # noqa: E402
import onnx  # noqa: E402
import random_models  # noqa: E402


class CheckMatrix(harness.Case):
    def agree(self, models, phase):
        triples = [(model, scheme, phase) for model in models for scheme in agreement.SCHEMES]
        problems = harness.in_parallel(lambda triple: agreement.find_disagreement(*triple), triples)
        for (model, scheme, _), problem in zip(triples, problems):
            with self.subTest(model=model, scheme=scheme):
                self.assertEqual(problem, "")

    def test_random_models(self):
        models = [self.path(f"{seed}.onnx") for seed in range(300)]
        for seed, model in enumerate(models):
            onnx.save(random_models.make(seed), model)
        self.agree(models, "kernels")

    def test_models_of_the_project(self):
        harness.succeed(sys.executable, os.path.join(harness.REFERENCE, "make_models.py"), self.folder)
        self.agree(sorted(glob.glob(self.path("*.onnx"))), "kernels")

    def test_shared_models(self):
        self.agree(sorted(glob.glob(harness.shared("models") + "/**/*.onnx", recursive=True)), "scheme")


if __name__ == "__main__":
    unittest.main()
