# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The page that performance.py writes, only from its results."""

import os
import statistics

MODELS = ("mlp", "lenet", "vgg_small_7", "vgg7_wage")
BIG = ("vgg_small_7", "vgg7_wage")
MODES = {
    "fp32": ["--modes", "fp32"],
    "fp32+compile": ["--modes", "fp32", "--compile"],
    "bf16": ["--modes", "bf16"],
    "bf16+compile": ["--modes", "bf16", "--compile"],
}
ISAS = ("avx512vnni", "avxvnni", "avx512", "avx2")
CHAINS = (25, 50, 100)

# The goals for the passes of 3x3 convolutions with 128 channels or more, percent of the peak with helpers.
PASS_GOALS = {"forward": 80, "input gradient": 75, "weight gradient": 70}
# Instruction sets whose share of their own peak is compared with that of avx512vnni.
COMPARED_ISAS = ("avxvnni", "avx2")
# A larger batch may be this much slower in images/s: noise.
BATCH_MARGIN = 0.02


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def middle(runs, *path):
    """The median over runs of their values at `path`."""

    def find(run):
        for key in path:
            run = run[key]
        return run

    return median([find(run) for run in runs or []])


def ratio(over, under):
    return over / under if over is not None and under else None


def table(head, rows, left=1):
    align = ["---"] * left + ["---:"] * (len(head) - left)
    lines = (head, align, *rows)
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def number(value, digits=1, suffix=""):
    return "-" if value is None else f"{value:.{digits}f}{suffix}"


def rate(value):
    return "-" if value is None else f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def spread(runs):
    values = [run["images_per_second"] for run in runs or []]
    return "-" if len(values) < 2 else f"{rate(min(values))} to {rate(max(values))}"


class Goals:
    """Rows of the table of goals."""

    def __init__(self):
        self.rows = []

    def add(self, what, goal, value, limit, text, at_most=False, open_because=None):
        if value is None:
            reached = "not measured"
        elif not (value <= limit if at_most else value >= limit):
            reached = "no"
        else:
            reached = f"open: {open_because}" if open_because else "yes"
        self.rows.append([what, goal, text, reached])


def best_of(runs, mode):
    """The faster of eager and compiled: its name and its runs."""
    found = [(name, runs[name]) for name in (mode, mode + "+compile") if runs.get(name)]
    return max(found, key=lambda entry: middle(entry[1], "images_per_second")) if found else (None, [])


def compare_with_torch(name, data, goals):
    runs, failures, skipped = data["runs"], data["failures"], data["skipped"]
    ours, memory = middle(runs["qtc"], "images_per_second"), middle(runs["qtc"], "peak_resident_bytes")
    memory = memory / 2**20 if memory else None
    rows = [[f"{name}, qtc", rate(ours), spread(runs["qtc"]), len(runs["qtc"]), "1", number(memory), "1"]]
    for mode in MODES:
        if mode in failures:
            rows.append([f"{name}, PyTorch {mode}", "failed", "-", 0, "-", "-", "-"])
        if not runs.get(mode):
            continue
        theirs, peak = middle(runs[mode], "images_per_second"), middle(runs[mode], "peak_mib")
        count = f"{len(runs[mode])}, then left out" if mode in skipped else len(runs[mode])
        rows.append(
            [
                f"{name}, PyTorch {mode}",
                rate(theirs),
                spread(runs[mode]),
                count,
                number(ratio(ours, theirs), 2),
                number(peak),
                number(ratio(memory, peak), 3),
            ]
        )
    for mode, goal in (("fp32", 4), ("bf16", 2)):
        best, other = best_of(runs, mode)
        found = ratio(ours, middle(other, "images_per_second"))
        missing = [one for one in (mode, mode + "+compile") if not runs.get(one)]
        goals.add(
            f"{name} against PyTorch {mode}",
            f"≥ {goal}×",
            found,
            goal,
            number(found, 2, "×") + (f" ({best})" if best else ""),
            open_because=f"{missing[0]} was not measured" if missing else None,
        )
    # A mode that compiles needs more memory, so this is against the smaller one.
    found = ratio(memory, middle(runs.get("fp32"), "peak_mib"))
    goals.add(
        f"{name}, peak resident memory against PyTorch fp32", "≤ 1/4", found, 0.25, number(found, 3), at_most=True
    )
    return rows


def page_models(data, goals):
    rows = []
    for name in MODELS:
        if name in data["models"]:
            rows += compare_with_torch(name, data["models"][name], goals)
        else:
            goals.add(f"{name} against PyTorch", "≥ 4×, bf16 ≥ 2×", None, 0, "-")
    text = "The input is synthetic. The programs ran in turn, and so did the models."
    if any(set(entry["runs"]) - {"qtc"} for entry in data["models"].values()):
        text += (
            " PyTorch trains by SGD with momentum in channels-last layout, each mode in its own process, after 3 steps of "
            "warm-up."
        )
    if data.get("import_mib"):
        text += f" A process that only imports torch has a peak memory of {data['import_mib']:.0f} MiB."
    if any(entry["skipped"] for entry in data["models"].values()):
        text += (
            f" A compiled mode that was more than {data['skip_factor']:g} times slower than its eager mode in the "
            "first round was left out of later rounds."
        )
    head = ["model and program", "images/s", "from … to", "runs", "qtc is … times as fast", "peak MiB", "qtc's share"]
    return text + "\n\n" + table(head, rows)


def page_steps(data, goals):
    """Where the step goes, from qtc's runs of the previous section."""
    benches = {name: entry["runs"]["qtc"] for name, entry in data["models"].items() if entry["runs"]["qtc"]}
    rows = [
        [
            name,
            number(middle(runs, "milliseconds_per_step"), 3),
            number(middle(runs, "total", "percent_of_peak")),
            number(middle(runs, "percent_not_mac")),
            number(middle(runs, "peak_gmacs_per_second")),
            number(max(run["best_peak_gmacs_per_second"] for run in runs)),
            number(middle(runs, "bandwidth_gigabytes_per_second")),
        ]
        for name, runs in benches.items()
    ]
    head = ["model", "ms/step", "% of peak", "% of time outside MAC kernels", "peak, GMAC/s", "best peak", "copy, GB/s"]
    text = (
        "The peak is the speed of dot-product instructions on registers on all threads at once, measured in rounds between "
        "the steps. Shares refer to the median of the rounds. Every number is a median over the runs.\n\n" + table(head, rows)
    )
    text += (
        "\nThe next table sums the operations of each kind with at least half a percent of the step; the bound is the "
        "time at the roofline.\n\n"
    )
    text += table(["model, kind", "ms", "% of step", "bound, ms"], kind_rows(benches))
    for name in BIG:
        if name in benches:
            text += page_layers(name, benches[name], goals)
    for name in ("vgg_small_7",):
        runs = benches.get(name)
        total, rest = middle(runs, "total", "percent_of_peak"), middle(runs, "percent_not_mac")
        goals.add(f"whole {name} step", "≥ 65 % of peak", total, 65, number(total, 1, " %"))
        goals.add(f"{name}, time outside MAC kernels", "≤ 15 %", rest, 15, number(rest, 1, " %"), at_most=True)
    return text


def kind_rows(benches):
    rows = []
    for name, runs in benches.items():
        kinds = {}
        for run in runs:
            sums = {}
            for op in run["ops"]:
                taken, bound = sums.get(op["kind"], (0.0, 0.0))
                bound += op["milliseconds"] * (op["percent_of_bound"] or 0) / 100
                sums[op["kind"]] = (taken + op["milliseconds"], bound)
            for kind, (taken, bound) in sums.items():
                entry = {"ms": taken, "share": 100 * taken / run["milliseconds_per_step"], "bound": bound or None}
                kinds.setdefault(kind, []).append(entry)
        for kind, found in sorted(kinds.items(), key=lambda entry: -middle(entry[1], "ms")):
            if middle(found, "share") >= 0.5:
                rows.append(
                    [
                        f"{name}, {kind}",
                        number(middle(found, "ms"), 3),
                        number(middle(found, "share")),
                        number(middle(found, "bound"), 3),
                    ]
                )
    return rows


def page_layers(name, runs, goals):
    rows, shares = [], {}
    layers = [[run["layers"][i] for run in runs] for i in range(len(runs[0]["layers"]))]
    inner = {layer[0]["node"] for layer in layers if layer[0]["pass"] == "input gradient"}
    for layer in layers:
        node, step = layer[0]["node"], layer[0]["pass"]
        whole = middle(layer, "percent_of_peak_with_helpers")
        rows.append(
            [
                f"{node} {step}",
                number(middle(layer, "macs") * 1e-9, 2),
                number(middle(layer, "kernel_milliseconds"), 2),
                number(middle(layer, "helper_milliseconds"), 2),
                number(middle(layer, "percent_of_peak")),
                number(whole),
                number(median([run["percent_of_best_peak"] for run in layer if "percent_of_best_peak" in run])),
                number(middle(layer, "bytes") * 1e-6),
                number(middle(layer, "compute_milliseconds"), 2),
                number(middle(layer, "memory_milliseconds"), 2),
                layer[0]["bound"] or "-",
            ]
        )
        # The first convolution has 3 channels and no input gradient.
        if "Conv" in node and node in inner:
            shares.setdefault(step, []).append(whole)
    for step, goal in PASS_GOALS.items():
        lowest = min(shares[step]) if shares.get(step) else None
        goals.add(
            f"{name}, 3×3 convolutions, ≥ 128 channels, {step}, helpers included: lowest",
            f"≥ {goal} %",
            lowest,
            goal,
            f"{number(lowest)} % (median {number(median(shares.get(step, [])))} %)",
        )
    head = ["layer and pass", "GMAC", "kernel ms", "helpers ms", "kernel % of peak", "with helpers", "at best", "kernel MB"]
    return (
        f"\nThe layers of `{name}`. Helpers pack operands, requantize and activate results, and update weights. The column "
        "`at best` uses the fastest steps of kernel and helpers and the best peak. Compute and memory are the times of the "
        "kernel's multiply-accumulates at the peak and of its bytes at the copy bandwidth.\n\n"
        + table(head + ["compute ms", "memory ms", "bound"], rows)
    )


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
        goals.add(f"{name}, 2 threads over 1", "≥ 1.9×", gain, 1.9, number(gain, 2, "×"))
    return "Each share refers to the peak of the same number of threads.\n\n" + table(
        ["model, threads", "images/s", "over 1 thread", "peak, GMAC/s", "% of peak"], rows
    )


def page_isas(data, goals):
    rows = []
    for name, runs in data["models"].items():
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
            if isa in COMPARED_ISAS:
                what = f"{name}, {isa}: its share of peak over that of avx512vnni"
                goals.add(what, "≥ 0.85", relative, 0.85, number(relative, 2))
    batches = ", ".join(f"{name} {batch}" for name, batch in data["batches"].items())
    return (
        "Instruction sets are forced with `--isa`; each share refers to the measured peak of the same one. "
        f"Batches: {batches}.\n\n"
        + table(["model, --isa", "images/s", "its peak, GMAC/s", "% of its peak", "over avx512vnni's"], rows)
    )


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
        limit = 1 - BATCH_MARGIN
        what = f"{name}, images/s of a batch over those of the next smaller: lowest"
        goals.add(what, f"≥ 1, margin {100 * BATCH_MARGIN:.0f} %", falls, limit, number(falls, 3))
        if name == "vgg_small_7" and runs.get("1"):
            over = ratio(100, middle(runs["1"], "percent_of_peak"))
            goals.add(f"{name}, batch 1 over its MAC bound", "≤ 3×", over, 3, number(over, 2, "×"), at_most=True)
    return table(["model, batch", "images/s", "ms/step", "% of peak"], rows)


def page_compile(data, goals):
    rows = [[name, number(median(times), 1), len(times)] for name, times in data.items()]
    for name, goal in (("vgg_small_7", 10), (f"{CHAINS[-1]} convolutions", 60)):
        found = median(data.get(name, []))
        what = f"`qtc compile`, {name}, all variants"
        goals.add(what, f"≤ {goal} s", found, goal, number(found, 1, " s"), at_most=True)
    first, last = (median(data.get(f"{count} convolutions", [])) for count in (CHAINS[0], CHAINS[-1]))
    growth, limit = ratio(last, first), CHAINS[-1] / CHAINS[0]
    what = f"`qtc compile`, {CHAINS[-1]} layers over {CHAINS[0]}"
    goals.add(what, f"≤ {limit:.0f}×", growth, limit, number(growth, 2, "×"), at_most=True)
    return (
        "A trainer contains all instruction sets. The chains are 3×3 convolutions of 16 channels on 16×16 pixels "
        "with ReLU.\n\n" + table(["model", "s", "runs"], rows)
    )


# Title, function that writes the text, and the section of the results that it uses.
PARTS = (
    ("Against PyTorch", page_models, "models"),
    ("Where the step goes", page_steps, "models"),
    ("Threads", page_threads, "threads"),
    ("Instruction sets", page_isas, "isas"),
    ("Batch sizes", page_batches, "batches"),
    ("Compilation", page_compile, "compile"),
)


# Sections that other programs write into the page.
FLOAT = "Scheme fp32"
FOREIGN = (FLOAT, "CUDA")


def split_page(text):
    """[(title, text)] of the sections of a page; the first has no title."""
    head, *sections = ("\n" + text).split("\n## ")
    return [("", head.lstrip("\n")), *(section.split("\n", 1) for section in sections)]


def replace_section(path, title, text):
    """Writes a section of a page, in its place or at the end."""
    with open(path, encoding="utf-8") as file:
        sections = split_page(file.read())
    found = [index for index, section in enumerate(sections) if section[0] == title]
    place = found[0] if found else len(sections)
    sections[place : place + 1] = [(title, "\n" + text)]
    parts = [f"## {name}\n{body}" if name else body for name, body in sections]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n\n".join(part.strip("\n") for part in parts) + "\n")


def write_page(results, path):
    goals, parts = Goals(), []
    for title, render, name in PARTS:
        section = results["sections"].get(name)
        if not section:
            continue
        parts.append(
            f"## {title}\n\n{render(section['data'], goals)}\n"
            f"Measured {section['date']}, {section['rounds']} rounds, tree at {section['commit']}; "
            f"load average {section['load before']} before and {section['load after']} after.\n"
        )
    machine = results["machine"]
    text = [
        "# Speed on the CPU\n",
        "Written by `tools/dev/performance.py`; do not edit. Ratios matter, not absolute times. All numbers "
        "are medians; [design](design.md#measuring) describes how a step is measured.\n",
        f"Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory']} GiB, {machine['isas']}; "
        f"Linux {machine['kernel']}. qtc {machine['qtc']}, scheme NITI; PyTorch {results['torch']}. "
        f"Batch {machine['batch']} and {machine['threads']} threads unless noted otherwise.\n",
    ]
    if results.get("note"):
        text.append(results["note"] + "\n")
    text.append("## Goals\n\n" + table(["what", "goal", "measured", "reached"], goals.rows))
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            parts += [f"## {name}\n{body}" for name, body in split_page(file.read()) if name in FOREIGN]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(text + parts))
