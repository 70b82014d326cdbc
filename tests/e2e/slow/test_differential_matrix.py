# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled training against the NumPy reference: every tiny model, instruction set, thread count and option."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from differential import TRAINED, DifferentialCase  # noqa: E402 (the path comes first)

TRAIN_OPTIONS = (
    ("--seed=2",),
    ("--seed=18446744073709551615", "--no-shuffle"),
    ("--augment=crop-flip",),
    ("--steps=33", "--schedule=2,1@25%,0@50%,-1@90%"),
    ("--steps=31", "--schedule=1,linear:2@1,-3@2,cosine:0@3"),
    ("--limit=13", "--seed=5"),
)
COMPILE_OPTIONS = (
    ("--init=scheme", "--seed=3"),
    ("--niti-weight-bits=16",),
    ("--niti-error-bits=16",),
    ("--niti-error-bits=16", "--batch=1"),
    ("--niti-error-bits=16", "--niti-loss=paper", "--batch=7"),
    ("--niti-error-bits=16", "--init=scheme"),
    ("--niti-norm-bits=16", "--niti-weight-bits=16"),
    ("--niti-norm-bits=16", "--batch=5"),
    ("--niti-norm-bits=16", "--niti-error-bits=16"),
    ("--niti-norm-bits=16", "--init=scheme"),
    ("--niti-grad-round=stochastic",),
    ("--niti-grad-round=nearest",),
    ("--niti-loss=paper",),
    ("--niti-headroom=0",),
    ("--niti-headroom=2",),
    ("--batch=1",),
    ("--batch=5",),
    ("--batch=7",),
    ("--batch=16", "--normalize=none"),
    ("--batch=3", "--normalize=0.1,0.2,0.3,0.4,0.5/0.5,0.25,0.3,0.2,0.1"),
    ("--init=scheme", "--niti-weight-bits=16", "--niti-grad-round=stochastic", "--niti-loss=paper", "--batch=11"),
)
# Every model gets one in STRIDE of the compiler's options, each model a different part.
STRIDE = 4


class DifferentialMatrix(DifferentialCase):
    """One test per model."""

    def whole(self, name):
        trainers = self.compile(name, "--batch=6", "--normalize=0.5/0.25")
        self.compare(name, trainers=trainers)
        for options in TRAIN_OPTIONS:
            self.compare(name, (), options, threads=(2,), trainers=trainers)
        for options in COMPILE_OPTIONS[TRAINED.index(name) % STRIDE :: STRIDE]:
            # Weights of the scheme follow the seed of the run, not that of the compiler.
            seed = ("--seed=9",) if "--init=scheme" in options else ()
            self.compare(name, options, seed, threads=(2,))

    def test_flat_images(self):
        self.compare("gemm_plain", (), ("--data=data_flat",))


def _add(name):
    setattr(DifferentialMatrix, "test_" + name, lambda self: self.whole(name))


for _name in TRAINED:
    _add(_name)

if __name__ == "__main__":
    unittest.main()
