# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs every pass of this project over modules: each has a result, or an error and nothing else.

Usage: run_passes.py [--pairs N] [--seed N] FILE.mlir...

Files hold modules, separated for -split-input-file. The passes are those that the .td files of the compiler define. With
--pairs, N random sequences of two passes follow. A run that ends by a signal, takes more than 60 s of a processor, or fails without an
error is reported with the module and the command; the exit status is then 1.
"""

import argparse
import os
import pathlib
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[4]
DEFINITION = re.compile(r':\s+(?:Pass|FunctionPass|ModelPass)<"([\w-]+)"(?:, "::mlir::([\w:]+)")?>')
SEPARATOR = "\n// -----\n"
# Seconds of a processor, whatever else runs.
TIMEOUT = 60
# Whatever asks for more than this many bytes has not looked at a size.
MEMORY = 8 << 30
# What the defaults of a pass do not reach.
OPTIONS = {
    "qtrain-apply-niti": [
        "scheme-init=true weight-bits=16 gradient-rounding=stochastic loss=paper settings=momentum=0.9,weight-decay=0.1",
        "weight-bits=16 optimizer=lion",
    ],
    "qtrain-apply-wage": ["quantize-last=true scheme-init=true"],
    "qtrain-apply-float": ["settings=momentum=0,weight-decay=0.1 scheme-init=true", "optimizer=adamw", "optimizer=lion"],
    "qtrain-generate-backward": ["loss=sse", "loss=huber number-input=true mantissas=true", "loss=bce number-input=true"],
    "convert-qkernel-to-loops": ["elements=true"],
    "convert-contract-to-gpu": ["sm=90a"],
}


def find_passes():
    """The pipelines to run: each pass, and each with the options above."""
    names = set()
    for path in sorted((ROOT / "compiler").rglob("*.td")):
        names.update(match.group(1) for match in DEFINITION.finditer(path.read_text(encoding="utf-8")))
    known = subprocess.run(["qtc-opt", "--help"], capture_output=True, text=True, check=True).stdout
    missing = [name for name in names if not re.search(rf"^\s+--{name}\s", known, re.MULTILINE)]
    if missing or len(names) < 20:
        sys.exit(f"error: passes that qtc-opt does not know: {missing}; {len(names)} in the .td files")
    runs = [(name,) for name in sorted(names)]
    for name, variants in sorted(OPTIONS.items()):
        runs.extend((f"{name}={variant}",) for variant in variants)
    return runs


def set_limits():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (TIMEOUT, TIMEOUT + 1))


def run(text, passes):
    """What is wrong with the run of `passes` over `text`; None if nothing is. Modules in `text` are separated."""
    with tempfile.NamedTemporaryFile("w", suffix=".mlir") as file:
        file.write(text)
        file.flush()
        command = ["qtc-opt", "--allow-unregistered-dialect", "--split-input-file", "--mlir-disable-threading", file.name]
        command += [f"--{name}" for name in passes]
        # pylint: disable-next=subprocess-popen-preexec-fn
        done = subprocess.run(command, capture_output=True, check=False, preexec_fn=set_limits)
    if done.returncode == -signal.SIGXCPU:
        return f"it takes more than {TIMEOUT} s"
    errors = done.stderr.decode(errors="replace")
    if done.returncode < 0 or done.returncode > 1 or "PLEASE submit a bug report" in errors:
        return f"exit status {done.returncode}\n{errors[:4000]}"
    # Of a module that fails nothing is printed.
    outputs = done.stdout.decode(errors="replace").split("// -----")
    failed = sum(not output.strip() for output in outputs) if done.returncode else 0
    located = len(set(re.findall(r"(within split at [^ ]+).*?: error:", errors))) if SEPARATOR in text else failed
    if done.returncode and (": error:" not in errors or located < failed):
        return f"{failed} modules fail, but only {located} with an error\n{errors[:4000]}"
    return None


def check(modules, passes):
    """Prints and counts the modules that `passes` do not survive."""
    problem = run(SEPARATOR.join(modules), passes)
    if problem is None:
        return 0
    if len(modules) > 1:
        middle = len(modules) // 2
        return check(modules[:middle], passes) + check(modules[middle:], passes)
    print(f"FAILED: qtc-opt --allow-unregistered-dialect {' '.join(f'--{name!r}' for name in passes)}: {problem}")
    print(modules[0][:4000], flush=True)
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, fromfile_prefix_chars="@")
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    modules = []
    for name in arguments.files:
        modules += pathlib.Path(name).read_text(encoding="utf-8").split(SEPARATOR)
    runs = find_passes()
    choose = random.Random(arguments.seed).choice
    singles = list(runs)
    runs += [choose(singles) + choose(singles) for _ in range(arguments.pairs)]
    failures = sum(check(modules, passes) for passes in runs)
    print(f"{len(runs)} runs over {len(modules)} modules: {failures} failures")
    sys.exit(failures > 0)


if __name__ == "__main__":
    os.environ.setdefault("LLVM_DISABLE_SYMBOLIZATION", "1")
    main()
