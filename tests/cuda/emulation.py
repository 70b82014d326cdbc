# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels for a GPU as code of this processor, and ptxas's report on them.

ptxas is looked for on the path and in $CUDA_HOME (default: /usr/local/cuda).
"""

import dataclasses
import os
import re
import shutil
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import harness  # noqa: E402 (the path comes first)

LIBRARIES = os.path.join(harness.BUILD, "tests", "cuda")
LLVM_TOOLS = os.environ.get("QTC_LLVM_TOOLS", "/usr/lib/llvm-19/bin")
QTC_OPT = os.path.join(harness.BUILD, "bin", "qtc-opt")
EMULATION = (
    "--emulate-launches", "--outline-tasks", "--expand-strided-metadata", "--lower-affine",
    "--convert-qkernel-to-llvm=isa=baseline", "--reconcile-unrealized-casts",
)  # fmt: skip


def build_library(kernels, folder):
    """A library with the kernels of a file as functions, one call per block."""
    lowered, ir, better, code, library = (
        os.path.join(folder, name) for name in ("l.mlir", "i.ll", "b.bc", "o.o", "kernels.so")
    )
    harness.succeed(QTC_OPT, kernels, *EMULATION, "-o", lowered)
    harness.succeed(os.path.join(harness.BUILD, "bin", "qtc-translate"), "--mlir-to-llvmir", lowered, "-o", ir)
    with open(ir, encoding="utf-8") as file:
        text = file.read().replace("define internal", "define")
    with open(ir, "w", encoding="utf-8") as file:
        file.write(text)
    harness.succeed(os.path.join(LLVM_TOOLS, "opt"), "-O2", "-mtriple=x86_64-linux-gnu", ir, "-o", better)
    llc = ("-O2", "--relocation-model=pic", "--filetype=obj", better, "-o", code)
    harness.succeed(os.path.join(LLVM_TOOLS, "llc"), *llc)
    emulator = ("-L" + LIBRARIES, "-lQtcEmulator", "-Wl,-rpath," + LIBRARIES)
    harness.succeed("cc", "-shared", "-fPIC", code, *emulator, "-o", library)
    return library


def extract_code(module, code):
    """Writes the text of a gpu.binary, which MLIR prints with escapes."""
    with open(module, encoding="utf-8") as file:
        (text,) = re.findall(r'"((?:[^"\\]|\\.)*\.version(?:[^"\\]|\\.)*)"', file.read())
    text = re.sub(r"\\([0-9A-F]{2})", lambda match: chr(int(match.group(1), 16)), text)
    with open(code, "w", encoding="utf-8") as file:
        file.write(text.rstrip("\0"))


def find_ptxas():
    found = shutil.which("ptxas") or os.path.join(os.environ.get("CUDA_HOME", "/usr/local/cuda"), "bin", "ptxas")
    if not os.access(found, os.X_OK):
        raise unittest.SkipTest("no ptxas on the path or in $CUDA_HOME; PyPI's nvidia-cuda-nvcc has one")
    return found


@dataclasses.dataclass
class Report:
    """ptxas's report on kernels: registers and spilled bytes of a thread, and shared bytes of a block."""

    registers: list
    spilled: list
    shared: list


def assemble(code, capability, cubin):
    """A report of the kernels in a file. They must use sums of warpgroups as ptxas requires, so that it adds no waits."""
    report = harness.succeed(find_ptxas(), f"-arch=sm_{capability}", "-v", code, "-o", cubin).err
    registers = [int(number) for number in re.findall(r"Used (\d+) registers", report)]
    spilled = [int(number) for number in re.findall(r"(\d+) bytes spill stores", report)]
    shared = [int(number) for number in re.findall(r"(\d+) bytes smem", report)]
    with open(code, encoding="utf-8") as file:
        kernels = len(re.findall(r"^\.visible \.entry", file.read(), re.MULTILINE))
    if len(registers) != kernels:
        raise AssertionError(f"expected a report of {kernels} kernels\n{report}")
    if re.search(r"\(C75\d\d\)", report):
        raise AssertionError(f"expected no remark about products of warpgroups\n{report}")
    return Report(registers, spilled, shared)
