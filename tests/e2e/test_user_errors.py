# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors of users: one line `error: …`, exit status 1 (input or run) or 2 (usage), never a crash."""

import gzip
import os
import resource
import struct
import sys
import unittest

import numpy as np

import harness

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)

INPUT, USAGE = 1, 2


class ErrorCase(harness.Case):
    def assert_error(self, status, *command, mentions=(), **settings):
        with self.subTest(command=" ".join(os.path.basename(str(word)) for word in command)):
            outcome = harness.execute(*command, **settings)
            self.assertEqual(outcome.code, status, outcome)
            lines = outcome.err.splitlines()
            self.assertEqual([line.startswith("error: ") for line in lines], [True], outcome)
            self.assertGreater(len(lines[0]), len("error: ") + 8, outcome)
            self.assertNotIn("result:", outcome.out)
            for word in mentions:
                self.assertIn(word, lines[0])

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path


def make_model(folder, name="gemm_plain"):
    model = make_models.Model(name)
    path = os.path.join(folder, name + ".onnx")
    model.save(make_models.MODELS[name](model), path)
    return path


class CompilerErrors(ErrorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = make_model(cls.common)

    def assert_refused(self, status, *arguments, **settings):
        self.assert_error(status, harness.QTC, "compile", *arguments, **settings)

    def test_command_line(self):
        out = ("-o", self.path("out"))
        self.assert_error(USAGE, harness.QTC, "frobnicate")
        self.assert_error(USAGE, harness.QTC, "--frobnicate")
        self.assert_refused(USAGE)
        self.assert_refused(USAGE, *out)
        self.assert_refused(USAGE, self.model, self.model, *out)
        self.assert_refused(USAGE, self.model, "-o")
        self.assert_error(USAGE, harness.QTC, "check")
        self.assert_error(USAGE, harness.QTC, "train", self.model, mentions=["--data"])

    def test_option_values(self):
        for option in (
            "--frobnicate", "--scheme=frob", "--scheme=", "--batch=0", "--batch=-1", "--batch=x", "--batch=1.5",
            "--batch=99999999999999999999", "--target=frob", "--sm=80,81", "--tune=1", "--tune=x", "--mcpu=frob", "--mcpu=", "--mcpu=avx2,frob",
            "--loss=frob", "--init=frob", "--seed=-1", "--seed=x", "--seed=18446744073709551616", "--emit=frob",
            "--niti-headroom=x", "--niti-headroom=", "--niti-headroom=-100", "--niti-headroom=1000000",
            "--niti-weight-bits=9", "--niti-grad-round=frob", "--niti-loss=frob", "--normalize=frob", "--normalize=1",
            "--normalize=/", "--normalize=1/0", "--normalize=nan/1", "--normalize=0/inf", "--normalize=0/-1x",
            "--normalize=", "--normalize=0.5,0.5/1", "--normalize=/1", "--normalize=0.5/-1", "--normalize=0/1e-300",
            "--normalize=0/1e-40", "--normalize=1e39/1", "--normalize=1e30/1e-30", "--fp32-weight-decay=1e300",
            "--optimizer=frob", "--optimizer=", "--fp32-nesterov=yes", "--fp32-epsilon=x",
        ):
            self.assert_refused(USAGE, self.model, "-o", self.path("out"), option, mentions=[option.split("=")[0]])

    def test_option_does_not_fit_the_target(self):
        out = ("-o", self.path("out"))
        self.assert_refused(USAGE, self.model, *out, "--emit=ptx", mentions=["--emit", "--target=cpu"])
        self.assert_refused(USAGE, self.model, *out, "--cubin", mentions=["--cubin", "--target=cpu"])
        self.assert_refused(USAGE, self.model, *out, "--tune", mentions=["--tune'", "--target=cpu"])
        self.assert_refused(USAGE, self.model, *out, "--tune-file=x", mentions=["--tune-file", "--target=cpu"])
        for phase in ("llvm", "asm", "obj"):
            self.assert_refused(
                USAGE, self.model, *out, "--target=cuda", "--emit=" + phase, mentions=["--emit", phase, "--target=cuda"]
            )
        self.assert_refused(USAGE, self.model, *out, "--target=cuda", "--scheme=fp32", mentions=["--scheme", "fp32"])

    def test_option_does_not_fit_the_model(self):
        # Three means, five channels.
        words = ("-o", self.path("out"), "--normalize=cifar10")
        self.assert_refused(INPUT, self.model, *words, mentions=["--normalize", "3 channels", "5"])

    def test_model_files(self):
        with open(self.model, "rb") as file:
            content = file.read()
        files = {
            "missing.onnx": None,
            "empty.onnx": b"",
            "garbage.onnx": bytes(range(256)) * 16,
            "text.onnx": b"this is not a model\n",
            "truncated.onnx": content[: len(content) // 2],
            "cut.onnx": content[:-1],
            "flipped.onnx": content[:200] + bytes([content[200] ^ 0xFF]) + content[201:],
            "doubled.onnx": content[:100] + content,
        }
        for name, data in files.items():
            path = self.path(name) if data is None else self.write(name, data)
            for command in (("compile", path, "-o", self.path("out")), ("check", path)):
                self.assert_error(INPUT, harness.QTC, *command, mentions=[name])
        for path in (self.folder, "/dev/null", self.path("missing", "model.onnx")):
            self.assert_refused(INPUT, path, "-o", self.path("out"))
        self.assertFalse(os.path.exists(self.path("out")))

    def test_output(self):
        self.assert_refused(INPUT, self.model, "-o", self.path("missing", "out"), mentions=["missing"])
        self.assert_refused(INPUT, self.model, "-o", os.path.join(self.model, "out"))
        self.assert_refused(INPUT, self.model, "-o", self.folder)
        self.assert_refused(INPUT, self.model, "-o", "/proc/out")
        for emit in ("obj", "llvm", "import"):
            self.assert_refused(INPUT, self.model, "-o", self.path("missing", "out"), "--emit=" + emit)
            self.assert_refused(INPUT, self.model, "-o", "/dev/full", "--emit=" + emit)
        self.assertEqual(os.listdir(self.folder), [])

    def test_integers_are_called_so(self):
        self.assert_refused(USAGE, self.model, "--niti-headroom=1.5", mentions=["an integer from 0 to 7"])

    def test_no_thread(self):
        """The system starts none; a limit of processes does not hold for root."""

        def limit():
            resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
            if os.geteuid() == 0:
                os.setuid(65534)

        if os.geteuid() == 0:
            try:
                usable = harness.execute("/bin/sh", "-c", f"exec {harness.QTC} --version", preexec_fn=lambda: os.setuid(65534))
            except PermissionError:  # they do not even reach the shell
                usable = None
            if usable is None or usable.code not in (0, INPUT):
                self.skipTest("other users cannot run the compiler")
        self.assert_error(
            INPUT, harness.QTC, "check", self.model, cwd="/", mentions=["cannot start a thread: ", "ulimit -u"], preexec_fn=limit
        )

    def test_no_memory(self):
        """Wherever memory runs out, also where MLIR does not check an allocation."""
        codes = set()
        for kibibytes in range(100000, 900001, 50000):

            def limit(size=1024 * kibibytes):
                resource.setrlimit(resource.RLIMIT_AS, (size, size))

            outcome = harness.execute(
                harness.QTC, "compile", self.model, "-o", self.path("out"), "--emit=llvm", "--mcpu=avx2", preexec_fn=limit
            )
            with self.subTest(kibibytes=kibibytes):
                if outcome.code == 127:  # the loader of programs
                    self.assertIn("error while loading shared libraries", outcome.err)
                    continue
                codes.add(outcome.code)
                self.assertIn(outcome.code, (0, INPUT), outcome)
                lines = outcome.err.splitlines()
                self.assertEqual([line.startswith("error: ") for line in lines], [True] * outcome.code, outcome)
        self.assertEqual(codes, {0, INPUT})

    def test_linker(self):
        words = (self.model, "-o", self.path("out"), "--mcpu=baseline")
        self.assert_refused(INPUT, *words, env=dict(os.environ, CXX="no-such-program"), mentions=["CXX", "no-such-program"])
        harness.succeed(harness.QTC, "compile", *words, env=dict(os.environ, CXX=""))

    def test_standard_output_full(self):
        for command in (("check", self.model), ("compile", self.model, "--emit=import"), ("compile", self.model, "--emit=llvm")):
            self.assert_error(INPUT, "/bin/sh", "-c", 'exec "$@" >/dev/full', "sh", harness.QTC, *command)

    def test_file_size_limit(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        self.assert_refused(INPUT, self.model, "-o", self.path("out"), preexec_fn=limit)
        self.assertFalse(os.path.exists(self.path("out")))


class TrainerErrors(ErrorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models.make_data(os.path.join(cls.common, "data"))
        cls.data = "npy:" + os.path.join(cls.common, "data")
        model = make_model(cls.common)
        trainers = [("trainer", model, "6"), ("other", make_model(cls.common, "conv_1x1"), "6"), ("batch5", model, "5")]
        cls.trainer, cls.other, cls.batch5 = harness.in_parallel(
            lambda job: harness.compile_model(
                job[1], os.path.join(cls.common, job[0]), "--mcpu=baseline", "--batch=" + job[2]
            ),
            trainers,
        )
        harness.train(cls.trainer, "--data", cls.data, "--steps", 7, "--out", os.path.join(cls.common, "run"))
        cls.checkpoint = harness.checkpoint(os.path.join(cls.common, "run"))

    def assert_refused(self, status, *arguments, **settings):
        self.assert_error(status, self.trainer, *arguments, **settings)

    def test_command_line(self):
        self.assert_refused(USAGE, "frobnicate")
        self.assert_refused(USAGE, "train", mentions=["--data"])
        self.assert_refused(USAGE, "hash", mentions=["--checkpoint"])
        self.assert_refused(USAGE, "train", "--data")
        self.assert_refused(USAGE, "train", "--data", self.data, "--steps=1", "--epochs=1")
        self.assert_refused(USAGE, "bench", "--frobnicate")

    def test_option_values(self):
        for option in (
            "--frobnicate", "--steps=-1", "--steps=x", "--steps=", "--steps=1e3", "--steps=18446744073709551616",
            "--epochs=-1", "--epochs=x", "--seed=-1", "--seed=x", "--threads=x", "--threads=-1", "--threads=99999999",
            "--isa=frob", "--augment=frob", "--limit=-3", "--limit=x", "--eval-every=x", "--save-every=-1",
            "--schedule=", "--schedule=x", "--schedule=1@", "--schedule=1@x", "--schedule=1@-5%", "--schedule=1,,2",
            "--schedule=1,2@50%,3@20%%", "--schedule=99999999999999999999", "--schedule=0.5",
            "--schedule=linear:1", "--schedule=1,linear:2", "--schedule=1,cos:2@1",
        ):
            self.assert_refused(
                USAGE, "train", "--data", self.data, *([] if "steps" in option or "epochs" in option else ["--steps=1"]),
                option, mentions=[option.split("=")[0]],
            )

    def test_data_specification(self):
        for specification in ("", "frob", "frob:" + self.common, "mnist", "npy", ":" + self.common, "synthetic:frob"):
            self.assert_refused(USAGE, "train", "--data", specification, "--steps=1", mentions=["--data"])

    def test_missing_data(self):
        os.makedirs(self.path("empty"))
        for kind in ("mnist", "cifar10", "cifar100", "npy"):
            for folder in (self.path("missing"), self.path("empty"), self.checkpoint, ""):
                self.assert_error(
                    USAGE if not folder else INPUT, self.trainer, "train", "--data", f"{kind}:{folder}", "--steps=1"
                )

    def npy(self, name, **arrays):
        """A copy of the data with some arrays replaced (None: left out; bytes: the file)."""
        folder = self.path(name)
        os.makedirs(folder)
        for key in ("train_x", "train_y", "test_x", "test_y"):
            value = arrays.get(key, np.load(os.path.join(self.common, "data", key + ".npy")))
            if isinstance(value, bytes):
                self.write(f"{name}/{key}.npy", value)
            elif value is not None:
                np.save(os.path.join(folder, key + ".npy"), value)
        return "npy:" + folder

    def test_wrong_npy(self):
        x = np.load(os.path.join(self.common, "data", "train_x.npy"))
        y = np.load(os.path.join(self.common, "data", "train_y.npy"))
        with open(os.path.join(self.common, "data", "train_x.npy"), "rb") as file:
            content = file.read()
        large = content.replace(b"(62, 5, 9, 7)", b"(99999999999, 5, 9, 7)"[:13])
        for name, arrays in {
            "no labels": {"train_y": None},
            "no test": {"test_x": None},
            "float": {"train_x": x.astype(np.float32)},
            "objects": {"train_x": np.array([{}], dtype=object)},
            "size": {"train_x": x[:, :, :-1]},
            "channels": {"train_x": x[:, :3]},
            "rank": {"train_x": x[:, 0, 0, 0]},
            "count": {"train_y": y[:-1]},
            "label": {"train_y": y + 1},
            "negative label": {"train_y": y - 1},
            "float label": {"train_y": y.astype(np.float64)},
            "label shape": {"train_y": np.eye(4)[y].astype(np.int64)},
            "none": {"train_x": x[:0], "train_y": y[:0]},
            "no test images": {"test_x": x[:0], "test_y": y[:0]},
            "less than a batch": {"train_x": x[:5], "train_y": y[:5]},
            "order": {"train_x": np.asfortranarray(x)},
            "empty file": {"train_x": b""},
            "garbage": {"train_x": bytes(range(256))},
            "cut": {"train_x": content[:-1]},
            "cut head": {"train_x": content[:40]},
            "too many": {"train_x": large},
        }.items():
            self.assert_refused(INPUT, "train", "--data", self.npy(name, **arrays), "--steps=1", "--out", self.path("out"))
        self.assert_refused(INPUT, "train", "--data", self.data, "--steps=1", "--limit=3")

    def test_wrong_idx(self):
        images = struct.pack(">IIII", 0x803, 20, 28, 28) + bytes(20 * 784)
        labels = struct.pack(">II", 0x801, 20) + bytes(20)
        for name, changed in {
            "other size": {},
            "magic": {"train-images-idx3-ubyte": b"\0\0\x0d\x03" + images[4:]},
            "cut": {"train-images-idx3-ubyte": images[:-1]},
            "empty": {"train-labels-idx1-ubyte": b""},
            "huge": {"train-images-idx3-ubyte": struct.pack(">IIII", 0x803, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF) + bytes(99)},
            "not gzip": {"train-images-idx3-ubyte": None, "train-images-idx3-ubyte.gz": b"\x1f\x8bgarbage"},
            "cut gzip": {"train-images-idx3-ubyte": None, "train-images-idx3-ubyte.gz": gzip.compress(images)[:-9]},
        }.items():
            files = {prefix + "-images-idx3-ubyte": images for prefix in ("train", "t10k")}
            files.update({prefix + "-labels-idx1-ubyte": labels for prefix in ("train", "t10k")})
            files.update(changed)
            for file, content in files.items():
                if content is not None:
                    self.write(f"{name}/{file}", content)
            self.assert_refused(INPUT, "train", "--data", "mnist:" + self.path(name), "--steps=1")

    def test_wrong_cifar(self):
        for name, content in {"cut": bytes(3073 * 8 + 5), "empty": b"", "size": bytes(3073 * 8), "label": b"\xff" * 3073 * 8}.items():
            for file in [f"data_batch_{k}.bin" for k in range(1, 6)] + ["test_batch.bin"]:
                self.write(f"{name}/{file}", content)
            self.assert_refused(INPUT, "train", "--data", "cifar10:" + self.path(name), "--steps=1")

    def test_output(self):
        run = ("train", "--data", self.data, "--steps=2", "--out")
        for folder in (self.checkpoint, os.path.join(self.checkpoint, "out"), "/proc/out", "/dev/full"):
            self.assert_refused(INPUT, *run, folder)
        os.makedirs(self.path("taken", "checkpoint.safetensors"))
        self.assert_refused(INPUT, *run, self.path("taken"))
        os.makedirs(self.path("metrics", "metrics.jsonl"))
        self.assert_refused(INPUT, *run, self.path("metrics"))

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))

        self.assert_refused(INPUT, *run, self.path("limited"), preexec_fn=limit)

    def test_standard_output_full(self):
        hashing = ("hash", "--checkpoint", self.checkpoint)
        for command in (("train", "--data", self.data, "--steps=2"), ("info",), hashing, (*hashing, "--tensors"), ("--help",)):
            self.assert_error(INPUT, "/bin/sh", "-c", 'exec "$@" >/dev/full', "sh", self.trainer, *command)

    def test_checkpoints(self):
        with open(self.checkpoint, "rb") as file:
            content = file.read()
        head = 8 + struct.unpack("<Q", content[:8])[0]
        files = {
            "empty": b"",
            "garbage": bytes(range(256)) * 8,
            "cut": content[:-1],
            "cut head": content[: head // 2],
            "head only": content[:head],
            "longer": content + b"x",
            "huge head": struct.pack("<Q", 2**63) + content[8:],
            "no metadata": content.replace(b"__metadata__", b"__metadatx__"),
            "other option": content.replace(b"model_hash", b"model_hasx"),
            "step": content.replace(b'"step":"7"', b'"step":"9"'),
            "seed": content.replace(b'"seed":"1"', b'"seed":"x"'),
            "mantissa": content[:-40] + b"\x80" * 40,
        }
        for name, data in files.items():
            self.assertNotEqual(data, content, name)
            path = self.write(name, data)
            for command in (
                ("hash", "--checkpoint", path),
                ("eval", "--data", self.data, "--checkpoint", path),
                ("train", "--data", self.data, "--steps=9", "--resume", path),
            ):
                self.assert_refused(INPUT, *command, mentions=[path])
        for path in (self.path("missing"), self.folder, "/dev/null"):
            self.assert_refused(INPUT, "hash", "--checkpoint", path)
        self.assert_error(INPUT, self.other, "hash", "--checkpoint", self.checkpoint)
        resume = ("train", "--data", self.data, "--resume", self.checkpoint, "--steps=9")
        self.assert_error(INPUT, self.batch5, *resume, mentions=["--batch=6", "--batch=5", "compile with --batch=6"])

    def test_another_scheme(self):
        """The scheme is compared before the size of its numbers."""
        model = make_model(self.folder)
        trainer = harness.compile_model(model, self.path("fp32"), "--mcpu=baseline", "--batch=6", "--scheme=fp32")
        harness.train(trainer, "--data", self.data, "--steps=1", "--out", self.path("run"))
        for file, reader, scheme in ((harness.checkpoint(self.path("run")), self.trainer, "fp32"),
                                     (self.checkpoint, trainer, "niti")):
            mentions = ["scheme differs", "compile with --scheme=" + scheme]
            self.assert_error(INPUT, reader, "hash", "--checkpoint", file, mentions=mentions)
        self.assert_error(INPUT, self.other, "hash", "--checkpoint", self.checkpoint, mentions=["model hash differs"])
        schedule = ("train", "--data", self.data, "--steps=1", "--schedule=x")
        self.assert_error(USAGE, trainer, *schedule, mentions=["a list such as 0.05,"])

    def test_numbers_that_overflow(self):
        """A loss that is no number is called nan."""
        model = make_model(self.folder)
        options = ("--mcpu=baseline", "--batch=6", "--scheme=fp32", "--normalize=0/1e-30")
        trainer = harness.compile_model(model, self.path("fp32"), *options)
        outcome = harness.succeed(trainer, "train", "--data", self.data, "--epochs=2", "--out", self.path("run"))
        self.assertIn("nan", outcome.out)
        self.assertNotIn("-nan", outcome.out)
        evaluated = harness.succeed(trainer, "eval", "--data", self.data, "--checkpoint", harness.checkpoint(self.path("run")))
        self.assertIn("test_loss=nan ", evaluated.out)

    def test_resume_with_other_options(self):
        resume = ("train", "--data", self.data, "--resume", self.checkpoint, "--steps=9")
        for option in ("--seed=2", "--limit=30", "--no-shuffle", "--augment=crop-flip", "--schedule=1"):
            self.assert_refused(INPUT, *resume, option, mentions=[self.checkpoint])
        self.assert_refused(INPUT, *resume[:-1], "--steps=3", mentions=["--steps"])
        images = np.load(os.path.join(self.common, "data", "train_x.npy"))
        self.assert_refused(INPUT, "train", "--data", self.npy("changed", train_x=images ^ 1), *resume[3:])


class RefusedModels(ErrorCase):
    """Models that cannot be trained name the node and the reason; `check` lists them with the others."""

    def test_operator(self):
        model = make_models.Model("refused")
        x = model.relu(model.conv("x", 5, 6, (3, 3), "conv"))
        x = model.node("Det", [model.node("Sin", [x], "my_sine")], "my_det")
        path = self.path("refused.onnx")
        x = model.classify(x, 6)
        try:
            model.save(x, path)
        except Exception as problem:  # the checker of this onnx may know better
            self.skipTest(str(problem))
        self.assert_error(INPUT, harness.QTC, "compile", path, "-o", self.path("out"), mentions=["my_sine", "Sin"])
        outcome = harness.execute(harness.QTC, "check", path)
        self.assertIn(outcome.code, (0, 1), outcome)
        for node in ("conv", "relu", "my_sine", "my_det", "fc"):
            self.assertIn(node, outcome.out)

    def test_rule_of_a_scheme(self):
        """The error names file and node, and comes after the remarks of the import."""
        path = make_model(self.folder, "deduplicated")
        for command in (("compile", path, "-o", self.path("out")), ("train", path, "--data=npy:.")):
            outcome = harness.execute(
                harness.QTC, *command, "--scheme=wage", env=dict(os.environ, XDG_CACHE_HOME=self.path("cache"))
            )
            self.assertEqual(outcome.code, INPUT, outcome)
            lines = [line for line in outcome.err.splitlines() if not line.startswith("compiling ")]
            self.assertEqual(len(lines), 2, outcome)
            self.assertTrue(lines[0].startswith(f"remark: {path}: a bias, scale or statistic that several "), outcome)
            self.assertTrue(lines[1].startswith(f"error: {path}: node 'bn1' (BatchNormalization): scheme wage "), outcome)


if __name__ == "__main__":
    unittest.main()
