# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes tiny models, one or more per operator, as seeds for import_fuzzer.

    make_corpus.py FOLDER
"""

import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def floats(name, *shape):
    return numpy_helper.from_array(np.full(shape, 0.5, np.float32), name)


def integers(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def constant(name, *values):
    return helper.make_node("Constant", [], [name], value=integers("", *values))


IMAGES = ["N", 2, 6, 6]
FLAT = node("Flatten", "t", "y", axis=1)

SEEDS = {
    "conv": ([node("Conv", "x w b", "t", pads=[1, 0, 1, 0], strides=[2, 1], dilations=[1, 1], group=1), FLAT],
             IMAGES, [floats("w", 3, 2, 3, 3), floats("b", 3)]),
    "conv_same": ([node("Conv", "x w", "t", auto_pad="SAME_LOWER", kernel_shape=[2, 3]), FLAT],
                  IMAGES, [floats("w", 2, 2, 2, 3)]),
    "conv_group": ([node("Conv", "x w", "t", group=2), FLAT], IMAGES, [floats("w", 4, 1, 1, 1)]),
    "conv1d": ([node("Conv", "x w", "t"), FLAT], [4, 2, 8], [floats("w", 3, 2, 3)]),
    "max_pool": ([node("MaxPool", "x", "t i", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1), FLAT], IMAGES, []),
    "average_pool": ([node("AveragePool", "x", "t", kernel_shape=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1), FLAT],
                     IMAGES, []),
    "global_pool": ([node("GlobalAveragePool", "x", "t"), FLAT], IMAGES, []),
    "reduce_mean": ([node("ReduceMean", "x", "y", axes=[2, 3], keepdims=0)], IMAGES, []),
    "gemm": ([node("Gemm", "x w b", "y", alpha=0.5, beta=2.0, transB=1)], ["N", 6], [floats("w", 3, 6),
    floats("b", 3)]),
    "matmul": ([node("Transpose", "w", "wt", perm=[1, 0]), node("MatMul", "x wt", "t"), node("Add", "t b", "y")],
               ["N", 6], [floats("w", 3, 6), floats("b", 1, 3)]),
    "residual": ([node("Relu", "x", "a"), node("Add", "x a", "t"), FLAT], IMAGES, []),
    "sum": ([node("Sum", "x x x", "t"), FLAT], IMAGES, []),
    "dropout": ([node("Dropout", "x r m", "t"), FLAT], IMAGES,
                [numpy_helper.from_array(np.float32(0.25), "r"), numpy_helper.from_array(np.array(True), "m")]),
    "clip": ([node("Clip", "x lo", "t"), FLAT], IMAGES, [numpy_helper.from_array(np.float32(0), "lo")]),
    "softmax": ([node("Flatten", "x", "t"), node("Softmax", "t", "y", axis=1)], IMAGES, []),
    "reshape": ([node("Reshape", "x s", "y")], [10, 2, 6, 6], [integers("s", 10, -1)]),
    "view": ([node("Shape", "x", "s"), constant("zero", 0), node("Gather", "s zero", "n", axis=0),
    constant("minus", -1),
              node("Concat", "n minus", "r", axis=0), node("Reshape", "x r", "y")], IMAGES, []),
    "view_slice": ([node("Shape", "x", "s"), node("Slice", "s a b", "n"), node("Squeeze", "n ax", "m"),
                    node("Unsqueeze", "m ax", "u"), node("Mul", "u one", "v"), node("Concat", "v minus", "r", axis=0),
                    node("Reshape", "x r", "y")], IMAGES,
                   [integers("a", 0), integers("b", 1), integers("ax", 0), integers("one", 1), integers("minus", -1)]),
    "squeeze": ([node("GlobalMaxPool", "x", "t"), node("Squeeze", "t a", "y")], IMAGES, [integers("a", 2, 3)]),
    "nhwc": ([node("Transpose", "x", "t", perm=[0, 3, 1, 2]), node("Conv", "t w", "c"),
              node("Transpose", "c", "d", perm=[0, 2, 3, 1]), node("Add", "d b", "e"),
              node("Transpose", "e", "f", perm=[0, 3, 1, 2]), node("Flatten", "f", "y")],
             ["N", 6, 6, 2], [floats("w", 3, 2, 1, 1), floats("b", 3)]),
    "constant_of_shape": ([helper.make_node("ConstantOfShape", ["s"], ["w"],
                                            value=helper.make_tensor("v", TensorProto.FLOAT, [1], [0.5])),
                           node("MatMul", "x w", "y")], ["N", 6], [integers("s", 6, 3)]),
    "half": ([node("Gemm", "x w", "y")], ["N", 6], [numpy_helper.from_array(np.ones((6, 2), np.float16), "w")]),
    "typed": ([node("Gemm", "x w", "y")], ["N", 2], [helper.make_tensor("w", TensorProto.FLOAT, [2, 2], [1, 2, 3, 4])]),
    "lrn": ([node("LRN", "x", "t", size=3, alpha=0.5, beta=0.75, bias=1.0), FLAT], IMAGES, []),
    "concat": ([node("Concat", "x x", "a", axis=1), node("BatchNormalization", "a s s s s", "t"), FLAT],
               IMAGES, [floats("s", 4)]),
}


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, (nodes, shape, initializers) in SEEDS.items():
        for opset in (9, 13):
            graph = helper.make_graph(
                nodes,
                name,
                [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
                [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
                initializers,
            )
            model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
            with open(os.path.join(sys.argv[1], f"{name}_{opset}.onnx"), "wb") as file:
                file.write(model.SerializeToString())


if __name__ == "__main__":
    main()
