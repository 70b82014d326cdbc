# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Accuracy runs: their selection, and their rows."""

import argparse
import json
import os
import struct
import sys
import tempfile
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "dev"))
import accuracy  # noqa: E402
import accuracy_runs  # noqa: E402
import trained_models  # noqa: E402


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
        counts = [sum(option in run.options for option in options) for run in accuracy.RESIDUAL_RUNS[1:-2]]
        self.assertEqual(counts, [0, 1, 1, 1, 1, 4, 3, 3, 3, 3])
        lines = [{"train_accuracy": 0.8, "test_accuracy": value} for value in (0.86, 0.85)]
        self.assertEqual(next(accuracy.residual_rows({"resnet20-fp32": lines})), "| resnet20-fp32 | 10 | 80.00 | **85.00** | 86.00 |")

    def test_small_networks(self):
        """Seeds count that have a result under both schemes, and the standard error of the difference is allowed."""
        comparison = accuracy_runs.SMALL_COMPARISONS[0]
        floats, integers = (comparison.runs(scheme) for scheme in comparison.schemes)
        self.assertEqual([run.seed for run in floats], list(range(1, 11)))
        self.assertEqual(len(set(accuracy_runs.NAMES)), len(accuracy_runs.NAMES))
        results = {}
        for runs, values in ((floats, (0.99, 0.992, 0.994)), (integers, (0.987, 0.989, 0.991))):
            results.update((run.name, [{"test_accuracy": value}]) for run, value in zip(runs, values))
        results[floats[3].name] = [{"test_accuracy": 0.5}]
        title = f"{comparison.title}, {comparison.epochs}"
        rows = list(accuracy.small_rows(results))
        self.assertEqual(rows[0], f"| {title} | fp32 | 3 | **99.20** ± 0.12 |  |  |")
        self.assertEqual(rows[1], f"| {title} | niti | 3 | **98.90** ± 0.12 | 0.30 ± 0.16 | 0.26 |")
        self.assertIn("not measured", rows[2])
        self.assertEqual(list(accuracy.wrong_small(results)), [f"{comparison.title}, niti: 0.30 ± 0.16 points less than fp32"])
        results[integers[0].name][0]["test_accuracy"] = 0.989
        self.assertEqual(list(accuracy.wrong_small(results)), [])

    def test_trained_files(self):
        """Estimated statistics count where there are any."""
        first, others, last = accuracy.EVALUATIONS[0], accuracy.EVALUATIONS[1:-1], accuracy.EVALUATIONS[-1]
        found = {"published": 0.9913, "runtime": None, "fp32": 0.9913, "niti": 0.9893, "estimated": None}
        results = {first.name: found, last.name: {**found, "niti": 0.98, "estimated": 0.991}}
        rows = list(accuracy.evaluation_rows(results))
        self.assertEqual(rows[0], "| mnist_lenet5_pytorch.onnx | `mnist` | 99.13 | – | 99.13 | **98.93** | 0.20 |  |  |")
        self.assertEqual(
            rows[-1], "| resnet20-trained.onnx | `cifar10` | 99.13 | – | 99.13 | **98.00** | 1.13 | **99.10** | 0.03 |"
        )
        self.assertEqual(sum("not measured" in row for row in rows), len(others))
        self.assertEqual(list(accuracy.wrong_evaluations(results)), [])
        found["niti"], found["runtime"] = 0.988, 0.9903
        self.assertEqual(
            list(accuracy.wrong_evaluations(results)),
            [f"{first.name}: 99.13 with fp32, 99.03 runtime", f"{first.name}: 0.33 points less than fp32"],
        )

    def test_weights_of_a_run(self):
        """They and the statistics of evaluation take the place of those of the file, which keeps one output of a normalization."""
        nodes = [
            helper.make_node("Conv", ["x", "w"], ["y"]),
            helper.make_node("BatchNormalization", ["y", "g", "b", "m", "v"], ["z", "mean", "var"], training_mode=1, epsilon=0.25),
        ]
        values = {"w": np.zeros((2, 1, 1, 1), np.float32), **{name: np.zeros(2, np.float32) for name in "gbmv"}}
        ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xz"]
        constants = [numpy_helper.from_array(array, name) for name, array in values.items()]
        graph = helper.make_graph(nodes, "net", ports[:1], ports[1:], constants)
        tensors = {"w": [3, 4], "m": [5, 6], "m.evaluation": [7, 8]}
        header, content = {"__metadata__": {}}, b""
        for key, numbers in tensors.items():
            header[key] = {"dtype": "F32", "shape": [2], "data_offsets": [len(content), len(content) + 8]}
            content += np.array(numbers, "<f4").tobytes()
        header["w"]["shape"], text = [2, 1, 1, 1], json.dumps(header).encode()
        with tempfile.TemporaryDirectory() as folder:
            model, checkpoint, trained = (os.path.join(folder, name) for name in ("m.onnx", "c.safetensors", "t.onnx"))
            onnx.save(helper.make_model(graph), model)
            with open(checkpoint, "wb") as file:
                file.write(struct.pack("<Q", len(text)) + text + content)
            trained_models.save(model, checkpoint, trained)
            written = onnx.load(trained).graph
        arrays = {tensor.name: numpy_helper.to_array(tensor).flatten().tolist() for tensor in written.initializer}
        self.assertEqual(arrays, {"w": [3, 4], "g": [0, 0], "b": [0, 0], "m": [7, 8], "v": [0, 0]})
        self.assertEqual([attribute.name for attribute in written.node[1].attribute], ["epsilon"])
        self.assertEqual(list(written.node[1].output), ["z"])

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
