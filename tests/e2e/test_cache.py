# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cache of `qtc train`: options and inputs determine a program's place; only whole programs of the user's own run."""

import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import time
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper

import harness
import runs


def save_external(path, weights):
    """A Gemm whose weights lie in w.bin next to the model; the bytes of the model do not depend on them."""
    with open(os.path.join(os.path.dirname(path), "w.bin"), "wb") as file:
        file.write(weights.astype("<f4").tobytes())
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=weights.shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="w.bin")
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("Gemm", ["f", "w"], ["y"])], "g",
        [value("x", TensorProto.FLOAT, ["N", 1, 4, 4])], [value("y", TensorProto.FLOAT, ["N", 10])], [tensor],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


class CacheCase(harness.Case):
    def setUp(self):
        super().setUp()
        self.cache = self.path("cache")
        self.environment = dict(os.environ, XDG_CACHE_HOME=self.cache)
        self.environment.pop("QTC_CACHE_LIMIT", None)
        os.makedirs(self.path("models"))
        self.model = self.path("models", "net.onnx")
        self.weights = np.random.RandomState(1).uniform(-0.1, 0.1, (16, 10))
        save_external(self.model, self.weights)
        self.data = runs.small_data(self.path("data"), (1, 4, 4), count=64, tests=16)

    def words(self, *options, model=None):
        return (harness.QTC, "train", model or self.model, "--mcpu=baseline", "--batch=8", "--data", self.data, *options)

    def train(self, *options, model=None, **settings):
        """The state after a step."""
        settings.setdefault("env", self.environment)
        settings.setdefault("cwd", self.folder)
        return harness.Result(harness.succeed(*self.words("--steps=1", *options, model=model), **settings)).state

    def assert_refused(self, *mentions, **settings):
        settings.setdefault("env", self.environment)
        outcome = harness.execute(*self.words("--steps=1"), **settings)
        self.assertEqual(outcome.code, 1, outcome)
        self.assertRegex(outcome.err, r"\Aerror: [^\n]*\n\Z")
        for word in mentions:
            self.assertIn(word, outcome.err)

    def trainers(self):
        folder = os.path.join(self.cache, "qtc")
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if "." not in name)


class Key(CacheCase):
    def test_what_decides_the_program(self):
        state = self.train()
        (first,) = self.trainers()
        before = os.stat(first)
        # Neither the data, the run, the seed nor the spelling of a path.
        other = runs.small_data(self.path("other"), (1, 4, 4), count=64, tests=16)
        shutil.copytree(self.path("models"), self.path("copy"))
        for options, model in (
            (("--seed=1",), None), ((), "models/net.onnx"), ((), self.path("copy", "..", "copy", "net.onnx")),
            (("--limit=32", "--save-every=1", "--threads=1"), None),
        ):
            found = self.train(*options, model=model)
            if not any("limit" in option for option in options):
                self.assertEqual(found, state)
        harness.succeed(*self.words("--epochs=2"), env=self.environment)
        self.train("--seed=7")
        self.assertEqual(len(self.trainers()), 1)
        self.assertEqual(os.stat(first).st_ino, before.st_ino)
        harness.succeed(harness.QTC, "train", self.model, "--mcpu=baseline", "--batch=8", "--data", other, env=self.environment)
        self.assertEqual(len(self.trainers()), 1)
        # The weights, and each option.
        save_external(self.model, self.weights * 0.5)
        self.assertNotEqual(self.train(), state)
        self.assertEqual(len(self.trainers()), 2)
        for count, option in enumerate(("--niti-headroom=2", "--normalize=mnist", "--no-microkernels"), 3):
            self.train(option)
            self.assertEqual(len(self.trainers()), count)

    def test_spelling_does_not(self):
        for count, spellings in enumerate(
            (
                ((), ("--normalize=none",), ("--normalize=0/1",), ("--normalize=-0.0/1e0",), ("--niti-headroom=1",),
                 ("--niti-headroom=01",)),
                (("--normalize=0.5/0.25",), ("--normalize=.5/2.5e-1",), ("--normalize= 0.50 / 0.250 ",)),
                (("--normalize=mnist",), ("--normalize=0.13070/.3081",)),
                (("--scheme=fp32",), ("--scheme=fp32", "--fp32-momentum=.90"),
                 ("--scheme=fp32", "--fp32-weight-decay=0e3", "--no-assert-integer")),
                (("--scheme=wage",), ("--scheme=wage", "--wage-bits=02-8-08-8")),
            ),
            1,
        ):
            for options in spellings:
                self.train(*options)
                self.assertEqual(len(self.trainers()), count, options)
            with self.subTest("the checkpoint of one continues with the other"):
                out = ("--out", self.path(f"run{count}"))
                self.train(*spellings[0], *out)
                resume = "--resume=" + harness.checkpoint(out[1])
                harness.succeed(*self.words("--steps=2", *spellings[-1], *out, resume), env=self.environment)

    def test_order_of_instruction_sets_does_not(self):
        for sets in ("baseline,avx2", "avx2,baseline,avx2"):
            words = (harness.QTC, "train", self.model, "--mcpu=" + sets, "--batch=8", "--data", self.data, "--steps=1")
            harness.succeed(*words, env=self.environment, cwd=self.folder)
            self.assertEqual(len(self.trainers()), 1)

    def test_seed_draws_the_initial_weights(self):
        for scheme in ("niti", "wage"):
            words = (f"--scheme={scheme}", "--init=scheme")
            states = []
            for seed in ("7", "8"):
                options = (*words, "--mcpu=baseline", "--batch=8", "--seed=" + seed)
                compiled = harness.compile_model(self.model, self.path("compiled"), *options)
                states.append(harness.train(compiled, "--data", self.data, "--steps=1").state)
                self.assertEqual(self.train(*words, "--seed=" + seed), states[-1])
            self.assertNotEqual(*states)

    def test_runtime_library(self):
        """An installed compiler with its runtime: another library, another trainer."""
        for folder, name in (("bin", "qtc"), ("lib", "libqtcrt.a"), ("lib", "libqtcrt_main.a")):
            os.makedirs(self.path("installed", folder), exist_ok=True)
            shutil.copy(os.path.join(harness.BUILD, folder, name), self.path("installed", folder, name))
        words = (self.path("installed", "bin", "qtc"), *self.words("--steps=1")[1:])
        for count in (1, 1, 2):
            if count == 2:
                with open(self.path("installed", "lib", "libqtcrt.a"), "ab") as file:
                    file.write(b"\n")
            outcome = harness.execute(*words, env=self.environment)
            if "error while loading shared libraries" in outcome.err:
                raise unittest.SkipTest("this build of the compiler cannot be moved")
            self.assertEqual(len(self.trainers()), count, outcome)


class Entries(CacheCase):
    def test_remarks_are_repeated(self):
        graph = onnx.load(self.model).graph
        graph.output.append(helper.make_tensor_value_info("f", TensorProto.FLOAT, ["N", 16]))
        model = self.path("models", "two.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), model)
        first, second = (
            harness.succeed(*self.words("--steps=1", model=model), env=self.environment, cwd=self.folder)
            for _ in range(2)
        )
        remarks = [[line for line in run.err.splitlines() if line.startswith("remark: ")] for run in (first, second)]
        self.assertIn("output 'y' is trained, but not 'f'", "".join(remarks[0]))
        self.assertEqual(*remarks)
        self.assertIn("compiling", first.err)
        self.assertNotIn("compiling", second.err)

    def test_broken_ones_heal(self):
        state = self.train()
        (trainer,) = self.trainers()
        with open(trainer, "rb") as file:
            content = file.read()
        middle = len(content) // 2
        for broken in (b"", b"no program", content[:middle], content[:-1], content[:middle] + b"x" + content[middle + 1 :]):
            with open(trainer, "wb") as file:
                file.write(broken)
            self.assertEqual(self.train(), state)
            self.assertEqual(os.stat(trainer).st_size, len(content))
        os.chmod(trainer, 0o644)
        self.assertEqual(self.train(), state)
        os.remove(trainer)
        os.symlink("/bin/true", trainer)
        self.assertEqual(self.train(), state)
        self.assertFalse(os.path.islink(trainer))

    def test_one_compiles_for_all(self):
        command = [str(word) for word in self.words("--steps=1")]
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8", "env": self.environment}
        processes = [subprocess.Popen([*command, "--out", self.path(f"out{i}")], **settings) for i in range(4)]
        outputs = [process.communicate() for process in processes]
        self.assertEqual([process.returncode for process in processes], [0] * 4, outputs)
        self.assertEqual(len({re.search("state=.*", out).group() for out, _ in outputs}), 1)
        self.assertEqual(len(self.trainers()), 1)

    def test_size(self):
        def use(option):
            self.train(option)
            time.sleep(0.02)  # the times of use differ
            return set(self.trainers())

        (first,) = use("--niti-headroom=1")
        (second,) = use("--niti-headroom=2") - {first}
        use("--niti-headroom=1")
        size = os.stat(first).st_size
        self.environment["QTC_CACHE_LIMIT"] = str(max(1, 5 * size // 2 >> 20))
        left = use("--niti-headroom=3")
        # The one that was not used for longest is gone.
        self.assertIn(first, left)
        self.assertNotIn(second, left)
        self.environment["QTC_CACHE_LIMIT"] = "0"
        self.assertEqual(len(use("--niti-headroom=4")), 1)
        self.environment["QTC_CACHE_LIMIT"] = "x"
        self.assert_refused("QTC_CACHE_LIMIT", "'x'")
        self.environment["QTC_CACHE_LIMIT"] = ""  # as if it were not set
        self.train("--niti-headroom=4")

    def test_command(self):
        def cache(*options):
            return harness.succeed(harness.QTC, "cache", *options, env=self.environment).out

        folder = os.path.join(self.cache, "qtc")
        self.assertRegex(cache(), f"folder +{folder}\nentries +0\nsize +0.0 MiB of at most 2048.0 MiB")
        self.assertIn("removed 0 trainers", cache("--clear"))
        self.assertFalse(os.path.exists(self.cache))
        self.train()
        self.train("--niti-headroom=2")
        for name in ("notes.txt", "net-" + "a" * 32 + ".new", "old-0123456789ABCDEF"):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(b"x")
        self.assertRegex(cache(), f"folder +{folder}\nentries +4\nsize +[1-9]")
        self.assertIn("removed 4 trainers", cache("--clear"))
        self.assertEqual(os.listdir(folder), ["notes.txt"])


class Folder(CacheCase):
    def test_permissions(self):
        os.umask(0o022)
        self.train()
        folder = os.path.join(self.cache, "qtc")
        self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
        for name in os.listdir(folder):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) & 0o077, 0)

    def test_others_can_write(self):
        folder = os.path.join(self.cache, "qtc")
        os.makedirs(folder)
        for mode in (0o777, 0o1777, 0o775):
            os.chmod(folder, mode)
            self.assert_refused("can write", f"use `chmod go-w {folder}`", "XDG_CACHE_HOME")
        os.chmod(folder, 0o755)
        self.train()
        os.chmod(self.trainers()[0], 0o777)  # by whom?
        self.train()
        self.assertEqual(stat.S_IMODE(os.stat(self.trainers()[0]).st_mode), 0o700)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_of_another_user(self):
        folder = os.path.join(self.cache, "qtc")
        os.makedirs(folder)
        os.chown(folder, 65534, 65534)
        self.assert_refused("another user", folder, "XDG_CACHE_HOME")

    @unittest.skipUnless(os.geteuid() == 0, "only root mounts")
    def test_programs_may_not_run(self):
        os.makedirs(self.cache)
        mounting = ("mount", "-t", "tmpfs", "-o", "noexec,mode=700", "qtc-test", self.cache)
        if subprocess.run(mounting, stderr=subprocess.DEVNULL, check=False).returncode:
            self.skipTest("cannot mount a file system")
        self.addCleanup(subprocess.run, ["umount", self.cache], check=True)
        outcome = harness.execute(*self.words("--steps=1"), env=self.environment)
        self.assertEqual(outcome.code, 1, outcome)
        self.assertRegex(outcome.err, r"error: cannot run '[^\n]*; set XDG_CACHE_HOME to a folder [^\n]*\n\Z")

    def test_no_home(self):
        """No place that others can foresee."""
        for name, value in (("HOME", ""), ("HOME", "relative"), ("HOME", "/proc/nowhere")):
            environment = {key: value for key, value in self.environment.items() if key != "XDG_CACHE_HOME"}
            environment[name] = value
            self.assert_refused("XDG_CACHE_HOME" if value != "/proc/nowhere" else "/proc/nowhere", env=environment)
        environment.update(HOME=self.path("home"), XDG_CACHE_HOME="")
        self.train(env=environment)
        self.assertEqual(len(os.listdir(self.path("home", ".cache", "qtc"))), 2)

    def test_file_in_its_place(self):
        os.makedirs(self.cache)
        with open(os.path.join(self.cache, "qtc"), "wb"):
            pass
        self.assert_refused(os.path.join(self.cache, "qtc"))


class Interrupted(CacheCase):
    OPTIONS = ("--no-assert-integer", "--no-microkernels", "--normalize= .5/ 0.25", "--niti-headroom=2")

    def words(self, *options, model=None):
        return super().words(*self.OPTIONS, *options, model=model)

    def test_hint(self):
        """The command that an interrupted run prints is one of qtc, and continues the run."""
        whole = harness.succeed(*self.words("--steps=4000", "--seed=3"), env=self.environment, cwd=self.folder)
        words = [str(word) for word in self.words("--steps=4000", "--seed=3", "--overwrite", "--no-microkernels")]
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
        with subprocess.Popen(words, env=self.environment, cwd=self.folder, **settings) as process:
            while not os.path.exists(harness.checkpoint(self.path("runs", "net-2"))) and process.poll() is None:
                time.sleep(0.002)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate()
        self.assertEqual(process.returncode, 128 + signal.SIGINT, err)
        command = shlex.split(err.partition("continue with: ")[2])
        self.assertEqual(command[1:3], ["train", self.model])
        self.assertLess({*self.OPTIONS, "--steps=4000", "--seed=3"}, set(command))
        self.assertNotIn(self.cache, " ".join(command))
        # Flags as they were given.
        self.assertIn("--no-microkernels", command)
        self.assertNotIn("=true", " ".join(command))
        shutil.rmtree(self.cache)
        rest = harness.succeed(*command, env=self.environment, cwd=self.folder)
        self.assertEqual(harness.Result(rest).state, harness.Result(whole).state)
        saved = harness.checkpoint(self.path("runs", "net-2"))
        self.assertEqual(harness.state_hash(self.compiled(), saved), harness.Result(whole).state)

    def compiled(self):
        return harness.compile_model(self.model, self.path("compiled"), "--mcpu=baseline", "--batch=8", *self.OPTIONS)


if __name__ == "__main__":
    unittest.main()
