#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains real models on real data, compares the test accuracies with floors and writes docs/accuracy.md.

Exit status 1 if a run ends below its floor, 2 if one cannot be made. Each section of the page is written once
all of its runs have a result: made here, or read from the folder of an earlier run (--results), which must have been
made with the same options. Other sections stay as they are. Tests of trained files take seconds and are made each time;
where ONNX Runtime is installed, it tests them, too. Runs of hundreds of epochs need a GPU: they are made only with
--gpu, and continue from their state in a folder of --keep, which may come from another machine.
The compiler is $QTC, or bin/qtc in $QTC_BUILD_DIR (default: build in the repository).
"""

import argparse
import dataclasses
import json
import math
import os
import re
import statistics
import struct
import subprocess
import sys
import tempfile

import activation_models
import trained_models
from accuracy_runs import (
    ACTIVATION_GAP,
    ACTIVATION_RUNS,
    ACTIVATIONS,
    ALLOWED_DEVIATION,
    ALLOWED_DIFFERENCE,
    ALLOWED_GAP,
    ALLOWED_LOSS,
    COMPARED_RUNS,
    COMPARISONS,
    DEFAULTS,
    ESTIMATION,
    EVALUATIONS,
    GPU_RUNS,
    NAMES,
    NITI_RUNS,
    AVERAGE_RUNS,
    RESIDUAL_RUNS,
    RUNS,
    SCHEME_DEFAULTS,
    SCHEMES,
    SEEDS,
    SMALL_COMPARISONS,
    SMALL_RUNS,
    STATISTICS_RUNS,
    WAGE_MODES,
)

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("QTC_BUILD_DIR", os.path.join(SOURCE, "build"))
QTC = os.environ.get("QTC", os.path.join(BUILD, "bin", "qtc"))


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


def tested(command, cache):
    """The accuracy that a command prints in its last line."""
    environment = dict(os.environ, XDG_CACHE_HOME=cache)
    completed = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment, check=False, encoding="utf-8"
    )
    found = re.search(r"^result: .*test_accuracy=(\S+)", completed.stdout, re.MULTILINE)
    if completed.returncode != 0 or not found:
        raise Failure(f"{' '.join(command)}: exit status {completed.returncode}")
    return float(found.group(1))


def evaluate(evaluation, options, source, folder):
    """The accuracies of the file without any step: {"fp32": of scheme fp32, ...}.

    `source` is None or (folder, result) of the run whose weights the file gets.
    """
    data = getattr(options, evaluation.data)
    if not data:
        raise Failure(f"{evaluation.name}: needs --{evaluation.data.replace('_', '-')}")
    path, published = os.path.join(options.models, evaluation.model + ".onnx"), evaluation.published
    cache, out = (os.path.join(folder, name) for name in ("cache", "out"))
    if evaluation.source:
        model, path = path, os.path.join(folder, evaluation.file())
        trained_models.save(model, os.path.join(source[0], "checkpoint.safetensors"), path)
        published = source[1][-1]["test_accuracy"]

    def run(*words):
        return tested([QTC, *evaluation.words(path, data, *words), "--out", out, "--overwrite"], cache)

    print(f"{evaluation.name}: {evaluation.command()}", flush=True)
    found = {"published": published, "fp32": run("--scheme=fp32"), "niti": run()}
    found["runtime"] = trained_models.runtime_accuracy(path, evaluation.reader, data, evaluation.normalize)
    found["estimated"] = run(ESTIMATION) if evaluation.has_statistics else None
    return found


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
    return last_rows(RESIDUAL_RUNS, results)


def average_rows(results):
    return last_rows(AVERAGE_RUNS, results)


def last_rows(runs, results):
    """Epochs, training accuracy, test accuracy and best test accuracy of each run."""
    for run in runs:
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


def seeds_of(comparison, results):
    """{scheme: accuracies} for those seeds that have a result under every scheme."""
    runs = zip(*(comparison.runs(scheme) for scheme in comparison.schemes))
    found = [row for row in runs if all(run.name in results for run in row)]
    columns = zip(*([results[run.name][-1]["test_accuracy"] for run in row] for row in found))
    return dict(zip(comparison.schemes, columns))


def standard_error(values):
    return statistics.stdev(values) / math.sqrt(len(values))


def less_than_fp32(accuracies, scheme):
    """The difference of means and its standard error."""
    floats, ours = accuracies["fp32"], accuracies[scheme]
    return statistics.mean(floats) - statistics.mean(ours), math.hypot(standard_error(floats), standard_error(ours))


def small_rows(results):
    for comparison in SMALL_COMPARISONS:
        title, accuracies = f"{comparison.title}, {comparison.epochs}", seeds_of(comparison, results)
        for scheme in comparison.schemes:
            values = accuracies.get(scheme, ())
            if len(values) < 2:
                yield f"| {title} | {scheme} | not measured | | | | |"
                continue
            cells = ["", ""]
            if scheme != "fp32":
                less, error = less_than_fp32(accuracies, scheme)
                allowed = "" if comparison.allowed is None else percent(error + comparison.allowed)
                cells = [f"{percent(less)} ± {percent(error)}", allowed]
            mean = f"**{percent(statistics.mean(values))}** ± {percent(standard_error(values))}"
            yield f"| {title} | {scheme} | {len(values)} | {mean} | {' | '.join(cells)} |"


def wrong_small(results):
    """The integer schemes that are further below fp32 than allowed, beyond the standard error."""
    for comparison in SMALL_COMPARISONS:
        accuracies = seeds_of(comparison, results)
        if comparison.allowed is None or len(accuracies.get("fp32", ())) < 2:
            continue
        for scheme in comparison.schemes[1:]:
            less, error = less_than_fp32(accuracies, scheme)
            if less - error > comparison.allowed:
                yield f"{comparison.title}, {scheme}: {percent(less)} ± {percent(error)} points less than fp32"


def evaluation_rows(results):
    def compared(found, key):
        return ["", ""] if found[key] is None else [f"**{percent(found[key])}**", percent(found["fp32"] - found[key])]

    for evaluation in EVALUATIONS:
        head = f"| {os.path.basename(evaluation.file())} | `{evaluation.normalize}` |"
        if evaluation.name not in results:
            yield head + " not measured | | | | | | |"
            continue
        found = results[evaluation.name]
        runtime = "–" if found["runtime"] is None else percent(found["runtime"])
        cells = [percent(found["published"]), runtime, percent(found["fp32"])]
        yield f"{head} {' | '.join(cells + compared(found, 'niti') + compared(found, 'estimated'))} |"


def wrong_evaluations(results):
    """Trained files that fp32 does not agree with others about, or that lose too much under NITI."""
    for evaluation in EVALUATIONS:
        found = results.get(evaluation.name)
        if not found:
            continue
        for key in ("published", "runtime"):
            if found[key] is not None and abs(found["fp32"] - found[key]) > ALLOWED_DEVIATION:
                yield f"{evaluation.name}: {percent(found['fp32'])} with fp32, {percent(found[key])} {key}"
        ours = found["niti"] if found["estimated"] is None else found["estimated"]
        if found["fp32"] - ours > ALLOWED_LOSS:
            yield f"{evaluation.name}: {percent(found['fp32'] - ours)} points less than fp32"


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
at a time, with all of them (the recipe `batchnorm`), and with all but one: weight decay, 16-bit errors, 16-bit scales and biases of
normalizations, and more room for the weights of the last layer.

| run | epochs | training | test | best test |
|---|---:|---:|---:|---:|""",
        RESIDUAL_RUNS,
        residual_rows,
        RESIDUAL_RUNS,
    ),
    Section(
        "Averages of weights",
        """Accuracies of vgg_tiny on CIFAR-10, in percent, with the recipe `plain`: tests take the mean of the 8-bit weights since 60 % of
the run, which has 8 bits, too.

| run | epochs | training | test | best test |
|---|---:|---:|---:|---:|""",
        AVERAGE_RUNS,
        average_rows,
        AVERAGE_RUNS,
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
        "Small networks, ten seeds",
        """Test accuracies, in percent, after the last epoch: means over seeds, with their standard errors, and how far NITI is below
fp32, with the standard error of the difference; 0.1 points beyond that are allowed. fp32 has its default optimizer and schedule.
Under fp32 the largest weight of a layer becomes 4 to 18 times as large as the largest initial one there, but with the default
headroom of NITI at most twice as large. The recipe of NITI has three bits of headroom, weights of 16 bits, momentum and a
cosine; it was chosen with seeds 1 to 3 of the MLP on Fashion-MNIST. Pixels are normalized under both schemes. The last rows
have the defaults of both schemes, and pixels as they are.

| network, data, epochs | scheme | seeds | mean | below fp32 | allowed |
|---|---|---:|---:|---:|---:|""",
        SMALL_RUNS,
        small_rows,
        tuple(run for run in SMALL_RUNS if run.seed == SEEDS[0]),
    ),
    Section(
        "Trained files, before any step",
        f"""Test accuracies, in percent, of files that were trained in floats, four of them by others: as published, by ONNX Runtime, and
by qtc under fp32 and NITI, without any step. The last file has the weights of the run resnet20-fp32, which
`tools/dev/trained_models.py` puts into it, and its published accuracy is that of the run. The statistics that a file has for
its BatchNormalization suit float weights. With `{ESTIMATION}` they are estimated again with the weights of 8 bits,
from training images without their labels. NITI may be 0.3 points below fp32, with estimated statistics if there are any.
Commands are those of NITI; without the last option the statistics are those of the file.

| file | pixels | published | ONNX Runtime | fp32 | NITI | below fp32 | NITI, estimated | below fp32 |
|---|---|---:|---:|---:|---:|---:|---:|---:|""",
        EVALUATIONS,
        evaluation_rows,
        EVALUATIONS,
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
    names = [*NAMES, *(evaluation.name for evaluation in EVALUATIONS)]
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0], epilog="runs: " + ", ".join(names))
    parser.add_argument("models", metavar="MODELS", help="folder with the models, NAME.onnx")
    parser.add_argument("--mnist", metavar="DIR", help="folder with the four files of MNIST")
    parser.add_argument("--fashion-mnist", metavar="DIR", help="folder with the four files of Fashion-MNIST")
    parser.add_argument("--cifar10", metavar="DIR", help="folder with the binary version of CIFAR-10")
    parser.add_argument("--only", metavar="NAME", action="append", choices=names, help="make this run (repeatable)")
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
    results, folders, low = {}, {}, []
    with tempfile.TemporaryDirectory(prefix="qtc-accuracy-") as folder:
        for run in RUNS:
            if run.name in earlier:
                results[run.name] = read_result(run, earlier[run.name])
                folders[run.name] = earlier[run.name]
            elif is_wanted(run, options):
                out = os.path.join(options.keep or folder, run.name)
                results[run.name] = perform(run, options, os.path.join(folder, "cache"), out)
                folders[run.name] = out
            else:
                continue
            best, tail, final = summarize(results[run.name])
            if final < run.floor or best < run.best or tail < run.tail:
                low.append(run.name)
            print(f"{run.name}: {percent(final)} (floor {100 * run.floor:.1f}), best {percent(best)}", flush=True)
        for evaluation in EVALUATIONS:
            if not is_wanted(evaluation, options):
                continue
            source = evaluation.source and (folders.get(evaluation.source), results.get(evaluation.source))
            if evaluation.source and not source[0]:
                raise Failure(f"{evaluation.name}: needs the run {evaluation.source}")
            results[evaluation.name] = evaluate(evaluation, options, source, folder)
    page = document(results, options)
    with open(options.output, "w", encoding="utf-8") as file:
        file.write(page)
    low += [*wrong_statistics(results), *wrong_activations(results), *wrong_small(results), *wrong_evaluations(results)]
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
