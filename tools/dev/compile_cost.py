#!/usr/bin/env python3
# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""CPU seconds and peak memory of `qtc compile`, and how both grow with a model.

    compile_cost.py [--page docs/compile-time.md] [--qtc build/bin/qtc] [CASE ...]

Every case is compiled as a user would do it, for all instruction sets. Times are those of the processors, of the compiler
and of everything that it starts, so they depend little on what else the machine does; memory is that of the largest
process. tests/e2e/slow/test_compile_cost.py checks the growth against its bound.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RESNET50 = os.path.join(ROOT, "..", "shared", "models", "onnx-light", "light_resnet50.onnx")
SIZES = (100, 200, 400)
RUNS = 3
# For (cost(400) − cost(100)) / (cost(200) − cost(100)): 3 if the cost is per layer, 5 if it is per pair of layers.
GROWTH_BOUND = 3.5


class Network:
    """Collects the nodes and parameters of a model."""

    def __init__(self, input_shape):
        self.input_shape = input_shape
        self.nodes, self.parameters = [], []
        self.random = np.random.default_rng(0)

    def weight(self, *shape):
        fan_in = int(np.prod(shape[1:]))
        return self.parameter((self.random.standard_normal(shape) / np.sqrt(fan_in)).astype(np.float32))

    def constant(self, value, size):
        return self.parameter(np.full(size, value, np.float32))

    def parameter(self, values):
        name = f"p{len(self.parameters)}"
        self.parameters.append(numpy_helper.from_array(values, name))
        return name

    def add(self, op_type, *inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op_type, list(inputs), [name], name=f"{op_type}_{name}", **attributes))
        return name

    def gemm(self, value, inputs, outputs):
        return self.add("Gemm", value, self.weight(outputs, inputs), self.constant(0, outputs), transB=1)

    def conv(self, value, inputs, outputs, kernel, stride=1):
        return self.add(
            "Conv", value, self.weight(outputs, inputs, kernel, kernel),
            kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4,
        )

    def norm_relu(self, value, channels):
        statistics = [self.constant(initial, channels) for initial in (1, 0, 0, 1)]
        return self.add("Relu", self.add("BatchNormalization", value, *statistics))

    def save(self, path, logits, classes):
        self.nodes.append(helper.make_node("Identity", [logits], ["logits"]))
        graph = helper.make_graph(
            self.nodes, "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *self.input_shape])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", classes])],
            self.parameters,
        )
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def make_gemms(path, count):
    """A chain of `count` linear layers with ReLU."""
    net, value = Network([16]), "x"
    for _ in range(count - 1):
        value = net.add("Relu", net.gemm(value, 16, 16))
    net.save(path, net.gemm(value, 16, 10), 10)


def make_relus(path, count):
    """40 · `count` ReLUs between two linear layers: fewer cost too little to be measured."""
    net, count = Network([16]), 40 * count
    value = net.gemm("x", 16, 16)
    for _ in range(count):
        value = net.add("Relu", value)
    net.save(path, net.gemm(value, 16, 10), 10)


def make_concat(path, count):
    """A Concat of `count` linear layers."""
    net = Network([16])
    value = net.add("Concat", *(net.gemm("x", 16, 8) for _ in range(count)), axis=1)
    net.save(path, net.gemm(value, 8 * count, 10), 10)


def make_convolutions(path, count):
    """A chain of `count` convolutions with BatchNormalization and ReLU."""
    net, value, channels = Network([3, 8, 8]), "x", 3
    for _ in range(count):
        value = net.norm_relu(net.conv(value, channels, 8, 3), 8)
        channels = 8
    net.save(path, net.gemm(net.add("Flatten", value), 8 * 64, 10), 10)


def make_densenet(path):
    """DenseNet-121 as torchvision has it: growth 32, blocks of 6, 12, 24 and 16, for 224×224."""
    net, growth, channels = Network([3, 224, 224]), 32, 64
    value = net.norm_relu(net.conv("x", 3, channels, 7, stride=2), channels)
    value = net.add("MaxPool", value, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for number, layers in enumerate((6, 12, 24, 16)):
        features = [value]
        for _ in range(layers):
            joined = net.add("Concat", *features, axis=1) if len(features) > 1 else value
            inner = net.conv(net.norm_relu(joined, channels), channels, 4 * growth, 1)
            features.append(net.conv(net.norm_relu(inner, 4 * growth), 4 * growth, growth, 3))
            channels += growth
        value = net.norm_relu(net.add("Concat", *features, axis=1), channels)
        if number < 3:
            value = net.conv(value, channels, channels // 2, 1)
            value = net.add("AveragePool", value, kernel_shape=[2, 2], strides=[2, 2])
            channels //= 2
    value = net.add("Flatten", net.add("GlobalAveragePool", value))
    net.save(path, net.gemm(value, channels, 1000), 1000)


def make_pool(path, side):
    """A maximum pool over a whole image of `side` × `side`."""
    net = Network([1, side, side])
    value = net.add("GlobalMaxPool", net.conv("x", 1, 4, 3))
    net.save(path, net.gemm(net.add("Flatten", value), 4, 10), 10)


# Name: how the model is made, options of the compiler, bounds of seconds and MiB.
CASES = {
    "ResNet-50, niti": (None, ["--scheme=niti"], 20, None),
    "ResNet-50, fp32": (None, ["--scheme=fp32"], 20, None),
    "DenseNet-121, niti": (make_densenet, ["--scheme=niti"], 30, None),
    "DenseNet-121, fp32": (make_densenet, ["--scheme=fp32"], 30, None),
    "1000 Gemms, niti": (lambda path: make_gemms(path, 1000), ["--scheme=niti"], 60, 1536),
    "4000 ReLUs, niti": (lambda path: make_relus(path, 100), ["--scheme=niti"], None, None),
    "Concat of 2000, niti": (lambda path: make_concat(path, 2000), ["--scheme=niti"], None, None),
    "GlobalMaxPool 24×24, niti": (lambda path: make_pool(path, 24), ["--scheme=niti"], 2, None),
    "GlobalMaxPool 256×256, niti": (lambda path: make_pool(path, 256), ["--scheme=niti"], 2, None),
    "GlobalMaxPool 256×256, fp32": (lambda path: make_pool(path, 256), ["--scheme=fp32"], 2, None),
}

CHAINS = {
    "Gemm": make_gemms,
    "40 ReLUs": make_relus,
    "Concat": make_concat,
    "Conv + BatchNormalization": make_convolutions,
}


# Runs a command and prints its exit code, CPU seconds and peak KiB. It is a process of its own, because the system counts
# the memory of the process that starts another as the other's: this one has large models.
RUNNER = """
import os, sys
output = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
_, status, usage = os.wait4(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=output), 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


def measure(qtc, model, words):
    """CPU seconds and peak MiB of a compilation."""
    with tempfile.TemporaryDirectory() as folder:
        command = [qtc, "compile", model, "-o", os.path.join(folder, "trainer"), *words]
        runner = subprocess.run([sys.executable, "-I", "-S", "-c", RUNNER, *command], capture_output=True, text=True)
    if runner.returncode != 0 or not runner.stdout.startswith("0 "):
        raise RuntimeError(f"{' '.join(command)}: {runner.stderr}")
    _, seconds, kibibytes = runner.stdout.split()
    return float(seconds), int(kibibytes) / 1024


def count_instructions(qtc, model, words):
    """Instructions of the compiler itself, by valgrind: the same in every run, whatever else the machine does."""
    with tempfile.TemporaryDirectory() as folder:
        command = [qtc, "compile", model, "-o", os.path.join(folder, "trainer"), *words]
        tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        text = subprocess.run([*tool, *command], capture_output=True, text=True, check=True).stderr
    return int(re.search(r"Collected : (\d+)", text).group(1))


def measure_growth(qtc, make, words):
    """[(seconds, MiB)] for SIZES, the least of RUNS, and the growth of either: 3 is linear.

    Other programs add to the time of a compilation, and threads that run at once to its peak memory.
    """
    costs = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            model = os.path.join(folder, f"{size}.onnx")
            make(model, size)
            runs = [measure(qtc, model, words) for _ in range(RUNS)]
            costs.append(tuple(map(min, zip(*runs))))
    return costs, [grow(*(cost[index] for cost in costs)) for index in range(2)]


def grow(small, middle, large):
    """(large − small) / (middle − small). If doubling costs almost nothing, it is linear."""
    return 3.0 if middle - small < 0.02 * small else (large - small) / (middle - small)


def format_bound(bound, unit):
    return "" if bound is None else f"≤ {bound} {unit}"


def measure_cases(options):
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, (make, words, seconds_bound, memory_bound)) in enumerate(CASES.items()):
            if options.cases and not any(wanted.lower() in name.lower() for wanted in options.cases):
                continue
            model = RESNET50
            if make:
                model = os.path.join(folder, f"{number}.onnx")
                make(model)
            elif not os.path.exists(model):
                continue
            seconds, memory = measure(options.qtc, model, words)
            bounds = [format_bound(seconds_bound, "s"), format_bound(memory_bound, "MiB")]
            rows.append([name, f"{seconds:.1f}", f"{memory:.0f}", ", ".join(filter(None, bounds))])
            print("  ".join(rows[-1]), flush=True)
    return rows


def measure_chains(options):
    rows = []
    for name, make in CHAINS.items():
        if options.cases and not any(wanted.lower() in name.lower() for wanted in options.cases):
            continue
        costs, (time, memory) = measure_growth(options.qtc, make, ["--scheme=niti", *options.words])
        row = [name, *(f"{seconds:.1f}" for seconds, _ in costs), f"{time:.2f}"]
        rows.append([*row, *(f"{mebibytes:.0f}" for _, mebibytes in costs), f"{memory:.2f}"])
        print("  ".join(rows[-1]), flush=True)
    return rows


def print_instructions(options):
    for name, make in CHAINS.items():
        if options.cases and not any(wanted.lower() in name.lower() for wanted in options.cases):
            continue
        counts = []
        with tempfile.TemporaryDirectory() as folder:
            model = os.path.join(folder, "chain.onnx")
            for size in SIZES:
                make(model, size)
                counts.append(count_instructions(options.qtc, model, ["--scheme=niti", *options.words]))
        print(name, *(f"{count / 1e9:.2f} G" for count in counts), f"{grow(*counts):.2f}", sep="  ", flush=True)


def table(header, rows):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def write_page(path, cases, chains):
    sizes = [str(size) for size in SIZES]
    with open(path, "w", encoding="utf-8") as page:
        page.write(
            "# Compile time\n\n"
            "Written by `tools/dev/compile_cost.py`; do not edit. CPU seconds of `qtc compile` and the programs that it\n"
            "starts, for all instruction sets, and the peak memory of the largest process.\n\n"
            f"Machine: {os.cpu_count()} processors, {platform.machine()}, {platform.system()}.\n\n"
        )
        page.write(table(["model", "CPU s", "MiB", "bound"], cases))
        page.write(
            "\nGrowth is (c400 − c100) / (c200 − c100) for the cost c of a model of so many layers or operands: 3 where\n"
            f"each has its price, 5 where each pair has. `tests/e2e/slow/test_compile_cost.py` holds it to {GROWTH_BOUND}.\n\n"
        )
        seconds, memory = [size + ", s" for size in sizes], [size + ", MiB" for size in sizes]
        page.write(table(["chain, niti", *seconds, "growth", *memory, "growth"], chains))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--qtc", default=os.path.join(ROOT, "build", "bin", "qtc"), help="the compiler")
    parser.add_argument("--page", help="the page to write")
    parser.add_argument("--instructions", action="store_true", help="count those of chains, by valgrind, for minutes")
    parser.add_argument("--words", action="append", default=[], metavar="WORD", help="an option for the compiler, for chains")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="parts of names; none: all")
    options = parser.parse_args()
    if options.instructions:
        return print_instructions(options)
    cases, chains = measure_cases(options), measure_chains(options)
    if options.page:
        write_page(options.page, cases, chains)


if __name__ == "__main__":
    sys.exit(main())
