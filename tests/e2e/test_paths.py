# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the tools read and write: links, devices, pipes, closed streams, and the files left by an interruption."""

import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
import unittest

import harness
import onnx
from test_user_errors import ErrorCase, INPUT, USAGE, make_model

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)

FAST = ("--mcpu=baseline", "--batch=6", "--scheme=fp32")


class Output(ErrorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = make_model(cls.common)

    def compile(self, output, *options):
        return harness.execute(harness.QTC, "compile", self.model, "-o", output, *FAST, *options)

    def assert_refused(self, output, *options, mentions=()):
        self.assert_error(INPUT, harness.QTC, "compile", self.model, "-o", output, *FAST, *options, mentions=mentions)

    def test_links_are_followed(self):
        os.makedirs(self.path("store"))
        links = {"absolute": self.path("store", "a"), "relative": "store/b", "chain": "relative"}
        for name, target in links.items():
            os.symlink(target, self.path(name))
        for emit in ("trainer", "import"):
            for name, target in links.items():
                self.assertEqual(self.compile(self.path(name), "--emit=" + emit).code, 0)
                self.assertEqual(os.readlink(self.path(name)), target)
            self.assertEqual(sorted(os.listdir(self.path("store"))), ["a", "b"])
            self.assertEqual(os.access(self.path("store", "a"), os.X_OK), emit == "trainer")
        self.assertEqual(sorted(os.listdir(self.folder)), ["absolute", "chain", "relative", "store"])

    def test_links_to_nothing_get_their_target(self):
        for emit in ("trainer", "import"):
            os.symlink("target-" + emit, self.path(emit))
            self.assertEqual(self.compile(self.path(emit), "--emit=" + emit).code, 0)
            self.assertTrue(os.path.islink(self.path(emit)))
            self.assertTrue(os.path.isfile(self.path("target-" + emit)))

    def test_what_is_no_file_stays(self):
        os.mkfifo(self.path("pipe"))
        os.symlink(self.folder, self.path("folder"))
        os.symlink("loop", self.path("loop"))
        os.symlink("missing/out", self.path("dangling"))
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(self.path("socket"))
            for emit in ("trainer", "lib", "obj", "import"):
                for name in ("pipe", "folder", "loop", "dangling", "socket"):
                    before = os.lstat(self.path(name))
                    self.assert_refused(self.path(name), "--emit=" + emit, mentions=[name])
                    self.assertEqual(os.lstat(self.path(name)).st_ino, before.st_ino)
        self.assertEqual(len(os.listdir(self.folder)), 5)

    @unittest.skipUnless(os.geteuid() == 0, "only root makes device nodes")
    def test_devices_stay(self):
        node = self.path("null")
        os.mknod(node, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        for emit, reason in (("trainer", "programs go to files only"), ("lib", "files only"), ("obj", "files only")):
            self.assert_refused(node, "--emit=" + emit, mentions=["a device", reason])
        for emit in ("import", "asm"):
            self.assertEqual(self.compile(node, "--emit=" + emit).code, 0)
        self.assertTrue(stat.S_ISCHR(os.lstat(node).st_mode))

    def test_inputs_stay(self):
        with open(self.model, "rb") as file:
            content = file.read()
        os.symlink(self.model, self.path("link"))
        os.link(self.model, self.path("other_name"))
        for output, what in (
            (self.model, "the model itself"), (self.path("link"), f"the model '{self.model}' itself"),
            (self.path("other_name"), f"the model '{self.model}' itself"),
        ):
            for emit in ("trainer", "import"):
                self.assert_error(
                    USAGE, harness.QTC, "compile", self.model, "-o", output, "--emit=" + emit, mentions=[output, what]
                )
        with open(self.model, "rb") as file:
            self.assertEqual(file.read(), content)
        self.assert_refused(self.path("m.h"), "--emit=lib", mentions=["header"])
        self.assert_refused("-", mentions=["stdout takes text only"])
        self.assertEqual(sorted(os.listdir(self.folder)), ["link", "other_name"])

    def test_external_data_stay(self):
        model, data = self.path("m.onnx"), os.path.realpath(self.path("m.h"))
        onnx.save(onnx.load(self.model), model, save_as_external_data=True, location="m.h", size_threshold=0)
        os.mkdir(self.path("out"))
        os.symlink("../m.h", self.path("out", "link"))
        os.symlink("../m.h", self.path("out", "checkpoint.safetensors"))
        os.link(data, self.path("out", "other"))
        with open(data, "rb") as file:
            content = file.read()
        outputs = [(data, "trainer"), (self.path("out", "link"), "import"), (self.path("out", "other"), "obj")]
        for output, emit in outputs + [(self.path("m.a"), "lib")]:
            mentions = ["option '-o'", data if emit == "lib" else output, f"'{data}'", "external data", model]
            self.assert_error(USAGE, harness.QTC, "compile", model, "-o", output, "--emit=" + emit, mentions=mentions)
        words = ("train", model, "--data", "synthetic:digits", "--out", self.path("out"), "--overwrite")
        mentions = ["option '--out'", self.path("out", "checkpoint.safetensors"), f"'{data}'"]
        self.assert_error(USAGE, harness.QTC, *words, mentions=mentions)
        with open(data, "rb") as file:
            self.assertEqual(file.read(), content)
        harness.succeed(harness.QTC, "compile", model, "-o", self.path("m"), *FAST)

    def test_files_of_schedules_stay(self):
        tuned = self.write("tuned", b"{}")
        os.symlink("tuned", self.path("link"))
        words = (harness.QTC, "compile", self.model, "--target=cuda", "--tune-file", tuned, "-o")
        for output in (tuned, self.path("link")):
            self.assert_error(USAGE, *words, output, mentions=[output, f"'--tune-file={tuned}'"])

    def test_existing_files(self):
        for emit in ("trainer", "import"):
            self.write("out", b"old")
            os.chmod(self.path("out"), 0o600)
            self.assertEqual(self.compile(self.path("out"), "--emit=" + emit).code, 0)
            self.assertGreater(os.path.getsize(self.path("out")), 100)
        self.write("out", b"old")
        self.assert_error(INPUT, harness.QTC, "compile", self.model, "-o", self.path("out"), "--normalize=cifar10", *FAST)
        with open(self.path("out"), "rb") as file:
            self.assertEqual(file.read(), b"old")

    def test_long_names(self):
        name = self.path("n" * 255)
        self.assertEqual(self.compile(name).code, 0)
        harness.succeed(name, "info")
        self.assert_refused(self.path("n" * 256), mentions=["File name too long"])

    @unittest.skipIf(os.geteuid() == 0, "root writes everywhere")
    def test_read_only_folder(self):
        os.chmod(self.folder, 0o500)
        self.assert_refused(self.path("out"), mentions=["Permission denied"])
        os.chmod(self.folder, 0o700)

    @unittest.skipUnless(os.geteuid() == 0, "only root mounts")
    def test_full_disk(self):
        os.makedirs(self.path("disk"))
        words = ("mount", "-t", "tmpfs", "-o", "size=64k", "qtc-test", self.path("disk"))
        if subprocess.run(words, stderr=subprocess.DEVNULL, check=False).returncode:
            self.skipTest("cannot mount a small file system")
        self.addCleanup(subprocess.run, ["umount", self.path("disk")], check=True)
        self.assert_refused(self.path("disk", "out"), mentions=["No space left on device"])
        self.assertEqual(os.listdir(self.path("disk")), [])


class Input(ErrorCase):
    def test_models(self):
        os.mkfifo(self.path("pipe"))
        os.symlink("/dev/zero", self.path("zero"))
        for path in (self.path("pipe"), self.path("zero"), "/dev/zero", self.folder, self.path("missing")):
            for command in (
                ("check", path), ("compile", path, "-o", self.path("out")), ("train", path, "--data=synthetic:digits"),
            ):
                self.assert_error(INPUT, harness.QTC, *command, mentions=[path], timeout=20)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_tune_files(self):
        model = make_model(self.folder)
        files = {
            "nested": b"[" * 100000,
            "objects": b'{"device": ' * 100000,
            "quoted": b'{"device": "' + b"[" * 9 + b'", "code": 1}',
            "large": b" " * (1 << 25),
            "binary": bytes(range(256)),
            "empty": b"",
        }
        paths = [self.write(name, content) for name, content in files.items()]
        os.mkfifo(self.path("pipe"))
        for path in [*paths, "/dev/zero", self.path("pipe"), self.folder, self.path("missing")]:
            self.assert_error(
                INPUT, harness.QTC, "compile", model, "-o", self.path("out"), "--target=cuda", "--tune-file=" + path,
                mentions=[path], timeout=20,
            )

    def test_trainers(self):
        model = make_model(self.folder)
        trainer = harness.compile_model(model, self.path("trainer"), *FAST)
        os.mkfifo(self.path("pipe"))
        for path in (self.path("pipe"), "/dev/zero", self.folder):
            self.assert_error(INPUT, trainer, "hash", "--checkpoint", path, mentions=[path], timeout=20)


class Streams(ErrorCase):
    """A closed stdin, stdout or stderr is not the next file that is opened."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = make_model(cls.common)
        make_models.make_data(os.path.join(cls.common, "data"))
        cls.trainer = harness.compile_model(cls.model, os.path.join(cls.common, "trainer"), *FAST)

    def run_closed(self, closed, *command):
        return harness.execute("/bin/sh", "-c", 'exec "$@" ' + closed, "sh", *command)

    def test_output_is_expected(self):
        out = self.path("out")
        for command in (
            (harness.QTC, "check", self.model), (harness.QTC, "--version"), (harness.QTC, "compile", "--help"),
            (harness.QTC, "compile", self.model, "--emit=import"),
            (harness.QTC, "compile", self.model, "--emit=asm", "--memory-report", "-o", out, *FAST),
            (self.trainer, "info"), (self.trainer, "--help"),
            (self.trainer, "train", "--data", "npy:" + os.path.join(self.common, "data"), "--steps=2"),
        ):
            for closed in (">&-", "<&- >&-"):
                outcome = self.run_closed(closed, *command)
                self.assertEqual(outcome.code, INPUT, outcome)
                self.assertRegex(outcome.err, r"\Aerror: cannot write to (stdout|standard output): [^\n]+\n\Z")
        plain = self.path("plain")
        harness.compile_model(self.model, plain, "--emit=asm", *FAST)
        with open(plain, "rb") as expected, open(out, "rb") as written:
            self.assertEqual(written.read(), expected.read())

    def test_nothing_is_mixed(self):
        data = "npy:" + os.path.join(self.common, "data")
        for run, closed in enumerate(("<&-", "2>&-", "<&- 2>&-", "<&- >&- 2>&-")):
            results = self.path(f"run{run}")
            outcome = self.run_closed(closed, harness.QTC, "compile", self.model, "-o", self.path("out"), *FAST)
            self.assertEqual(outcome.code, 0, outcome)
            harness.succeed(self.path("out"), "info")
            outcome = self.run_closed(closed, self.trainer, "train", "--data", data, "--steps=2", "--out", results)
            if " >&-" in closed:
                self.assertEqual(outcome.code, INPUT, outcome)
                self.assertFalse(os.path.exists(results))
                continue
            self.assertEqual(outcome.code, 0, outcome)
            harness.succeed(self.trainer, "hash", "--checkpoint", harness.checkpoint(results))
            with open(os.path.join(results, "metrics.jsonl"), encoding="utf-8") as file:
                self.assertNotIn("result:", file.read())
        outcome = self.run_closed("2>&-", harness.QTC, "compile", self.path("missing"), "-o", self.path("out"))
        self.assertEqual((outcome.code, outcome.out), (INPUT, ""))


    def test_a_run_that_nobody_hears_does_not_begin(self):
        data = "npy:" + os.path.join(self.common, "data")
        words = (self.trainer, "train", "--data", data, "--out", self.path("run"))
        harness.succeed(*words, "--steps=2")
        state = harness.state_hash(self.trainer, harness.checkpoint(self.path("run")))
        for closed in (">&-", ">/dev/full"):
            outcome = self.run_closed(closed, *words, "--epochs=1000000", "--overwrite")
            self.assertEqual(outcome.code, INPUT, outcome)
            self.assertRegex(outcome.err, r"\Aerror: cannot write to standard output: [^\n]+\n\Z")
            self.assertEqual(harness.state_hash(self.trainer, harness.checkpoint(self.path("run"))), state)

    def test_a_reader_that_goes_away_ends_the_run_after_an_epoch(self):
        data = "npy:" + os.path.join(self.common, "data")
        run = self.path("run")
        words = [self.trainer, "train", "--data", data, "--schedule=4", "--out"]
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
        with subprocess.Popen([*words, run, "--epochs=1000000"], **settings) as process:
            self.assertIn("training", process.stdout.readline())
            process.stdout.close()
            err = process.stderr.read()
            self.assertEqual(process.wait(timeout=60), INPUT, err)
        self.assertRegex(
            err, r"\Aerror: cannot write to standard output: broken pipe; stopped after step \d+; continue with: [^\n]+\n\Z"
        )
        with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
            epochs = len(file.readlines())
        whole = harness.Result(harness.succeed(*words, self.path("whole"), f"--epochs={epochs}"))
        self.assertEqual(harness.state_hash(self.trainer, harness.checkpoint(run)), whole.state)
        command = shlex.split(err.partition("continue with: ")[2].replace("1000000", str(epochs + 1)))
        longer = harness.Result(harness.succeed(*words, self.path("longer"), f"--epochs={epochs + 1}"))
        self.assertEqual(harness.Result(harness.succeed(*command)).state, longer.state)


#: Reports its start, starts another program that would continue, and makes files where linkers make them.
LINKER = """#!/bin/sh
while [ "$1" != -o ]; do shift; done
: >"$2"
: >"$TMPDIR/cc.o"
stat -c '%a %n' "$(dirname "$2")" "$(dirname "$2")"/* >"$REPORT.modes"
sleep 300 &
echo "$$ $!" >"$REPORT.tmp"
mv "$REPORT.tmp" "$REPORT"
wait
: >"$2"
"""


class Interrupts(ErrorCase):
    def start_linking(self, *command):
        """A compiler that waits for its linker; its process and those of the linker."""
        linker = self.write("bin/c++", LINKER.encode())
        os.chmod(linker, 0o755)
        for name in ("tmp", "out"):
            os.makedirs(self.path(name))
        environment = dict(os.environ, CXX=linker, TMPDIR=self.path("tmp"), REPORT=self.path("report"),
                           XDG_CACHE_HOME=self.path("cache"))
        process = subprocess.Popen(
            [harness.QTC, *command], env=environment, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: [signal.signal(s, signal.SIG_DFL) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)],
        )
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 120
        while not os.path.exists(self.path("report")):
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        with open(self.path("report"), encoding="utf-8") as file:
            return process, [int(number) for number in file.read().split()]

    def assert_gone(self, programs):
        deadline = time.monotonic() + 20
        while any(os.path.exists(f"/proc/{program}/exe") for program in programs):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def check_signal(self, number, *command):
        process, programs = self.start_linking(*command)
        with open(self.path("report.modes"), encoding="utf-8") as file:
            modes = [line.split(" ", 1) for line in file.read().splitlines()]
        self.assertEqual(modes[0][0], "700", modes)
        process.send_signal(number)
        self.assertEqual(process.wait(timeout=20), -number)
        self.assert_gone(programs)
        self.assertEqual(os.listdir(self.path("tmp")), [])
        self.assertEqual(os.listdir(self.path("out")), [])

    def test_terminate(self):
        self.check_signal(signal.SIGTERM, "compile", make_model(self.folder), "-o", self.path("out", "t"), *FAST)

    def test_interrupt(self):
        self.check_signal(signal.SIGINT, "compile", make_model(self.folder), "-o", self.path("out", "t"), *FAST)

    def test_train(self):
        self.check_signal(signal.SIGTERM, "train", make_model(self.folder), "--data=npy:x", *FAST)
        # A trainer's lock stays, because processes that wait for it have it open.
        names = [name for _, _, names in os.walk(self.path("cache")) for name in names if "gemm" in name]
        self.assertEqual([name for name in names if not name.endswith(".lock")], [])

    def test_trainers_see_signals(self):
        """The trainer that `qtc train` becomes is interrupted like any other: orderly, after a step."""
        make_models.make_data(self.path("data"))
        words = (harness.QTC, "train", make_model(self.folder), "--data=npy:" + self.path("data"), *FAST, "--epochs=1000000",
                 "--out", self.path("run"))
        process = subprocess.Popen(
            words, env=dict(os.environ, XDG_CACHE_HOME=self.path("cache")), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 120
        metrics = self.path("run", "metrics.jsonl")
        while not os.path.exists(metrics) or not os.path.getsize(metrics):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 128 + signal.SIGINT)
        self.assertIn(b"interrupted after step", messages)

    def test_ignored_signals_stay_ignored(self):
        """nohup, and shells that start jobs in the background, ask for it."""
        model = make_model(self.folder)
        words = (harness.QTC, "compile", model, "-o", self.path("t"), *FAST)
        process = subprocess.Popen(words, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        self.assertEqual(process.returncode, 0)

    def test_nothing_is_left_of_a_success_or_a_failure(self):
        os.makedirs(self.path("tmp"))
        model, environment = make_model(self.folder), dict(os.environ, TMPDIR=self.path("tmp"))
        harness.succeed(harness.QTC, "compile", model, "-o", self.path("t"), *FAST, env=environment)
        self.assert_error(
            INPUT, harness.QTC, "compile", model, "-o", self.path("u"), *FAST, env=dict(environment, CXX="false"),
            mentions=["cannot link"],
        )
        self.assertEqual(os.listdir(self.path("tmp")), [])
        self.assertEqual(sorted(os.listdir(self.folder)), ["gemm_plain.onnx", "t", "tmp"])
        self.assert_error(
            INPUT, harness.QTC, "compile", model, "-o", self.path("u"), *FAST,
            env=dict(environment, TMPDIR=self.path("missing")), mentions=["TMPDIR"],
        )


class TrainerInterrupts(ErrorCase):
    def test_at_any_moment(self):
        """Whatever a trainer is doing when it is told to end, only whole files remain."""
        make_models.make_data(self.path("data"))
        trainer = harness.compile_model(make_model(self.folder), self.path("trainer"), *FAST)
        run = (trainer, "train", "--data", "npy:" + self.path("data"), "--epochs=100000", "--save-every=1", "--out")
        for number in (signal.SIGINT, signal.SIGTERM):
            for step in range(8):
                out = self.path(f"{number}-{step}")
                process = subprocess.Popen([*run, out], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(0.004 * step * step)
                process.send_signal(number)
                process.send_signal(number)
                process.wait(timeout=20)
                left = sorted(os.listdir(out)) if os.path.exists(out) else []
                self.assertEqual([name for name in left if "tmp" in name or name.startswith(".qtc")], [])


if __name__ == "__main__":
    unittest.main()
