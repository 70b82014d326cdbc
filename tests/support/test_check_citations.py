# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Citations of sections that do not exist are found, also where a comment breaks a line."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "dev"))
import check_citations  # noqa: E402

SECTIONS = {"numerics": {"4", "4.12"}, "niti": {"2.3"}, "wage": {"1"}, "fp32": set()}


class Citations(unittest.TestCase):
    def find(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "file")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return [problem.split(" ", 1)[1] for problem in check_citations.check(path, SECTIONS)]

    def test_existing(self):
        for text in (
            "`niti.md` 2.3", "niti.md section 2.3", "numerics contract, section 4.12", "wage.md 1.", "numerics contract",
            "(numerics contract,\n/// section 4)", "numerics contract, sections\n// 4 and 4.12",
        ):
            self.assertEqual(self.find(text), [], text)

    def test_missing(self):
        self.assertEqual(self.find("`niti.md` " "2.4"), ["docs/schemes/niti.md has no section 2.4"])
        self.assertEqual(self.find("niti.md" "\n/// 7"), ["docs/schemes/niti.md has no section 7"])
        self.assertEqual(self.find("Numerics contract, " "section 5"), ["docs/numerics.md has no section 5"])
        self.assertEqual(self.find("numerics contract, " "sections 4 and 9"), ["docs/numerics.md has no section 9"])

    def test_sections(self):
        with tempfile.NamedTemporaryFile("w", suffix=".md", encoding="utf-8") as file:
            file.write("# Page\n## 4 NITI\ntext 5 \n### 4.12 Update\n**2.3 Sums.** v1\n")
            file.flush()
            self.assertEqual(check_citations.find_sections(file.name), {"4", "4.12", "2.3"})


if __name__ == "__main__":
    unittest.main()
