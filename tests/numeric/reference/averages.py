# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Averages of weights over steps: numerics contract section 5.4."""

import contextlib

import schedules
from arithmetic import divide_nearest


class WeightAverage:
    """The weights after step F, F + K, F + 2K, ... where F is the first step of `start` and K is `every`."""

    def __init__(self, start, every, total_steps, steps_per_epoch):
        self.first, self.every = schedules.first_step(start, total_steps, steps_per_epoch), every
        self.sums, self.count = {}, 0

    def add(self, mantissas, step):
        """Counts the parameters after `step` steps, if they are part of the average."""
        if step == 0 or step < self.first or (step - self.first) % self.every:
            return
        self.count += 1
        for name, values in mantissas.items():
            self.sums[name] = self.sums.get(name, 0) + values

    @contextlib.contextmanager
    def in_place(self, trainer):
        """The trainer has means for its parameters, if there are any."""
        weights = trainer.mantissas
        if self.count:
            trainer.mantissas = {name: divide_nearest(total, self.count) for name, total in self.sums.items()}
        yield
        trainer.mantissas = weights


class NoAverage:
    def add(self, mantissas, step):
        pass

    def in_place(self, trainer):
        return contextlib.nullcontext()
