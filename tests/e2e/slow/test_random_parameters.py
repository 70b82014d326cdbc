# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random graphs of merged and tied parameters of any rank: gradients in floats, states in integers."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from parameter_runs import ParameterCase  # noqa: E402 (the path comes first)

SEEDS = range(100, 160)
# One in this many graphs also goes through all instruction sets, and through the plain loops.
STRIDE = 5


class RandomParameters(ParameterCase):
    def whole(self, number):
        path = self.make_model(number)
        self.check_gradients(path)
        self.check_integers(path, threads=(1 + number % 5,))
        if number % STRIDE == 0:
            self.check_integers(path, (2,), ("--mcpu=baseline", "--no-microkernels", "--niti-weight-bits=8"))


def _add(number):
    setattr(RandomParameters, f"test_{number}", lambda self: self.whole(number))


for _number in SEEDS:
    _add(_number)

if __name__ == "__main__":
    unittest.main()
