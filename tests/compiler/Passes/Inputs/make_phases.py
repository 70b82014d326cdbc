# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles two small models to every phase that is text, for each scheme and target.

Usage: make_phases.py FOLDER

Writes FOLDER/<scheme>-<target>-<phase>.mlir and prints their names.
"""

import pathlib
import subprocess
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

PHASES = {"cpu": ["import", "backward", "scheme", "plan", "kernels", "llvm"], "cuda": ["plan", "kernels"]}
NUMBERS = np.random.default_rng(1)


def make_model(path, normalized):
    """A convolution, a pool and a linear layer; with batch normalization, dropout and a residual sum if `normalized`."""
    shapes = {"w": (4, 1, 3, 3), "b": (4,), "v": (3, 36), "c": (3,)}
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["y"], name="conv", pads=[1, 1, 1, 1])]
    last = "y"
    if normalized:
        shapes.update(s=(4,), o=(4,), m=(4,), u=(4,))
        nodes.append(helper.make_node("BatchNormalization", ["y", "s", "o", "m", "u"], ["n"], name="bn"))
        nodes.append(helper.make_node("Add", ["n", "y"], ["a"], name="add"))
        last = "a"
    nodes += [
        helper.make_node("Relu", [last], ["r"], name="relu"),
        helper.make_node("MaxPool", ["r"], ["p"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p"], ["f"], name="flatten"),
        helper.make_node("Gemm", ["f", "v", "c"], ["z"], name="gemm", transB=1),
    ]
    constants = [
        numpy_helper.from_array(np.abs(NUMBERS.normal(size=shape)).astype(np.float32) + 0.1, name)
        for name, shape in shapes.items()
    ]
    graph = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, 6, 6])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", 3])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for normalized in (False, True):
        make_model(folder / f"{normalized}.onnx", normalized)
    for scheme in ("niti", "wage", "fp32"):
        for target, phases in PHASES.items():
            if (scheme, target) == ("fp32", "cuda"):
                continue
            for phase in phases:
                output = folder / f"{scheme}-{target}-{phase}.mlir"
                command = ["qtc", "compile", str(folder / f"{scheme != 'wage'}.onnx"), f"--scheme={scheme}", "--batch=2"]
                command += [f"--target={target}", f"--emit={phase}", "-o", str(output)]
                command += ["--mlir-elide-elementsattrs-if-larger=1000000"]  # keeps the weights
                subprocess.run(command + (["--mcpu=avx2"] if target == "cpu" else []), check=True)
                print(output)


if __name__ == "__main__":
    main()
