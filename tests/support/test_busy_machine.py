# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""busy_machine.py shows what one thread takes in the same rounds, and its limits are those of all threads."""

import os
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(SOURCE, "tools", "dev", "busy_machine.py")

# Beside other programs one thread takes 20 times as long, several take FACTOR times.
TRAINER = """#!{python}
import json, os, sys
count = next(int(word.partition("=")[2]) for word in sys.argv if word.startswith("--threads="))
log = os.path.join(os.path.dirname(sys.argv[0]), "log")
with open(log, "a+") as file:
    file.seek(0)
    run = len(file.readlines())
    file.write(str(count) + "\\n")
factor = 1 if run % 4 < 2 else 20 if count == 1 else {factor}
print(json.dumps(dict(median_milliseconds=0.25 * factor, percentile_99_milliseconds=0.5 * factor)))
"""


class BusyMachine(unittest.TestCase):
    def measure(self, factor):
        with tempfile.TemporaryDirectory() as folder:
            trainer = os.path.join(folder, "trainer")
            with open(trainer, "w", encoding="utf-8") as file:
                file.write(TRAINER.format(python=sys.executable, factor=factor))
            os.chmod(trainer, 0o755)
            done = subprocess.run(
                [sys.executable, TOOL, trainer, "--threads=2", "--rounds=2"], stdout=subprocess.PIPE, encoding="utf-8", check=False
            )
        return done.returncode, [line.split() for line in done.stdout.splitlines()[1:]]

    def test_one_thread_has_no_limit(self):
        code, rows = self.measure(factor=2)
        self.assertEqual(code, 0)
        self.assertEqual(
            rows,
            [
                ["trainer", "2", "median", "0.250", "0.500", "2.00", "2.5"],
                ["trainer", "2", "99th", "percentile", "0.500", "1.000", "2.00", "5.0"],
                ["trainer", "1", "median", "0.250", "5.000", "20.00", "-"],
                ["trainer", "1", "99th", "percentile", "0.500", "10.000", "20.00", "-"],
            ],
        )

    def test_limits(self):
        self.assertEqual(self.measure(factor=3)[0], 1)


if __name__ == "__main__":
    unittest.main()
