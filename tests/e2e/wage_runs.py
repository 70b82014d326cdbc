# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""WAGE trainers against the NumPy reference: its modes on a small net, and the kinds of nodes that it supports."""

from differential import DifferentialCase

# Both have biases.
MODELS = ("max_pool_overlapping", "conv_grouped")
MODES = (
    ("--wage-bits=2-8-12-8", "--schedule=128,cosine:16@100%"),
    ("--wage-bits=2-8-2-8", "--schedule=1/8"),
    ("--wage-bits=2-8-4-8", "--schedule=1/2"),
    ("--wage-bits=2-8-8-4",),
    ("--wage-bits=2-8-8-12",),
    ("--wage-bits=2-8-8-15",),
    ("--wage-bits=2-8-8-16",),
    ("--wage-bits=4-8-8-8",),
    ("--wage-bits=8-8-8-8",),
    ("--wage-bits=3-5-16-6", "--schedule=64"),
    ("--wage-weight-clip=paper",),
    ("--wage-alpha=paper",),
    ("--wage-last-layer=quantized",),
    ("--wage-gamma=4",),
    ("--wage-input=c17",),
    ("--wage-input=mnist",),
    ("--loss=cross-entropy",),
    ("--init=onnx",),
    ("--init=onnx", "--wage-bits=2-8-16-15", "--wage-last-layer=quantized", "--loss=cross-entropy", "--schedule=1024"),
)
NODES = {
    "bounded_functions": ("--wage-bits=2-8-12-12", "--wage-gamma=2"),
    "conv_depthwise_vectors": ("--init=onnx",),
    "conv_phases": ("--wage-bits=2-8-8-12",),
    "gemm_transposed_operand": ("--init=onnx", "--batch=5"),
    "matmul_add": ("--init=onnx", "--batch=1"),
    "growing_functions": ("--init=onnx", "--wage-last-layer=quantized"),
    "max_pool_before_relu": (),
    "max_pool_dilated": ("--wage-bits=2-8-8-16",),
    "pooled_functions": ("--wage-bits=4-8-8-16", "--wage-gamma=4"),
    "straight_functions": ("--wage-bits=2-5-8-8",),
}


def split(options):
    """Options of the compiler, and of training."""
    trains = [option for option in options if option.startswith("--schedule")]
    return [option for option in options if option not in trains], trains


class WageCase(DifferentialCase):
    COMPILE_OPTIONS = {"--scheme": "wage", "--batch": "6", "--init": "scheme"}
    TRAIN_OPTIONS = {"--steps": "20", "--schedule": "8,1@50%", "--data": "data"}

    def compare_modes(self, modes):
        """Trains with each of these lists of options. Models and numbers of threads take turns."""
        for index, mode in enumerate(modes):
            with self.subTest(mode=mode):
                self.compare(MODELS[index % len(MODELS)], *split(mode), threads=(1 + index % 2,))

    def compare_nodes(self, names):
        """Trains each of these models, which are keys of NODES."""
        for name in names:
            with self.subTest(model=name):
                self.compare(name, NODES[name], threads=(2,))
