#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes an untrained LeNet (20C5-P2-50C5-P2-500-10, 28x28 grey images, 10 classes) as ONNX.

Usage: make_lenet.py OUT.onnx [--seed N]

Needs python3-onnx and python3-numpy. The initial weights are those of PyTorch's Conv2d and Linear, uniform in
+-1/sqrt(fan-in), so the file stands for one that `torch.onnx.export` would write.
"""

import argparse

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def lenet(seed):
    random = np.random.RandomState(seed)
    nodes, initializers = [], []

    def parameters(name, *shape):
        bound = 1 / np.sqrt(np.prod(shape[1:]))
        for suffix, size in (("weight", shape), ("bias", shape[:1])):
            value = random.uniform(-bound, bound, size).astype(np.float32)
            initializers.append(numpy_helper.from_array(value, f"{name}.{suffix}"))
        return [f"{name}.weight", f"{name}.bias"]

    def node(op, inputs, name, output=None, **attributes):
        output = output or f"{name}.out"
        nodes.append(helper.make_node(op, inputs, [output], name, **attributes))
        return output

    y = "x"
    for index, (outputs, inputs) in enumerate([(20, 1), (50, 20)], 1):
        y = node("Conv", [y, *parameters(f"conv{index}", outputs, inputs, 5, 5)], f"conv{index}", kernel_shape=[5, 5])
        y = node("Relu", [y], f"relu{index}")
        y = node("MaxPool", [y], f"pool{index}", kernel_shape=[2, 2], strides=[2, 2])
    y = node("Flatten", [y], "flatten", axis=1)
    y = node("Gemm", [y, *parameters("fc1", 500, 800)], "fc1", transB=1)
    y = node("Relu", [y], "relu3")
    node("Gemm", [y, *parameters("fc2", 10, 500)], "fc2", "logits", transB=1)

    graph = helper.make_graph(
        nodes,
        "lenet",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="qtc make_lenet.py")
    model.ir_version = 7  # goes with opset 13
    onnx.checker.check_model(model)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("out", metavar="OUT.onnx")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    onnx.save(lenet(arguments.seed), arguments.out)


if __name__ == "__main__":
    main()
