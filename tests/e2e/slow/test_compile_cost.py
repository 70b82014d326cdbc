# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compile time and memory are linear in the size of the model."""

import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402 (the path comes first)

sys.path.insert(0, os.path.join(harness.SOURCE, "tools", "dev"))
import compile_cost  # noqa: E402


class Growth(unittest.TestCase):
    """(c400 − c100) / (c200 − c100) is 3 if the cost is per layer, 5 if it is per pair of layers."""

    def check(self, name):
        # One instruction set shows it: others repeat the same steps.
        costs, growths = compile_cost.measure_growth(
            harness.QTC, compile_cost.CHAINS[name], ["--scheme=niti", "--mcpu=avx2", "--batch=8"]
        )
        for growth, unit in zip(growths, ("CPU seconds", "MiB"), strict=True):
            with self.subTest(unit=unit, costs=costs):
                self.assertLessEqual(growth, compile_cost.GROWTH_BOUND)

    def test_gemms(self):
        self.check("Gemm")

    def test_relus(self):
        self.check("40 ReLUs")

    def test_concat(self):
        self.check("Concat")

    def test_convolutions(self):
        self.check("Conv + BatchNormalization")


class Windows(unittest.TestCase):
    """The code of a pool does not grow with its window."""

    def test_large_windows(self):
        with tempfile.TemporaryDirectory() as folder:
            for side in (24, 256):
                model = os.path.join(folder, f"{side}.onnx")
                compile_cost.make_pool(model, side)
                for scheme in ("niti", "fp32"):
                    words = [f"--scheme={scheme}", "--mcpu=avx2", "--batch=2"]
                    seconds, _ = compile_cost.measure(harness.QTC, model, words)
                    with self.subTest(side=side, scheme=scheme):
                        self.assertLessEqual(seconds, 2)


class Sharing(unittest.TestCase):
    """Instruction sets with the same features share tasks."""

    def symbols(self, scheme):
        """The tasks that each object file of a library defines and takes from others."""
        with tempfile.TemporaryDirectory() as folder:
            model, library = os.path.join(folder, "model.onnx"), os.path.join(folder, "model.a")
            compile_cost.make_convolutions(model, 3)
            harness.succeed(harness.QTC, "compile", model, f"--scheme={scheme}", "--batch=8", "--emit=lib", "-o", library)
            lines = harness.succeed("nm", "-A", library).out.splitlines()
        defined, taken = {}, {}
        for line in lines:
            if "qtc_task_" in line and "_entry" not in line:
                place, name = line.rsplit(" ", 1)
                file = place.split(":")[1]
                (taken if " U" in place else defined).setdefault(name, set()).add(re.sub(r"-.*", "", file))
        return defined, taken

    def test_every_task_exists_once_and_some_are_shared(self):
        defined, taken = self.symbols("niti")
        self.assertTrue(all(len(files) == 1 for files in defined.values()))
        self.assertEqual(set(taken) - set(defined), set())
        users = [files | defined[name] for name, files in taken.items()]
        self.assertIn({"avx512", "avx512vnni"}, users)
        self.assertIn({"avx2", "avxvnni"}, users)

    def test_floats_have_no_code_for_dot_products_of_bytes(self):
        defined, taken = self.symbols("fp32")
        files = set().union(*defined.values(), *taken.values())
        self.assertIn("avx512", files)
        self.assertNotIn("avx512vnni", files)


if __name__ == "__main__":
    unittest.main()
