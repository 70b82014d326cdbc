#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times PyTorch's product of 8-bit integer matrices, which is cuBLASLt's, on an NVIDIA GPU.

Usage: torch_int_mm.py MxNxK [MxNxK ...] [--repeat N]

[M, K] times [K, N], both with K innermost; extents are rounded up to those that the library supports. Prints one line per
product: `MxNxK gmacs_per_second=RATE`, the median of the repetitions. Only requested multiply-accumulates count.
"""

import argparse
import statistics

import torch

MULTIPLE = 32


def round_up(extent):
    return -(-extent // MULTIPLE) * MULTIPLE


def measure(rows, columns, depth, repeat):
    """Seconds of one product."""
    m, n, k = map(round_up, (rows, columns, depth))
    a = torch.randint(-127, 128, (m, k), dtype=torch.int8, device="cuda")
    b = torch.randint(-127, 128, (n, k), dtype=torch.int8, device="cuda").t()
    for _ in range(3):
        torch._int_mm(a, b)  # pylint: disable=protected-access
    times = []
    for _ in range(repeat):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        torch._int_mm(a, b)  # pylint: disable=protected-access
        end.record()
        end.synchronize()
        times.append(1e-3 * begin.elapsed_time(end))
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("products", nargs="+", metavar="MxNxK")
    parser.add_argument("--repeat", type=int, default=20)
    options = parser.parse_args()
    for product in options.products:
        rows, columns, depth = map(int, product.split("x"))
        seconds = measure(rows, columns, depth, options.repeat)
        print(f"{product} gmacs_per_second={1e-9 * rows * columns * depth / seconds:.1f}", flush=True)


if __name__ == "__main__":
    main()
