# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every suite of python tests can be loaded, also those that only run on demand."""

import os
import subprocess
import sys
import tempfile
import unittest

SUPPORT = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(SUPPORT)


class Suites(unittest.TestCase):
    def test_load(self):
        folders = {folder for folder, _, files in os.walk(TESTS) for file in files if file.startswith("test_")}
        with tempfile.TemporaryDirectory() as output:
            for folder in sorted(folder for folder in folders if "__pycache__" not in folder):
                with self.subTest(folder=os.path.relpath(folder, TESTS)):
                    arguments = [os.path.join(SUPPORT, "run_unittest.py"), folder, os.path.join(output, "report.xml")]
                    run = subprocess.run(
                        [sys.executable, *arguments],
                        env={**os.environ, "QTC_TEST_FILTER": "^no test$"},
                        capture_output=True,
                        text=True,
                    )
                    self.assertIn("Ran 0 tests", run.stderr)
                    self.assertEqual(run.returncode, 0, run.stderr)


if __name__ == "__main__":
    unittest.main()
