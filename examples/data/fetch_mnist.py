#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Downloads MNIST's four files into a folder, either complete and checked or not at all.

Usage: fetch_mnist.py FOLDER [--timeout SECONDS]

Exit status 1 if no mirror answers in time with the right files. QTC_MNIST_URL names another mirror.
"""

import argparse
import gzip
import hashlib
import os
import sys
import time
import urllib.request

MIRRORS = [
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
]
# name: size of the unpacked file, MD5 of the packed one (the values torchvision and others check)
FILES = {
    "train-images-idx3-ubyte.gz": (16 + 60000 * 784, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    "train-labels-idx1-ubyte.gz": (8 + 60000, "d53e105ee54ea40749a09fcbcd1e9432"),
    "t10k-images-idx3-ubyte.gz": (16 + 10000 * 784, "9fb629c4189551a2d022fa330f9573f3"),
    "t10k-labels-idx1-ubyte.gz": (8 + 10000, "ec29112dd5afa0611ce80d1b7f02629c"),
}


def right(name, data):
    size, digest = FILES[name]
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != digest:
        return False
    try:
        return len(gzip.decompress(data)) == size
    except (OSError, EOFError):
        return False


def stored(folder, name):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return right(name, file.read())
    except OSError:
        return False


def download(url, deadline):
    """The bytes at a URL; raises OSError when the deadline passes."""
    data = b""
    with urllib.request.urlopen(url, timeout=max(0.1, min(10, deadline - time.monotonic()))) as answer:
        while chunk := answer.read1(1 << 20):
            data += chunk
            if time.monotonic() > deadline:
                raise TimeoutError("took too long")
    return data


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for everything (60)")
    arguments = parser.parse_args()
    deadline = time.monotonic() + arguments.timeout
    mirrors = [os.environ["QTC_MNIST_URL"]] if os.environ.get("QTC_MNIST_URL") else MIRRORS

    os.makedirs(arguments.folder, exist_ok=True)
    wanted = [name for name in FILES if not stored(arguments.folder, name)]
    for mirror in mirrors:
        try:
            for name in list(wanted):
                data = download(mirror.rstrip("/") + "/" + name, deadline)
                if not right(name, data):
                    raise OSError(f"{name} is not the file expected")
                path = os.path.join(arguments.folder, name)
                with open(path + ".part", "wb") as file:
                    file.write(data)
                os.replace(path + ".part", path)
                wanted.remove(name)
        except (OSError, ValueError) as error:
            print(f"fetch_mnist: {mirror}: {error}", file=sys.stderr)
        if not wanted:
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
