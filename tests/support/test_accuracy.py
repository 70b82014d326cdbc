# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Accuracy runs: their selection, and their rows."""

import argparse
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "dev"))
import accuracy  # noqa: E402
import accuracy_runs  # noqa: E402


def wanted(**options):
    options = argparse.Namespace(**{"only": None, "gpu": None, **options})
    return {run.name for run in accuracy.RUNS if accuracy.is_wanted(run, options)}


class Accuracy(unittest.TestCase):
    def test_long_runs_want_a_gpu(self):
        long = {run.name for run in accuracy.GPU_RUNS}
        self.assertEqual(wanted(gpu="90a"), long)
        self.assertEqual(wanted(), {run.name for run in accuracy.RUNS} - long)
        self.assertEqual(wanted(only=["niti-cifar10-200"]), set())
        self.assertEqual(wanted(only=["niti-cifar10-200"], gpu="90a"), {"niti-cifar10-200"})

    def test_rows(self):
        accuracies = [0.5] * 189 + [0.95] + [0.9] * 10
        lines = [{"test_accuracy": value, "seconds": 6.0, "images_per_second": 1000.0} for value in accuracies]
        self.assertEqual(accuracy.summarize(lines), (0.95, accuracy.statistics.mean([0.9] * 10), 0.9))
        niti, wage = accuracy.gpu_rows({"niti-cifar10-200": lines})
        self.assertEqual(niti, "| niti-cifar10-200 | **95.00** | 90.00 | 90.00 | ≥ 90.6, ≥ 90.1 | 20.0 | 1000 |")
        self.assertIn("not measured", wage)

    def test_statistics(self):
        def lines(*pairs):
            return [{"train_accuracy": train, "test_accuracy": test} for train, test in pairs]

        few, everything, defaults = (run.name for run in accuracy.STATISTICS_RUNS)
        results = {few: lines((0.36, 0.2), (0.5, 0.45), (0.6, 0.61)), everything: lines((0.36, 0.2), (0.5, 0.452), (0.6, 0.612))}
        rows = list(accuracy.statistics_rows(results))
        self.assertEqual(rows[0], f"| {few} | 36.00 50.00 60.00 | 20.00 45.00 61.00 | 5.00 | 6 |")
        self.assertIn("not measured", rows[2])
        self.assertEqual(list(accuracy.wrong_statistics(results)), [])
        results[everything] = lines((0.36, 0.2), (0.5, 0.45), (0.6, 0.616))
        results[defaults] = lines((0.33, 0.38), (0.71, 0.21))
        self.assertEqual(len(list(accuracy.wrong_statistics(results))), 2)

    def test_residual_networks(self):
        """Every option alone, all, and all but each."""
        options = accuracy_runs.RESIDUAL_OPTIONS.values()
        counts = [sum(option in run.options for option in options) for run in accuracy.RESIDUAL_RUNS[1:]]
        self.assertEqual(counts, [0, 1, 1, 1, 3, 2, 2, 2])
        lines = [{"train_accuracy": 0.8, "test_accuracy": value} for value in (0.86, 0.85)]
        self.assertEqual(next(accuracy.residual_rows({"resnet20-fp32": lines})), "| resnet20-fp32 | 10 | 80.00 | **85.00** | 86.00 |")

    def test_activations(self):
        """A run without a result is a dash, and NITI may be half a point below fp32."""
        accuracies = {"mlp-relu-fp32": 0.98, "mlp-relu-niti": 0.976, "cnn-relu-fp32": 0.99, "cnn-relu-niti": 0.984}
        results = {name: [{"test_accuracy": value}] for name, value in accuracies.items()}
        results["mlp-tanh-fp32"] = [{"test_accuracy": 0.97}]
        rows = list(accuracy.activation_rows(results))
        self.assertEqual(len(rows), len(accuracy.ACTIVATIONS))
        self.assertEqual(rows[0], "| Relu | 98.00 | 97.60 | 99.00 | 98.40 |")
        self.assertIn("| Tanh | 97.00 | – | – | – |", rows)
        self.assertIn("| Elu | not measured | | | |", rows)
        self.assertEqual(list(accuracy.wrong_activations(results)), ["cnn-relu-niti: 0.60 points less than fp32"])

    def test_models_of_activations(self):
        """They are the same on every run."""
        with tempfile.TemporaryDirectory() as folder:
            for run in accuracy.ACTIVATION_RUNS[:4]:
                written = []
                for name in ("first", "second"):
                    path = os.path.join(accuracy.make_model(run, None, os.path.join(folder, name)), run.model + ".onnx")
                    with open(path, "rb") as file:
                        written.append(file.read())
                self.assertEqual(*written)


if __name__ == "__main__":
    unittest.main()
