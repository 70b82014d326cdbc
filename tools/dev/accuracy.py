#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains real models on real data, compares the test accuracies with floors and writes docs/accuracy.md.

Exit status 1 if a run ends below its floor, 2 if one cannot be made. Each section of the page is written once
all of its runs have a result: made here, or read from the folder of an earlier run (--results), which must have been
made with the same options. Other sections stay as they are. Runs of hundreds of epochs need a GPU: they are made only with
--gpu, and continue from their state in a folder of --keep, which may come from another machine.
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

import activation_models

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
    scheme: str = "niti"
    best: float = 0.0  # a floor of the best epoch
    tail: float = 0.0  # a floor of the mean of the last ten epochs
    target: tuple = ()  # options of the compiler that change no bit
    activation: str = ""  # of a model that is made for the run
    network: str = ""  # and its kind

    def words(self, models, folder):
        scheme = [] if self.scheme == "niti" else [f"--scheme={self.scheme}"]
        words = ["train", os.path.join(models, self.model + ".onnx"), *scheme, *self.options, *self.target]
        return [*words, "--data", f"{self.reader}:{folder}", f"--epochs={self.epochs}", f"--seed={self.seed}"]

    def command(self):
        """The command for readers; the folders are placeholders."""
        return " ".join(["qtc", *self.words("", "DIR")])


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Schemes against fp32: same model, data, epochs and seeds."""

    title: str
    model: str
    data: str
    epochs: int
    floor: float
    allowed: float  # how far below fp32 the mean of an integer scheme may be

    def runs(self, scheme):
        prefix = f"{self.model}-{self.data.replace('_', '-')}-{scheme}"
        options = RECIPES.get(scheme, ())
        return [
            Run(f"{prefix}-{seed}", self.model, "mnist", self.data, self.epochs, self.floor, seed, options, scheme)
            for seed in SEEDS
        ]


SEEDS = (1, 2, 3)
SCHEMES = ("fp32", "niti", "wage")
# Values of the compiled options unless a run gives others.
DEFAULTS = {"augment": "none", "init": "onnx", "normalize": "none", "loss": "cross-entropy"}
SCHEME_DEFAULTS = {"wage": {"loss": "sse", "wage-bits": "2-8-8-8", "wage-alpha": "code"}}
# The loss of the two others, which suits WAGE with the paper's α: its smaller one lets probabilities become extreme.
RECIPES = {"wage": ("--loss=cross-entropy", "--wage-alpha=paper")}
COMPARISONS = (
    Comparison("LeNet, MNIST", "lenet", "mnist", 5, 0.985, 0.003),
    Comparison("LeNet, Fashion-MNIST", "lenet", "fashion_mnist", 5, 0.87, 0.015),
    Comparison("MLP, MNIST", "mlp", "mnist", 20, 0.977, 0.003),
)


def wage_mode(bits, schedule, seed=1, epochs=40, floor=0.9):
    options = (f"--wage-bits={bits}", "--init=scheme", f"--schedule={schedule}")
    return Run(f"wage-{bits}", "lenet_wage", "mnist", "mnist", epochs, floor, seed, options, "wage")


# The authors' schedule for MNIST, shortened; the step grows with the grid of the gradients (WAGE, section 4.3).
WAGE_MODES = (
    wage_mode("2-8-8-8", "8,1@20,1/8@30", floor=0.99),
    wage_mode("2-8-4-8", "1/2,1/16@20,1/128@30"),
    wage_mode("2-8-12-8", "128,16@20,2@30"),
    wage_mode("2-8-8-4", "8,1@20,1/8@30"),
    wage_mode("2-8-8-12", "8,1@20,1/8@30"),
)

# Models that are made for the runs. Some functions need other options than the defaults. In floats, gradients of functions with
# bounded values are small, so steps must be larger; those of Abs vanish nowhere, so steps must be smaller. NITI divides by the
# largest gradient and does best with smaller steps at first, which let fewer values saturate, and a longer time before the last
# ones. A step of SGD that suits Exp at first is too large as soon as values grow; AdamW divides by recent gradients.
LONG_NITI = ("--schedule=3,2@60%,0@80%,-2@90%",)
LARGE_STEPS = ("--schedule=0.3,0.03@70%,0.003@90%",)
ADAMW = ("--optimizer=adamw", "--fp32-beta2=0.9")
ACTIVATION_OPTIONS = {  # (function, scheme) or (function, scheme, network): options
    ("Clip(-1, 1)", "niti"): ("--schedule=3,1@40%,-1@60%,-2@80%",),
    ("Sigmoid", "fp32"): LARGE_STEPS,
    ("Sigmoid", "niti", "cnn"): LONG_NITI,  # with the default, one seed of three collapses
    ("HardSigmoid", "fp32"): LARGE_STEPS,
    ("HardSigmoid", "niti"): LONG_NITI,
    ("Tanh", "niti"): LONG_NITI,
    ("Softsign", "fp32"): ("--schedule=0.2,0.02@60%,0.002@90%",),
    ("Softsign", "niti"): LONG_NITI,
    ("Erf", "niti"): LONG_NITI,
    ("Exp", "fp32", "mlp"): (*ADAMW, "--schedule=0.0003,0.00015@50%,0.00005@70%,0.00001@90%"),
    ("Exp", "fp32", "cnn"): (*ADAMW, "--schedule=0.001,0.0005@50%,0.0002@70%,0.00005@90%"),
    ("Exp", "niti", "mlp"): ("--niti-weight-bits=16", "--schedule=0,-1@40%,-3@80%"),
    ("Exp", "niti", "cnn"): ("--niti-weight-bits=16", *LONG_NITI),
    ("Abs", "fp32"): ("--schedule=0.02,0.002@60%,0.0002@90%",),
    ("Abs", "niti"): LONG_NITI,
}
ACTIVATIONS = {activation.name: activation for activation in activation_models.ACTIVATIONS}
ACTIVATION_EPOCHS, ACTIVATION_FLOORS, ACTIVATION_GAP = 3, {"mlp": 0.97, "cnn": 0.98}, 0.005


def activation_run(network, activation, scheme):
    own = ACTIVATION_OPTIONS.get((activation, scheme)) or ACTIVATION_OPTIONS.get((activation, scheme, network), ())
    options = ("--normalize=mnist", *own)
    model = re.sub(r"\W+", "-", f"{network}-{activation.lower()}").strip("-")
    floor = ACTIVATION_FLOORS[network] - (ACTIVATION_GAP if scheme == "niti" else 0)
    return Run(
        f"{model}-{scheme}", model, "mnist", "mnist", ACTIVATION_EPOCHS, floor, options=options, scheme=scheme,
        activation=activation, network=network,
    )


ACTIVATION_RUNS = tuple(
    activation_run(network, activation, scheme)
    for activation in ACTIVATIONS for network in ACTIVATION_FLOORS for scheme in ("fp32", "niti")
)  # fmt: skip

CIFAR10 = ("--init=scheme", "--normalize=cifar10", "--augment=crop-flip")
NITI_RUNS = (
    *(Run(f"lenet-mnist-seed{seed}", "lenet", "mnist", "mnist", 5, 0.991, seed) for seed in (1, 2, 3)),
    Run("lenet-fashion-mnist", "lenet", "mnist", "fashion_mnist", 10, 0.903),
    Run("mlp-mnist", "mlp", "mnist", "mnist", 5, 0.975),
    Run("vgg_tiny-cifar10", "vgg_tiny", "cifar10", "cifar10", 8, 0.68, options=CIFAR10),
    Run("vgg_small_7-cifar10", "vgg_small_7", "cifar10", "cifar10", 5, 0.62, options=CIFAR10),
)
# Accuracies of the authors' own codes, with their schedules (NITI, section 5; WAGE, sections 4.3 and 6).
GPU_RUNS = (
    Run(
        "niti-cifar10-200", "vgg_small_7", "cifar10", "cifar10", 200, 0.90, best=0.906, tail=0.901, target=("--target=cuda",),
        options=(*CIFAR10, "--batch=256", "--schedule=5,4@100,3@150"),
    ),
    Run(
        "wage-cifar10-300", "vgg7_wage", "cifar10", "cifar10", 300, 0.92, scheme="wage", best=0.93, target=("--target=cuda",),
        options=("--init=scheme", "--augment=crop-flip", "--schedule=8,1@200,1/8@250"),
    ),
)  # fmt: skip
# The gap between training and test accuracy that statistics of normalizations can open; with --statistics-batches=390
# they are those of the whole training set.
RESNET = ("--init=scheme", "--normalize=cifar10", "--schedule=4")
STATISTICS_RUNS = (
    Run("resnet20-mu4", "resnet20", "cifar10", "cifar10", 6, 0.68, options=RESNET),
    Run("resnet20-mu4-all", "resnet20", "cifar10", "cifar10", 6, 0.68, options=(*RESNET, "--statistics-batches=390")),
    Run("resnet20-defaults", "resnet20", "cifar10", "cifar10", 6, 0.68),
)
# Points of test accuracy below training accuracy, from the second epoch on, and between the first two runs.
ALLOWED_GAP, ALLOWED_DIFFERENCE = 0.06, 0.005
# ResNet-20 with the options that a network with normalizations may need: none, one at a time, all, all but one; and fp32.
RESIDUAL = ("--normalize=cifar10", "--augment=crop-flip")
RESIDUAL_NITI = (*RESIDUAL, "--niti-weight-bits=16", "--niti-momentum=0.9", "--schedule=3,cosine:-5@100%")
RESIDUAL_FP32 = (
    *RESIDUAL, "--fp32-momentum=0.9", "--fp32-nesterov=on", "--fp32-weight-decay=0.0005", "--schedule=0.1,cosine:0@100%",
)  # fmt: skip
RESIDUAL_OPTIONS = {
    "decay": "--niti-weight-decay=0.0002",
    "errors": "--niti-error-bits=16",
    "norms": "--niti-norm-bits=16",
}


def residual_run(name, *keys, floor=0.74):
    options = [RESIDUAL_OPTIONS[key] for key in keys]
    return Run(f"resnet20-{name}", "resnet20", "cifar10", "cifar10", 10, floor, options=(*RESIDUAL_NITI, *options))


RESIDUAL_RUNS = (
    Run("resnet20-fp32", "resnet20", "cifar10", "cifar10", 10, 0.84, options=RESIDUAL_FP32, scheme="fp32"),
    residual_run("plain"),
    *(residual_run(key, key) for key in RESIDUAL_OPTIONS),
    residual_run("all", *RESIDUAL_OPTIONS, floor=0.82),
    *(residual_run("not-" + key, *(other for other in RESIDUAL_OPTIONS if other != key)) for key in RESIDUAL_OPTIONS),
)
COMPARED_RUNS = tuple(run for comparison in COMPARISONS for scheme in SCHEMES for run in comparison.runs(scheme))
RUNS = (*NITI_RUNS, *STATISTICS_RUNS, *RESIDUAL_RUNS, *COMPARED_RUNS, *ACTIVATION_RUNS, *WAGE_MODES, *GPU_RUNS)
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
        "scheme": run.scheme,
        "seed": str(run.seed),
        "epoch": str(run.epochs),
        "step": found["total_steps"],
        "batch": "128",
        "limit": "0",
        "shuffle": "true",
        **DEFAULTS,
        **SCHEME_DEFAULTS.get(run.scheme, {}),
        **given,
    }
    for option, value in expected.items():
        key = option.replace("-", "_") if option not in compiled else option
        actual = found[key] if key in found else compiled[key]
        if actual != value:
            raise Failure(f"{run.name}: the run in {folder} has {key} {actual}, not {value}")


def read_result(run, folder):
    """The lines of metrics.jsonl, one per epoch."""
    try:
        with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        check_options(run, folder)
    except (OSError, ValueError, KeyError, struct.error) as problem:
        raise Failure(f"{run.name}: no result in {folder}: {problem}") from problem
    if [line["epoch"] for line in lines] != list(range(run.epochs)):
        raise Failure(f"{run.name}: {folder} has {len(lines)} epochs, not {run.epochs}")
    return lines


def make_model(run, options, folder):
    """The folder of the run's model."""
    if not run.activation:
        return options.models
    os.makedirs(folder, exist_ok=True)
    activation_models.save(os.path.join(folder, run.model + ".onnx"), run.network, ACTIVATIONS[run.activation])
    return folder


def perform(run, options, cache, out):
    folder = getattr(options, run.data)
    if not folder:
        raise Failure(f"{run.name}: needs --{run.data.replace('_', '-')}")
    command = [QTC, *run.words(make_model(run, options, cache), folder), "--out", out]
    if run.target:
        command.append(f"--sm={options.gpu}")
    checkpoint = os.path.join(out, "checkpoint.safetensors")
    if os.path.exists(checkpoint):
        command += ["--resume", checkpoint]
    print(f"{run.name}: {run.command()}", flush=True)
    # A cache of its own, without trainers of an earlier compiler.
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

Written by `tools/dev/accuracy.py`, which fails if a run ends below its floor, or an integer scheme further below fp32 than
allowed. The accuracies depend only on the commands, not on the instruction set or the number of threads, except that those
of fp32 are valid for one instruction set. Speeds (medians over the epochs) are those of the machine given. `DIR` is the
folder of the data set. The models are exports of PyTorch with its initial weights.

"""


@dataclasses.dataclass(frozen=True)
class Section:
    title: str
    text: str  # describes the table, and has its head
    runs: tuple
    rows: callable  # gives the rows of the table for the results
    commands: tuple  # the runs whose commands are shown


def percent(value):
    return f"{100 * value:.2f}"


def summarize(lines):
    """The best test accuracy, the mean of the last ten epochs, the last."""
    accuracies = [line["test_accuracy"] for line in lines]
    return max(accuracies), statistics.mean(accuracies[-10:]), accuracies[-1]


def median_of(key, results):
    return statistics.median(line[key] for line in results)


def niti_rows(results):
    for run in NITI_RUNS:
        if run.name not in results:
            yield f"| {run.name} | not measured | | {100 * run.floor:.1f} | |"
            continue
        lines = results[run.name]
        accuracies = [line["test_accuracy"] for line in lines]
        epochs, final = " ".join(map(percent, accuracies)), percent(accuracies[-1])
        speed = median_of("images_per_second", lines)
        yield f"| {run.name} | {epochs} | **{final}** | {100 * run.floor:.1f} | {speed:.0f} |"


def largest_gap(lines):
    """The largest difference of test accuracies to those in training from the second epoch on."""
    return max(line["train_accuracy"] - line["test_accuracy"] for line in lines[1:])


def statistics_rows(results):
    for run in STATISTICS_RUNS:
        if run.name not in results:
            yield f"| {run.name} | not measured | | | {100 * ALLOWED_GAP:.0f} |"
            continue
        lines = results[run.name]
        training, test = (" ".join(percent(line[key]) for line in lines) for key in ("train_accuracy", "test_accuracy"))
        yield f"| {run.name} | {training} | {test} | {percent(largest_gap(lines))} | {100 * ALLOWED_GAP:.0f} |"


def wrong_statistics(results):
    """The gaps that are too large, of the runs with a result."""
    for run in STATISTICS_RUNS:
        if run.name in results and largest_gap(results[run.name]) > ALLOWED_GAP:
            yield f"{run.name}: {percent(largest_gap(results[run.name]))} points below training"
    few, all_batches = (results.get(run.name, ()) for run in STATISTICS_RUNS[:2])
    for epoch, (ours, theirs) in enumerate(zip(few, all_batches)):
        difference = ours["test_accuracy"] - theirs["test_accuracy"]
        if abs(difference) > ALLOWED_DIFFERENCE:
            yield f"{STATISTICS_RUNS[0].name}: {percent(difference)} points from all statistics in epoch {epoch}"


def residual_rows(results):
    for run in RESIDUAL_RUNS:
        if run.name not in results:
            yield f"| {run.name} | not measured | | | |"
            continue
        lines = results[run.name]
        last = [percent(lines[-1][key]) for key in ("train_accuracy", "test_accuracy")]
        yield f"| {run.name} | {run.epochs} | {last[0]} | **{last[1]}** | {percent(summarize(lines)[0])} |"


def final_accuracies(comparison, scheme, results):
    """The accuracies for all seeds, or an empty list if one is missing."""
    runs = comparison.runs(scheme)
    if any(run.name not in results for run in runs):
        return []
    return [results[run.name][-1]["test_accuracy"] for run in runs]


def below_fp32(comparison, scheme, results):
    """The difference of the mean to that of fp32, or None."""
    floats, ours = (final_accuracies(comparison, name, results) for name in ("fp32", scheme))
    return statistics.mean(floats) - statistics.mean(ours) if floats and ours else None


def comparison_rows(results):
    for comparison in COMPARISONS:
        title = f"{comparison.title}, {comparison.epochs}"
        for scheme in SCHEMES:
            values = final_accuracies(comparison, scheme, results)
            if not values:
                yield f"| {title} | {scheme} | not measured | | | | |"
                continue
            less, allowed = below_fp32(comparison, scheme, results), percent(comparison.allowed)
            cells = ["", ""] if scheme == "fp32" else ["" if less is None else percent(less), allowed]
            lines = [line for run in comparison.runs(scheme) for line in results[run.name]]
            speed = median_of("images_per_second", lines)
            mean, spread = percent(statistics.mean(values)), percent(max(values) - min(values))
            yield f"| {title} | {scheme} | **{mean}** | {spread} | {' | '.join(cells)} | {speed:.0f} |"


def activation_rows(results):
    """A row per function, with a dash for each run without a result."""
    for activation in ACTIVATIONS:
        runs = [run for run in ACTIVATION_RUNS if run.activation == activation]
        found = [results[run.name][-1]["test_accuracy"] if run.name in results else None for run in runs]
        if any(found):
            cells = ["–" if accuracy is None else percent(accuracy) for accuracy in found]
            yield f"| {activation} | {' | '.join(cells)} |"
        else:
            yield f"| {activation} | not measured | | | |"


def wrong_activations(results):
    """The models of which NITI is too far below fp32."""
    for floats, integers in zip(ACTIVATION_RUNS[::2], ACTIVATION_RUNS[1::2]):
        if floats.name in results and integers.name in results:
            less = results[floats.name][-1]["test_accuracy"] - results[integers.name][-1]["test_accuracy"]
            if less > ACTIVATION_GAP:
                yield f"{integers.name}: {percent(less)} points less than fp32"


def wage_rows(results):
    for run in WAGE_MODES:
        widths = run.name.removeprefix("wage-")
        if run.name not in results:
            yield f"| {widths} | not measured | | | |"
            continue
        lines = results[run.name]
        errors = [1 - line["test_accuracy"] for line in lines]
        minutes, speed = sum(line["seconds"] for line in lines) / 60, median_of("images_per_second", lines)
        yield f"| {widths} | **{percent(min(errors))}** | {percent(errors[-1])} | {minutes:.1f} | {speed:.0f} |"


def gpu_rows(results):
    for run in GPU_RUNS:
        goals = f"≥ {100 * run.best:.1f}" + (f", ≥ {100 * run.tail:.1f}" if run.tail else "")
        if run.name not in results:
            yield f"| {run.name} | not measured | | | {goals} | | |"
            continue
        lines = results[run.name]
        best, tail, final = map(percent, summarize(lines))
        minutes, speed = sum(line["seconds"] for line in lines) / 60, median_of("images_per_second", lines)
        yield f"| {run.name} | **{best}** | {tail} | {final} | {goals} | {minutes:.1f} | {speed:.0f} |"


SECTIONS = (
    Section(
        "NITI",
        """Test accuracies, in percent, after every epoch of training with the default scheme.

| run | per epoch | final | floor | images/s |
|---|---|---|---|---|""",
        NITI_RUNS,
        niti_rows,
        NITI_RUNS,
    ),
    Section(
        "Statistics of BatchNormalization",
        """Training and test accuracies of ResNet-20, in percent, after every epoch. Training accuracies are means over the epoch. The
last columns give the largest gap between training and test accuracy from the second epoch on, and the allowed gap. The second
run is the first with statistics of the whole training set; its tests may differ from those of the first by half a point. A
finished run is tested again with `--resume FILE --statistics-batches N`.

| run | training | test | largest gap | allowed |
|---|---|---|---:|---:|""",
        STATISTICS_RUNS,
        statistics_rows,
        STATISTICS_RUNS,
    ),
    Section(
        "Residual networks",
        """Accuracies of ResNet-20 on CIFAR-10, in percent, with one seed. Training accuracies are means over the last epoch, of augmented
images. All runs under NITI have 16-bit weights, momentum and a cosine. Rows are without any further option, with one
at a time, with all of them, and with all but one: weight decay, 16-bit errors, and 16-bit scales and biases of normalizations.

| run | epochs | training | test | best test |
|---|---:|---:|---:|---:|""",
        RESIDUAL_RUNS,
        residual_rows,
        RESIDUAL_RUNS,
    ),
    Section(
        "Three schemes",
        """Test accuracies, in percent, after the last epoch: the mean of seeds 1, 2 and 3, and their spread (largest minus smallest).
WAGE is trained with the loss of the other two schemes and the paper's α; [its page](schemes/wage.md) gives the reason.

| network, data, epochs | scheme | mean | spread | below fp32 | allowed | images/s |
|---|---|---:|---:|---:|---:|---:|""",
        COMPARED_RUNS,
        comparison_rows,
        tuple(run for run in COMPARED_RUNS if run.seed == SEEDS[0]),
    ),
    Section(
        "Activations",
        """Test accuracies, in percent, after three epochs on MNIST, of an MLP (two hidden layers of 128) and a small CNN (two
convolutions of stride 2 and a hidden layer) with one activation everywhere, which `tools/dev/activation_models.py` makes.
fp32 must reach 97 % with the MLP and 98 % with the CNN, and NITI must be within half a point of fp32. Optimizers and
schedules are the defaults of the schemes unless a command is listed. NITI falls behind with Exp: its values are positive and
far from 0, so few of their 8 bits tell them apart.

| activation | MLP, fp32 | MLP, NITI | CNN, fp32 | CNN, NITI |
|---|---:|---:|---:|---:|""",
        ACTIVATION_RUNS,
        activation_rows,
        tuple(run for run in ACTIVATION_RUNS if run.activation == "Relu" or len(run.options) > 1),
    ),
    Section(
        "Bit widths of WAGE",
        """Test errors, in percent, of LeNet on MNIST with the authors' schedule shortened to 40 epochs. The widths are those of
weights, activations, gradients (the grid on which weights are stored) and errors.

| widths | best | last epoch | minutes | images/s |
|---|---:|---:|---:|---:|""",
        WAGE_MODES,
        wage_rows,
        WAGE_MODES,
    ),
    Section(
        "The authors' schedules",
        """Test accuracies, in percent, of runs on a GPU (`--gpu`). The goals, for the best epoch and the mean of the last ten, are
those reached by the authors' code.

| run | best | last ten | final | goals | minutes | images/s |
|---|---:|---:|---:|---|---:|---:|""",
        GPU_RUNS,
        gpu_rows,
        GPU_RUNS,
    ),
)


def measured(row, earlier):
    """The row, or that of the earlier section for runs without a result."""
    head, missing, _ = row.partition("not measured")
    return next((line for line in earlier.splitlines() if missing and line.startswith(head)), row)


def section_text(section, results, note, earlier):
    commands = "\n".join(f"| {run.name} | `{run.command()}` |" for run in section.commands)
    same = earlier if commands in earlier else ""  # results of other commands do not count
    rows = "\n".join(measured(row, same) for row in section.rows(results))
    words = f"Machine: {machine()}.{' ' + note if note else ''}"
    return f"## {section.title}\n\n{section.text}\n{rows}\n\n{words}\n\n| run | command |\n|---|---|\n{commands}\n"


def read_sections(path):
    """The sections of an earlier page, by title."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        parts = re.split(r"^(?=## )", file.read(), flags=re.MULTILINE)
    return {part.split("\n", 1)[0][3:]: part.rstrip() + "\n" for part in parts[1:]}


def document(results, options):
    """The page: sections with all their results are new, others come from the existing page."""
    earlier, parts = read_sections(options.output), []
    for section in SECTIONS:
        found = [run.name in results for run in section.runs]
        if all(found) or (options.partial and any(found)):
            parts.append(section_text(section, results, options.note, earlier.get(section.title, "")))
        elif section.title in earlier:
            parts.append(earlier[section.title])
    # Those of other programs.
    parts += [text for title, text in earlier.items() if title not in {section.title for section in SECTIONS}]
    return HEAD + "\n".join(parts)


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
    parser.add_argument(
        "--partial", action="store_true", help="write a section even if some runs have no result; their rows stay"
    )
    parser.add_argument("--keep", metavar="DIR", help="leave the runs' folders in DIR, for --results, and resume those there")
    parser.add_argument("--gpu", metavar="SM", help="make the runs that need a GPU, with code for this capability (90a)")
    parser.add_argument("--note", metavar="TEXT", default="", help="a sentence to put after the machine")
    parser.add_argument("--output", metavar="FILE", default=os.path.join(SOURCE, "docs", "accuracy.md"))
    options = parser.parse_args()
    earlier = dict(word.partition("=")[::2] for word in options.results)
    for name, folder in earlier.items():
        if name not in NAMES or not folder:
            parser.error(f"--results {name}={folder}: not NAME=DIR with the name of a run")
    return options, earlier


def is_wanted(run, options):
    if options.only and run.name not in options.only:
        return False
    return bool(run.target) == bool(options.gpu)


def main():
    options, earlier = parse_arguments()
    results, low = {}, []
    with tempfile.TemporaryDirectory(prefix="qtc-accuracy-") as folder:
        for run in RUNS:
            if run.name in earlier:
                results[run.name] = read_result(run, earlier[run.name])
            elif is_wanted(run, options):
                out = os.path.join(options.keep or folder, run.name)
                results[run.name] = perform(run, options, os.path.join(folder, "cache"), out)
            else:
                continue
            best, tail, final = summarize(results[run.name])
            if final < run.floor or best < run.best or tail < run.tail:
                low.append(run.name)
            print(f"{run.name}: {percent(final)} (floor {100 * run.floor:.1f}), best {percent(best)}", flush=True)
    page = document(results, options)
    with open(options.output, "w", encoding="utf-8") as file:
        file.write(page)
    low += [*wrong_statistics(results), *wrong_activations(results)]
    for comparison in COMPARISONS:
        for scheme in SCHEMES:
            less = below_fp32(comparison, scheme, results)
            if less is not None and less > comparison.allowed:
                low.append(f"{comparison.title}, {scheme}: {percent(less)} points less than fp32")
    if low:
        print(f"error: below the floor: {'; '.join(low)}", file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(2)
