# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""All modes of WAGE, and all kinds of nodes that it supports, against the NumPy reference."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from wage_runs import MODES, NODES, WageCase  # noqa: E402 (the path comes first)


class Wage(WageCase):
    def test_modes(self):
        self.compare_modes(MODES)

    def test_nodes(self):
        self.compare_nodes(NODES)


if __name__ == "__main__":
    unittest.main()
