#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures the speed of trainers, and of PyTorch beside them, and writes docs/performance.md.

Usage: performance.py --models DIR [DIR ...] [--baseline torch_baseline.py --torch-python PYTHON] [--only SECTION ...]

The folders hold mlp.onnx, lenet.onnx, vgg_small_7.onnx and vgg7_wage.onnx; a model that is missing is left out.
torch_baseline.py is called as `torch_baseline.py MODEL --batch N --steps N --threads N --modes fp32|bf16 [--compile]`
and prints ms_per_step=, images_per_second= and peak_mib=. What is compared runs alternately; every number of the page
is a median. What was measured is kept in --results, and the page shows all of it, so sections can be measured one at
a time.
On a machine that others use, --prefix puts a command before every measured one, for instance --prefix 'nice -n -15'.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODELS = ("mlp", "lenet", "vgg_small_7", "vgg7_wage")
BIG = ("vgg_small_7", "vgg7_wage")
SCALED = ("lenet", "vgg_small_7")
BATCHES = (1, 8, 32, 128, 512)
ISAS = ("avx512vnni", "avxvnni", "avx2", "baseline")
CHAINS = (25, 50, 100)
MODES = {
    "fp32": ["--modes", "fp32"],
    "fp32+compile": ["--modes", "fp32", "--compile"],
    "bf16": ["--modes", "bf16"],
    "bf16+compile": ["--modes", "bf16", "--compile"],
}
PASSES = {"conv2d": "forward", "input_gradient": "input gradient", "weight_gradient": "weight gradient"}


def median(values):
    return statistics.median(values) if values else None


class Bench:
    """Runs trainers and the baseline; `results` is what the page is made from."""

    def __init__(self, options, work, results):
        self.options, self.work, self.results = options, work, results
        self.prefix = shlex.split(options.prefix)

    def find_model(self, name):
        for folder in self.options.models:
            path = os.path.join(folder, name + ".onnx")
            if os.path.exists(path):
                return path
        return None

    def chosen(self, names):
        names = [name for name in names if not self.options.only_models or name in self.options.only_models]
        return [name for name in names if self.find_model(name)]

    def run(self, command, **settings):
        """Standard output of a measured command, or None after saying why it failed."""
        outcome = subprocess.run(
            self.prefix + command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.work,
            check=False,
            **settings,
        )
        if outcome.returncode == 0:
            return outcome.stdout
        lines = outcome.stderr.strip().splitlines() or ["no message"]
        print(f"  failed: {' '.join(command)}: {lines[-1]}", file=sys.stderr)
        return None

    def compile(self, path, batch, output):
        """Path of a trainer, and the seconds its compilation took."""
        output = os.path.join(self.work, output)
        begin = time.monotonic()
        text = self.run([self.options.qtc, "compile", path, "--batch", str(batch), "-o", output])
        return (output if text is not None else None), time.monotonic() - begin

    def trainer(self, name, batch=None):
        batch = batch or self.options.batch
        output = os.path.join(self.work, f"{name}.{batch}")
        return output if os.path.exists(output) else self.compile(self.find_model(name), batch, output)[0]

    def steps(self, name, batch=None):
        """Enough steps for a median, in bounded time."""
        if name in BIG:
            return max(3, min(50, 640 // (batch or self.options.batch)))
        return max(20, min(500, 32000 // (batch or self.options.batch)))

    def bench(self, name, batch=None, threads=None, isa=None):
        trainer = self.trainer(name, batch)
        if not trainer:
            return None
        text = self.run(
            [trainer, "bench", "--json", "--threads", str(threads or self.options.threads)]
            + ["--steps", str(self.steps(name, batch))]
            + (["--isa", isa] if isa else [])
        )
        return json.loads(text) if text else None

    def torch(self, name, mode):
        steps = self.options.torch_steps or (3 if name in BIG else 100)
        text = self.run(
            [self.options.torch_python, self.options.baseline, name, "--batch", str(self.options.batch)]
            + ["--threads", str(self.options.threads), "--steps", str(steps)]
            + MODES[mode]
        )
        found = dict(re.findall(r"(\w+)=(\S+)", text or ""))
        if "images_per_second" not in found:
            return None
        self.results["torch version"] = found.get("torch", "unknown")
        # From ms_per_step: the other number is rounded to a whole one.
        return {
            "images_per_second": self.options.batch / float(found["ms_per_step"]) * 1e3,
            "peak_mib": float(found["peak_mib"]),
        }

    # One method a section. Each returns what the page needs of it.

    def measure_torch(self):
        """Against PyTorch."""
        section = dict(self.results.get("torch", {}).get("data", {}))
        for name in self.chosen(MODELS):
            runs = {"qtc": []}
            modes = [mode for mode in MODES if mode in self.options.modes]
            for round in range(self.options.rounds):
                found = self.bench(name)
                if not found:
                    break
                runs["qtc"].append(
                    {
                        "images_per_second": found["images_per_second"],
                        "peak_mib": found["peak_resident_bytes"] / 2**20,
                        "percent_of_peak": found["total"]["percent_of_peak"],
                        "percent_not_mac": found["percent_not_mac"],
                    }
                )
                for mode in list(modes):
                    other = self.torch(name, mode)
                    if other:
                        runs.setdefault(mode, []).append(other)
                    else:
                        modes.remove(mode)
                print(
                    f"  {name} {round + 1}: "
                    + ", ".join(f"{key} {values[-1]['images_per_second']:.0f}" for key, values in runs.items()),
                    flush=True,
                )
            if runs["qtc"]:
                section[name] = runs
        return section

    def measure_layers(self):
        """Where the step goes."""
        section = dict(self.results.get("layers", {}).get("data", {}))
        for name in self.chosen(MODELS):
            found = list(filter(None, (self.bench(name) for _ in range(self.options.rounds))))
            if not found:
                continue
            # The run with the median step: its rows add up.
            found.sort(key=lambda bench: bench["milliseconds_per_step"])
            section[name] = found[len(found) // 2]
        return section

    def measure_threads(self):
        """Threads."""
        return self.alternate({str(count): {"threads": count} for count in range(1, self.options.threads + 1)}, MODELS)

    def measure_isas(self):
        """Instruction sets."""
        return self.alternate({isa: {"isa": isa} for isa in ISAS[:3]}, ("lenet", "vgg_small_7"))

    def measure_batches(self):
        """Batch sizes."""
        return self.alternate({str(batch): {"batch": batch} for batch in BATCHES}, SCALED)

    def alternate(self, cases, names):
        section = {}
        for name in self.chosen(names):
            runs = {}
            for round in range(self.options.rounds):
                for case, settings in cases.items():
                    found = self.bench(name, **settings)
                    if found:
                        runs.setdefault(case, []).append(
                            {
                                "images_per_second": found["images_per_second"],
                                "milliseconds": found["milliseconds_per_step"],
                                "peak_gmacs": found["peak_gmacs_per_second"],
                                "percent_of_peak": found["total"]["percent_of_peak"],
                            }
                        )
                print(
                    f"  {name} {round + 1}: "
                    + ", ".join(f"{case} {values[-1]['images_per_second']:.0f}" for case, values in runs.items()),
                    flush=True,
                )
            section[name] = runs
        return section

    def measure_compile(self):
        """Compilation."""
        section = {}
        path = self.find_model("vgg_small_7")
        models = {"vgg_small_7": path} if path else {}
        models.update({f"{layers} convolutions": self.make_chain(layers) for layers in CHAINS})
        for name, path in models.items():
            rounds = self.options.rounds if name == "vgg_small_7" else 1
            times = []
            for _ in range(rounds):
                output, seconds = self.compile(path, self.options.batch, "compiled")
                if output:
                    times.append(seconds)
            print(f"  {name}: {times}", flush=True)
            section[name] = times
        return section

    def make_chain(self, layers):
        """An ONNX file of 3x3 convolutions of 16 channels with ReLU, and a classifier."""
        import numpy as np
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        random = np.random.default_rng(1)
        nodes, weights, value, channels = [], [], "x", 3

        def weight(name, *shape):
            data = (random.standard_normal(shape) * 0.1).astype(np.float32)
            weights.append(numpy_helper.from_array(data, name))

        for layer in range(layers):
            weight(f"w{layer}", 16, channels, 3, 3)
            nodes.append(
                helper.make_node("Conv", [value, f"w{layer}"], [f"c{layer}"], f"conv{layer}", pads=[1, 1, 1, 1])
            )
            nodes.append(helper.make_node("Relu", [f"c{layer}"], [f"r{layer}"], f"relu{layer}"))
            value, channels = f"r{layer}", 16
        weight("head", 16 * 16 * 16, 10)
        nodes.append(helper.make_node("Flatten", [value], ["flat"], "flatten"))
        nodes.append(helper.make_node("MatMul", ["flat", "head"], ["logits"], "head"))
        graph = helper.make_graph(
            nodes,
            "chain",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 16, 16])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10])],
            weights,
        )
        path = os.path.join(self.work, f"chain{layers}.onnx")
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        onnx.save(model, path)
        return path


SECTIONS = {name[len("measure_") :]: name for name in dir(Bench) if name.startswith("measure_")}


def describe_machine(options):
    model, cores = platform.processor(), os.cpu_count()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    names = re.findall(r"^model name\s*: (.*)$", text, re.MULTILINE)
    flags = set(re.search(r"^flags\s*: (.*)$", text, re.MULTILINE).group(1).split())
    wanted = ("avx2", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8")
    code = re.search(r"^cpu family\s*: (\d+)\nmodel\s*: (\d+)$", text, re.MULTILINE)
    version = subprocess.run([options.qtc, "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout.split()
    commit = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", ROOT, "describe", "--always", "--dirty"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "cpu": (names[0] if names else model) + (f", family {code[1]} model {code[2]}" if code else ""),
        "cores": len(os.sched_getaffinity(0)) or cores,
        "isas": ", ".join(flag for flag in wanted if flag in flags),
        "memory": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "qtc": version[-1] if version else "unknown",
        "commit": commit or "unknown",
    }


# The page.


def table(head, rows):
    align = ["---"] + ["---:"] * (len(head) - 1)
    lines = (head, align, *rows)
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def number(value, digits=1, suffix=""):
    return "-" if value is None else f"{value:.{digits}f}{suffix}"


def rate(value):
    return "-" if value is None else f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def middle(runs, key):
    return median([run[key] for run in runs or [] if run[key] is not None])


def spread(runs, key):
    values = [run[key] for run in runs or []]
    return "-" if len(values) < 2 else f"{rate(min(values))} to {rate(max(values))}"


def verdict(value, goal, at_most=False):
    if value is None:
        return "not measured"
    return "yes" if (value <= goal if at_most else value >= goal) else "no"


def best_of(runs, mode):
    """The faster of eager and compiled: its name and its runs."""
    found = [(name, runs[name]) for name in (mode, mode + "+compile") if runs.get(name)]
    return max(found, key=lambda entry: middle(entry[1], "images_per_second")) if found else (None, [])


def ratio(over, under):
    return over / under if over is not None and under else None


def attribute(ops):
    """Milliseconds and MACs of each pass of each node, with everything that a pass needs. Operands are packed before a
    kernel; what follows one finishes it: requantizing, unpacking, update. An activation's element-wise work belongs to
    the kernel whose result it requantizes: forward the last convolution, backward the last input gradient. Pools stay
    apart.
    """
    passes, waiting, last = {}, {}, {}
    for op in ops:
        node, kind = op["name"], op["kind"]
        if kind in PASSES:
            entry = passes.setdefault((node, PASSES[kind]), {"kernel": 0.0, "helpers": 0.0, "macs": 0.0, "bound": None})
            entry["kernel"] += op["milliseconds"]
            entry["helpers"] += waiting.pop(node, 0.0)
            entry["macs"] += (op["gmacs_per_second"] or 0) * op["milliseconds"] * 1e6
            entry["bound"] = op["bound"]
            last[node] = last[kind] = entry
        elif node in last and (kind == "elementwise" or last[node] is last.get("weight_gradient")):
            last[node]["helpers"] += op["milliseconds"]
        elif kind == "elementwise" and node not in waiting and "conv2d" in last:
            last["input_gradient" if "input_gradient" in last else "conv2d"]["helpers"] += op["milliseconds"]
        else:
            waiting[node] = waiting.get(node, 0.0) + op["milliseconds"]
    return passes


def page_torch(data, goals):
    rows = []
    for name in MODELS:
        runs = data.get(name)
        if not runs:
            goals.append([f"{name} against PyTorch", "≥ 4×, bf16 ≥ 2×", "-", "not measured"])
            continue
        ours = middle(runs["qtc"], "images_per_second")
        rows.append(
            [
                f"{name}, qtc",
                rate(ours),
                spread(runs["qtc"], "images_per_second"),
                "1",
                number(middle(runs["qtc"], "peak_mib")),
                "1",
            ]
        )
        for mode in MODES:
            if runs.get(mode):
                theirs = middle(runs[mode], "images_per_second")
                memory = middle(runs["qtc"], "peak_mib") / middle(runs[mode], "peak_mib")
                rows.append(
                    [
                        f"{name}, PyTorch {mode}",
                        rate(theirs),
                        spread(runs[mode], "images_per_second"),
                        number(ours / theirs, 2),
                        number(middle(runs[mode], "peak_mib")),
                        number(memory, 3),
                    ]
                )
        for mode, goal in (("fp32", 4), ("bf16", 2)):
            best, other = best_of(runs, mode)
            found = ratio(ours, middle(other, "images_per_second"))
            # The goal is against the better of eager and compiled: with one missing, it is not shown.
            reached = verdict(found, goal)
            if reached == "yes" and not (runs.get(mode) and runs.get(mode + "+compile")):
                reached = "open: compared with eager only" if best == mode else "open: compared with compiled only"
            goals.append(
                [
                    f"{name} against PyTorch {mode}",
                    f"≥ {goal}×",
                    number(found, 2, "×") + (f" ({best})" if best else ""),
                    reached,
                ]
            )
        # A mode that compiles needs more memory, so this is against the smaller one.
        found = ratio(middle(runs["qtc"], "peak_mib"), middle(runs.get("fp32"), "peak_mib"))
        goals.append(
            [
                f"{name}, peak resident memory against PyTorch fp32",
                "≤ 1/4",
                number(found, 3),
                verdict(found, 0.25, at_most=True),
            ]
        )
    return table(
        ["model and program", "images/s", "from … to", "qtc is … times as fast", "peak MiB", "qtc's share"], rows
    )


def page_layers(data, goals):
    rows = [
        [
            name,
            number(bench["milliseconds_per_step"], 3),
            number(bench["total"]["percent_of_peak"]),
            number(bench["percent_not_mac"]),
            number(bench["peak_gmacs_per_second"]),
            number(bench.get("bandwidth_gigabytes_per_second")),
        ]
        for name, bench in data.items()
    ]
    text = table(["model", "ms/step", "% of peak", "% of time not MAC kernels", "peak, GMAC/s", "copy, GB/s"], rows)
    rows = []
    for name, bench in data.items():
        kinds = {}
        for op in bench["ops"]:
            entry = kinds.setdefault(op["kind"], [0.0, 0.0])
            entry[0] += op["milliseconds"]
            entry[1] += op["milliseconds"] * (op["percent_of_bound"] or 0) / 100
        for kind, (taken, bound) in sorted(kinds.items(), key=lambda entry: -entry[1][0]):
            share = 100 * taken / bench["milliseconds_per_step"]
            if share >= 0.5:
                rows.append([f"{name}, {kind}", number(taken, 3), number(share), number(bound, 3) if bound else "-"])
    text += "\nBy kind of operation, from half a percent on; bound: the time at the roofline.\n\n"
    text += table(["model, kind", "ms", "% of step", "bound, ms"], rows)
    bench = data.get("vgg_small_7")
    if not bench:
        return text
    peak = bench["peak_gmacs_per_second"] * 1e9
    rows, shares = [], {}
    first = next(op["name"] for op in bench["ops"] if op["kind"] == "conv2d")  # 3 channels
    for (node, step), entry in attribute(bench["ops"]).items():
        alone = 100 * entry["macs"] / (entry["kernel"] * 1e-3) / peak
        whole = 100 * entry["macs"] / ((entry["kernel"] + entry["helpers"]) * 1e-3) / peak
        rows.append(
            [
                f"{node} {step}",
                number(entry["macs"] * 1e-9, 2),
                number(entry["kernel"], 2),
                number(entry["helpers"], 2),
                number(alone),
                number(whole),
                entry["bound"] or "-",
            ]
        )
        if "Conv" in node and node != first:
            shares.setdefault(step, []).append(whole)
    text += (
        "\n`vgg_small_7` by layer. Kernel: the multiply-accumulates alone; with helpers: packing, requantizing with "
    )
    text += "ReLU, and update too.\n\n"
    text += table(
        ["layer and pass", "GMAC", "kernel ms", "helpers ms", "kernel % of peak", "with helpers", "bound"], rows
    )
    for step, goal in (("forward", 80), ("input gradient", 75), ("weight gradient", 70)):
        if shares.get(step):
            goals.append(
                [
                    f"3×3 convolutions, ≥ 128 channels, {step}, helpers included: lowest",
                    f"≥ {goal} %",
                    f"{min(shares[step]):.1f} % (median {median(shares[step]):.1f} %)",
                    verdict(min(shares[step]), goal),
                ]
            )
    total = bench["total"]["percent_of_peak"]
    goals.append(["whole vgg_small_7 step", "≥ 65 % of peak", number(total, 1, " %"), verdict(total, 65)])
    rest = bench["percent_not_mac"]
    goals.append(["vgg_small_7, not MAC kernels", "≤ 15 %", number(rest, 1, " %"), verdict(rest, 15, at_most=True)])
    return text


def page_threads(data, goals):
    rows = []
    for name, runs in data.items():
        one = middle(runs.get("1"), "images_per_second")
        for case, found in runs.items():
            value = middle(found, "images_per_second")
            rows.append(
                [
                    f"{name}, {case}",
                    rate(value),
                    number(ratio(value, one), 2),
                    number(middle(found, "peak_gmacs")),
                    number(middle(found, "percent_of_peak")),
                ]
            )
        gain = ratio(middle(runs.get("2"), "images_per_second"), one)
        goals.append([f"{name}, 2 threads over 1", "≥ 1.9×", number(gain, 2, "×"), verdict(gain, 1.9)])
    return table(["model, threads", "images/s", "over 1 thread", "peak, GMAC/s", "% of peak"], rows)


def page_isas(data, goals):
    rows = []
    for name, runs in data.items():
        best = middle(runs.get("avx512vnni"), "percent_of_peak")
        for isa, found in runs.items():
            share = middle(found, "percent_of_peak")
            relative = ratio(share, best)
            rows.append(
                [
                    f"{name}, {isa}",
                    rate(middle(found, "images_per_second")),
                    number(middle(found, "peak_gmacs")),
                    number(share),
                    number(relative, 2),
                ]
            )
            if isa != "avx512vnni":
                goals.append(
                    [
                        f"{name}, {isa}: share of its peak over avx512vnni's of its own",
                        "≥ 0.85",
                        number(relative, 2),
                        verdict(relative, 0.85),
                    ]
                )
    return table(["model, --isa", "images/s", "its peak, GMAC/s", "% of its peak", "over avx512vnni's"], rows)


def page_batches(data, goals):
    rows = []
    for name, runs in data.items():
        rates = {int(case): middle(found, "images_per_second") for case, found in runs.items()}
        for batch in sorted(rates):
            found = runs[str(batch)]
            rows.append(
                [
                    f"{name}, {batch}",
                    rate(rates[batch]),
                    number(middle(found, "milliseconds"), 3),
                    number(middle(found, "percent_of_peak")),
                ]
            )
        order = [rates[batch] for batch in sorted(rates)]
        falls = min((after / before for before, after in zip(order, order[1:])), default=None)
        goals.append(
            [
                f"{name}, images/s of a batch over those of the next smaller: lowest",
                "≥ 1",
                number(falls, 3),
                verdict(falls, 1),
            ]
        )
        if name == "vgg_small_7" and runs.get("1"):
            share = middle(runs["1"], "percent_of_peak")
            goals.append(
                [
                    "vgg_small_7, batch 1 over its MAC bound",
                    "≤ 3×",
                    number(100 / share, 2, "×"),
                    verdict(100 / share, 3, at_most=True),
                ]
            )
    return table(["model, batch", "images/s", "ms/step", "% of peak"], rows)


def page_compile(data, goals):
    rows = [[name, number(median(times), 1), len(times)] for name, times in data.items()]
    for name, goal in (("vgg_small_7", 10), (f"{CHAINS[-1]} convolutions", 60)):
        found = median(data.get(name))
        goals.append(
            [
                f"`qtc compile`, {name}, all variants",
                f"≤ {goal} s",
                number(found, 1, " s"),
                verdict(found, goal, at_most=True),
            ]
        )
    first, last = (median(data.get(f"{count} convolutions")) for count in (CHAINS[0], CHAINS[-1]))
    growth = ratio(last, first)
    goals.append(
        [
            f"{CHAINS[-1]} layers over {CHAINS[0]}",
            f"≤ {CHAINS[-1] / CHAINS[0]:.0f}×",
            number(growth, 2, "×"),
            verdict(growth, CHAINS[-1] / CHAINS[0], at_most=True),
        ]
    )
    return table(["model", "s", "runs"], rows)


PAGES = {
    "torch": (
        "Against PyTorch",
        page_torch,
        "SGD with momentum, channels-last, synthetic input, each mode in a process of its own; the programs ran "
        "alternately. Medians, with the range of the runs.",
    ),
    "layers": (
        "Where the step goes",
        page_layers,
        "Of the run with the median step. The peak is dot-product instructions on registers, all threads at once, "
        "in the same process; `bound` is the larger of multiply-accumulates at that peak "
        "and bytes at the copy bandwidth.",
    ),
    "threads": ("Threads", page_threads, "Each share is of the peak of as many threads."),
    "isas": (
        "Instruction sets",
        page_isas,
        "Forced with `--isa`; each share is of that instruction set's own measured peak.",
    ),
    "batches": ("Batch sizes", page_batches, ""),
    "compile": (
        "Compilation",
        page_compile,
        "All instruction sets, one trainer. The chains are 3×3 convolutions of 16 channels on 16×16 pixels with ReLU.",
    ),
}


def write_page(results, path):
    goals, parts = [], []
    for name, (title, render, intro) in PAGES.items():
        section = results.get(name)
        if not section:
            continue
        body = render(section["data"], goals)
        when = (
            f"Measured {section['date']}, {section['rounds']} rounds, tree at {section['commit']}; "
            f"load average {section['load before']} before and {section['load after']} after."
        )
        parts.append(f"## {title}\n\n{(intro + chr(10) * 2) if intro else ''}{body}\n{when}\n")
    machine = results["machine"]
    text = [
        "# Speed on the CPU\n",
        "Written by `tools/dev/performance.py`; do not edit. Ratios count, not absolute times.\n",
    ]
    text.append(
        f"Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory']} GiB, {machine['isas']}; "
        f"Linux {machine['kernel']}. qtc {machine['qtc']}, scheme NITI; "
        f"PyTorch {results.get('torch version', 'not measured')}. "
        f"Batch {machine['batch']} and {machine['threads']} threads where nothing else is said.\n"
    )
    if results.get("note"):
        text.append(results["note"] + "\n")
    text.append("## Goals\n\n" + table(["what", "goal", "measured", "reached"], goals))
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(text + parts))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=[], metavar="DIR", help="folders with ONNX files")
    parser.add_argument("--qtc", default=os.path.join(ROOT, "build", "bin", "qtc"), help="the compiler")
    parser.add_argument("--baseline", metavar="FILE", help="torch_baseline.py")
    parser.add_argument("--torch-python", default=sys.executable, metavar="PYTHON", help="interpreter that has torch")
    parser.add_argument(
        "--modes", nargs="+", default=list(MODES), choices=list(MODES), help="PyTorch modes to compare with"
    )
    parser.add_argument("--torch-steps", type=int, help="steps of one PyTorch run (default: 3 for vgg, else 100)")
    parser.add_argument("--only", nargs="+", default=list(SECTIONS), choices=list(SECTIONS), help="sections to measure")
    parser.add_argument("--only-models", nargs="+", choices=MODELS, help="models to measure")
    parser.add_argument("--rounds", type=int, default=5, help="alternations (default: 5)")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prefix", default="", help="put before every measured command")
    parser.add_argument("--note", help="sentence about the conditions, for the page")
    parser.add_argument(
        "--results", default=os.path.join(ROOT, "build", "performance.json"), help="measurements so far"
    )
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "performance.md"), help="page to write")
    parser.add_argument("--render-only", action="store_true", help="write the page again from --results")
    return parser.parse_args()


def save(results, path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(results, file)


def main():
    options = parse_arguments()
    # Measured commands run in a temporary folder.
    for name in ("qtc", "results", "output"):
        setattr(options, name, os.path.abspath(getattr(options, name)))
    options.models = [os.path.abspath(folder) for folder in options.models]
    if options.baseline:
        options.baseline = os.path.abspath(options.baseline)
    results = {}
    if os.path.exists(options.results):
        with open(options.results, encoding="utf-8") as file:
            results = json.load(file)
    if options.note:
        results["note"] = options.note
    if options.render_only:
        save(results, options.results)
        write_page(results, options.output)
        return 0
    machine = describe_machine(options)
    machine.update(batch=options.batch, threads=options.threads)
    results["machine"] = machine
    with tempfile.TemporaryDirectory(prefix="qtc-performance-") as work:
        bench = Bench(options, work, results)
        for name in PAGES:
            if name not in options.only:
                continue
            if name == "torch" and not options.baseline:
                print("torch: left out, no --baseline", flush=True)
                continue
            print(f"{name}:", flush=True)
            before = f"{os.getloadavg()[0]:.1f}"
            data = getattr(bench, SECTIONS[name])()
            results[name] = {
                "data": data,
                "rounds": options.rounds,
                "load before": before,
                "load after": f"{os.getloadavg()[0]:.1f}",
                "date": datetime.date.today().isoformat(),
                "commit": machine["commit"],
            }
            # After every section: the next one may take long, or be broken off.
            save(results, options.results)
            write_page(results, options.output)
    print(f"wrote {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
