# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The machine code of a compiled step holds no floating-point arithmetic and calls nothing that could."""

import collections
import os
import re
import shutil
import sys
import unittest

import harness

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)

INSTRUCTION_SETS = ("avx512vnni", "avxvnni", "avx512", "avx2", "baseline")
# Between them every kind of node and of option that has code of its own.
MODELS = {
    "residual": (),
    "dropout_others": ("--niti-weight-bits=16", "--niti-grad-round=stochastic", "--niti-momentum=0.9",
                       "--niti-weight-decay=0.01"),
    "pool_ceil_mode": ("--niti-loss=paper", "--niti-weight-bits=16", "--optimizer=lion", "--niti-weight-decay=0.01"),
    "normalized_residual": (),
    "numbers_signal": ("--input=float32", "--loss=huber"),
    "numbers_mlp": ("--input=float32", "--loss=bce"),
}
CALLS = re.compile(r"qtcrt_\w+|mem(set|cpy|move)$")

# Moves, shuffles, blends and logic of the float units do no arithmetic; everything else on ss, sd, ps, pd, sh, ph does.
ARITHMETIC = re.compile(
    r"""v?(add|sub|mul|div|sqrt|rcp\d*|rsqrt\d*|min|max|round|dp|hadd|hsub|addsub|exp2|scalef|reduce|range|rndscale
        |getexp|getmant|fixupimm|fpclass|cmp[a-z_0-9]*|fn?m(add|sub|addsub|subadd)(\d+)?|fc?m(add|mul)c)([sp][sdh])
      | v?u?comis[sdh]
      | v?cvt\w+
      | vdpbf16ps
      | f\w+""",
    re.VERBOSE,
)


class IntegerOnly(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.objdump = shutil.which("objdump") or shutil.which("llvm-objdump-19")
        if not cls.objdump:
            raise unittest.SkipTest("no objdump")

    def instructions(self, file):
        """Mnemonics of an object file and how often each occurs."""
        counts = collections.Counter()
        for line in harness.succeed(self.objdump, "-d", "--no-show-raw-insn", file).out.splitlines():
            match = re.match(r"\s*[0-9a-f]+:\s+(.*)", line)
            if match:
                words = [word for word in match.group(1).split() if word not in ("lock", "rep", "repz", "data16", "cs")]
                counts.update(words[:1])
        return counts

    def check(self, name, options):
        path = make_models.make_model(self.folder, name)
        for isa in INSTRUCTION_SETS:
            with self.subTest(isa=isa):
                file = self.path(isa + ".o")
                words = ("--emit=obj", "--mcpu=" + isa, "-o", file, "--batch=6", *options)
                harness.succeed(harness.QTC, "compile", path, *words)
                counts = self.instructions(file)
                self.assertGreater(sum(counts.values()), 2000)
                self.assertEqual({word: n for word, n in counts.items() if ARITHMETIC.fullmatch(word)}, {})
                symbols = harness.succeed("nm", "--undefined-only", file).out.split()
                self.assertEqual([s for s in symbols if s != "U" and not CALLS.fullmatch(s)], [])

    def test_float_instructions_are_recognized(self):
        floats = (
            "addss vmulps vfmadd231ps vfnmsub132sd vcvtdq2ps cvtsi2sd cvttps2dq divsd sqrtss vrndscaleps vcmpltps cmpss ucomiss"
            " vcomisd fld faddp fmulp vmaxps minsd vdivph vaddsh vrcp14ps rsqrtss roundss haddps dpps vfmaddcph vscalefps"
        )
        integers = (
            "vpaddd vpmaxsd movss vmovups vxorps shufps vblendvpd vpermps vbroadcastss paddd vpdpbusd movhlps andps imul cmp"
            " vpcmpgtd cmovs vunpcklps vinsertps subl addl divl vpermt2d vextractf128 mulx adcx setle comment pminub"
        )
        for word in floats.split():
            self.assertRegex(word, re.compile(f"^({ARITHMETIC.pattern})$", re.VERBOSE))
        for word in integers.split():
            self.assertIsNone(ARITHMETIC.fullmatch(word), word)


def _add(name, options):
    setattr(IntegerOnly, "test_" + name, lambda self: self.check(name, options))


for _name, _options in MODELS.items():
    _add(_name, _options)

if __name__ == "__main__":
    unittest.main()
