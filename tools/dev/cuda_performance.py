#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures trainers on an NVIDIA GPU, and PyTorch beside them, and writes the section CUDA of docs/performance.md.

Usage: cuda_performance.py --models DIR [DIR ...] [--baseline torch_baseline.py --torch-python PYTHON] [--sm N]
       [--tune]

The folders hold vgg_small_7.onnx, trained with NITI, and vgg7_wage.onnx, trained with WAGE; a model that is missing is
left out. Compile qtc first; tests/cuda/run.sh checks the trainers. Programs run in turn, and every number
is a median of --rounds. --render-only writes the section from --results, which has been measured before; without any,
every number is "not measured". On a machine without a compiler --compiled DIR takes the trainers that --compile DIR made
elsewhere, with the same --sm and --batch. With --torch-python, kernels of convolutions are compared with the products of matrices
that they amount to, by torch_int_mm.py, in the same run.
"""

import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from performance import ROOT, Bench, describe_machine
from performance_page import MODES, kind_rows, median, middle, number, rate, ratio, replace_section, spread, table

SCHEMES = {"vgg_small_7": "niti", "vgg7_wage": "wage"}
TITLE = "CUDA"
TUNED = "tuned"
NOT_MEASURED = "not measured"
# Percent of cuBLASLt's rate.
PRODUCT_GOAL = 60


class CudaBench(Bench):
    """Trainers for a GPU, and PyTorch on it."""

    torch_words = ("--device", "cuda")

    def bench_trainers(self, name):
        found = super().bench_trainers(name)
        if self.options.tune:
            found[TUNED] = self.bench(name, processor=TUNED)
        return found

    def trainer(self, name, batch, processor):
        """The processor TUNED stands for schedules that `--tune` chose."""
        folder = self.options.compiled or self.work
        output = os.path.join(folder, f"{name}.{batch}" + f".{TUNED}" * (processor == TUNED))
        words = [self.options.qtc, "compile", self.find_model(name), "-o", output, "--batch", str(batch)]
        words += ["--target=cuda", f"--sm={self.options.sm}", f"--scheme={SCHEMES[name]}", "--init=scheme"]
        if processor == TUNED:
            words += ["--tune", "--tune-file", f"{os.path.splitext(self.options.results)[0]}.{name}.tune.json"]
        if os.path.exists(output) or self.run(words) is not None:
            return output
        return None

    def steps(self, name, batch):
        return self.options.steps

    def products(self, name, layers):
        """{[node, pass]: rate of the product of matrices in GMAC/s} of the convolutions that have an input gradient."""
        shapes = find_products(self.find_model(name), self.options.batch)
        inner = {layer["node"] for layer in layers if layer["pass"] == "input gradient"}
        wanted = {key: "x".join(map(str, shape)) for key, shape in shapes.items() if key[0] in inner}
        if not wanted:
            return []
        script = os.path.join(ROOT, "tools", "dev", "torch_int_mm.py")
        text = self.run([self.options.torch_python, script, *dict.fromkeys(wanted.values())])
        rates = dict(re.findall(r"^(\S+) gmacs_per_second=(\S+)$", text or "", re.MULTILINE))
        return [[*key, float(rates[shape])] for key, shape in wanted.items() if shape in rates]


def find_products(path, batch):
    """{(node, pass): (rows, columns, depth)} of the convolutions of a model without groups."""
    import onnx
    from onnx import shape_inference

    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = batch
    graph = shape_inference.infer_shapes(model).graph
    infos = [*graph.input, *graph.value_info, *graph.output]
    shapes = {info.name: [dim.dim_value for dim in info.type.tensor_type.shape.dim] for info in infos}
    shapes.update((tensor.name, list(tensor.dims)) for tensor in graph.initializer)
    found = {}
    for node in graph.node:
        groups = next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
        if node.op_type != "Conv" or groups != 1:
            continue
        (n, c, h, w), (o, _, kh, kw), (*_, oh, ow) = (shapes[name] for name in (*node.input[:2], node.output[0]))
        found[node.name, "forward"] = (n * oh * ow, o, c * kh * kw)
        found[node.name, "input gradient"] = (n * h * w, c, o * kh * kw)
        found[node.name, "weight gradient"] = (o, c * kh * kw, n * oh * ow)
    return found


def product_rows(name, entry):
    """One row per convolution and pass: its rate, that of the product, and whether the goal is reached."""
    layers = {}
    for run in entry["runs"]["qtc"]:
        for layer in run["layers"]:
            rate = 1e-6 * layer["macs"] / layer["kernel_milliseconds"] if layer["kernel_milliseconds"] else None
            layers.setdefault((layer["node"], layer["pass"]), []).append(rate)
    for node, step, theirs in entry.get("products", []):
        ours = median(layers.get((node, step), []))
        share = ratio(100 * ours, theirs) if ours else None
        reached = NOT_MEASURED if share is None else "yes" if share >= PRODUCT_GOAL else "no"
        yield [f"{name}, {node} {step}", number(ours, 0), number(theirs, 0), number(share), reached]


def model_rows(name, entry, batch):
    """The rows of one model; `entry` is None where it was not measured."""
    runs = entry["runs"] if entry else {}
    ours = middle(runs.get("qtc"), "images_per_second")
    memory = middle(runs.get("qtc"), "planned_bytes")

    def row(program, found, factor, mebibytes):
        speed = middle(found, "images_per_second")
        cells = [rate(speed), spread(found), len(found or ()), number(factor, 2), number(mebibytes, 0)]
        return [f"{name}, {program}", batch, *(cells if speed is not None else [NOT_MEASURED, "-", 0, "-", "-"])]

    yield row(f"qtc {SCHEMES[name].upper()}", runs.get("qtc"), 1.0, memory / 2**20 if memory else None)
    if TUNED in runs:
        factor = ratio(ours, middle(runs[TUNED], "images_per_second"))
        yield row(f"qtc {SCHEMES[name].upper()}, tuned", runs[TUNED], factor, memory / 2**20 if memory else None)
    for mode in MODES:
        found = runs.get(mode)
        factor = ratio(ours, middle(found, "images_per_second"))
        yield row(f"PyTorch {mode}", found, factor, middle(found, "peak_mib"))


def render(results):
    """The text of the section."""
    text = "Written by `tools/dev/cuda_performance.py`; do not edit. "
    models = results.get("models", {})
    if models:
        text += (
            f"GPU: {results['gpu']}. Processor: {results['cpu']}. qtc at {results['commit']}, sm_{results['sm']}; PyTorch "
            f"{results['torch']}. Measured {results['date']}, {results['rounds']} rounds. Memory of qtc is what a model "
            "plans on the GPU, that of PyTorch its peak there."
        )
    else:
        text += "No trainer has run on a GPU yet."
    rows = [row for name in SCHEMES for row in model_rows(name, models.get(name), results.get("batch", 1024))]
    head = ["model and program", "batch", "images/s", "from … to", "runs", "qtc is … times as fast", "MiB"]
    text += "\n\n" + table(head, rows)
    benches = {name: entry["runs"]["qtc"] for name, entry in models.items() if entry["runs"]["qtc"]}
    if benches:
        text += (
            "\nBy kind of kernel, from half a percent on, launched one by one; bound: bytes at the copy bandwidth of "
            f"{number(max(middle(runs, 'bandwidth_gigabytes_per_second') for runs in benches.values()))} GB/s.\n\n"
        )
        text += table(["model, kind", "ms", "% of step", "bound, ms"], kind_rows(benches))
    products = [row for name, entry in models.items() for row in product_rows(name, entry)]
    if products:
        text += (
            "\nKernels of convolutions, helpers excluded, and PyTorch's `_int_mm` (cuBLASLt) on the product of matrices that "
            f"each amounts to, GMAC/s; the goal is {PRODUCT_GOAL} %.\n\n"
        )
        text += table(["model, layer and pass", "qtc", "_int_mm", "%", "reached"], products)
    return text


def find_gpu():
    """The output of nvidia-smi for the first GPU, and ten times its compute capability, or Nones."""
    words = ["nvidia-smi", "-i", "0", "--format=csv,noheader", "--query-gpu=name,memory.total,driver_version,compute_cap"]
    if not shutil.which(words[0]):
        return None, None
    outcome = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    fields = outcome.stdout.strip().split(", ")
    if outcome.returncode != 0 or len(fields) != 4:
        return None, None
    return f"{fields[0]}, {fields[1]}, driver {fields[2]}", int(fields[3].replace(".", ""))


def newest_supported(capability):
    """The newest of the capabilities that `qtc compile --sm` and the GPU support."""
    if capability == 90:
        return "90a"
    return max((str(known) for known in (75, 80, 86, 89, 90) if known <= capability), default=None)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=[], metavar="DIR", help="folders with ONNX files")
    parser.add_argument("--qtc", default=os.path.join(ROOT, "build", "bin", "qtc"), help="the compiler")
    parser.add_argument("--baseline", metavar="FILE", help="torch_baseline.py; without it PyTorch is left out")
    parser.add_argument("--torch-python", default=sys.executable, metavar="PYTHON", help="interpreter that has torch")
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=list(MODES), help="PyTorch modes")
    parser.add_argument("--torch-steps", type=int, default=30, help="steps of one PyTorch run")
    parser.add_argument("--only-models", nargs="+", default=list(SCHEMES), choices=list(SCHEMES))
    parser.add_argument("--sm", help="compute capability, times ten (default: the newest that the GPU runs)")
    tune = "measure trainers with --tune, too; its choices are kept beside --results"
    parser.add_argument("--tune", action="store_true", help=tune)
    places = parser.add_mutually_exclusive_group()
    places.add_argument("--compile", metavar="DIR", help="compile the trainers into DIR and stop; needs --sm")
    places.add_argument("--compiled", metavar="DIR", help="measure the trainers in DIR")
    parser.add_argument("--steps", type=int, default=30, help="steps of one run of a trainer")
    parser.add_argument("--rounds", type=int, default=5, help="alternations")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--prefix", default="", help="put before every measured command")
    results = os.path.join(ROOT, "build", "cuda_performance.json")
    parser.add_argument("--results", default=results, help="measurements")
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "performance.md"), help="page with the section")
    parser.add_argument("--render-only", action="store_true", help="write the section from --results")
    options = parser.parse_args()
    for name in ("qtc", "results", "output", "baseline", "compile", "compiled"):
        if getattr(options, name):
            setattr(options, name, os.path.abspath(getattr(options, name)))
    options.models = [os.path.abspath(folder) for folder in options.models]
    options.threads = len(os.sched_getaffinity(0))
    return options


def open_bench(options, work, results):
    bench = CudaBench(options, work, results)
    if not bench.chosen(SCHEMES):
        raise SystemExit("error: no model found; --models expects folders with ONNX files")
    return bench


def compile_trainers(options):
    """True if there is one of every model."""
    os.makedirs(options.compile, exist_ok=True)
    bench = open_bench(options, options.compile, {})
    return all([bench.trainer(name, options.batch, "native") for name in bench.chosen(SCHEMES)])


def measure(options, gpu):
    results = {"torch": NOT_MEASURED}
    with tempfile.TemporaryDirectory(prefix="qtc-performance-") as work:
        bench = open_bench(options, work, results)
        models = bench.measure_models()["models"]
        for name, entry in models.items() if options.baseline else ():
            if entry["runs"]["qtc"]:
                entry["products"] = bench.products(name, entry["runs"]["qtc"][0]["layers"])
    machine = describe_machine(options)
    results.update(
        models=models, gpu=gpu or "unknown", cpu=machine["cpu"], commit=machine["commit"], sm=options.sm,
        batch=options.batch, rounds=options.rounds, date=datetime.date.today().isoformat(),
    )  # fmt: skip
    with open(options.results, "w", encoding="utf-8") as file:
        json.dump(results, file)
    return results


def main():
    options = parse_arguments()
    if options.render_only:
        results = {}
        if os.path.exists(options.results):
            with open(options.results, encoding="utf-8") as file:
                results = json.load(file)
    else:
        gpu, capability = find_gpu()
        options.sm = options.sm or (capability and newest_supported(capability))
        if not options.sm:
            raise SystemExit("error: nvidia-smi shows no GPU that qtc has code for; name a capability with --sm")
        if options.compile:
            return 0 if compile_trainers(options) else 1
        results = measure(options, gpu)
    text = render(results)
    print(text)
    replace_section(options.output, TITLE, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
