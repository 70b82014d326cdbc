# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""CUDA trainers without a GPU: ptxas's report on their code, and their runs on a driver that emulates kernels.

The emulated driver (FakeDriver.cpp) replaces libcuda.so.1: everything in a run except the machine code of the
GPU is the trainer's own.
"""

import json
import os
import signal
import subprocess
import sys
import unittest

import numpy as np
import onnx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import differential  # noqa: E402 (the path comes first)
import emulation  # noqa: E402
import harness  # noqa: E402
import output_models  # noqa: E402
import port_models  # noqa: E402
import runs  # noqa: E402
import test_outputs  # noqa: E402
import test_ports  # noqa: E402
import wage_runs  # noqa: E402

# A warm-up of every kind of node; shapes that leave threads of blocks without work.
MODELS = (
    "conv_strided_twice", "conv_grouped", "conv_depthwise_vectors", "conv_phases", "conv_same_upper",
    "max_pool_overlapping", "pool_ceil_mode", "average_pool_exclude_pad", "residual", "dropout_others",
    "gemm_transposed_operand", "matmul_add", "normalized_residual", "normalized_views", "concat",
    "tied_weights", "ranked_parameters",
)  # fmt: skip


def compile_kernels(model, folder, *options):
    """A library with the kernels of a model as functions of this processor, for FakeDriver.cpp."""
    kernels = os.path.join(folder, "kernels.mlir")
    harness.succeed(harness.QTC, "compile", model, "--target=cuda", "--emit=kernels", "-o", kernels, *options)
    return emulation.build_library(kernels, folder)


def compile_trainer(model, folder, *options):
    """A CUDA trainer that finds the emulated driver."""
    os.makedirs(folder, exist_ok=True)
    trainer = harness.compile_model(model, os.path.join(folder, "trainer"), "--target=cuda", *options)
    wrapper = os.path.join(folder, "emulated")
    with open(wrapper, "w", encoding="utf-8") as file:
        file.write(
            f"#!/bin/sh\nLD_LIBRARY_PATH={emulation.LIBRARIES}\nQTC_FAKE_CUDA_KERNELS={compile_kernels(model, folder, *options)}\n"
            f'export LD_LIBRARY_PATH QTC_FAKE_CUDA_KERNELS\nexec {trainer} "$@"\n'
        )
    os.chmod(wrapper, 0o755)
    return wrapper


class EmulatedCase(differential.DifferentialCase):
    """Runs on the emulated driver against the NumPy reference, every parameter bit for bit."""

    def compile(self, name, *options):
        return [compile_trainer(self.model(name), self.path(name), *options)]


class Emulated(EmulatedCase):
    def test_short_products(self):
        name = "conv_phases"
        options = [f"{option}={value}" for option, value in self.COMPILE_OPTIONS.items()]
        trainer = compile_trainer(self.model(name), self.path("short"), "--sm=75", *options)
        self.compare(name, threads=(1,), trainers=[trainer])

    def test_options(self):
        options = ("--batch=5", "--init=scheme", "--seed=77", "--niti-weight-bits=16", "--niti-grad-round=stochastic")
        options += ("--label-smoothing=0.1", "--ignore-index=1")
        self.compare("conv_depthwise", options, ("--augment=crop-flip", "--schedule=3,2@25%,1@1"), threads=(1,))

    def test_error_bits(self):
        self.compare("normalized_residual", ("--niti-error-bits=16",), threads=(1,))


def _add(name):
    setattr(Emulated, "test_" + name, lambda self: self.compare(name, threads=(1,)))


for _name in MODELS:
    _add(_name)


class EmulatedPorts(EmulatedCase):
    """Several inputs, numbers, indices and classes of positions."""

    COMPILE_OPTIONS = test_ports.Integers.COMPILE_OPTIONS
    TRAIN_OPTIONS = test_ports.Integers.TRAIN_OPTIONS

    @classmethod
    def setUpClass(cls):
        harness.Case.setUpClass.__func__(cls)
        port_models.main([cls.common])

    def test_models(self):
        for name in ("image_and_table", "two_tables", "next_token"):
            self.compare(name, test_ports.OPTIONS[name], (f"--data={name}_data",), (1,))


class EmulatedOutputs(EmulatedCase):
    """Outputs with a loss each, one of them with a class for each of several positions."""

    @classmethod
    def make_inputs(cls):
        output_models.main([cls.common])

    def test_models(self):
        for name in ("heads", "pixels"):
            outputs = (f"--output={output}" for output in test_outputs.OUTPUTS[name])
            with self.subTest(model=name):
                self.compare(name, tuple(outputs), (f"--data={name}_data",), threads=(1,))


class EmulatedWage(EmulatedCase):
    """Operands of 16 bits in pieces, masks of bits, and draws of their own."""

    COMPILE_OPTIONS = wage_runs.WageCase.COMPILE_OPTIONS
    TRAIN_OPTIONS = wage_runs.WageCase.TRAIN_OPTIONS
    # Widths that need different sums; others differ in numbers only.
    MODES = ("--wage-bits=2-8-12-8", "--wage-bits=2-8-8-16", "--wage-bits=2-8-16-15")

    def test_modes(self):
        modes = [mode for mode in wage_runs.MODES if set(mode) & set(self.MODES)]
        self.assertEqual(len(modes), len(self.MODES))
        for index, mode in enumerate(modes):
            with self.subTest(mode=mode):
                self.compare(wage_runs.MODELS[index % 2], *wage_runs.split(mode), threads=(1,))

    def test_nodes(self):
        for name in ("bounded_functions", "conv_phases", "max_pool_dilated"):
            with self.subTest(model=name):
                self.compare(name, wage_runs.NODES[name], threads=(1,))


class SameAsProcessor(harness.Case):
    """Whole runs of a GPU and of a processor, and parts that continue each other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        model = harness.shared("models", "lenet.onnx")
        cls.cpu = harness.compile_model(model, os.path.join(cls.common, "cpu"), "--batch=8", "--mcpu=native")
        cls.gpu = compile_trainer(model, os.path.join(cls.common, "gpu"), "--batch=8")
        # For what does not depend on the kernels: plain ones are emulated in no time.
        cls.plain = compile_trainer(model, os.path.join(cls.common, "plain"), "--batch=8", "--no-microkernels")
        # Epochs of 9 steps.
        cls.data = runs.small_data(os.path.join(cls.common, "data"), (1, 28, 28), count=72, tests=20)

    def test_resume_elsewhere(self):
        words = ("--data", self.data, "--schedule=2")
        whole = harness.train(self.cpu, *words, "--steps=6", "--out", self.path("whole"))
        for first, second in ((self.cpu, self.gpu), (self.gpu, self.cpu)):
            out = self.path("out-" + os.path.basename(first))
            harness.train(first, *words, "--steps=3", "--out", out)
            resumed = harness.train(second, *words, "--steps=6", "--out", out, "--resume", harness.checkpoint(out))
            self.assertEqual(resumed.state, whole.state)

    def test_warpgroups(self):
        """A LeNet, and a step of wider convolutions, on the matrix units of warpgroups."""
        options = ("--batch=4", "--init=scheme", "--normalize=cifar10")
        wide = harness.shared("models", "vgg_tiny.onnx")
        wide_cpu = harness.compile_model(wide, self.path("wide-cpu"), *options, "--mcpu=native")
        wide_gpu = compile_trainer(wide, self.path("wide-gpu"), *options, "--sm=90a")
        wide_data = runs.small_data(self.path("data"), (3, 32, 32), count=8, tests=4)
        gpu = compile_trainer(harness.shared("models", "lenet.onnx"), self.path("gpu"), "--batch=8", "--sm=90a")
        environment = dict(os.environ, QTC_FAKE_CUDA_CAPABILITY="90")
        for data, steps, trainers in ((self.data, "3", (self.cpu, gpu)), (wide_data, "1", (wide_cpu, wide_gpu))):
            words = ("train", "--data", data, "--schedule=8", "--steps", steps, "--out", self.path("out"), "--overwrite")
            states = {harness.Result(harness.succeed(trainer, *words, env=environment)).state for trainer in trainers}
            self.assertEqual(len(states), 1)

    def test_overlap(self):
        """Whichever of the streams is late, copies and steps wait for each other."""
        words = ("train", "--data", self.data, "--steps=20", "--save-every=4", "--out")
        expected = harness.succeed(self.cpu, *words, self.path("expected"))
        for late in ("0", "1", "2", "none"):
            with self.subTest(late=late):
                environment = dict(os.environ, QTC_FAKE_CUDA_LATE="99" if late == "none" else late)
                outcome = harness.succeed(self.plain, *words, self.path(late), env=environment)
                self.assertEqual(harness.Result(outcome).state, harness.Result(expected).state)
                self.assertEqual(runs.metrics(self.path(late)), runs.metrics(self.path("expected")))

    def test_interrupt(self):
        """The step that had been started ahead is in the checkpoint."""
        words, out = ("train", "--data", self.data, "--steps=20", "--out"), self.path("out")
        expected = harness.Result(harness.succeed(self.cpu, *words, self.path("expected")))
        command = (self.plain, *words, out)
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.readline()  # the first epoch
            process.send_signal(signal.SIGINT)
            self.assertIn(b"interrupted after step", process.communicate()[1])
        self.assertEqual(process.returncode, 128 + signal.SIGINT)
        resumed = harness.train(self.plain, *words[1:], out, "--resume", harness.checkpoint(out))
        self.assertEqual(resumed.state, expected.state)
        self.assertEqual(runs.metrics(out), runs.metrics(self.path("expected")))

    def test_long_sums(self):
        """Weight gradients of more products than 32 bits hold."""
        data = runs.small_data(self.path("data"), (1, 28, 28), count=32, tests=16)
        model = harness.shared("models", "lenet_wage.onnx")
        options = ("--scheme=wage", "--init=scheme", "--wage-bits=2-8-8-12", "--batch=16")
        cpu = harness.compile_model(model, self.path("cpu"), *options)
        gpu = compile_trainer(model, self.path("gpu"), *options)
        words = ("--data", data, "--steps=2", "--schedule=8")
        states = {harness.train(trainer, *words, "--out", self.path("out")).state for trainer in (cpu, gpu)}
        self.assertEqual(len(states), 1)


def _macs(bench):
    return {(row["node"], row["pass"]): row["macs"] for row in bench["layers"]}


class Machine(harness.Case):
    """Messages of a trainer on a machine that it cannot use."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = os.path.join(cls.common, "models")
        os.makedirs(folder)
        script = os.path.join(harness.REFERENCE, "make_models.py")
        harness.succeed(sys.executable, script, folder, "gemm_plain")
        cls.data = "npy:" + os.path.join(folder, "data")
        cls.model = os.path.join(folder, "gemm_plain.onnx")
        cls.trainer = compile_trainer(cls.model, os.path.join(cls.common, "gpu"), "--batch=6", "--sm=80")

    def assert_error(self, pattern, trainer=None, **environment):
        command = (trainer or self.trainer, "train", "--data", self.data, "--steps=2", "--out", self.path("out"), "--overwrite")
        outcome = harness.execute(*command, env=dict(os.environ, **environment))
        self.assertEqual(outcome.code, 1, outcome)
        self.assertRegex(outcome.err, f"\\Aerror: {pattern}\n\\Z", outcome)

    def test_no_driver(self):
        bare = os.path.join(os.path.dirname(self.trainer), "trainer")
        if "result:" in harness.execute(bare, "train", "--data", self.data, "--steps=2", "--out", self.path("o")).out:
            raise unittest.SkipTest("this machine has a GPU")
        self.assert_error("no CUDA driver: libcuda.so.1 .*--target=cpu", trainer=bare)

    def test_bench(self):
        """Every launch has a row with the model's node, and the multiply-accumulates are those of the processor."""
        cpu = harness.compile_model(self.model, self.path("cpu"), "--batch=6", "--mcpu=baseline", "--no-microkernels")
        words = ("bench", "--json", "--steps=3")
        expected, got = (json.loads(harness.succeed(trainer, *words).out) for trainer in (cpu, self.trainer))
        self.assertEqual(_macs(got), _macs(expected))
        self.assertGreater(len(_macs(got)), 3)
        self.assertGreater(got["images_per_second"], 0)
        self.assertGreater(got["bandwidth_gigabytes_per_second"], 0)
        self.assertIsNone(got["peak_gmacs_per_second"])
        self.assertEqual((expected["device"], got["device"]), (None, "a processor"))
        self.assertIsNone(got["threads"])
        for row in got["ops"][:-1]:
            self.assertGreater(row["bytes"], 0, row)
            self.assertEqual(row["bound"], "memory", row)
        text = harness.succeed(self.trainer, "bench", "--steps=2").out
        self.assertRegex(text, r"\Agemm_plain, scheme niti, sm_80, a processor, batch 6, 2 steps: times are means of the middle half")
        self.assertNotIn("peak of", text)

    def assert_runs(self, trainer, **environment):
        command = (trainer, "train", "--data", self.data, "--steps=2", "--out", self.path("out"), "--overwrite")
        return harness.Result(harness.succeed(*command, env=dict(os.environ, **environment))).state

    def used(self, trainer, capability, **environment):
        environment = dict(os.environ, QTC_FAKE_CUDA_CAPABILITY=capability, **environment)
        outcome = harness.succeed(trainer, "info", env=environment)
        rows = [line.split() for line in outcome.out.splitlines() if line.startswith("sm_")]
        return [(row[0], " ".join(row[5:])) for row in rows]

    def test_capabilities(self):
        """The newest code that the device can run, and its errors where there is none."""
        trainer = compile_trainer(self.model, self.path("several"), "--batch=6", "--sm=90,80")
        self.assertEqual(self.used(trainer, "75"), [("sm_80", "not supported"), ("sm_90", "not supported")])
        self.assertEqual(self.used(trainer, "89"), [("sm_80", "used"), ("sm_90", "not supported")])
        self.assertEqual(self.used(trainer, "90"), [("sm_80", "supported"), ("sm_90", "used")])
        states = {self.assert_runs(trainer, QTC_FAKE_CUDA_CAPABILITY=capability) for capability in ("86", "90", "100")}
        self.assertEqual(states, {self.assert_runs(self.trainer)})
        pattern = r"this GPU \(a processor\) is sm_75; the trainer was built for sm_80: compile the model with a smaller --sm"
        self.assert_error(pattern, trainer=trainer, QTC_FAKE_CUDA_CAPABILITY="75")

    def test_batches(self):
        """Each has launches of its own. A text phase has the kernels of one batch, so each gets its own library."""
        trainer = harness.compile_model(self.model, self.path("both"), "--target=cuda", "--batch=6,4")
        words = ("--data", self.data, "--steps=5", "--out", self.path("out"))
        for batch in (6, 4):
            cpu = harness.compile_model(self.model, self.path(f"cpu{batch}"), f"--batch={batch}", "--mcpu=native")
            folder = self.path(str(batch))
            os.makedirs(folder)
            environment = dict(
                os.environ, LD_LIBRARY_PATH=emulation.LIBRARIES,
                QTC_FAKE_CUDA_KERNELS=compile_kernels(self.model, folder, f"--batch={batch}"),
            )  # fmt: skip
            result = harness.train(trainer, *words, f"--batch={batch}", env=environment)
            self.assertEqual(result.state, harness.train(cpu, *words).state)

    def test_exact_capability(self):
        """Code with features of one generation runs there, where it is preferred, and nowhere else."""
        trainer = harness.compile_model(self.model, self.path("several"), "--target=cuda", "--batch=6", "--sm=90a,80,90")
        expected = {"89": "sm_80", "90": "sm_90a", "100": "sm_90"}
        environment = {"LD_LIBRARY_PATH": emulation.LIBRARIES, "QTC_FAKE_CUDA_KERNELS": "none"}
        for capability, name in expected.items():
            self.assertEqual([row[0] for row in self.used(trainer, capability, **environment) if row[1] == "used"], [name])
        exact = compile_trainer(self.model, self.path("exact"), "--batch=6", "--sm=90a")
        self.assertEqual(self.assert_runs(exact, QTC_FAKE_CUDA_CAPABILITY="90"), self.assert_runs(self.trainer))
        pattern = (
            r"this GPU \(a processor\) is sm_100; the trainer was built for sm_90 only: "
            r"compile the model with --sm=90 as well, which newer GPUs run"
        )
        self.assert_error(pattern, trainer=exact, QTC_FAKE_CUDA_CAPABILITY="100")
        pattern = r"this GPU \(a processor\) is sm_89; the trainer was built for sm_90: compile the model with a smaller --sm"
        self.assert_error(pattern, trainer=exact, QTC_FAKE_CUDA_CAPABILITY="89")

    def test_machine_code(self):
        """Machine code is loaded on exactly its device, else PTX."""
        emulation.find_ptxas()
        trainer = compile_trainer(self.model, self.path("machine"), "--batch=6", "--cubin")
        expected = self.assert_runs(self.trainer)
        self.assertEqual(self.assert_runs(trainer, QTC_FAKE_CUDA_REFUSES="ptx"), expected)
        self.assertEqual(self.assert_runs(trainer, QTC_FAKE_CUDA_REFUSES="cubin"), expected)
        self.assertEqual(self.assert_runs(trainer, QTC_FAKE_CUDA_CAPABILITY="86"), expected)
        self.assert_error(
            "CUDA: cannot load the device code; a newer driver may be needed: .*",
            trainer=trainer, QTC_FAKE_CUDA_REFUSES="ptx", QTC_FAKE_CUDA_CAPABILITY="86",
        )  # fmt: skip

    def test_no_assembler(self):
        words = (harness.QTC, "compile", self.model, "--target=cuda", "--cubin", "-o", self.path("trainer"))
        environment = {"PATH": self.folder, "CUDA_HOME": self.folder}
        outcome = harness.execute(*words, env=dict(os.environ, **environment))
        pattern = r"\Aerror: machine code needs ptxas, which is not on the path and not in '.*': .*\n\Z"
        self.assertEqual(outcome.code, 2, outcome)
        self.assertRegex(outcome.err, pattern)

    def test_no_device(self):
        self.assert_error("no CUDA device: .*", QTC_FAKE_CUDA_DEVICES="0")

    def test_old_device(self):
        pattern = r"this GPU \(a processor\) is sm_70; the trainer was built for sm_80: compile the model with a smaller --sm"
        self.assert_error(pattern, QTC_FAKE_CUDA_CAPABILITY="70")

    def test_memory(self):
        pattern = r"the model needs \d+ MiB of the GPU's memory, but only 1 of 1024 MiB are free: .*--batch"
        self.assert_error(pattern, QTC_FAKE_CUDA_FREE="4096")


def make_classifier(path):
    """One linear layer on the pixels of digits: the emulator evaluates thousands of them in no time."""
    weights = np.random.RandomState(1).standard_normal((784, 10)).astype(np.float32)
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("Flatten", ["x"], ["flat"], "flatten"),
            onnx.helper.make_node("MatMul", ["flat", "weights"], ["logits"], "classify"),
        ],
        "classifier",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 1, 28, 28])],
        [onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["N", 10])],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)


class RunScript(harness.Case):
    """run.sh, which is for machines with a GPU."""

    def execute(self, expected, *options, **environment):
        environment = {**os.environ, "QTC_BUILD_DIR": harness.BUILD, **environment}
        outcome = harness.execute(os.path.join(HERE, "run.sh"), *options, env=environment)
        *rows, total = outcome.out.splitlines()
        self.assertRegex(total, rf"\A{expected}\Z", outcome)
        self.assertEqual(outcome.code, int(" 1 failed" in expected), outcome)
        return rows

    def test_without_device(self):
        rows = self.execute("0 passed, 0 failed, 2 skipped", "--only=example_lenet|memcheck", "--tune", CUDA_VISIBLE_DEVICES="")
        for row in rows:
            self.assertRegex(row, r"\Askipped: .*: no GPU that runs code for sm_80\Z")

    def test_default(self):
        """On a GPU of 9.0 both kinds of code are checked."""
        program = os.path.join(self.folder, "nvidia-smi")
        with open(program, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho 9.0\n")
        os.chmod(program, 0o755)
        environment = {"PATH": self.folder + os.pathsep + os.environ["PATH"], "CUDA_VISIBLE_DEVICES": ""}
        rows = self.execute("0 passed, 0 failed, 1 skipped", "--only=example_lenet", **environment)
        self.assertRegex(rows[0], r"\Askipped: .*: no GPU that runs code for sm_90,90a\Z")

    def test_missing_model(self):
        rows = self.execute("0 passed, 0 failed, 1 skipped", "--only=vgg7_wage", "--models", self.folder)
        self.assertRegex(rows[0], r"\Askipped: hash of vgg7_wage, wage, after 50 steps: no '.*/vgg7_wage.onnx'\Z")

    def test_hashes(self):
        model = self.path("mlp.onnx")
        make_classifier(model)
        environment = {
            "LD_LIBRARY_PATH": emulation.LIBRARIES,
            "QTC_FAKE_CUDA_KERNELS": compile_kernels(model, self.folder, "--init=scheme"),
        }
        words = ("--only=mlp", "--models", self.folder, "--steps=2")
        rows = self.execute("1 passed, 0 failed, 0 skipped", *words, **environment)
        self.assertRegex(rows[0], r"\Apassed: hash of mlp, niti, after 2 steps, sm_80: [0-9a-f]{32}\Z")
        rows = self.execute("0 passed, 1 failed, 0 skipped", *words, QTC_FAKE_CUDA_REFUSES="ptx", **environment)
        self.assertRegex(rows[0], r"\Afailed: hash of .*, but got '': error: CUDA: cannot load the device code")
        # Compiled elsewhere, and run where there is no compiler.
        trainers = self.path("trainers")
        self.execute(rf"trainers are in '{trainers}'; run \S*/run.sh --compiled there", *words, "--compile", trainers)
        words = ("--only=mlp", "--models=/nonexistent", "--steps=2", "--compiled", trainers)
        rows = self.execute("1 passed, 0 failed, 0 skipped", *words, **environment, QTC_BUILD_DIR="/nonexistent")
        self.assertRegex(rows[0], r"\Apassed: hash of mlp, niti, after 2 steps, sm_80: [0-9a-f]{32}\Z")


class Assembled(harness.Case):
    """ptxas takes the code, for the oldest devices and newer ones; from sm_80 on without memory for registers."""

    PRODUCTS = {
        "75": r"mma\.sync\.aligned\.m8n8k16\.row\.col\.s32\.s8\.s8\.s32",
        "80": r"mma\.sync\.aligned\.m16n8k32\.row\.col\.s32\.s8\.s8\.s32",
        "90": r"mma\.sync\.aligned\.m16n8k32\.row\.col\.s32\.s8\.s8\.s32",
        "90a": r"wgmma\.mma_async\.sync\.aligned\.m64n(32|64|128)k32\.s32\.s8\.s8",
    }

    def assemble(self, model, *options, is_wide=True):
        """Narrow models leave warpgroups without work."""
        name = os.path.splitext(os.path.basename(model))[0]
        for capability in self.PRODUCTS:
            with self.subTest(model=name, sm=capability):
                code = self.path(f"{name}.ptx")
                words = ("--target=cuda", f"--sm={capability}", "--emit=ptx", *options, "-o", code)
                harness.succeed(harness.QTC, "compile", model, *words)
                with open(code, encoding="utf-8") as file:
                    text = file.read()
                self.assertNotRegex(text, r"\.f(16|32|64)\b")
                self.assertNotIn("satfinite", text)
                self.assertRegex(text, self.PRODUCTS[capability if is_wide else capability.rstrip("a")])
                report = emulation.assemble(code, capability, self.path("cubin"))
                print(
                    f"{name} sm_{capability}: {len(report.registers)} kernels, {max(report.registers)} registers and "
                    f"{max(report.shared)} bytes of shared memory at most, {sum(report.spilled)} bytes spilled"
                )
                if capability != "75":
                    self.assertEqual(sum(report.spilled), 0)

    def test_lenet(self):
        self.assemble(harness.shared("models", "lenet.onnx"))

    def test_vgg_tiny(self):
        self.assemble(harness.shared("models", "vgg_tiny.onnx"), "--init=scheme", "--normalize=cifar10")

    def test_vgg_small_7(self):
        options = ("--init=scheme", "--normalize=cifar10", "--batch=1024")
        self.assemble(harness.shared("models", "vgg_small_7.onnx"), *options)

    def test_lenet_wage(self):
        options = ("--scheme=wage", "--wage-bits=2-8-8-12", "--init=scheme")
        self.assemble(harness.shared("models", "lenet_wage.onnx"), *options)

    def test_odd_shapes(self):
        names = ("conv_strided_twice", "conv_phases", "conv_grouped", "pool_ceil_mode", "gemm_plain")
        harness.succeed(sys.executable, os.path.join(harness.REFERENCE, "make_models.py"), self.path("odd"), *names)
        for name in names:
            self.assemble(os.path.join(self.path("odd"), name + ".onnx"), "--batch=7", is_wide=False)


if __name__ == "__main__":
    unittest.main()
