# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A run killed at random moments always resumes and ends as if nothing had happened. slow/ kills more often."""

import unittest

import runs


class Kill(runs.KillCase):
    def test_kill_5_times(self):
        self.kill_at_random(5, seed=1)


if __name__ == "__main__":
    unittest.main()
