# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Statistics of BatchNormalization that evaluation uses: estimated before every test (docs/numerics.md, 3)."""

import os
import unittest

import harness
import runs
from differential import DifferentialCase

MODEL = "normalized_residual"
SUFFIX = ".evaluation"


def read(file):
    with open(file, "rb") as content:
        return content.read()


def statistics(table):
    """(running, of evaluation), each with the names of the running ones."""
    names = [name for name in table if name.endswith(SUFFIX)]
    running = {name[: -len(SUFFIX)]: table[name[: -len(SUFFIX)]] for name in names}
    return running, {name[: -len(SUFFIX)]: table[name] for name in names}


class Statistics(DifferentialCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        options = [f"{key}={value}" for key, value in cls.COMPILE_OPTIONS.items()]
        source = os.path.join(cls.common, MODEL + ".onnx")
        cls.trainer = harness.compile_model(source, os.path.join(cls.common, "native"), *options, "--mcpu=native")
        cls.data = "npy:" + os.path.join(cls.common, "data")

    def train(self, folder, *options, trainer=None):
        words = ("--data", self.data, "--schedule=1", "--out", self.path(folder), *options)
        return harness.train(trainer or self.trainer, *words)

    def table(self, folder, trainer=None):
        return harness.tensors(trainer or self.trainer, harness.checkpoint(self.path(folder)))

    def test_batches_by_the_reference(self):
        """Fewer batches, more than there are, in the order of the file, of a part of the examples, augmented."""
        for options in (
            ("--statistics-batches=2",), ("--statistics-batches=1000",), ("--no-shuffle",), ("--limit=17",),
            ("--augment=crop-flip", "--seed=9"),
        ):  # fmt: skip
            self.compare(MODEL, (), options, threads=(1,), trainers=[self.trainer])

    def test_training_is_the_same(self):
        states = set()
        for options in ((), ("--statistics-batches=1",), ("--eval-every=0",), ("--eval-every=2",)):
            states.add(self.train("run", "--steps=20", *options).state)
        self.assertEqual(len(states), 1)

    def test_resumed(self):
        """Tests and checkpoints of a run that stopped in the middle of an epoch, and with other statistics since."""
        self.train("whole", "--steps=20")
        for stop in (1, 7, 15):
            out = f"part{stop}"
            self.train(out, f"--steps={stop}")
            file = harness.checkpoint(self.path(out))
            harness.train(self.trainer, "--data", self.data, "--steps=20", "--resume", file, "--out", self.path(out))
            self.assertEqual(self.table(out), self.table("whole"))
            self.assertEqual(runs.metrics(self.path(out))[-1], runs.metrics(self.path("whole"))[-1])

    def test_untrained(self):
        """Without a step, evaluation uses the statistics of the file."""
        untrained = self.train("zero", "--steps=0")
        running, estimated = statistics(self.table("zero"))
        self.assertGreater(len(running), 0)
        self.assertEqual(running, estimated)
        evaluated = harness.succeed(self.trainer, "eval", "--data", self.data).out
        self.assertIn(f"test_accuracy={untrained.accuracy:.4f}", evaluated)

    def test_estimated_for_an_untrained_model(self):
        """If the command asks for it; `eval` reads them, and no step depends on them."""
        result = self.train("zero", "--steps=0", "--statistics-batches=3")
        self.assertEqual(result.state, self.train("file", "--steps=0").state)
        running, estimated = statistics(self.table("zero"))
        self.assertTrue(all(running[name] != estimated[name] for name in running))
        options = {**self.COMPILE_OPTIONS, "--data": self.data, "--steps": "0", "--statistics-batches": "3"}
        expected, means = self.expected(MODEL, [f"{key}={value}" for key, value in options.items()])
        self.assertEqual(self.table("zero"), expected)
        file = harness.checkpoint(self.path("zero"))
        evaluated = harness.succeed(self.trainer, "eval", "--data", self.data, "--checkpoint", file).out
        self.assertIn(f"test_accuracy={means['test_accuracy']:.4f}", evaluated)
        harness.train(self.trainer, "--data", self.data, "--steps=9", "--resume", file, "--out", self.path("zero"))
        self.train("run", "--steps=9")
        self.assertEqual(statistics(self.table("zero"))[0], statistics(self.table("run"))[0])

    def test_stored(self):
        """`eval` reads the statistics of the last test of a run."""
        result = self.train("run", "--steps=20")
        running, estimated = statistics(self.table("run"))
        self.assertTrue(all(running[name] != estimated[name] for name in running))
        file = harness.checkpoint(self.path("run"))
        evaluated = harness.succeed(self.trainer, "eval", "--data", self.data, "--checkpoint", file).out
        self.assertIn(f"test_accuracy={result.accuracy:.4f}", evaluated)
        self.assertIn(f"state={result.state}", evaluated)

    def test_fp32(self):
        """The same bits on any number of threads, and no copies of running statistics."""
        options = ("--scheme=fp32", "--batch=6", "--normalize=0.5/0.25", "--mcpu=native")
        trainer = harness.compile_model(self.model(MODEL), self.path("float"), *options)
        tables = []
        for threads in (1, 2, 5):
            words = ("--data", self.data, "--steps=20", f"--threads={threads}", "--out", self.path(f"out{threads}"))
            harness.train(trainer, *words)
            tables.append(self.table(f"out{threads}", trainer))
        self.assertEqual(tables[0], tables[1])
        self.assertEqual(tables[0], tables[2])
        running, estimated = statistics(tables[0])
        self.assertTrue(all(running[name] != estimated[name] for name in running))

    def test_models_without_normalization(self):
        trainer = harness.compile_model(self.model("matmul_add"), self.path("plain"), "--batch=6", "--mcpu=native")
        self.train("run", "--steps=3", trainer=trainer)
        self.assertFalse([name for name in self.table("run", trainer) if name.endswith(SUFFIX)])
        words = ("train", "--data", self.data, "--steps=3", "--statistics-batches=2")
        self.assertEqual(harness.execute(trainer, *words).code, 2)


if __name__ == "__main__":
    unittest.main()
