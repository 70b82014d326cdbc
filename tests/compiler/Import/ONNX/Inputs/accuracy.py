# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Accuracy of imported models of handwritten digits, interpreted.

    accuracy.py MNIST_FOLDER COUNT MODEL=DIVISOR...     pixels are divided before a model sees them
"""

import gzip
import os
import sys

import numpy as np

import interpret
import node_tests


def read(path, header, shape):
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header).reshape(shape)


def main():
    folder, count = sys.argv[1], int(sys.argv[2])
    images = read(os.path.join(folder, "t10k-images-idx3-ubyte.gz"), 16, (-1, 1, 28, 28))[:count]
    labels = read(os.path.join(folder, "t10k-labels-idx1-ubyte.gz"), 8, -1)[:count]
    for argument in sys.argv[3:]:
        path, divisor = argument.rsplit("=", 1)
        process = node_tests.translate(path, count)
        scores = interpret.run(process.stdout, images / float(divisor))
        print(f"{os.path.basename(path)}: {np.mean(scores.argmax(axis=1) == labels):.2f}")


if __name__ == "__main__":
    main()
