# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs every test_*.py of a folder with unittest and writes a JUnit report.

Usage: run_unittest.py FOLDER REPORT.xml

The environment variable QTC_TEST_FILTER is a regular expression that selects tests by name.
"""

import os
import re
import sys
import time
import unittest
import xml.etree.ElementTree as ElementTree


class Result(unittest.TextTestResult):
    """Keeps one <testcase> per test."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.suite = ElementTree.Element("testsuite", name="python")
        self.begin = {}

    def startTest(self, test):
        super().startTest(test)
        self.begin[test.id()] = time.monotonic()

    def report(self, test, tag=None, text=""):
        classname, _, name = test.id().rpartition(".")
        seconds = time.monotonic() - self.begin.get(test.id(), time.monotonic())
        case = ElementTree.SubElement(self.suite, "testcase", classname=classname, name=name, time=f"{seconds:.3f}")
        if tag:
            ElementTree.SubElement(case, tag, message=text.strip().rsplit("\n", 1)[-1]).text = text

    def addSuccess(self, test):
        super().addSuccess(test)
        self.report(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.report(test, "failure", self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self.report(test, "error", self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.report(test, "skipped", reason)

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.report(test)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.report(test, "failure", "unexpected success")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.report(subtest, "failure", self._exc_info_to_string(err, test))


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, report = sys.argv[1:]
    wanted = re.compile(os.environ.get("QTC_TEST_FILTER", ""))
    loader = unittest.TestLoader()
    tests = [test for test in flatten(loader.discover(folder)) if wanted.search(test.id())]
    # The filter must not hide a file that cannot be loaded.
    for error in loader.errors:
        print(error, file=sys.stderr)
    result = unittest.TextTestRunner(resultclass=Result, verbosity=1).run(unittest.TestSuite(tests))
    ElementTree.ElementTree(result.suite).write(report, encoding="utf-8", xml_declaration=True)
    return 0 if result.wasSuccessful() and not loader.errors else 1


if __name__ == "__main__":
    sys.exit(main())
