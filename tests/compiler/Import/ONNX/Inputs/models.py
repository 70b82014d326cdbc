# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes small models and imports them.

The tests next to this folder are Python scripts. Each makes models with `run`,
which prints the importer's output, and FileCheck reads the comments.

    # RUN: env PYTHONPATH=%S/Inputs %python %s %t | FileCheck %s
"""

import os
import subprocess
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

__all__ = """os TensorProto check constant floats folder helper integers model node np numpy_helper run scalar tensor
    translate write""".split()

folder = sys.argv[1] if len(sys.argv) > 1 else "."
os.makedirs(folder, exist_ok=True)


def node(op, inputs, outputs, name=None, **attributes):
    """A node; inputs and outputs are names separated by spaces, '-' for an absent one."""
    names = [[("" if part == "-" else part) for part in text.split()] for text in (inputs, outputs)]
    return helper.make_node(op, *names, name=name or outputs.split()[0] + "_node", **attributes)


def tensor(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def floats(name, *shape):
    """A parameter with the values 1, 2, ..."""
    return tensor(name, np.arange(1, np.prod(shape, dtype=int) + 1).reshape(shape))


def integers(name, *values):
    return tensor(name, values, np.int64)


def scalar(name, value, dtype=np.float32):
    return tensor(name, value, dtype)


def constant(name, *values):
    return helper.make_node("Constant", [], [name], name=name + "_node", value=integers("", *values))


def model(nodes, shape, initializers=(), output="y", opset=13, ir_version=7, element_type=TensorProto.FLOAT):
    """A model with input x of `shape`, or several inputs of a dictionary of shapes."""
    shapes = shape if isinstance(shape, dict) else {"x": shape}
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, element_type, dims) for name, dims in shapes.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in output.split()],
        list(initializers),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)


def write(title, content):
    """Writes a model or bytes; returns the path."""
    path = os.path.join(folder, title + ".onnx")
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.SerializeToString())
    return path


def translate(title, path, *options):
    """Imports a file and prints the title, messages and module."""
    command = ["qtc-translate", *options, path]
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    print("===", title)
    for line in process.stderr.splitlines():
        print(line.replace("<unknown>:0: ", "").replace(folder + os.sep, ""))
    if process.returncode not in (0, 1):
        sys.exit(f"{title}: exit status {process.returncode}\n{process.stderr}")
    if process.stderr.count("error: ") != process.returncode:
        sys.exit(f"{title}: expected one error exactly on failure\n{process.stderr}")
    print(process.stdout.replace(folder + os.sep, ""))
    sys.stdout.flush()


def run(title, nodes, shape, initializers=(), batch=8, options=(), **arguments):
    """Makes a model, imports it with `batch` and prints the result."""
    path = write(title, model(nodes, shape, initializers, **arguments))
    translate(title, path, "--import-onnx", f"--batch={batch}", *options)


def check(title, nodes, shape, initializers=(), **arguments):
    """Makes a model and prints the report on it."""
    translate(title, write(title, model(nodes, shape, initializers, **arguments)), "--check-onnx")
