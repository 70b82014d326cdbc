# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels whose threads work together: their results in the emulator, and that it notices what is missing."""

import ctypes
import mmap
import os
import re
import sys
import traceback
import unittest

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import emulation  # noqa: E402 (the path comes first)
import harness  # noqa: E402

KERNELS = os.path.join(HERE, "Inputs", "synchronized.mlir")
WARPGROUP = os.path.join(HERE, "Inputs", "warpgroup.mlir")


def share(array):
    """A copy of an array that a child process can change."""
    copy = numpy.ndarray(array.shape, array.dtype, mmap.mmap(-1, max(array.nbytes, 1)))
    copy[...] = array
    return copy


class KernelCase(harness.Case):
    """Runs single kernels; each in a process of its own, as the emulator ends it on an error."""

    def build(self, text):
        folder = self.path(str(len(os.listdir(self.folder))))
        os.makedirs(folder)
        with open(os.path.join(folder, "k.mlir"), "w", encoding="utf-8") as file:
            file.write(text)
        return emulation.build_library(file.name, folder)

    def launch(self, library, kernel, blocks, threads, *arrays, dynamic=0):
        """The arrays after the kernel ran with so many bytes of dynamic memory, or the emulator's message."""
        arrays = [share(array) for array in arrays]
        messages = self.path("messages")
        child = os.fork()
        if child == 0:
            try:
                os.dup2(os.open(messages, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
                function = getattr(ctypes.CDLL(library), kernel)
                pointers = [ctypes.c_void_p(array.ctypes.data) for array in arrays]
                for block in range(blocks):
                    function(*(ctypes.c_int64(number) for number in (block, blocks, threads, dynamic)), *pointers)
                os._exit(0)
            except Exception:  # pylint: disable=broad-except
                traceback.print_exc()
                os._exit(2)
        status = os.waitpid(child, 0)[1]
        with open(messages, encoding="utf-8") as file:
            text = file.read()
        if os.waitstatus_to_exitcode(status) == 1:
            return text
        self.assertEqual(status, 0, text)
        return arrays


class Synchronized(KernelCase):
    """The kernels of Inputs/synchronized.mlir."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(KERNELS, encoding="utf-8") as file:
            cls.text = file.read()
        cls.library = emulation.build_library(KERNELS, cls.common)
        random = numpy.random.default_rng(7)
        cls.a, cls.b = (random.integers(-128, 128, (rows, 176), numpy.int8) for rows in (64, 48))
        # Sums that wrap.
        cls.start = numpy.linspace(-(2**31), 2**31 - 1, 64).reshape(8, 8).astype(numpy.int32)
        cls.product = cls.a.astype(numpy.int32) @ cls.b.T.astype(numpy.int32)

    def run_product(self, library, threads=64):
        sums, largest = numpy.zeros((64, 48), numpy.int32), numpy.zeros((), numpy.int32)
        return self.launch(library, "product", 6, threads, self.a, self.b, sums, largest)

    def test_product(self):
        _, _, sums, largest = self.run_product(self.library)
        numpy.testing.assert_array_equal(sums, self.product)
        self.assertEqual(largest, abs(self.product).max())

    def run_small_product(self, library):
        return self.launch(library, "small_product", 1, 32, self.a[:8, :16], self.b[:8, 16:32], self.start)

    def test_small_product(self):
        a, b, sums = self.run_small_product(self.library)
        expected = a.astype(numpy.int64) @ b.T.astype(numpy.int64) + self.start
        numpy.testing.assert_array_equal(sums, expected.astype(numpy.int32))

    def run_loaded_product(self, library):
        return self.launch(
            library, "loaded_product", 1, 32, self.a[:16, :32], self.b[:8, 32:64], numpy.zeros((16, 8), numpy.int32)
        )

    def test_loaded_product(self):
        *_, sums = self.run_loaded_product(self.library)
        expected = self.a[:16, :32].astype(numpy.int32) @ self.b[:8, 32:64].T.astype(numpy.int32)
        numpy.testing.assert_array_equal(sums, expected)

    def test_without_synchronization(self):
        """Any omission is detected."""
        lines = [number for number, line in enumerate(self.text.split("\n")) if re.search("// sync [a-z]+$", line)]
        kernels = (*3 * ["product"], "small_product", "loaded_product")
        self.assertEqual(len(lines), len(kernels))
        for number, kernel in zip(lines, kernels):
            text = self.text.split("\n")
            name = text[number].split("// sync ")[1]
            with self.subTest(line=number + 1, sync=name):
                del text[number]
                library = self.build("\n".join(text))
                outcome = getattr(self, "run_" + kernel)(library)
                pattern = r"(race: thread \d+ |thread \d+ reads where a copy of thread \d+ is on its way)"
                self.assertRegex(str(outcome), r"\Aerror: emulator: block 0: " + pattern)

    def change(self, old, new):
        self.assertIn(old, self.text)
        return self.build(self.text.replace(old, new))

    def test_misaligned(self):
        library = self.change("{llvm.align = 16}", "{llvm.align = 8}")
        self.assertRegex(self.run_product(library), r"\Aerror: emulator: block 0: misaligned copy of 16 bytes by thread \d+\n\Z")

    def test_beyond_memory(self):
        library = self.change("%stages[%c2048][] : memref<3072xi8", "%stages[%c2064][] : memref<3072xi8")
        self.assertRegex(self.run_product(library), "bytes beyond the end of workgroup memory")

    def test_wrong_launch(self):
        pattern = r"\Aerror: emulator: block 0: launched with 32 threads, but the kernel is for 64\n\Z"
        self.assertRegex(self.run_product(self.library, threads=32), pattern)

    def test_assembled(self):
        for capability in (80, 90):
            with self.subTest(sm=capability):
                module, code = self.path("k.mlir"), self.path("k.ptx")
                harness.succeed(emulation.QTC_OPT, KERNELS, f"--convert-kernels-to-ptx=sm={capability}", "-o", module)
                emulation.extract_code(module, code)
                self.assertEqual(max(emulation.assemble(code, capability, self.path("cubin")).spilled), 0)


class Warpgroup(KernelCase):
    """The kernel of Inputs/warpgroup.mlir."""

    # The message for each line that is left out.
    MESSAGES = {
        "copied": r"thread \d+ reads where a copy of thread \d+ is on its way",
        "proxy": r"a product of a warpgroup reads what thread \d+ wrote without a fence of the proxy after it",
        "filled": r"race: thread \d+ reads what thread \d+ wrote since the last barrier",
        "registers": "a product of a warpgroup uses registers without a fence before it",
        "group": r"thread \d+ writes what a product of a warpgroup may still read",
        "emptied": r"thread \d+ writes what a product of a warpgroup may still read",
        "multiplied": r"thread \d+ uses sums of a product that was not waited for",
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(WARPGROUP, encoding="utf-8") as file:
            cls.text = file.read()
        random = numpy.random.default_rng(3)
        cls.a, cls.b = (random.integers(-128, 128, (rows, 320), numpy.int8) for rows in (64, 16))
        # Sums that wrap.
        cls.start = numpy.linspace(-(2**31), 2**31 - 1, 64 * 16).reshape(64, 16).astype(numpy.int32)

    def run_text(self, text, threads=128):
        return self.launch(self.build(text), "product", 1, threads, self.a, self.b, self.start)

    def assert_error(self, pattern, old, new):
        self.assertIn(old, self.text)
        self.assertRegex(str(self.run_text(self.text.replace(old, new))), rf"\Aerror: emulator: block 0: {pattern}\n\Z")

    def test_product(self):
        *_, sums = self.run_text(self.text)
        expected = self.a.astype(numpy.int64) @ self.b.T.astype(numpy.int64) + self.start
        numpy.testing.assert_array_equal(sums, expected.astype(numpy.int32))

    def test_without_synchronization(self):
        """Any omission is detected."""
        found = re.findall(r"^ *(\S.* // sync ([a-z]+))$", self.text, re.MULTILINE)
        self.assertEqual([name for _, name in found], list(self.MESSAGES))
        for line, name in found:
            with self.subTest(sync=name):
                self.assert_error(self.MESSAGES[name], line, "")

    def test_early_copy(self):
        """Two places are too few: a thread that copies has waited for the product, but others may not have."""
        pattern = r"race: thread \d+ writes what others read since the last barrier"
        self.assert_error(pattern, "arith.remui %t, %c3", "arith.remui %t, %c2")

    def test_early_use(self):
        """Sums that nothing ties to the wait may be read before it."""
        *_, sums = self.run_text(self.text.replace("llvm.extractvalue %settled", "llvm.extractvalue %last"))
        self.assertFalse(numpy.array_equal(sums, self.run_text(self.text)[2]))

    def test_place(self):
        pattern = r"a matrix starts \d+ bytes after a multiple of 512"
        self.assert_error(pattern, "{llvm.align = 512}", "{llvm.align = 256}")
        self.assert_error("a descriptor's address is not in workgroup memory", "addi %base, %slotByte", "subi %base, %c5120")

    def test_layout(self):
        """Runs that are not exchanged, within 128 bytes, and other distances of rows."""
        pattern = "expected a matrix descriptor with exchanged runs and no base offset"
        self.assert_error(pattern, "0x8000002000010000", "0x0000002000010000")
        self.assert_error(r"a matrix starts \d+ bytes after a multiple of 1024", "0x8000002000010000", "0x4000002000010000")
        *_, sums = self.run_text(self.text.replace("0x8000002000010000", "0x8000001000010000"))
        self.assertFalse(numpy.array_equal(sums, self.run_text(self.text)[2]))

    def test_part_of_a_warpgroup(self):
        fence = "nvvm.wgmma.fence.aligned // sync registers"
        divided = "scf.if %isOfB { nvvm.wgmma.fence.aligned } else { nvvm.wgmma.fence.aligned }"
        self.assert_error(r"threads \d+ and \d+ wait at different operations of a warpgroup", fence, divided)
        text = self.text.replace("array<i32: 128, 1, 1>", "array<i32: 96, 1, 1>")
        self.assertRegex(str(self.run_text(text, threads=96)), "operations of a warpgroup of 96 threads instead of 128")

    def test_different_descriptors(self):
        self.assert_error(
            "threads of a warpgroup have different descriptors",
            "%da = arith.ori %bitsA, %layout : i64",
            "%da0 = arith.ori %bitsA, %layout : i64\n%da = arith.select %isOfB, %da0, %layout : i64",
        )

    def test_assembled(self):
        module, code = self.path("k.mlir"), self.path("k.ptx")
        harness.succeed(emulation.QTC_OPT, WARPGROUP, "--convert-kernels-to-ptx=sm=90a", "-o", module)
        emulation.extract_code(module, code)
        self.assertEqual(max(emulation.assemble(code, "90a", self.path("cubin")).spilled), 0)


KERNEL = """
module attributes {{gpu.container_module}} {{
  gpu.module @kernels {{
    gpu.func @k(%x: memref<64xi32>) kernel attributes {{known_block_size = array<i32: {threads}, 1, 1>}} {{
      %thread = gpu.thread_id x
      %c1 = arith.constant 1 : index
      %c32 = arith.constant 32 : index
      %i1 = arith.constant 1 : i32
      %i32 = arith.constant 32 : i32
      %isFirst = arith.cmpi ult, %thread, %c1 : index
      %isLow = arith.cmpi ult, %thread, %c32 : index
      %v = memref.load %x[%thread] : memref<64xi32>
      {body}
      gpu.return
    }}
  }}
}}
"""


DYNAMIC = """
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<64xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      %thread = gpu.thread_id x
      %c1 = arith.constant 1 : index
      %c63 = arith.constant 63 : index
      %last = arith.constant 65344 : index
      %all = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
      %v = memref.load %x[%thread] : memref<64xi32>
      %words = memref.view %all[%last][] : memref<?xi8, #gpu.address_space<workgroup>> to memref<64xi32, #gpu.address_space<workgroup>>
      memref.store %v, %words[%thread] : memref<64xi32, #gpu.address_space<workgroup>>
      gpu.barrier
      %other = arith.subi %c63, %thread : index
      %w = memref.load %words[%other] : memref<64xi32, #gpu.address_space<workgroup>>
      memref.store %w, %x[%thread] : memref<64xi32>
      gpu.return
    }
  }
}
"""


class Dynamic(KernelCase):
    """Memory whose size the launch gives."""

    def run_text(self, dynamic, text=DYNAMIC):
        return self.launch(self.build(text), "k", 2, 64, numpy.arange(64, dtype=numpy.int32), dynamic=dynamic)

    def assert_error(self, pattern, *arguments):
        self.assertRegex(str(self.run_text(*arguments)), rf"\Aerror: emulator: block 0: {pattern}\n\Z")

    def test_enough(self):
        # Two blocks, one after the other.
        numpy.testing.assert_array_equal(self.run_text(65600)[0], numpy.arange(64))

    def test_too_little(self):
        self.assert_error(r"thread \d+ uses 4 bytes beyond the end of workgroup memory", 65596)
        self.assert_error(r"thread \d+ uses 4 bytes beyond the end of workgroup memory", 0)

    def test_too_much(self):
        self.assert_error("232449 bytes of workgroup memory, more than 232448", 227 * 1024 + 1)

    def test_race(self):
        self.assert_error(
            r"race: thread \d+ (reads|writes) what thread \d+ (wrote|read) since the last barrier",
            65600,
            DYNAMIC.replace("gpu.barrier\n", "\n"),
        )

    def test_assembled(self):
        """None of it is the kernel's own."""
        source, module, code = self.path("k.mlir"), self.path("k.bin.mlir"), self.path("k.ptx")
        with open(source, "w", encoding="utf-8") as file:
            file.write(DYNAMIC)
        harness.succeed(emulation.QTC_OPT, source, "--convert-kernels-to-ptx=sm=80", "-o", module)
        emulation.extract_code(module, code)
        self.assertEqual(emulation.assemble(code, 80, self.path("cubin")).shared, [])


class Waiting(KernelCase):
    """Threads that wait for others."""

    def run_body(self, body, threads=64):
        library = self.build(KERNEL.format(body=body, threads=threads))
        return self.launch(library, "k", 1, threads, numpy.arange(64, dtype=numpy.int32))

    def assert_error(self, pattern, body, threads=64):
        self.assertRegex(str(self.run_body(body, threads)), rf"\Aerror: emulator: block 0: {pattern}\n\Z")

    def test_exchange(self):
        (result,) = self.run_body(
            "%w, %valid = gpu.shuffle xor %v, %i1, %i32 : i32\n memref.store %w, %x[%thread] : memref<64xi32>"
        )
        numpy.testing.assert_array_equal(result, numpy.arange(64) ^ 1)

    def test_one_warp_shuffles(self):
        (result,) = self.run_body(
            """scf.if %isLow {
              %w, %valid = gpu.shuffle xor %v, %i1, %i32 : i32
              memref.store %w, %x[%thread] : memref<64xi32>
            }
            gpu.barrier"""
        )
        numpy.testing.assert_array_equal(result, numpy.where(numpy.arange(64) < 32, numpy.arange(64) ^ 1, numpy.arange(64)))

    def test_ended(self):
        self.assert_error(r"thread 0 waits at a barrier, but thread \d+ has ended", "scf.if %isFirst { gpu.barrier }")

    def test_ended_lane(self):
        body = "scf.if %isFirst { %w, %valid = gpu.shuffle xor %v, %i1, %i32 : i32\n memref.store %w, %x[%thread] : memref<64xi32> }"
        self.assert_error(r"thread 0 waits at a shuffle, but thread \d+ has ended", body)

    def test_different_operations(self):
        body = """scf.if %isFirst { gpu.barrier } else {
          %w, %valid = gpu.shuffle xor %v, %i1, %i32 : i32
          memref.store %w, %x[%thread] : memref<64xi32>
        }"""
        self.assert_error(r"thread \d+ waits at a (shuffle|barrier), but thread \d+ waits at a (shuffle|barrier)", body)

    def test_different_barriers(self):
        body = "scf.if %isFirst { gpu.barrier } else { gpu.barrier }"
        self.assert_error(r"threads \d+ and \d+ wait at different barriers", body)

    def test_part_of_a_warp(self):
        body = "%w, %valid = gpu.shuffle xor %v, %i1, %i32 : i32\n memref.store %w, %x[%thread] : memref<64xi32>"
        self.assert_error("shuffles of 8 threads instead of 32", body, threads=8)


if __name__ == "__main__":
    unittest.main()
