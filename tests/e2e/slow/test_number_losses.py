# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Final losses of NITI and fp32 on numbers: all losses that fit them, and several orders of examples."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import test_numbers  # noqa: E402 (the path comes first)


class Learning(test_numbers.Learning):
    BUILDS = {**test_numbers.Learning.BUILDS, "niti8": ("--niti-weight-bits=8",)}
    LOSSES, SEEDS = ("mse", "l1", "huber"), (1, 2, 3)


if __name__ == "__main__":
    unittest.main()
