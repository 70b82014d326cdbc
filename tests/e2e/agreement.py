# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`qtc check` and `qtc compile` on one model: their verdicts and messages."""

import re

import harness

SCHEMES = ("niti", "wage", "fp32")


def judge(model, scheme, phase, batch=4, options=()):
    """(outcome of the check, outcome of the compilation up to `phase`)"""
    words = (model, f"--scheme={scheme}", f"--batch={batch}", *options)
    check = harness.execute(harness.QTC, "check", *words)
    return check, harness.execute(harness.QTC, "compile", *words, "--mcpu=avx2", f"--emit={phase}", "-o", "-")


def shows(cell, name):
    """Whether a cell of the table is the name, of which long ones show their end."""
    return cell == name or (cell.startswith("...") and name.endswith(cell[3:]))


def find_disagreement(model, scheme, phase, batch=4, options=()):
    """The faults of the verdicts, as text; empty if they agree and name what blocks."""
    check, compilation = judge(model, scheme, phase, batch, options)
    both = f"{check}\n$ {compilation.command}\nexit status {compilation.code}\n{compilation.err}"
    if check.code not in (0, 1) or check.code != compilation.code:
        return "the verdicts differ\n" + both
    errors = [line for line in compilation.err.splitlines() if line.startswith("error: ")]
    if len(errors) != compilation.code:
        return "expected one error exactly on failure\n" + both
    if re.search(r"'(qtrain|qkernel|func|arith)\.", check.out + "".join(errors)):
        return "an operation of the IR is named\n" + both
    named = re.match(r"error: (?:.*?: )?node '([^']+)' \((\w+)\): (.*)", errors[0]) if errors else None
    if named and not any(
        shows(row.split()[0], named[1]) and "  unsupported: " in row for row in check.out.splitlines() if row.split()
    ):
        return "the check does not blame the node that stops the compiler\n" + both
    return ""
