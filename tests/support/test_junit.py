# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The counts that a run reports: a test that did not run must never look like one that passed."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import junit  # noqa: E402

CTEST = """<testsuite>
  <testcase name="ok" classname="ok" status="run"/>
  <testcase name="bad" classname="bad" status="fail"><failure message=""/></testcase>
  <testcase name="no program" classname="no program" status="notrun"><skipped message="Unable to find executable"/></testcase>
  <testcase name="skip" classname="skip" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>
  <testcase name="off" classname="off" status="disabled"/>
  <testcase name="lit" classname="lit" status="%s"/>
</testsuite>"""
LIT = """<testsuites><testsuite>
  <testcase classname="qtc.a" name="pass.mlir"/>
  <testcase classname="qtc.a" name="other.mlir"><skipped message="Test not selected (--filter, --max-tests)"/></testcase>
  <testcase classname="qtc.a" name="vnni.mlir"><skipped message="Missing required feature(s): avx512vnni"/></testcase>
  %s
</testsuite></testsuites>"""


class Junit(unittest.TestCase):
    def collect(self, ctest, lit=None):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("ctest", ctest), ("lit", lit)):
                if text is not None:
                    with open(os.path.join(folder, name + ".xml"), "w", encoding="utf-8") as file:
                        file.write(text)
            return dict(junit.collect(os.path.join(folder, "ctest.xml"), folder))

    def test_entries_of_ctest(self):
        expected = {"ok": "passed", "bad": "failed", "no program": "failed", "skip": "skipped", "off": "skipped", "lit": "passed"}
        self.assertEqual(self.collect(CTEST % "run"), expected)

    def test_a_suite_counts_by_its_cases(self):
        result = self.collect(CTEST % "run", LIT % "")
        self.assertEqual(result["qtc.a/pass.mlir"], "passed")
        self.assertEqual(result["qtc.a/vnni.mlir"], "skipped")
        self.assertNotIn("qtc.a/other.mlir", result)
        self.assertNotIn("lit", result)

    def test_a_failed_case_of_a_suite_counts_once(self):
        result = self.collect(CTEST % "fail", LIT % '<testcase classname="qtc.a" name="b.mlir"><failure/></testcase>')
        self.assertEqual(result["qtc.a/b.mlir"], "failed")
        self.assertNotIn("lit", result)

    def test_a_suite_that_failed_without_a_failed_case_counts(self):
        self.assertEqual(self.collect(CTEST % "fail", LIT % "")["lit"], "failed")

    def test_a_report_cut_short_fails(self):
        self.assertIn("failed", self.collect(CTEST % "run", "<testsuites><testsuite>").values())


if __name__ == "__main__":
    unittest.main()
