# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`--tune` and `--tune-file`: schedules of contractions by measurement.

The emulated driver has a clock that a rule turns, so the fastest schedules are known.
"""

import filecmp
import json
import os
import re
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import emulation  # noqa: E402 (the path comes first)
import harness  # noqa: E402
import test_cuda  # noqa: E402

OPTIONS = ("--target=cuda", "--batch=24")


def read_schedules(kernels):
    """{shape: schedule} of the profile in the output of `--emit=kernels`."""
    return dict(re.findall(r'\btiles = "([^":]+):([^":]+)"', kernels))


def candidate_schedules(model, folder, index):
    """{shape: the schedule that is `index` ranks below the best estimate, or the last}."""
    plan = os.path.join(folder, "plan.mlir")
    harness.succeed(harness.QTC, "compile", model, *OPTIONS, "--emit=plan", "-o", plan)
    passes = (f"--convert-contract-to-gpu=sm=80 candidate={index}", "--convert-loops-to-gpu")
    return read_schedules(harness.succeed(emulation.QTC_OPT, plan, *passes).out)


def cost(clock, shape, schedule):
    """Microseconds of a launch by the emulated driver's clock, including the event after it."""
    block, warp, splits = schedule.split("/")
    rows, columns, *_ = (int(extent) for extent in shape.rstrip("+").split("x"))
    (block_rows, block_columns), (warp_rows, warp_columns) = (
        tuple(int(extent) for extent in tile.split("-")[0].split("x")) for tile in (block, warp)
    )
    blocks = -(-rows // block_rows) * -(-columns // block_columns) * int(splits)
    threads = 32 * (block_rows // warp_rows) * (block_columns // warp_columns)
    return 1 + (blocks if clock == "blocks" else threads)


class TuneCase(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        script = os.path.join(harness.REFERENCE, "make_models.py")
        harness.succeed(sys.executable, script, cls.common, "conv_phases")
        cls.model = os.path.join(cls.common, "conv_phases.onnx")
        cls.data = "npy:" + os.path.join(cls.common, "data")

    def write(self, name, code="sm_80", **schedules):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"device": "GPU", "code": code, "schedules": schedules}, file)
        return path


class Tuned(TuneCase):
    def tune(self, clock, candidates, *options):
        """The contents of the file, and the output."""
        environment = dict(os.environ, LD_LIBRARY_PATH=emulation.LIBRARIES, QTC_FAKE_CUDA_CLOCK=clock)
        file, trainer = self.path(clock + ".json"), self.path(clock)
        words = (harness.QTC, "compile", self.model, *OPTIONS, *options, "--tune-file", file, "-o")
        outcome = harness.succeed(*words, trainer, f"--tune={candidates}", env=environment)
        with open(file, encoding="utf-8") as opened:
            tuned = json.load(opened)
        # Elsewhere the file makes the same trainer.
        again = self.path("again")
        harness.succeed(*words, again)
        self.assertTrue(filecmp.cmp(trainer, again, shallow=False))
        return tuned, outcome.err

    def check(self, clock, candidates, *options):
        tuned, text = self.tune(clock, candidates, *options)
        self.assertEqual((tuned["device"], tuned["code"]), ("a processor", "sm_80"))
        ranked = [candidate_schedules(self.model, self.folder, index) for index in range(candidates)]
        self.assertEqual(set(tuned["schedules"]), set(ranked[0]))
        others = 0
        for shape, chosen in tuned["schedules"].items():
            schedules = [rank[shape] for rank in ranked]
            costs = [cost(clock, shape, schedule) for schedule in schedules]
            if min(costs) > 0.98 * costs[0]:
                self.assertEqual(chosen, schedules[0])
            else:
                self.assertEqual(cost(clock, shape, chosen), min(costs))
                others += 1
            rows = [line.split() for line in text.splitlines() if line.startswith(shape + " ")]
            self.assertEqual([(row[1], row[3]) for row in rows], [(schedules[0], chosen)])
            # Several contractions of a step may have the shape.
            gain = 100 * (1 - cost(clock, shape, chosen) / costs[0])
            self.assertAlmostEqual(float(rows[0][5]), gain, delta=0.1)
        self.assertEqual(len(re.findall(r"^tune: round \d of \d, candidate", text, re.MULTILINE)), 3 * candidates)
        return others

    def test_blocks(self):
        self.assertGreater(self.check("blocks", 6), 3)

    def test_batches(self):
        """The schedules of all batches, each measured with steps of its own."""
        environment = dict(os.environ, LD_LIBRARY_PATH=emulation.LIBRARIES, QTC_FAKE_CUDA_CLOCK="blocks")
        tuned = {}
        for batches in ("24", "5", "24,5"):
            file = self.path(batches + ".json")
            words = (harness.QTC, "compile", self.model, "--target=cuda", "--batch=" + batches, "--tune-file", file)
            harness.succeed(*words, "--tune=2", "-o", self.path("trainer"), env=environment)
            with open(file, encoding="utf-8") as opened:
                tuned[batches] = json.load(opened)["schedules"]
        self.assertGreater(len(tuned["24,5"]), len(tuned["24"]))
        self.assertEqual(tuned["24,5"], {**tuned["24"], **tuned["5"]})

    def test_threads(self):
        """Of several capabilities, that of the code which the device runs is tuned."""
        self.check("threads", 3, "--sm=75,80,90")

    def test_no_device(self):
        words = (harness.QTC, "compile", self.model, *OPTIONS, "--tune", "-o", self.path("trainer"))
        environment = dict(os.environ, LD_LIBRARY_PATH=emulation.LIBRARIES, QTC_FAKE_CUDA_DEVICES="0")
        outcome = harness.execute(*words, env=environment)
        self.assertEqual(outcome.code, 1, outcome)
        pattern = r"\Aerror: --tune needs a GPU that runs the trainer: no CUDA device: .*\n\Z"
        self.assertRegex(outcome.err, pattern)
        self.assertFalse(os.path.exists(self.path("trainer")))


class TuneFile(TuneCase):
    def test_same_results(self):
        """Whatever the schedules are, the bits are the processor's."""
        cpu = harness.compile_model(self.model, self.path("cpu"), "--batch=24", "--mcpu=native")
        words = ("--data", self.data, "--steps=2", "--out", self.path("out"))
        expected = harness.train(cpu, *words).state
        seen = []
        for index in (1, 2, 3, 100):
            schedules = candidate_schedules(self.model, self.folder, index)
            self.assertNotIn(schedules, seen)
            seen.append(schedules)
            # The last ones take more shared memory than a kernel may declare.
            self.assertEqual(any("-s" in schedule for schedule in schedules.values()), index == 100)
            with self.subTest(candidate=index):
                file = self.write("file.json", **schedules)
                trainer = test_cuda.compile_trainer(self.model, self.path(str(index)), "--batch=24", "--tune-file", file)
                with open(self.path(str(index), "kernels.mlir"), encoding="utf-8") as kernels:
                    self.assertEqual(read_schedules(kernels.read()), schedules)
                self.assertEqual(harness.train(trainer, *words).state, expected)

    def test_deep_pipeline(self):
        """All contractions with products of warpgroups that overlap, in more shared memory than a kernel may declare."""
        words = ("--data", self.data, "--steps=1", "--out", self.path("out"))
        cpu = harness.compile_model(self.model, self.path("cpu"), "--batch=24", "--mcpu=native")
        shapes = candidate_schedules(self.model, self.folder, 0)
        file = self.write("file.json", code="sm_90a", **{shape: "128x256/16x256-s5-wait1-ca" for shape in shapes})
        gpu = test_cuda.compile_trainer(self.model, self.path("gpu"), "--batch=24", "--sm=90a", "--tune-file", file)
        result = harness.train(gpu, *words, env=dict(os.environ, QTC_FAKE_CUDA_CAPABILITY="90"))
        self.assertEqual(result.state, harness.train(cpu, *words).state)

    def test_capabilities(self):
        """Only the code that the file was measured with takes its schedules, and only shapes that occur."""
        schedules = candidate_schedules(self.model, self.folder, 1)
        file = self.write("file.json", **schedules, **{"1x2x3": "64x16/32x16/1"})
        words = (harness.QTC, "compile", self.model, *OPTIONS)
        kernels = harness.succeed(*words, "--tune-file", file, "--emit=kernels").out
        self.assertEqual(read_schedules(kernels), schedules)
        # Of several, the newest is printed.
        plain, kernels = (
            harness.succeed(*words, *more, "--sm=80,90", "--emit=kernels").out for more in ((), ("--tune-file", file))
        )
        self.assertEqual(kernels, plain)

    def assert_error(self, pattern, file):
        words = (harness.QTC, "compile", self.model, *OPTIONS, "--tune-file", file, "-o", self.path("trainer"))
        outcome = harness.execute(*words)
        self.assertEqual(outcome.code, 1, outcome)
        self.assertRegex(outcome.err, rf"\Aerror: {pattern}\n\Z")

    def test_errors(self):
        self.assert_error(r"'.*missing': cannot open the file: .*; --tune writes it on a machine with a GPU", self.path("missing"))
        self.assert_error(
            r"'.*' has schedules for sm_90, measured on 'GPU': expected a capability that --sm names",
            self.write("code", code="sm_90"),
        )
        self.assert_error(
            r"'.*': contraction 64x64x9 on sm_80: expected one of 64x16/32x16/1, .*, but got '64x16/32x16/2'",
            self.write("schedule", **{"64x64x9": "64x16/32x16/2"}),
        )
        self.assert_error(r"'.*': expected ROWSxCOLUMNSxSTEPS.*, but got '64:1'", self.write("shape", **{"64": "1"}))
        for name, text in (("text", "tiles"), ("list", "[]"), ("fields", '{"device": "GPU", "code": "sm_80"}')):
            with self.subTest(name):
                with open(self.path(name), "w", encoding="utf-8") as file:
                    file.write(text)
                self.assert_error(rf"'.*{name}' is not a file that --tune wrote: .*", self.path(name))


if __name__ == "__main__":
    unittest.main()
