#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures the steps of trainers while other programs use every processor.

Usage: busy_machine.py TRAINER [TRAINER ...] [--threads N] [--steps N] [--rounds N]

Runs `TRAINER bench` on the quiet machine and beside one busy loop per processor, in turn, and prints the median and
the 99th percentile of the steps: the lowest of all rounds for each, since other work on the machine only adds to it.
The exit status is 1 if the median beside busy loops is more than 2.5 times the quiet one, or the 99th percentile
more than 5 times. A time slice of the system takes 3 to 4 ms: a step that is much shorter than that is either not
interrupted or takes many times as long, so its 99th percentile says more about the system than about the trainer. The same
figures of one thread, which waits for no other, show how much: they are measured in the same rounds and have no limit.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys

MEDIAN, SLOW = "median_milliseconds", "percentile_99_milliseconds"
LIMITS = {MEDIAN: 2.5, SLOW: 5.0}


@contextlib.contextmanager
def busy_loops(count):
    """`count` processes that use a processor each, as long as the context lasts."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def measure(trainer, steps, threads):
    command = [trainer, "bench", "--json", f"--steps={steps}", f"--threads={threads}"]
    bench = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return {key: bench[key] for key in LIMITS}


def lowest(rounds):
    return {key: min(measured[key] for measured in rounds) for key in LIMITS}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trainers", nargs="+", metavar="TRAINER")
    processors = len(os.sched_getaffinity(0))
    parser.add_argument("--threads", type=int, default=processors)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    counts = sorted({options.threads, 1}, reverse=True)
    reached = True
    print(f"{'trainer':16} {'threads':>7}  {'':16} {'quiet, ms':>10} {'busy, ms':>10} {'ratio':>6} {'limit':>6}")
    for trainer in options.trainers:
        trainer = os.path.abspath(trainer)
        quiet, busy = ({count: [] for count in counts} for _ in range(2))
        for _ in range(options.rounds):
            for count in counts:
                quiet[count].append(measure(trainer, options.steps, count))
            with busy_loops(processors):
                for count in counts:
                    busy[count].append(measure(trainer, options.steps, count))
        for count in counts:
            before, beside = lowest(quiet[count]), lowest(busy[count])
            for key, name in ((MEDIAN, "median"), (SLOW, "99th percentile")):
                ratio = beside[key] / before[key]
                is_limited = count == options.threads
                reached = reached and (not is_limited or ratio <= LIMITS[key])
                limit = f"{LIMITS[key]:.1f}" if is_limited else "-"
                print(
                    f"{os.path.basename(trainer):16} {count:7}  {name:16} {before[key]:10.3f} {beside[key]:10.3f} "
                    f"{ratio:6.2f} {limit:>6}"
                )
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
