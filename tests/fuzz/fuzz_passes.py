# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs random passes over modules that are changed at random: attributes, types, numbers, operands and lines.

Usage: PATH=build/bin:$PATH python3 tests/fuzz/fuzz_passes.py [--seconds 900] [--seed N] [--keep FOLDER] [FILE.mlir...]

Without files the modules are those of tests/compiler/Passes and of every phase of two small models. What crashes a run of
one or two passes, or makes it hang or fail without an error, is written to FOLDER (fuzz-passes) with the command.
"""

import argparse
import hashlib
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
INPUTS = ROOT / "tests/compiler/Passes/Inputs"
sys.path.insert(0, str(INPUTS))

import run_passes  # pylint: disable=wrong-import-position

NUMBERS = ["0", "1", "-1", "2", "3", "4", "7", "16", "64", "255", "4294967296", "1099511627776", "9223372036854775807"]
TYPES = ["i1", "i8", "i16", "i32", "i64", "f32", "f64", "bf16", "index", "ui8", "i4"]
# Larger modules take longer than what they find is worth.
LARGEST = 60000
BATCH = 24


def replace_match(choose, text, pattern, replacement):
    """`text` with one match of `pattern`, chosen at random, replaced."""
    matches = list(re.finditer(pattern, text))
    if not matches:
        return text
    match = choose(matches)
    new = replacement(match.group(0)) if callable(replacement) else replacement
    return text[: match.start()] + new + text[match.end() :]


class Mutator:
    """Changes the text of a module."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def choose(self, values):
        return self.random.choice(values)

    def number(self, text):
        return replace_match(self.choose, text, r"(?<![\w.%@#])-?\d+(?![\w.])", self.choose(NUMBERS))

    def extent(self, text):
        return replace_match(self.choose, text, r"(?<=[<x])\d+(?=x)", self.choose(NUMBERS + ["?"]))

    def kind(self, text):
        return replace_match(self.choose, text, r"\b(?:[su]?i(?:1|4|8|16|32|64)|f32|f64|index)\b", self.choose(TYPES))

    def type(self, text):
        types = re.findall(r"(?:tensor|memref|!qtrain\.scaled)<[^>]*>+", text)
        return replace_match(self.choose, text, r"(?:tensor|memref|!qtrain\.scaled)<[^>]*>+", self.choose(types or [""]))

    def types_of_one_kind(self, text):
        """The same change everywhere, so that the types of operands still match."""
        types = list(set(re.findall(r"(?:tensor|memref|!qtrain\.scaled)<[^>]*>+", text)))
        if not types:
            return text
        old = self.choose(types)
        change = self.choose([self.extent, self.kind, lambda _: self.choose(types)])
        return text.replace(old, change(old))

    def operand(self, text):
        values = re.findall(r"%[\w]+", text)
        return replace_match(self.choose, text, r"%[\w]+", self.choose(values or [""]))

    def symbol(self, text):
        symbols = re.findall(r"@[\w.]+", text)
        return replace_match(self.choose, text, r"@[\w.]+", self.choose((symbols or []) + ["@nothing"]))

    def attribute(self, text):
        """Leaves out an attribute, or gives it another value."""
        value = self.choose(["", "{name} = 1 : i64", '{name} = "text"', "{name} = []", "{name} = @nothing", "{name}"])
        change = lambda old: value.format(name=old.split(" =")[0])
        return replace_match(self.choose, text, r"[\w.]+ = [^,{}]+(?=[,}])", change)

    def attributes(self, text):
        return replace_match(self.choose, text, r" \{[^{}\n]*\}", "")

    def line(self, text):
        lines = text.split("\n")
        i, j = self.random.randrange(len(lines)), self.random.randrange(len(lines))
        how = self.choose(["delete", "repeat", "swap"])
        if how == "delete":
            del lines[i]
        elif how == "repeat":
            lines.insert(j, lines[i])
        else:
            lines[i], lines[j] = lines[j], lines[i]
        return "\n".join(lines)

    def operation(self, text):
        """Another operation of the same dialect in the place of one."""
        names = list(set(re.findall(r"\b(?:qtrain|qkernel)\.[a-z0-9_]+", text)))
        return replace_match(self.choose, text, r"\b(?:qtrain|qkernel)\.[a-z0-9_]+", self.choose(names or [""]))

    def mark(self, text):
        return replace_match(
            self.choose, text, r"func\.func (?:private )?@", self.choose(["func.func @", "func.func private @"])
        )

    def mutate(self, text):
        kinds = [self.number, self.extent, self.kind, self.type, self.types_of_one_kind, self.types_of_one_kind]
        kinds += [self.operand, self.symbol, self.attribute, self.attributes, self.line, self.operation, self.mark]
        for _ in range(self.choose([1, 1, 1, 2, 3])):
            text = self.choose(kinds)(text)
        return text


def find_modules(files):
    """Texts of the modules to change."""
    if not files:
        files = sorted(INPUTS.glob("*.mlir"))
        folder = pathlib.Path(tempfile.mkdtemp())
        command = [sys.executable, str(INPUTS / "make_phases.py"), str(folder)]
        files += subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    modules = []
    for name in files:
        modules += pathlib.Path(name).read_text(encoding="utf-8").split(run_passes.SEPARATOR)
    return [module for module in modules if len(module) < LARGEST]


def find_failing(modules, passes):
    """The modules of `modules` that fail, each with its problem."""
    problem = run_passes.run(run_passes.SEPARATOR.join(modules), passes)
    if problem is None:
        return []
    if len(modules) == 1:
        # MLIR's parser has faults of its own.
        plain = run_passes.run(modules[0], ()) or ""
        return [] if "parseAsmSourceFile" in plain and "mlir::verify(" not in plain else [(modules[0], problem)]
    middle = len(modules) // 2
    return find_failing(modules[:middle], passes) + find_failing(modules[middle:], passes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path("fuzz-passes"))
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    modules, runs = find_modules(arguments.files), run_passes.find_passes()
    mutator = Mutator(arguments.seed)
    end, count, failures = time.monotonic() + arguments.seconds, 0, 0
    while time.monotonic() < end:
        mutants = [mutator.mutate(mutator.choose(modules)) for _ in range(BATCH)]
        passes = sum((mutator.choose(runs) for _ in range(mutator.choose([1, 1, 2]))), ())
        count += len(mutants)
        for module, problem in find_failing(mutants, passes):
            failures += 1
            arguments.keep.mkdir(parents=True, exist_ok=True)
            path = arguments.keep / f"{hashlib.sha256(module.encode()).hexdigest()[:12]}.mlir"
            options = " ".join(f"'--{name}'" for name in passes)
            path.write_text(f"// qtc-opt --allow-unregistered-dialect {options}\n{module}", encoding="utf-8")
            print(f"FAILED: qtc-opt --allow-unregistered-dialect {path} {options}: {problem[:300]}", flush=True)
    print(f"{count} modules, {failures} failures")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
