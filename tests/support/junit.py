# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts the cases in the reports of one ctest run.

Usage: junit.py CTEST.xml FOLDER

CTEST.xml is what `ctest --output-junit` wrote. An entry NAME in it with a FOLDER/NAME.xml is a suite that reported its
own cases: they are counted instead of the entry. Names what failed on stderr; the last line on stdout is
`N passed, N failed, N skipped`. Exit status 0 only if something passed and nothing failed.
"""

import os
import sys
import xml.etree.ElementTree as ElementTree

PASSED, FAILED, SKIPPED, IGNORED = "passed", "failed", "skipped", "ignored"


def outcome(case):
    """The outcome of one <testcase> as ctest, lit and run_unittest.py write them."""
    if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
        return FAILED
    skipped = case.find("skipped")
    if skipped is not None:
        # lit lists tests that a filter left out; they are not part of this run.
        message = skipped.get("message", "")
        if "not selected" in message:
            return IGNORED
        # ctest calls a test whose program is missing "skipped" too; asked-for skips carry SKIP_.
        return FAILED if case.get("status") == "notrun" and not message.startswith("SKIP_") else SKIPPED
    return SKIPPED if case.get("status") == "disabled" else PASSED


def cases(path):
    """(name, outcome) of every case in a report; a report cut short counts as one failure."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        return [(f"{path}: {error}", FAILED)]
    result = []
    for case in root.iter("testcase"):
        name, group = case.get("name", "?"), case.get("classname", "")
        name = f"{group}/{name}" if group not in ("", name) else name
        result.append((name, outcome(case)))
    return [(name, kind) for name, kind in result if kind != IGNORED]


def collect(ctest_report, folder):
    """(name, outcome) of every case of the run."""
    result = []
    for name, kind in cases(ctest_report):
        suite = os.path.join(folder, name.replace("/", "_") + ".xml")
        if not os.path.exists(suite):
            result.append((name, kind))
            continue
        inner = cases(suite)
        result += inner
        if kind == FAILED and not any(k == FAILED for _, k in inner):
            result.append((name, FAILED))
    return result


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    result = collect(sys.argv[1], sys.argv[2])
    count = {kind: sum(k == kind for _, k in result) for kind in (PASSED, FAILED, SKIPPED)}
    for name, kind in result:
        if kind == FAILED:
            print(f"failed: {name}", file=sys.stderr)
    if not result:
        print("error: no test ran", file=sys.stderr)
    sys.stderr.flush()
    print(f"{count[PASSED]} passed, {count[FAILED]} failed, {count[SKIPPED]} skipped")
    return 0 if count[PASSED] and not count[FAILED] else 1


if __name__ == "__main__":
    sys.exit(main())
