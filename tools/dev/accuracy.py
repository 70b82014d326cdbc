#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains real models on real data, compares the test accuracies with floors and writes docs/accuracy.md.

Exit status 1 if a run ends below its floor, 2 if one cannot be made. The table is written once every run has a result:
made here, or read from the folder of an earlier run (--results), which must have been made with the same options.
The compiler is $QTC, or bin/qtc in $QTC_BUILD_DIR (default: build in the repository).
"""

import argparse
import dataclasses
import json
import os
import re
import statistics
import struct
import subprocess
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("QTC_BUILD_DIR", os.path.join(SOURCE, "build"))
QTC = os.environ.get("QTC", os.path.join(BUILD, "bin", "qtc"))


@dataclasses.dataclass(frozen=True)
class Run:
    name: str
    model: str
    reader: str
    data: str  # the option of this script with the folder
    epochs: int
    floor: float
    seed: int = 1
    options: tuple = ()

    def words(self, models, folder):
        words = ["train", os.path.join(models, self.model + ".onnx"), *self.options]
        return [*words, "--data", f"{self.reader}:{folder}", f"--epochs={self.epochs}", f"--seed={self.seed}"]

    def command(self):
        """What a reader types; the folders are placeholders."""
        return " ".join(["qtc", *self.words("", "DIR")])


CIFAR10 = ("--init=scheme", "--normalize=cifar10", "--augment=crop-flip")
RUNS = (
    *(Run(f"lenet-mnist-seed{seed}", "lenet", "mnist", "mnist", 5, 0.991, seed) for seed in (1, 2, 3)),
    Run("lenet-fashion-mnist", "lenet", "mnist", "fashion_mnist", 10, 0.903),
    Run("mlp-mnist", "mlp", "mnist", "mnist", 5, 0.975),
    Run("vgg_tiny-cifar10", "vgg_tiny", "cifar10", "cifar10", 8, 0.68, options=CIFAR10),
    Run("vgg_small_7-cifar10", "vgg_small_7", "cifar10", "cifar10", 5, 0.62, options=CIFAR10),
)
NAMES = [run.name for run in RUNS]


class Failure(Exception):
    """A run that has no result."""


def metadata(folder):
    with open(os.path.join(folder, "checkpoint.safetensors"), "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(size))["__metadata__"]


def check_options(run, folder):
    """Raises Failure unless the checkpoint in `folder` is the end of this run."""
    found = metadata(folder)
    compiled = json.loads(found["options"])
    given = dict(option[2:].split("=", 1) for option in run.options)
    expected = {
        "model": run.model,
        "seed": str(run.seed),
        "epoch": str(run.epochs),
        "step": found["total_steps"],
        "limit": "0",
        "shuffle": "true",
        "augment": given.get("augment", "none"),
        "init": given.get("init", "onnx"),
        "normalize": given.get("normalize", "none"),
        "batch": 128,
    }
    for key, value in expected.items():
        actual = found[key] if key in found and key != "batch" else compiled[key]
        if actual != value:
            raise Failure(f"{run.name}: the run in {folder} has {key} {actual}, not {value}")


def read_result(run, folder):
    """The lines of metrics.jsonl, one an epoch."""
    try:
        with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        check_options(run, folder)
    except (OSError, ValueError, KeyError, struct.error) as problem:
        raise Failure(f"{run.name}: no result in {folder}: {problem}") from problem
    if [line["epoch"] for line in lines] != list(range(run.epochs)):
        raise Failure(f"{run.name}: {folder} has {len(lines)} epochs, not {run.epochs}")
    return lines


def perform(run, options, cache, out):
    folder = getattr(options, run.data)
    if not folder:
        raise Failure(f"{run.name}: needs --{run.data.replace('_', '-')}")
    command = [QTC, *run.words(options.models, folder), "--out", out]
    print(f"{run.name}: {run.command()}", flush=True)
    # A cache of its own: no trainer of some earlier compiler.
    environment = dict(os.environ, XDG_CACHE_HOME=cache)
    completed = subprocess.run(command, stdin=subprocess.DEVNULL, env=environment, check=False)
    if completed.returncode != 0:
        raise Failure(f"{run.name}: exit status {completed.returncode}")
    return read_result(run, out)


def machine():
    """One line about the processor."""
    name = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    match = re.search(r"^model name\s*:\s*(.*)$", text, re.MULTILINE)
    if match:
        name = match.group(1)
    flags = set(text.split())
    isa = next((isa for isa in ("avx512_vnni", "avx_vnni", "avx2") if isa in flags), "baseline")
    return f"{name}, {len(os.sched_getaffinity(0))} cores, best instruction set {isa.replace('_', '')}"


HEAD = """# Accuracy

Test accuracies, in percent, after every epoch of training with the default scheme (NITI, 8-bit integers). Written by
`tools/dev/accuracy.py`, which fails if a run ends below its floor. The numbers follow from the command alone: instruction
set and thread count do not change them. The speed (median over the epochs) belongs to the machine.

"""


def percent(value):
    return f"{100 * value:.2f}"


def document(results, note):
    lines = ["| run | per epoch | final | floor | images/s |", "|---|---|---|---|---|"]
    for run in RUNS:
        if run.name not in results:
            lines.append(f"| {run.name} | not measured | | {100 * run.floor:.1f} | |")
            continue
        accuracies = [line["test_accuracy"] for line in results[run.name]]
        speed = statistics.median(line["images_per_second"] for line in results[run.name])
        epochs, final = " ".join(map(percent, accuracies)), percent(accuracies[-1])
        lines.append(f"| {run.name} | {epochs} | **{final}** | {100 * run.floor:.1f} | {speed:.0f} |")
    commands = [f"| {run.name} | `{run.command()}` |" for run in RUNS]
    models = "`DIR` is the folder of the data set. The models are PyTorch's exports, with its initial weights."
    return (
        HEAD
        + "\n".join(lines)
        + f"\n\nMachine: {machine()}.{' ' + note if note else ''}\n\n| run | command |\n|---|---|\n"
        + "\n".join(commands)
        + f"\n\n{models}\n"
    )


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0], epilog="runs: " + ", ".join(NAMES))
    parser.add_argument("models", metavar="MODELS", help="folder with the models, NAME.onnx")
    parser.add_argument("--mnist", metavar="DIR", help="folder with the four files of MNIST")
    parser.add_argument("--fashion-mnist", metavar="DIR", help="folder with the four files of Fashion-MNIST")
    parser.add_argument("--cifar10", metavar="DIR", help="folder with the binary version of CIFAR-10")
    parser.add_argument("--only", metavar="NAME", action="append", choices=NAMES, help="make this run (repeatable)")
    parser.add_argument(
        "--results", metavar="NAME=DIR", action="append", default=[], help="read this run from its folder (repeatable)"
    )
    parser.add_argument("--partial", action="store_true", help="write the table even if some runs have no result")
    parser.add_argument("--keep", metavar="DIR", help="leave the runs' folders in DIR, for --results")
    parser.add_argument("--note", metavar="TEXT", default="", help="a sentence to put after the machine")
    parser.add_argument("--output", metavar="FILE", default=os.path.join(SOURCE, "docs", "accuracy.md"))
    options = parser.parse_args()
    earlier = dict(word.partition("=")[::2] for word in options.results)
    for name, folder in earlier.items():
        if name not in NAMES or not folder:
            parser.error(f"--results {name}={folder}: not NAME=DIR with the name of a run")
    return options, earlier


def main():
    options, earlier = parse_arguments()
    results, low = {}, []
    with tempfile.TemporaryDirectory(prefix="qtc-accuracy-") as folder:
        for run in RUNS:
            if run.name in earlier:
                results[run.name] = read_result(run, earlier[run.name])
            elif not options.only or run.name in options.only:
                out = os.path.join(options.keep or folder, run.name)
                results[run.name] = perform(run, options, os.path.join(folder, "cache"), out)
            else:
                continue
            final = results[run.name][-1]["test_accuracy"]
            if final < run.floor:
                low.append(run.name)
            print(f"{run.name}: {percent(final)} (floor {100 * run.floor:.1f})", flush=True)
    if options.partial or len(results) == len(RUNS):
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(document(results, options.note))
    if low:
        print(f"error: below the floor: {', '.join(low)}", file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(2)
