#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures trainers of scheme fp32, and PyTorch beside them, and writes the section "Scheme fp32" of docs/performance.md.

Usage: float_performance.py --models DIR [DIR ...] --baseline torch_baseline.py [--torch-python PYTHON]

The folders hold lenet.onnx and vgg_small_7.onnx; a model that is missing is left out. Scheme fp32 has to be fast enough
for comparisons: half of PyTorch's rate. Programs run in turn, and every number is a median of --rounds.
"""

import argparse
import datetime
import os
import sys
import tempfile

from performance import ROOT, Bench, describe_machine
from performance_page import FLOAT, best_of, middle, number, rate, ratio, replace_section, spread, table

MODELS = ("lenet", "vgg_small_7")
MODES = ("fp32", "fp32+compile")
GOAL = 0.5


class FloatBench(Bench):
    """Trainers in floats, and PyTorch in single precision."""

    compile_words = ("--scheme=fp32",)


def model_rows(name, runs):
    """One row per program; the speed of PyTorch is that of its faster mode."""
    best, theirs = best_of(runs, "fp32")
    share = ratio(middle(runs["qtc"], "images_per_second"), middle(theirs, "images_per_second"))
    reached = "not measured" if share is None else "yes" if share >= GOAL else "no"
    yield [f"{name}, qtc", rate(middle(runs["qtc"], "images_per_second")), spread(runs["qtc"]), len(runs["qtc"]),
           f"{number(share, 2)} of {best}", f"≥ {GOAL}", reached]  # fmt: skip
    for mode in MODES:
        if runs.get(mode):
            found = runs[mode]
            yield [f"{name}, PyTorch {mode}", rate(middle(found, "images_per_second")), spread(found), len(found), "-", "-", "-"]


def render(models, results, machine, options):
    rows = [row for name, entry in models.items() for row in model_rows(name, entry["runs"])]
    return (
        f"Written by `tools/dev/float_performance.py`; do not edit. Machine: {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['isas']}; PyTorch {results['torch']}. Batch {options.batch}, {options.threads} threads; PyTorch as above. "
        f"Measured {datetime.date.today().isoformat()}, {options.rounds} rounds, tree at {machine['commit']}.\n\n"
        + table(["model and program", "images/s", "from … to", "runs", "share of PyTorch's", "goal", "reached"], rows)
    )


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", required=True, metavar="DIR", help="folders with ONNX files")
    parser.add_argument("--qtc", default=os.path.join(ROOT, "build", "bin", "qtc"), help="the compiler")
    parser.add_argument("--baseline", required=True, metavar="FILE", help="torch_baseline.py")
    parser.add_argument("--torch-python", default=sys.executable, metavar="PYTHON", help="interpreter that has torch")
    parser.add_argument("--torch-steps", type=int, help="steps of one PyTorch run (default: 3 for vgg, else 50)")
    parser.add_argument("--only-models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--rounds", type=int, default=5, help="alternations")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prefix", default="", help="put before every measured command")
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "performance.md"), help="page with the section")
    options = parser.parse_args()
    # Measured commands run in a temporary folder.
    for name in ("qtc", "output", "baseline"):
        setattr(options, name, os.path.abspath(getattr(options, name)))
    options.models = [os.path.abspath(folder) for folder in options.models]
    options.modes = list(MODES)
    return options


def main():
    options = parse_arguments()
    results = {"torch": "not measured"}
    with tempfile.TemporaryDirectory(prefix="qtc-performance-") as work:
        bench = FloatBench(options, work, results)
        if not bench.chosen(MODELS):
            print("error: no model found; --models expects folders with ONNX files", file=sys.stderr)
            return 1
        models = bench.measure_models()["models"]
    text = render(models, results, describe_machine(options), options)
    print(text)
    replace_section(options.output, FLOAT, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
