#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that sections which files cite exist: `wage.md` 2.3, numerics contract, section 4.12.

Usage: check_citations.py FILE ...

Prints citations of missing sections; the exit status is 1 if there are any. Sections are headings `## 4 NITI` and
`### 4.12 Update`, and paragraphs that begin with `**2.3 Sums.**`. Run it in the root of the repository.
"""

import os
import re
import sys

PAGES = {
    "numerics": "docs/numerics.md",
    **{name: f"docs/schemes/{name}.md" for name in ("niti", "wage", "fp32")},
}
SECTION = re.compile(r"^(?:#{2,3} |\*\*)(\d+(?:\.\d+)?) ", re.MULTILINE)
# The characters between two words of a comment, which may be on two lines.
GAP = r"(?:\s|[/#*])+"
NUMBER = r"(\d+(?:\.\d+)?)(?:{gap}(?:and|to){gap}(\d+(?:\.\d+)?))?".format(gap=GAP)
CITATIONS = (
    re.compile(rf"\b(niti|wage|fp32|numerics)\.md`?,?{GAP}(?:sections?{GAP})?{NUMBER}"),
    re.compile(rf"\b([Nn]umerics){GAP}contract,?{GAP}sections?{GAP}{NUMBER}"),
)


def find_sections(path):
    with open(path, encoding="utf-8") as file:
        return set(SECTION.findall(file.read()))


def check(path, sections):
    """Messages about the citations in one file."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except UnicodeDecodeError:
        return
    for pattern in CITATIONS:
        for match in pattern.finditer(text):
            page = match.group(1).lower()
            for number in match.groups()[1:]:
                if number and number not in sections[page]:
                    line = text.count("\n", 0, match.start()) + 1
                    yield f"{path}:{line}: {PAGES[page]} has no section {number}"


def main(files):
    sections = {page: find_sections(path) for page, path in PAGES.items()}
    problems = [problem for file in files if os.path.isfile(file) for problem in check(file, sections)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
