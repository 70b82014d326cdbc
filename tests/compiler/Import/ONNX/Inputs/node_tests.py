# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Imports ONNX's own node tests and compares results with the ones they expect.

    node_tests.py FOLDER     prints one line per test

The tests come with the onnx package. All inputs except the first become
initializers, and a Flatten is added so that the model ends as a classifier does.
"""

import importlib
import os
import subprocess
import sys
import warnings

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import interpret

MODULES = """add averagepool batchnorm cast clip concat conv dropout flatten gemm globalaveragepool globalmaxpool identity
    logsoftmax lrn matmul maxpool reducemean relu reshape softmax squeeze sum transpose unsqueeze""".split()


def collect():
    warnings.simplefilter("ignore")
    cases = importlib.import_module("onnx.backend.test.case.node")
    for module in MODULES:
        importlib.import_module("onnx.backend.test.case.node." + module)
    return sorted(cases._NodeTestCases, key=lambda case: case.name)  # pylint: disable=protected-access


def convert(case):
    """The model with constants for all inputs except the first, and the expected result."""
    source = case.model.graph
    inputs, outputs = case.data_sets[0]
    node = source.node[0]
    x, y = inputs[0], outputs[0]
    graph_inputs = [
        helper.make_tensor_value_info(source.input[0].name, TensorProto.FLOAT, x.shape)
    ]
    initializers = [
        numpy_helper.from_array(np.asarray(value), info.name)
        for value, info in zip(inputs[1:], source.input[1:])
        if info.name != source.input[0].name
    ]
    nodes = [node]
    result = node.output[0]
    if y.ndim != 2:
        nodes.append(helper.make_node("Flatten", [result], ["flat"], name="flat"))
        result = "flat"
    graph = helper.make_graph(
        nodes,
        case.name,
        graph_inputs,
        [helper.make_tensor_value_info(result, TensorProto.FLOAT, None)],
        initializers,
    )
    # Global pools are the same since operator set 1.
    opset = max(7, case.model.opset_import[0].version)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return model, x, y.reshape(y.shape[0], -1) if y.ndim > 0 else y


def is_training(case):
    """True for a BatchNormalization by the statistics of the batch."""
    return any(attribute.name == "training_mode" and attribute.i for attribute in case.model.graph.node[0].attribute)


def translate(path, batch):
    command = ["qtc-translate", "--import-onnx", f"--batch={batch}"]
    # The interpreter reads numbers in hex rather than MLIR's abbreviations.
    command += ["--mlir-print-elementsattrs-with-hex-if-larger=1", path]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def judge(case, path):
    if getattr(case.data_sets[0][0][0], "dtype", None) != np.float32 or case.name.endswith("_expanded"):
        return None
    model, x, expected = convert(case)
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
    process = translate(path, x.shape[0] if x.ndim else 1)
    lines = process.stderr.splitlines()
    if process.returncode != 0:
        if len(lines) != 1 or "error: " not in lines[0]:
            sys.exit(f"{case.name}: {process.stderr}")
        return "refused: " + lines[0].split("error: ", 1)[1].split(": ", 1)[1]
    if "is transposed by the model" in process.stderr:
        x = x.transpose(list(model.graph.node[0].attribute[0].ints))
    result = interpret.run(process.stdout, x, is_training(case))
    if result.shape != expected.shape:
        return f"WRONG SHAPE: {result.shape}, but expected {expected.shape}"
    # Softmax belongs to the loss, Dropout is random, casts do not round.
    if "left out" in process.stderr or "qtrain.random" in process.stdout:
        return "agrees in shape"
    if not np.allclose(result, expected, rtol=1e-4, atol=1e-5):
        return f"WRONG: off by {np.abs(result - expected).max()}"
    return "agrees"


def main():
    np.random.seed(0)
    for case in collect():
        judgement = judge(case, os.path.join(sys.argv[1], "model.onnx"))
        if judgement:
            print(f"{case.name}: {judgement}")


if __name__ == "__main__":
    main()
