# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX's own node tests through compiled code in floats: import, scheme fp32, kernels, machine code.

Prints how many passed and were skipped, and why.
"""

import collections
import os
import re
import sys
import tempfile
import unittest

import numpy as np
from compiled import ROOT, Module, best_isa, tensor, tool

sys.path.insert(0, os.path.join(ROOT, "tests", "compiler", "Import", "ONNX", "Inputs"))
import interpret  # noqa: E402 (the path comes first)
import node_tests  # noqa: E402

RELATIVE = 1e-5


class Skip(Exception):
    """The reason why a test does not run."""


class ImportedFunction:
    """@forward of an imported model as a function of a Module: its input is `input`, its parameters are arguments."""

    def __init__(self, name, text):
        self.name = name
        self.values = [
            (symbol, interpret.parse_elements(elements, interpret.parse_shape(kind)).astype(np.float32))
            for symbol, elements, kind in re.findall(
                r"qtrain\.parameter @(\"[^\"]+\"|\S+) id \d+(?: kind +buffer)? = dense<(.*)> : (tensor<\S+>)", text
            )
        ]
        self.arguments = [("f4", value.shape) for _, value in self.values]
        self.forward = text[text.index("func.func @forward") :].rsplit("}", 1)[0]
        result = re.search(r"-> \(?(tensor<\S+>).* \{$", self.forward, re.MULTILINE).group(1)
        self.results = [("f4", interpret.parse_shape(result))]
        input_type = re.search(r"\(%arg0: (tensor<\S+>)", self.forward).group(1)
        self.input = interpret.parse_shape(input_type)

    def parameter(self, index):
        return f"{self.name}.{index}"

    def text(self):
        text = self.forward.replace("@forward", f"@{self.name}", 1)
        text = re.sub(r"(%arg0: tensor<\S+>)", r"\1 {qtrain.role = #qtrain.role<input>}", text, count=1)
        lines = []
        for index, (symbol, value) in enumerate(self.values):
            text = text.replace(f"= @{symbol}}}", f"= @{self.parameter(index)}}}")
            lines.append(
                f"qtrain.parameter @{self.parameter(index)} id {index} = dense<0.0> : {tensor('f4', value.shape)}"
            )
        return "\n".join([*lines, text])


def to_evaluation(text):
    """An imported module whose BatchNormalization, if any, uses running statistics."""
    text = re.sub(
        r"(%\w+), .* = qtrain\.batch_norm_training (.*), momentum = [^}]*(\} : \(.*\)) -> \((\S+), .*\)",
        r"\1 = qtrain.batch_norm_inference \2\3 -> \4",
        text,
    )
    text = re.sub(r"-> \((tensor<\S+>), .* \{$", r"-> \1 {", text, flags=re.MULTILINE)
    return re.sub(r"(return %\w+), .* : (tensor<\S+>), .*", r"\1 : \2", text)


def with_sums(text):
    """An imported module with the sums of BatchNormalization, which the fp32 scheme adds."""
    return re.sub(
        r"( *)(.* = qtrain\.batch_norm_training )((%\w+), [^{]*?)( \{.*\} : \()((tensor<[^>]*>), (tensor<[^>]*>).*?)(\) -> .*)",
        lambda found: (
            f"{found[1]}%sums:2 = qtrain.channel_moments {found[4]}, {found[4]} : ({found[7]}, {found[7]})"
            f" -> ({sums_of(found[8])})\n"
            f"{found[1]}{found[2]}{found[3]}, %sums#0, %sums#1{found[5]}{found[6]}, {sums_of(found[8])}{found[9]}"
        ),
        text,
    )


def sums_of(channels):
    """Types of two sums, for that of numbers of channels."""
    return ", ".join([channels.replace("f32", "f64")] * 2)


def import_case(case, path):
    """(function, input, expected result) of a node test; raises Skip."""
    data = case.data_sets[0]
    if getattr(data[0][0], "dtype", None) != np.float32:
        raise Skip("its input is no float tensor")
    if case.name.endswith("_expanded"):
        raise Skip("it spells an operator by others")
    model, x, expected = node_tests.convert(case)
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
    process = node_tests.translate(path, x.shape[0] if x.ndim else 1)
    if process.returncode != 0:
        reason = process.stderr.splitlines()[0].split("error: ", 1)[1].split(": ", 1)[1]
        raise Skip("refused: " + re.sub(r"'[^']*'|\d+", "…", reason))
    if "left out" in process.stderr:
        raise Skip("it belongs to the loss, or does not round")
    if "qtrain.random" in process.stdout:
        raise Skip("it is random")
    if "is transposed by the model" in process.stderr:
        x = x.transpose(list(model.graph.node[0].attribute[0].ints))
    text = (with_sums if node_tests.is_training(case) else to_evaluation)(process.stdout)
    return ImportedFunction(case.name, text), x, expected


class NodeTests(unittest.TestCase):
    def test_all(self):
        os.environ["PATH"] = os.path.dirname(tool("qtc-translate")) + os.pathsep + os.environ["PATH"]
        np.random.seed(0)
        modules = [Module("baseline", imported=True), Module(best_isa(), microkernels=True, imported=True)]
        runs, skipped = [], collections.Counter()
        with tempfile.TemporaryDirectory() as folder:
            for case in node_tests.collect():
                try:
                    runs.append(import_case(case, os.path.join(folder, "model.onnx")))
                except Skip as reason:
                    skipped[str(reason)] += 1
        for module in modules:
            for function, _, _ in runs:
                module.functions[function.name] = function
            module.compile()
        failed = 0
        for function, x, expected in runs:
            for module in modules:
                with self.subTest(test=function.name, isa=module.isa):
                    values = [value for _, value in function.values]
                    y = module.call(function.name, *values, input=x.reshape(function.input), overwrites=True)
                    scale = np.abs(expected).max()
                    if not np.allclose(y, expected, RELATIVE, RELATIVE * scale):
                        failed += 1
                    np.testing.assert_allclose(y, expected, RELATIVE, RELATIVE * scale)
        print(f"ONNX node tests: {len(runs) - failed} passed, {failed} failed, {sum(skipped.values())} skipped:")
        for reason, count in skipped.most_common():
            print(f"  {count} skipped: {reason}")
        self.assertGreater(len(runs), 60)


if __name__ == "__main__":
    unittest.main()
