# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Single contractions on matrix units, in the emulator, against NumPy: every schedule, shapes that fill no tile."""

import dataclasses
import os
import re
import sys
import typing
import unittest

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import emulation  # noqa: E402 (the path comes first)
import harness  # noqa: E402
import test_kernels  # noqa: E402

RUN = 16


@dataclasses.dataclass
class Contraction:
    """A qkernel.mapped_contract. Maps are dimensions and results, as text that both MLIR and Python understand."""

    a: tuple
    b: tuple
    result: tuple
    rows: tuple
    columns: int
    steps: tuple
    a_map: typing.Tuple[str, str]
    b_map: typing.Tuple[str, str]
    result_map: typing.Tuple[str, str]
    has_bias: bool = False
    accumulate: bool = False

    def function(self, name):
        """A function of MLIR."""

        def buffer(shape, element):
            return "memref<" + "".join(f"{size}x" for size in shape) + element + ">"

        def numbers(values):
            return "array<i64: " + ", ".join(str(value) for value in values) + ">"

        groups = {
            "ins": [("a", buffer(self.a, "i8")), ("b", buffer(self.b, "i8"))],
            "bias": [("bias", buffer((self.columns,), "i32"))] * self.has_bias,
            "outs": [("result", buffer(self.result, "i32"))] + [("max", "memref<i32>")] * (not self.accumulate),
        }
        clauses = " ".join(
            f"{clause}({', '.join(f'%{name}' for name, _ in group)} : {', '.join(kind for _, kind in group)})"
            for clause, group in groups.items()
            if group
        )
        arguments = ", ".join(f"%{name}: {kind}" for group in groups.values() for name, kind in group)
        maps = ", ".join(
            f"{key} = affine_map<({dims}) -> ({results})>"
            for key, (dims, results) in (("a_map", self.a_map), ("b_map", self.b_map), ("result_map", self.result_map))
        )
        return f"""
          func.func @{name}({arguments}) {{
            qkernel.mapped_contract {clauses}
              {{rows = {numbers(self.rows)}, columns = {self.columns} : i64, steps = {numbers(self.steps)},
               {"accumulate, " * self.accumulate}{maps}}}
            return
          }}"""

    def shape(self):
        """Rows, columns and steps, as schedules name them."""
        rows, steps = (numpy.prod(extents) for extents in (self.rows, self.steps))
        return f"{rows}x{self.columns}x{steps}" + "+" * self.accumulate

    def arrays(self, random):
        """Operands and the initial contents of the results."""
        operands = [random.integers(-128, 128, shape, numpy.int8) for shape in (self.a, self.b)]
        if self.has_bias:
            operands.append(random.integers(-(2**31), 2**31, self.columns).astype(numpy.int32))
        operands.append(random.integers(-1000, 1000, self.result).astype(numpy.int32))
        return operands + [numpy.array(7, numpy.int32)] * (not self.accumulate)

    def expected(self, a, b, *others):
        """The final contents of the results."""
        rows = numpy.indices(self.rows).reshape(len(self.rows), -1)
        columns = numpy.arange(self.columns)
        sums = self.gather(a, self.a_map, rows) @ self.gather(b, self.b_map, columns[None]).T
        if self.has_bias:
            sums = numpy.clip(sums + others[0], -(2**30), 2**30)
        start = others[int(self.has_bias)]
        result = start.copy()
        place = evaluate(self.result_map, *rows[:, :, None], columns[None])
        result[tuple(numpy.broadcast_to(index, sums.shape) for index in place)] = sums
        if self.accumulate:
            return [start + result]
        return [result, max(others[-1], abs(sums).max())]

    def gather(self, buffer, text, rows):
        """Runs of all steps of every row; elements outside of the buffer are 0."""
        steps = numpy.indices(self.steps).reshape(len(self.steps), -1)
        count = rows.shape[1], steps.shape[1]
        indices = [numpy.broadcast_to(index, count) for index in evaluate(text, *rows[:, :, None], *steps[:, None])]
        exists = numpy.all([(index >= 0) & (index < size) for index, size in zip(indices, buffer.shape)], axis=0)
        indices = [numpy.where(exists, index, 0)[..., None] for index in indices]
        runs = buffer[(*indices[:-1], indices[-1] + numpy.arange(RUN))]
        return numpy.where(exists[..., None], runs, 0).astype(numpy.int64).reshape(count[0], -1)


def evaluate(text, *values):
    return eval(f"lambda {text[0]}: ({text[1]},)")(*values)  # pylint: disable=eval-used


CONTRACTIONS = {
    # The image is surrounded by zeros.
    "forward": Contraction(
        (3, 9, 7, 32), (40, 3, 3, 32), (3, 9, 7, 40), (3, 9, 7), 40, (3, 3, 2),
        ("n, h, w, kh, kw, c", "n, h + kh - 1, w + kw - 1, c * 16"),
        ("o, kh, kw, c", "o, kh, kw, c * 16"),
        ("n, h, w, o", "n, h, w, o"),
        has_bias=True,
    ),
    # All tiles are full, so nothing but the loop decides whether sums are used.
    "strided": Contraction(
        (4, 16, 16, 32), (64, 3, 3, 32), (4, 8, 8, 64), (4, 8, 8), 64, (3, 3, 2),
        ("n, h, w, kh, kw, c", "n, h * 2 + kh - 1, w * 2 + kw - 1, c * 16"),
        ("o, kh, kw, c", "o, kh, kw, c * 16"),
        ("n, h, w, o", "n, h, w, o"),
    ),
    # The odd pixels of an image that was taken in steps of 2.
    "input_gradient": Contraction(
        (2, 6, 5, 144), (33, 2, 2, 144), (2, 11, 10, 33), (2, 5, 5), 33, (2, 2, 9),
        ("n, h, w, kh, kw, c", "n, h + kh, w + kw - 1, c * 16"),
        ("o, kh, kw, c", "o, 1 - kh, 1 - kw, c * 16"),
        ("n, h, w, o", "n, h * 2 + 1, w * 2, o"),
    ),
    # Long sums in parts.
    "weight_gradient": Contraction(
        (10, 9, 17, 48), (8, 7, 150, 48), (150, 3, 3, 17), (3, 3, 17), 150, (8, 7, 3),
        ("kh, kw, i, h, w, n", "h + kh, w + kw, i, n * 16"),
        ("o, h, w, n", "h, w, o, n * 16"),
        ("kh, kw, i, o", "o, kh, kw, i"),
        accumulate=True,
    ),
    "linear": Contraction(
        (200, 592), (130, 592), (200, 130), (200,), 130, (37,),
        ("n, c", "n, c * 16"), ("o, c", "o, c * 16"), ("n, o", "n, o"),
    ),
    "one": Contraction((1, 16), (1, 16), (1, 1), (1,), 1, (1,), ("n, c", "n, c * 16"), ("o, c", "o, c * 16"), ("n, o", "n, o")),
}  # fmt: skip


@dataclasses.dataclass
class Grid:
    """A launch: its size, bytes of dynamic memory, and positions of arguments."""

    blocks: int
    threads: int
    dynamic: int
    order: list


class Contractions(test_kernels.KernelCase):
    """Every kind of contraction, by schedules with the best number of parts."""

    def build_kernels(self, device, schedule):
        """Kernels, and the grid of each."""
        source, lowered = self.path("source.mlir"), self.path("lowered.mlir")
        with open(source, "w", encoding="utf-8") as file:
            file.write("".join(contraction.function(name) for name, contraction in CONTRACTIONS.items()))
        tiles = ",".join(f"{contraction.shape()}:{schedule}" for contraction in CONTRACTIONS.values())
        convert = f"--convert-contract-to-gpu=sm={device} tiles={tiles}"
        passes = (convert, "--gpu-kernel-outlining", "--merge-kernels", "--lower-affine", "--canonicalize")
        harness.succeed(emulation.QTC_OPT, source, *passes, "-o", lowered)
        with open(lowered, encoding="utf-8") as file:
            text = file.read()
        grids = {}
        for name, blocks, threads, dynamic, arguments in re.findall(
            r"gpu.launch_func +@kernels::@(\w+)_kernel blocks in \(%c(\d+),.*\) threads in \(%c(\d+),.*?\) +"
            r"(?:dynamic_shared_memory_size %c(\d+)_i32 +)?args\((.*)\)",
            text,
        ):
            order = [int(number) for number in re.findall(r"%arg(\d+)", arguments)]
            grids[name] = Grid(int(blocks), int(threads), int(dynamic or 0), order)
        self.assertEqual(set(grids), set(CONTRACTIONS))
        return "module attributes {gpu.container_module} {\n" + text[text.index("gpu.module") :], grids

    def assemble(self, device, kernels):
        """ptxas's report on them, and their text."""
        source, module, code = (self.path(name) for name in ("k.mlir", "k.bin.mlir", "k.ptx"))
        with open(source, "w", encoding="utf-8") as file:
            file.write(kernels)
        harness.succeed(emulation.QTC_OPT, source, f"--convert-kernels-to-ptx=sm={device}", "-o", module)
        emulation.extract_code(module, code)
        with open(code, encoding="utf-8") as file:
            text = file.read()
        self.assertNotRegex(text, r"satfinite|\.f(16|32|64)\b")
        self.check_registers(text)
        return emulation.assemble(code, device, self.path("cubin")), text

    def check_registers(self, text):
        """No instruction touches the sums of products from their fence to their wait. With products that go on in the
        next stage, this is the whole loop of stages and the code after it."""
        labels = ["", *re.findall(r"^(\$L\w+):$", text, re.MULTILINE)]
        blocks = re.split(r"^\$L\w+:$", text, flags=re.MULTILINE)
        for label, block in zip(labels, blocks):
            if "wgmma.fence" not in block:
                continue
            goes_on = label and "wgmma.wait_group.sync.aligned 1;" in block and re.search(rf"bra[^;]*{re.escape(label)};", block)
            begin = 0 if goes_on else block.index("wgmma.fence")
            group = block[begin:].split("wgmma.wait_group.sync.aligned 0;")[0]
            products = re.findall(r"wgmma\.mma_async[^;]*;", group)
            sums = {register for product in products for register in re.findall(r"%r\d+", product)}
            self.assertTrue(sums)
            others = re.sub(r"wgmma\.mma_async[^;]*;", "", group)
            self.assertEqual(sums & set(re.findall(r"%r\d+", others)), set())

    def check(self, device, schedule):
        kernels, grids = self.build_kernels(device, schedule)
        rows, columns, warp_rows, warp_columns, depth, overlaps, cached = re.fullmatch(
            r"(\d+)x(\d+)/(\d+)x(\d+)(?:-s(\d))?(-wait1)?(-ca)?", schedule
        ).groups()
        is_of_warpgroups = warp_rows == "16"
        self.assertEqual(f"<m = 64, n = {columns}, k = 32>" in kernels, is_of_warpgroups)
        self.assertEqual("nvvm.mma.sync" in kernels, not is_of_warpgroups)
        self.assertEqual("nvvm.wgmma.wait.group.sync.aligned 1" in kernels, bool(overlaps))
        # Launches add memory whose address is only known to be a multiple of 16.
        dynamic = 64 * int(depth) * (int(rows) + int(columns)) + 496 if depth else 0
        self.assertEqual({grid.dynamic for grid in grids.values()}, {dynamic})
        with self.subTest("assembled"):
            report, code = self.assemble(device, kernels)
            self.assertEqual("cp.async.ca.shared.global" in code, bool(cached))
            self.assertEqual("cp.async.cg.shared.global" in code, device != "75")
            self.assertEqual(max(report.shared, default=0) == 0, dynamic > 0)
            # A few registers are missing with 64 x 64 sums per warp, if rows and columns may be outside of the result.
            self.assertLessEqual(max(report.spilled), 32 if warp_rows + warp_columns == "6464" else 0)
        library = self.build(kernels)
        parts = grids["weight_gradient"].blocks // (-(-150 // int(columns)) * -(-153 // int(rows)))
        self.assertGreater(parts, 1)
        random = numpy.random.default_rng(7)
        for name, contraction in CONTRACTIONS.items():
            with self.subTest(contraction=name):
                grid, arrays = grids[name], contraction.arrays(random)
                outcome = self.launch(
                    library, name + "_kernel", grid.blocks, grid.threads,
                    *(arrays[index] for index in grid.order), dynamic=grid.dynamic,
                )  # fmt: skip
                self.assertIsInstance(outcome, list, outcome)
                got = [outcome[grid.order.index(index)] for index in range(len(arrays))]
                for index, expected in enumerate(reversed(contraction.expected(*arrays)), 1):
                    numpy.testing.assert_array_equal(got[-index], expected)


SCHEDULES = {
    "75": ("128x128/64x64",),
    "80": ("128x128/64x64", "128x128/64x64-s4", "128x64/64x32", "64x64/32x32", "128x32/32x32", "64x32/32x16", "64x16/32x16", "256x128/64x64-s4", "128x128/64x64-ca"),
    "90": ("256x128/64x64-s4",),
    "90a": (
        "128x128/16x128", "128x128/16x128-s4", "64x128/16x128", "128x64/16x64", "64x64/16x64", "64x32/16x32",
        "128x256/16x256-s4", "256x128/16x128-s4", "256x128/64x64-s4", "128x256/16x256-s4-ca",
        "128x128/16x128-s5-wait1", "64x128/16x128-wait1", "128x256/16x256-s5-wait1", "256x128/16x128-s5-wait1-ca",
        "128x64/16x64-wait1", "64x64/16x64-wait1", "64x32/16x32-wait1",
    ),
}  # fmt: skip

for _device, _schedules in SCHEDULES.items():
    for _schedule in _schedules:
        setattr(
            Contractions,
            f"test_{_device}_{_schedule}",
            lambda self, device=_device, schedule=_schedule: self.check(device, schedule),
        )


if __name__ == "__main__":
    unittest.main()
