# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reading a checkpoint needs the options that change evaluation; continuing its run needs all of them."""

import os
import sys
import unittest

import harness

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)


class Readers(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models.make_data(os.path.join(cls.common, "data"))
        cls.data = "npy:" + os.path.join(cls.common, "data")

    def compile(self, name, *options):
        model = make_models.Model("gemm_plain")
        path = self.path("model.onnx")
        model.save(make_models.MODELS[model.name](model), path)
        return harness.compile_model(path, self.path(name), "--mcpu=baseline", *options)

    def compare(self, options, same, other):
        """A run with `options` is read by trainers with `same`, and rejected, by name, by those with `other`."""
        trainer, out = self.compile("trainer", "--batch=6", *options), self.path("out")
        harness.train(trainer, "--data", self.data, "--steps=9", "--out", out)
        file = harness.checkpoint(out)
        state = harness.state_hash(trainer, file)
        for option in same:
            with self.subTest(option=option):
                reader = self.compile("reader", "--batch=6", *options, option)
                found = harness.succeed(reader, "eval", "--data", self.data, "--checkpoint", file)
                self.assertIn("state=" + state, found.out)
                self.assertEqual(harness.state_hash(reader, file), state)
                self.refuse(reader, option.split("=")[0], "train", "--data", self.data, "--resume", file)
        for option in other:
            with self.subTest(option=option):
                reader = self.compile("reader", "--batch=6", *options, option)
                self.refuse(reader, option.split("=")[0], "eval", "--data", self.data, "--checkpoint", file)
                self.refuse(reader, option.split("=")[0], "train", "--data", self.data, "--resume", file)

    def refuse(self, trainer, option, *words):
        outcome = harness.execute(trainer, *words)
        self.assertEqual(outcome.code, 1, outcome)
        self.assertRegex(outcome.err, r"\Aerror: [^\n]*" + option + r"[^\n]*\n\Z")

    def test_niti(self):
        self.compare((), ("--niti-grad-round=nearest", "--niti-loss=paper"), ("--normalize=0.5/0.25", "--niti-weight-bits=16"))

    def test_batch(self):
        trainer, out = self.compile("trainer", "--batch=6"), self.path("out")
        harness.train(trainer, "--data", self.data, "--steps=9", "--out", out)
        reader = self.compile("reader", "--batch=5")
        outcome = harness.succeed(reader, "eval", "--data", self.data, "--checkpoint", harness.checkpoint(out))
        self.assertIn("examples=17", outcome.out)
        self.refuse(reader, "--batch", "train", "--data", self.data, "--resume", harness.checkpoint(out))

    def test_wage(self):
        options = ("--scheme=wage", "--init=scheme")
        self.compare(options, ("--wage-bits=2-8-8-12", "--wage-gamma=2", "--wage-weight-clip=paper"), ("--wage-bits=2-8-9-8",))

    def test_fp32(self):
        self.compare(("--scheme=fp32",), ("--fp32-momentum=0", "--fp32-weight-decay=0.5"), ("--loss=sse",))
        # Nor does a file without momentum keep one with it from reading.
        trainer = self.compile("plain", "--batch=6", "--scheme=fp32", "--fp32-momentum=0")
        harness.train(trainer, "--data", self.data, "--steps=9", "--out", self.path("plain-out"))
        reader = self.compile("reader", "--batch=6", "--scheme=fp32")
        file = harness.checkpoint(self.path("plain-out"))
        self.assertEqual(harness.state_hash(reader, file), harness.state_hash(trainer, file))


if __name__ == "__main__":
    unittest.main()
