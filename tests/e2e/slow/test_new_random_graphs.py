# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""New random graphs in every run, on all instruction sets, plain loops, and 1, 2 and 5 threads.

The numbers of the graphs start at a seed that is printed, and named by each failure. QTC_RANDOM_SEED sets it, and
QTC_RANDOM_COUNT how many graphs each scheme gets:

    QTC_RANDOM_SEED=123 QTC_RANDOM_COUNT=1 python3 tests/e2e/slow/test_new_random_graphs.py
"""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import random_models  # noqa: E402 (the path comes first)
import random_runs  # noqa: E402

SEED = int(os.environ.get("QTC_RANDOM_SEED") or random.SystemRandom().randrange(2**31))
COUNT = int(os.environ.get("QTC_RANDOM_COUNT") or 12)


class Case:
    """Runs `graph` for each number."""

    def each(self, graph):
        print(f"random graphs: QTC_RANDOM_SEED={SEED}")
        for number in range(SEED, SEED + COUNT):
            with self.subTest(QTC_RANDOM_SEED=number, QTC_RANDOM_COUNT=1):
                graph(number)


class Integers(Case, random_runs.IntegerCase):
    def run_scheme(self, scheme, number):
        compile_options, train_options = random_runs.choose_options(number, scheme)
        self.check(f"{scheme}{number}", random_models.make_supported(number, scheme), compile_options, train_options)

    def test_niti(self):
        self.each(lambda number: self.run_scheme("niti", number))

    def test_wage(self):
        self.each(lambda number: self.run_scheme("wage", number))

    def test_covering_models(self):
        """All operators on all instruction sets."""
        for number, model in enumerate(random_models.make_covering("niti", 4)):
            self.check(f"covering{number}", model)


class Floats(Case, random_runs.FloatCase):
    def test_random(self):
        self.each(lambda number: self.check(f"fp32-{number}", random_models.make_supported(number, "fp32")))


if __name__ == "__main__":
    unittest.main()
