# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Real models on MNIST against values that an independent implementation of the NITI step gave.

Settings: --init=onnx, batch 128, pixels / 255, file order, seed 1, constant mu 4. tools/dev/checkpoint-crcs.sh prints
the values of the tree at hand.
"""

import unittest

import harness

STEPS = (0, 1, 20)

# name: exponent, CRC-32 of the mantissas after 0, 1 and 20 steps
EXPECTED = {
    "mlp": {
        "1.bias": (-10, "92268f23", "c906861b", "aa6d00f9"),
        "1.weight": (-10, "1abd2fbe", "3500df60", "81c1c8e9"),
        "3.bias": (-10, "79818abb", "fffaff03", "55f8013d"),
        "3.weight": (-10, "ee123d26", "4a00c736", "46935993"),
        "5.bias": (-9, "2b0e9877", "31668a05", "40fdde52"),
        "5.weight": (-9, "aee4eb3a", "f80a05fb", "607e82c0"),
    },
    "lenet": {
        "0.bias": (-8, "729cb189", "f0597e7e", "29bb132a"),
        "0.weight": (-8, "960fe042", "8225cf37", "2443cfa4"),
        "3.bias": (-10, "45fe1621", "78a5075a", "9eb8c478"),
        "3.weight": (-10, "e1b50997", "2557be32", "91890ec2"),
        "7.bias": (-10, "77098151", "dbc03cc7", "5e6b711b"),
        "7.weight": (-10, "81488158", "858031f9", "efcfc73b"),
        "9.bias": (-10, "8f8cec95", "4ac7dd54", "65eca47e"),
        "9.weight": (-10, "e94b945c", "f4662e7c", "36d3feed"),
    },
}


class Checkpoints(harness.Case):
    def compare(self, name):
        data = "mnist:" + harness.shared("data", "mnist")
        trainer = harness.compile_model(harness.shared("models", name + ".onnx"), self.path("trainer"))
        for column, steps in enumerate(STEPS, 1):
            expected = {tensor: f"{row[0]} {row[column]}" for tensor, row in EXPECTED[name].items()}
            with self.subTest(steps=steps):
                out = self.path(f"out{steps}")
                options = ("--data", data, "--steps", steps, "--schedule=4", "--no-shuffle", "--seed=1", "--out", out)
                harness.succeed(trainer, "train", *options)
                self.assertEqual(harness.tensors(trainer, harness.checkpoint(out)), expected)

    def test_mlp(self):
        self.compare("mlp")

    def test_lenet(self):
        self.compare("lenet")


if __name__ == "__main__":
    unittest.main()
