#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures the speed of trainers, and of PyTorch beside them, and writes docs/performance.md.

Usage: performance.py --models DIR [DIR ...] [--baseline torch_baseline.py --torch-python PYTHON] [--only SECTION ...]

The folders hold mlp.onnx, lenet.onnx, vgg_small_7.onnx and vgg7_wage.onnx; a model that is missing is left out.
torch_baseline.py is called as `torch_baseline.py MODEL --batch N --steps N --threads N --modes fp32|bf16 [--compile]`
and prints ms_per_step=, images_per_second= and peak_mib=. Programs that are compared run alternately; every number of
the page is a median of --rounds. A compiled PyTorch mode that is far slower than its eager twin in the first round is left out
of the later ones: the better of both counts. Measurements are kept in --results, and the page shows all of it, so
sections can be measured one at a time. A failure leaves its number out and is printed; the page says so.
On a machine that others use, --prefix puts a command before every measured one, for instance --prefix 'nice -n -15',
and --note says so on the page.
"""

import argparse
import collections
import datetime
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import time

from performance_page import BIG, CHAINS, ISAS, MODELS, MODES, PARTS, median, write_page

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCALED = ("lenet", "vgg_small_7")
BATCHES = (1, 8, 32, 128, 512)
# The weakest instruction sets take seconds for a step of a large batch.
ISA_BATCHES = {"lenet": 128, "vgg_small_7": 32}
# A compiled mode that is this many times slower than its eager twin will not be the better one in later rounds.
SKIP_FACTOR = 1.25
# The format of the results file; other formats are not read.
FORMAT = 2
# One process that hangs must not stop the session.
TIMEOUT = 600


class Bench:
    """Runs trainers and the baseline; the page is made from `results`."""

    # Further arguments of the baseline and of the compiler.
    torch_words = ()
    compile_words = ()

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

    def run(self, command):
        """Standard output of a measured command, or None after saying why it failed."""
        try:
            outcome = subprocess.run(
                self.prefix + command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=self.work,
                check=False,
                timeout=TIMEOUT,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            print(f"  failed: {error}", file=sys.stderr)
            return None
        if outcome.returncode == 0:
            return outcome.stdout
        lines = outcome.stderr.strip().splitlines() or ["no message"]
        print(f"  failed: {' '.join(command)}: {lines[-1]}", file=sys.stderr)
        return None

    def compile(self, path, batch, output, processor):
        """Path of a trainer, and the seconds its compilation took."""
        output = os.path.join(self.work, output)
        begin = time.monotonic()
        command = [self.options.qtc, "compile", path, "--batch", str(batch), "--mcpu", processor, "-o", output]
        command += self.compile_words
        text = self.run(command)
        return (output if text is not None else None), time.monotonic() - begin

    def trainer(self, name, batch, processor):
        """A trainer of this model; for one instruction set unless others are requested, because that compiles faster."""
        output = os.path.join(self.work, f"{name}.{batch}.{processor}")
        if os.path.exists(output):
            return output
        return self.compile(self.find_model(name), batch, output, processor)[0]

    def steps(self, name, batch):
        """Enough steps for a median, in bounded time."""
        if name in BIG:
            return max(3, min(50, 640 // batch))
        return max(20, min(500, 32000 // batch))

    def bench(self, name, batch=None, threads=None, isa=None, processor="native"):
        """The trainer's own report, or None."""
        batch = batch or self.options.batch
        trainer = self.trainer(name, batch, "auto" if isa else processor)
        if not trainer:
            return None
        text = self.run(
            [trainer, "bench", "--json", "--threads", str(threads or self.options.threads)]
            + ["--steps", str(self.steps(name, batch))]
            + (["--isa", isa] if isa else [])
        )
        return json.loads(text) if text else None

    def bench_trainers(self, name):
        """Reports of all trainers of a model that take part."""
        return {"qtc": self.bench(name)}

    def torch(self, name, mode):
        steps = self.options.torch_steps or (3 if name in BIG else 50)
        text = self.run(
            [self.options.torch_python, self.options.baseline, name, "--batch", str(self.options.batch)]
            + ["--threads", str(self.options.threads), "--steps", str(steps), *self.torch_words]
            + MODES[mode]
        )
        found = dict(re.findall(r"(\w+)=(\S+)", text or ""))
        if not {"ms_per_step", "peak_mib"} <= set(found):
            return None
        self.results["torch"] = found.get("torch", "of unknown version")
        # From ms_per_step: the other number is rounded to a whole one.
        return {
            "images_per_second": self.options.batch / float(found["ms_per_step"]) * 1e3,
            "peak_mib": float(found["peak_mib"]),
        }

    def measure_import(self):
        """Peak MiB of a process that imports torch and does nothing, or None."""
        code = "import resource, torch; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
        text = self.run([self.options.torch_python, "-c", code])
        return float(text) if text else None

    # One method per section. Each returns the data that the page needs.

    def measure_models(self):
        """All models, and PyTorch beside them."""
        names = self.chosen(MODELS)
        entries = {name: {"runs": {"qtc": []}, "failures": [], "skipped": []} for name in names}
        data = {"models": entries, "skip_factor": SKIP_FACTOR}
        modes = {name: list(self.options.modes) if self.options.baseline else [] for name in names}
        if any(modes.values()):
            data["import_mib"] = self.measure_import()
        for round in range(self.options.rounds):
            for name in names:
                runs = entries[name]["runs"]
                for case, found in self.bench_trainers(name).items():
                    if found:
                        runs.setdefault(case, []).append(found)
                for mode in list(modes[name]):
                    other = self.torch(name, mode)
                    if other:
                        runs.setdefault(mode, []).append(other)
                        continue
                    modes[name].remove(mode)
                    if mode not in runs:
                        entries[name]["failures"].append(mode)
                if round == 0:
                    slow = self.find_slow(runs)
                    entries[name]["skipped"] = slow
                    modes[name] = [mode for mode in modes[name] if mode not in slow]
                self.report(name, round, runs)
        return data

    def find_slow(self, runs):
        """Compiled modes that are far slower than their eager twins."""
        rates = {mode: median([run["images_per_second"] for run in found]) for mode, found in runs.items()}
        return [
            mode
            for mode in rates
            if mode.endswith("+compile")
            and rates.get(mode[: -len("+compile")], 0) > SKIP_FACTOR * rates[mode]
            and self.options.rounds > 1
        ]

    @staticmethod
    def report(name, round, runs):
        latest = [f"{case} {values[-1]['images_per_second']:.0f}" for case, values in runs.items() if values]
        print(f"  {name} {round + 1}: {', '.join(latest) or 'nothing'} images/s", flush=True)

    def measure_threads(self):
        """Threads."""
        return self.alternate(MODELS, {str(count): {"threads": count} for count in range(1, self.options.threads + 1)})

    def measure_isas(self):
        """Instruction sets."""
        cases = {isa: {"isa": isa} for isa in ISAS}
        names = self.chosen(ISA_BATCHES)
        return {"batches": ISA_BATCHES, "models": self.alternate(names, cases, ISA_BATCHES)}

    def measure_batches(self):
        """Batch sizes."""
        return self.alternate(SCALED, {str(batch): {"batch": batch} for batch in BATCHES})

    def alternate(self, names, cases, batches=None):
        """Benches each model in each case, in turn. A case that fails is tried once."""
        section = collections.defaultdict(dict)
        failed = set()
        for round in range(self.options.rounds):
            for name in self.chosen(names):
                for case, settings in cases.items():
                    if (name, case) in failed:
                        continue
                    settings = {"batch": batches[name], **settings} if batches else settings
                    found = self.bench(name, **settings)
                    if not found:
                        failed.add((name, case))
                        continue
                    section[name].setdefault(case, []).append(
                        {
                            "images_per_second": found["images_per_second"],
                            "milliseconds": found["milliseconds_per_step"],
                            "peak_gmacs": found["peak_gmacs_per_second"],
                            "percent_of_peak": found["total"]["percent_of_peak"],
                        }
                    )
                self.report(name, round, section[name])
        return dict(section)

    def measure_compile(self):
        """Compilation."""
        section = {}
        path = self.find_model("vgg_small_7")
        models = {"vgg_small_7": path} if path else {}
        try:
            models.update({f"{layers} convolutions": self.make_chain(layers) for layers in CHAINS})
        except ImportError as error:
            print(f"  chains left out: {error}", file=sys.stderr)
        for round in range(self.options.rounds):
            for name, path in models.items():
                # The long ones are less noisy.
                if round >= 3 and name != "vgg_small_7":
                    continue
                output, seconds = self.compile(path, self.options.batch, "compiled", "auto")
                if output:
                    section.setdefault(name, []).append(seconds)
            print(f"  {round + 1}: " + ", ".join(f"{name} {times[-1]:.1f} s" for name, times in section.items()))
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


# In the order of the page.
SECTIONS = list(dict.fromkeys(name for _, _, name in PARTS))


def read_output(command):
    """The output of a command; empty if the command is missing."""
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout
    except OSError:
        return ""


def describe_machine(options):
    model, cores = platform.processor(), os.cpu_count()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    names = re.findall(r"^model name\s*: (.*)$", text, re.MULTILINE)
    flags = set(re.search(r"^flags\s*: (.*)$", text, re.MULTILINE).group(1).split())
    wanted = ("avx2", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8")
    code = re.search(r"^cpu family\s*: (\d+)\nmodel\s*: (\d+)$", text, re.MULTILINE)
    version = read_output([options.qtc, "--version"]).split()
    commit = read_output(["git", "-c", "safe.directory=*", "-C", ROOT, "describe", "--always", "--dirty"]).strip()
    return {
        "cpu": (names[0] if names else model) + (f", family {code[1]} model {code[2]}" if code else ""),
        "cores": len(os.sched_getaffinity(0)) or cores,
        "isas": ", ".join(flag for flag in wanted if flag in flags),
        "memory": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "qtc": version[-1] if version else "unknown",
        "commit": commit or "unknown",
        "batch": options.batch,
        "threads": options.threads,
    }


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=[], metavar="DIR", help="folders with ONNX files")
    parser.add_argument("--qtc", default=os.path.join(ROOT, "build", "bin", "qtc"), help="the compiler")
    parser.add_argument("--baseline", metavar="FILE", help="torch_baseline.py; without it PyTorch is left out")
    parser.add_argument("--torch-python", default=sys.executable, metavar="PYTHON", help="interpreter that has torch")
    parser.add_argument(
        "--modes", nargs="+", default=list(MODES), choices=list(MODES), help="PyTorch modes to compare with"
    )
    parser.add_argument("--torch-steps", type=int, help="steps of one PyTorch run (default: 3 for vgg, else 50)")
    parser.add_argument("--only", nargs="+", default=SECTIONS, choices=SECTIONS, help="sections to measure")
    parser.add_argument("--only-models", nargs="+", choices=MODELS, help="models to measure")
    parser.add_argument("--rounds", type=int, default=5, help="alternations (default: 5)")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prefix", default="", help="put before every measured command")
    parser.add_argument("--note", default="", help="sentence about the conditions of this call, for the page")
    parser.add_argument(
        "--results", default=os.path.join(ROOT, "build", "performance.json"), help="measurements so far"
    )
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "performance.md"), help="page to write")
    parser.add_argument("--render-only", action="store_true", help="write the page again from --results, with another --note if there is one")
    options = parser.parse_args()
    # Measured commands run in a temporary folder.
    for name in ("qtc", "results", "output"):
        setattr(options, name, os.path.abspath(getattr(options, name)))
    options.models = [os.path.abspath(folder) for folder in options.models]
    if options.baseline:
        options.baseline = os.path.abspath(options.baseline)
    return options


def load(path):
    empty = {"format": FORMAT, "torch": "not measured", "note": "", "sections": {}}
    if not os.path.exists(path):
        return empty
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    if results.get("format") == FORMAT:
        return results
    print(f"{path}: of an older form, not used", file=sys.stderr)
    return empty


def save(results, options):
    with open(options.results, "w", encoding="utf-8") as file:
        json.dump(results, file)
    write_page(results, options.output)


def main():
    options = parse_arguments()
    results = load(options.results)
    if options.render_only:
        if "machine" not in results:
            print(f"error: no measurements in {options.results}", file=sys.stderr)
            return 1
        results["note"] = options.note or results["note"]
        save(results, options)
        return 0
    results["machine"] = describe_machine(options)
    results["note"] = options.note
    with tempfile.TemporaryDirectory(prefix="qtc-performance-") as work:
        bench = Bench(options, work, results)
        if not bench.chosen(MODELS):
            print("error: no model found; --models expects folders with ONNX files", file=sys.stderr)
            return 1
        for name in options.only:
            print(f"{name}:", flush=True)
            begin, before = time.monotonic(), f"{os.getloadavg()[0]:.1f}"
            data = getattr(bench, "measure_" + name)()
            results["sections"][name] = {
                "data": data,
                "rounds": options.rounds,
                "load before": before,
                "load after": f"{os.getloadavg()[0]:.1f}",
                "date": datetime.date.today().isoformat(),
                "commit": results["machine"]["commit"],
            }
            # After every section: the next one may take long, or be broken off.
            save(results, options)
            print(f"  {time.monotonic() - begin:.0f} s", flush=True)
    print(f"wrote {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
