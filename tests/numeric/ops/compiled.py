# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles functions of the qtrain and qkernel dialects and calls them with NumPy arrays.

A Module collects functions as MLIR text, lowers them with the passes of compiler/Pipelines/Pipelines.cpp, and runs
them through the entry points that the runtime would call: arguments lie in the training state, as parameters do.
Parallel loops run in small pieces, the last one first, so a result that depends on their order shows. Float results
that must not depend on it are compared with those of one piece.

qtc-opt and qtc-translate come from the build folder $QTC_BUILD_DIR (default: `build` in the repository), opt and llc
from $QTC_LLVM_TOOLS (default: Debian's LLVM 19), and any C compiler links.
"""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(FOLDER)))
sys.path.insert(0, os.path.join(ROOT, "tests", "numeric", "reference"))
SEARCH = os.pathsep.join([
    os.path.join(os.environ.get("QTC_BUILD_DIR", os.path.join(ROOT, "build")), "bin"),
    os.environ.get("QTC_LLVM_TOOLS", "/usr/lib/llvm-19/bin"),
    os.environ.get("PATH", os.defpath),
])

FLOAT = "canonicalize,cse,qtrain-apply-float,func.func(qtrain-assign-layouts)"
PLAN = "func.func(convert-qtrain-to-qkernel),canonicalize,cse,func.func(fuse-elementwise)"
# The compiler's own phases.
PHASES = "qtc-plan{isa=%(isa)s microkernels=%(microkernels)d},qtc-kernels{isa=%(isa)s},qtc-llvm{isa=%(isa)s}"

# The two functions that the runtime provides (runtime/include/qtcrt/abi.h).
RUNTIME = """
#include <stdint.h>
typedef void (*task_function)(void *, int64_t, int64_t, int64_t);
int64_t whole_loops;
void qtcrt_parallel_for(void *executor, task_function task, void *closure, int64_t count) {
  int64_t piece = whole_loops ? count : count < 64 ? 3 : count / 16;
  for (int64_t begin = (count - 1) / piece * piece; begin >= 0; begin -= piece)
    task(closure, begin, begin + piece < count ? begin + piece : count, begin % 2);
}
void qtcrt_mark(void *executor, int64_t op) {}
"""

ALIGNMENT = 64
ARENA_BYTES = 64 << 20
MAX_PORTS = 16
# Roles of arguments that are ports, in the order of their numbers.
PORT_ROLES = ("input", "target", "prediction", "exponent")


class Step(ctypes.Structure):
    """qtcrt_step."""

    _fields_ = [
        ("state", ctypes.c_void_p),
        ("arena", ctypes.c_void_p),
        ("seed", ctypes.c_uint64),
        ("schedule", ctypes.c_int64),
        ("step", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("ports", ctypes.c_void_p * MAX_PORTS),
    ]


def cpu_flags():
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        return set(re.search(r"^flags\s*:(.*)$", cpuinfo.read(), re.MULTILINE).group(1).split())


def best_isa():
    """The strongest instruction set of this processor that there is a target for."""
    flags = cpu_flags()
    avx512 = {"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512cd"}
    for isa, needed in (
        ("avx512vnni", avx512 | {"avx512_vnni"}),
        ("avxvnni", {"avx2", "fma", "avx_vnni"}),
        ("avx512", avx512),
        ("avx2", {"avx2", "fma"}),
    ):
        if needed <= flags:
            return isa
    return "baseline"


def tool(name):
    path = shutil.which(name, path=SEARCH)
    if path is None:
        raise FileNotFoundError(f"no {name} in {SEARCH}")
    return path


def run(*command):
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{process.stderr[-4000:]}")


def aligned(size):
    """A zeroed byte buffer that starts on a cache line."""
    buffer = np.zeros(size + ALIGNMENT, dtype=np.uint8)
    start = -buffer.ctypes.data % ALIGNMENT
    return buffer[start : start + size]


def tensor(dtype, shape):
    """The MLIR type of an array."""
    return f"tensor<{''.join(f'{n}x' for n in shape)}{element(dtype)}>"


def scaled(bits, shape, channels_last=False):
    """A scaled type; `shape` is the logical one, [N, C, H, W]."""
    layout = ", #qtrain.channels_last" if channels_last else ""
    return f"!qtrain.scaled<tensor<{''.join(f'{n}x' for n in shape)}i{bits}{layout}>>"


def element(dtype):
    dtype = np.dtype(dtype)
    return {"i": "i", "u": "ui", "f": "f"}[dtype.kind] + str(dtype.itemsize * 8)


def window(kernel, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1)):
    """A #qtrain.window; pads are [top, left, bottom, right]."""
    text = ", ".join(
        f"{name} = {list(values)}"
        for name, values in (("kernel", kernel), ("strides", strides), ("pads", pads), ("dilations", dilations))
    )
    return f"#qtrain.window<{text}>"


class Function:
    """One function: its arguments are i8, i16, i32 or f32 arrays and, named by their roles, input, target, seed and step."""

    def __init__(self, name, arguments, body, results, extra=()):
        self.name, self.arguments, self.body, self.results = name, arguments, body, results
        self.extra = extra

    def parameter(self, index):
        return f"{self.name}.{index}"

    def text(self):
        lines, signature = [], []
        for index, (dtype, shape) in enumerate(self.arguments):
            kind = tensor(dtype, shape)
            zero = "= dense<0.0>" if np.dtype(dtype).kind == "f" else "exponent 0 = dense<0>"
            lines.append(f"qtrain.parameter @{self.parameter(index)} id {index} {zero} : {kind}")
            signature.append(f"%{index}: {kind} {{qtrain.parameter = @{self.parameter(index)}}}")
        for kind, name in self.extra:
            signature.append(f"%{name}: {kind} {{qtrain.role = #qtrain.role<{name}>}}")
        results = ", ".join(
            "i32" if result == "exponent" else tensor(*result) for result in self.results
        )
        lines.append(f"func.func @{self.name}({', '.join(signature)}) -> ({results}) {{")
        lines += [self.body, "}"]
        return "\n".join(lines)


class Module:
    """Functions that are compiled together. Those that are `imported` are float models, as the importer makes them."""

    def __init__(self, isa="baseline", microkernels=False, imported=False):
        self.isa, self.microkernels, self.imported = isa, microkernels, imported
        self.functions, self.library, self.offsets, self.state_bytes = {}, None, {}, 0
        self.ports = {}  # number of the port of each role

    def add(self, name, arguments, body, results, extra=()):
        """Adds a function.

        arguments: (dtype, shape) a tensor, named %0, %1, ... in `body`
        results:   one or two of (dtype, shape) or "exponent", an i32; `body` ends with their return
        extra:     (MLIR type, role) of input, target, seed or step, named alike in `body`
        """
        self.functions[name] = Function(name, arguments, body, results, extra)

    def pipeline(self):
        passes = [FLOAT, PLAN] if self.imported else [PLAN]
        passes.append(PHASES % {"isa": self.isa, "microkernels": self.microkernels})
        return f"builtin.module({','.join(passes)})"

    def compile(self):
        self._place_parameters()
        self._number_ports()
        with tempfile.TemporaryDirectory() as folder:
            source, lowered, ir, better, code, runtime, library = (
                os.path.join(folder, name)
                for name in ("a.mlir", "b.mlir", "c.ll", "d.bc", "e.o", "runtime.c", "f.so")
            )
            with open(source, "w", encoding="utf-8") as file:
                file.write("\n".join(function.text() for function in self.functions.values()))
            with open(runtime, "w", encoding="utf-8") as file:
                file.write(RUNTIME)
            run(tool("qtc-opt"), source, f"--pass-pipeline={self.pipeline()}", "-o", lowered)
            run(tool("qtc-translate"), "--mlir-to-llvmir", lowered, "-o", ir)
            run(tool("opt"), "-O2", "-mtriple=x86_64-linux-gnu", ir, "-o", better)
            run(tool("llc"), "-O2", "--relocation-model=pic", "--filetype=obj", better, "-o", code)
            run(tool("cc"), "-O1", "-shared", "-fPIC", code, runtime, "-o", library)
            self.library = ctypes.CDLL(library)
        return self

    def _place_parameters(self):
        """The layout of the state: sorted by name, every tensor on a cache line."""
        sizes = {}
        for function in self.functions.values():
            for index, (dtype, shape) in enumerate(function.arguments):
                count = int(np.prod(shape, dtype=np.int64))
                sizes[function.parameter(index)] = count * np.dtype(dtype).itemsize
        offset = 0
        for name in sorted(sizes, key=str.encode):
            self.offsets[name] = offset
            offset += -(-sizes[name] // ALIGNMENT) * ALIGNMENT
        self.state_bytes = offset

    def _number_ports(self):
        """All functions number them alike: each role has room for the most that one of them has."""
        counts = dict.fromkeys(PORT_ROLES, 0)
        for function in self.functions.values():
            found = {role: function.text().count(f"#qtrain.role<{role}>") for role in ("input", "target")}
            found["prediction"], found["exponent"] = 1, len(function.results) - 1
            counts = {role: max(count, found[role]) for role, count in counts.items()}
        number = 0
        for role, count in counts.items():
            self.ports[role] = number
            number += count

    def call(self, name, *arrays, input=None, target=None, seed=0, step=0, overwrites=False, whole_loops=False):
        """Runs a function and returns its results, arrays and integers.

        Only one that `overwrites` may change its arguments. With `whole_loops` parallel loops run as on one thread.
        """
        function = self.functions[name]
        ctypes.c_int64.in_dll(self.library, "whole_loops").value = whole_loops
        state, arena = aligned(self.state_bytes), aligned(ARENA_BYTES)
        # Old contents that a kernel leaves must not matter.
        arena[: 1 << 16] = 0xA5
        views = []
        for index, ((dtype, shape), array) in enumerate(zip(function.arguments, arrays, strict=True)):
            array = np.asarray(array)
            assert array.shape == tuple(shape), (array.shape, shape)
            converted = np.ascontiguousarray(array.astype(dtype))
            assert np.array_equal(converted, array, equal_nan=array.dtype.kind == "f"), "an argument does not fit its type"
            begin = self.offsets[function.parameter(index)]
            state[begin : begin + converted.nbytes] = converted.reshape(-1).view(np.uint8)
            views.append((begin, converted))
        outputs = [
            np.full(() if result == "exponent" else result[1], 85, np.int32 if result == "exponent" else result[0])
            for result in function.results
        ]
        read = {"input": input, "target": target}
        tensors = {role: np.ascontiguousarray(array) for role, array in read.items() if array is not None}
        tensors.update(zip(("prediction", "exponent"), outputs))
        operands = Step(state=state.ctypes.data, arena=arena.ctypes.data, seed=seed, step=step)
        for role, array in tensors.items():
            operands.ports[self.ports[role]] = array.ctypes.data
        getattr(self.library, f"qtc_{self.isa}_{name}")(None, ctypes.byref(operands))
        for begin, converted in views:
            after = state[begin : begin + converted.nbytes]
            same = np.array_equal(after, converted.reshape(-1).view(np.uint8))
            assert same or overwrites, "an argument was overwritten"
        results = [int(a) if a.ndim == 0 else a for a in outputs]
        return results if len(results) > 1 else results[0]


def compose(name, value, bits, shape, exponent, channels_last=False):
    """MLIR text: %name of tensor %value (in memory order) and the i32 %exponent."""
    memory = to_memory_shape(shape) if channels_last else shape
    return (
        f"%{name} = qtrain.compose %{value}, %{exponent} : ({tensor(f'i{bits // 8}', memory)}, i32)"
        f" -> {scaled(bits, shape, channels_last)}\n"
    )


def decompose_and_return(value, bits, shape, channels_last=False):
    """MLIR text: returns mantissas, in memory order, and the exponent of %value."""
    kind = tensor(f"i{bits // 8}", to_memory_shape(shape) if channels_last else shape)
    return (
        f"%m, %s = qtrain.decompose %{value} : ({scaled(bits, shape, channels_last)}) -> ({kind}, i32)\n"
        f"return %m, %s : {kind}, i32\n"
    )


def scalar(name, value, index=0, count=2):
    """MLIR text: %name is element `index` of the i32 vector %value of `count`."""
    return (
        f"%{name}_at = arith.constant {index} : index\n"
        f"%{name} = tensor.extract %{value}[%{name}_at] : tensor<{count}xi32>\n"
    )


def to_memory_shape(shape):
    return (shape[0], shape[2], shape[3], shape[1])


def to_memory(array):
    """[N, C, H, W] to [N, H, W, C]."""
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1))


def from_memory(array):
    return array.transpose(0, 3, 1, 2)


def interesting(bits, count, random):
    """Integers of `bits` bits: extremes, neighbours of powers of two, and all magnitudes alike."""
    limit = 2 ** (bits - 1) - 1
    powers = 2 ** np.arange(bits - 1, dtype=np.int64)
    special = np.concatenate([[0, limit], powers, powers - 1, powers + 1, limit - powers])
    special = np.concatenate([special, -special])
    special = special[np.abs(special) <= limit]
    magnitude = random.integers(0, 2 ** random.integers(1, bits, count))
    values = np.where(random.integers(0, 2, count) == 1, magnitude, -magnitude)
    values[: min(count, special.size)] = special[:count]
    return values
