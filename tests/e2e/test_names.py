# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Names of nodes, values and parameters: any UTF-8 works from `check` to a resumed run, and control
characters are escaped wherever they are shown. Names that are not UTF-8 are rejected by `check` and `compile` alike."""

import json
import os
import re
import struct
import unicodedata

import numpy as np
import onnx
import onnx
from onnx import TensorProto, helper, numpy_helper

import harness

#: Names with a meaning to the compiler, the ABI, LLVM, ELF, C, shells, JSON, tables or the file format.
NAMES = [
    # functions and tasks of the compiler, arguments of a step
    "forward", "train_step", "evaluate", "train_step_task", "peak", "seed", "step", "schedule", "state", "arena",
    "labels", "logits", "executor", "parameter", "parameter.w", "optimizer.w.momentum", "buffer.w",
    "qtrain.parameter", "qtc_baseline_train_step", "qtcrt_mark", "qtcrt_parallel_for", "qtcrt_compiled_model",
    # symbols of LLVM, the linker and the C library
    "main", "memcpy", "malloc", "llvm.memset", "_start", ".text", "$x", "@w", "%0", "^bb0", "!llvm.loop",
    # the checkpoint's own
    "__metadata__", "__metadata__~", "w", "w.exponent", "w.momentum", "w.exponent~", "w.exponent.exponent",
    "w.momentum.momentum", "w.moment1", "w.moment12", "w.evaluation", ".exponent", "~", "state_hash",
    # letter case, length, punctuation
    "W", "weight", "Weight", "x" * 5000, "a/b:0", "../../etc/passwd", "a b", " ", "-o", "w \"q\" \\ x", "'", "{}", "%s%n",
    "0", "null", "#", "*/",
    # other scripts, wide and drawn-over characters, emoji
    "ключ", "重み", "e\u0301", "é", "\u0627\u0644\u0639", "👍🏽", "👨\u200d👩\u200d👧", "\U0010fffd",
    # what a terminal obeys
    "a\nb", "\r", "\t", "\x1b[31mred", "\x1b]0;title\x07", "\x7f", "\u009b31m", "\u202egnp", "\u2028", "\ufeff",
    "x\nerror: forged", "\U000e0041",
]
#: The rule of docs/numerics.md: such a name gets an additional tilde.
RESERVED = re.compile(r"(__metadata__|.*\.(exponent|momentum|moment[0-9]|evaluation))~*", re.DOTALL)
#: Characters that no output may hold.
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
WIDTH, CLASSES, BATCH = 3, 3, 4


def make_model(path, names, width=WIDTH):
    """A chain of layers, each close to the identity, whose nodes, results and weights bear `names`."""
    random = np.random.RandomState(7)
    nodes, initializers, value = [], [], "the input"
    for name in names:
        weights = np.eye(width) + random.uniform(0, 0.05, (width, width))
        initializers.append(numpy_helper.from_array(weights.astype(np.float32), name))
        nodes.append(helper.make_node("Gemm", [value, name], [name + " sum"], name=name, transB=1))
        nodes.append(helper.make_node("Relu", [name + " sum"], [name + " out"], name=name + " relu"))
        value = name + " out"
    initializers.append(numpy_helper.from_array(random.uniform(-1, 1, (CLASSES, width)).astype(np.float32), "last"))
    nodes.append(helper.make_node("Gemm", [value, "last"], ["scores"], name="last", transB=1))
    graph = helper.make_graph(
        nodes, "names", [helper.make_tensor_value_info("the input", TensorProto.FLOAT, ("N", width))],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ("N", CLASSES))], initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 7
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
    return path


def make_data(folder):
    random = np.random.RandomState(1)
    os.makedirs(folder)
    for part, count in (("train", 24), ("test", 9)):
        np.save(os.path.join(folder, part + "_x.npy"), random.randint(0, 256, (count, WIDTH)).astype(np.uint8))
        np.save(os.path.join(folder, part + "_y.npy"), random.randint(0, CLASSES, count))
    return "npy:" + folder


def read_header(file):
    with open(file, "rb") as stream:
        size = struct.unpack("<Q", stream.read(8))[0]
        pairs = json.loads(stream.read(size), object_pairs_hook=list)
    return [key for key, _ in pairs]


def key_of(name):
    return name + "~" if RESERVED.fullmatch(name) else name


def columns(text):
    """Columns that a terminal gives to `text`."""
    return sum(
        0 if unicodedata.combining(c) or c == "\u200d" else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


class AnyName(harness.Case):
    """One model that has all the names, in floats with momentum and in integers with exponents."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = make_model(os.path.join(cls.common, "ключ 'm'.onnx"), NAMES)
        cls.plain = make_model(os.path.join(cls.common, "plain.onnx"), ["n%03d" % NAMES.index(name) for name in NAMES])
        cls.data = make_data(os.path.join(cls.common, "data"))
        jobs = [(model, scheme) for model in (cls.model, cls.plain) for scheme in ("fp32", "niti")]
        jobs.append((cls.model, "fp32 --optimizer=adamw"))
        cls.trainers = dict(zip(jobs, harness.in_parallel(
            lambda job: harness.compile_model(
                job[0], os.path.join(cls.common, os.path.basename(job[0])[:5] + job[1]), "--mcpu=baseline",
                f"--batch={BATCH}", *("--scheme=" + job[1]).split(),
            ),
            jobs,
        )))

    def assert_printable(self, outcome):
        self.assertEqual(CONTROLS.findall(outcome.out + outcome.err), [])

    def run_trainer(self, scheme, *words):
        outcome = harness.succeed(self.trainers[self.model, scheme], *words)
        self.assert_printable(outcome)
        return outcome

    def test_check(self):
        for scheme in ("fp32", "niti"):
            outcome = harness.succeed(harness.QTC, "check", self.model, "--scheme=" + scheme)
            self.assert_printable(outcome)
            rows = [line for line in outcome.out.splitlines() if "Gemm" in line]
            self.assertEqual(len(rows), len(NAMES) + 1)
            heading = next(line for line in outcome.out.splitlines() if line.startswith("node "))
            self.assertEqual({columns(row[: row.index("Gemm")]) for row in rows}, {heading.index("op")})

    def check_runs(self, scheme, schedule, *derived):
        trainer = self.trainers[self.model, scheme]
        run = ("--data", self.data, "--threads=1", "--schedule=" + schedule)
        whole = harness.train(trainer, *run, "--steps=6", "--out", self.path("whole"))
        half = harness.train(trainer, *run, "--steps=3", "--out", self.path("half"))
        self.assertNotEqual(half.state, whole.state)
        resume = ("--resume", harness.checkpoint(self.path("half")), "--steps=6", "--out", self.path("resumed"))
        self.assertEqual(harness.train(trainer, *run, *resume).state, whole.state)

        file = harness.checkpoint(self.path("whole"))
        self.assertEqual(self.run_trainer(scheme, "hash", "--checkpoint", file).out.strip(), whole.state)
        evaluated = self.run_trainer(scheme, "eval", "--data", self.data, "--checkpoint", file).out
        self.assertIn("state=" + whole.state, evaluated)
        with open(self.path("whole", "metrics.jsonl"), encoding="utf-8") as lines:
            self.assertEqual([json.loads(line)["epoch"] for line in lines], [0])
        keys = read_header(file)
        parameters = [key_of(name) for name in NAMES + ["last"]]
        self.assertEqual(len(keys), len(set(keys)))
        expected = {"__metadata__"} | set(parameters) | {key + end for key in parameters for end in derived}
        self.assertEqual(set(keys), expected)

    def test_float_runs(self):
        self.check_runs("fp32", "0.001", ".momentum")

    def test_float_runs_of_two_moments(self):
        self.check_runs("fp32 --optimizer=adamw", "0.001", ".moment1", ".moment2")

    def test_integer_runs(self):
        self.check_runs("niti", "4", ".exponent")

    def test_names_decide_nothing(self):
        """Floats draw no random numbers by name: the same layers under plain names get the same weights."""
        tables = []
        for model in (self.model, self.plain):
            trainer, out = self.trainers[model, "fp32"], self.path(os.path.basename(model))
            harness.train(trainer, "--data", self.data, "--steps=3", "--threads=1", "--out", out)
            rows = harness.succeed(trainer, "hash", "--tensors", "--checkpoint", harness.checkpoint(out)).out.splitlines()
            tables.append(sorted(row.split()[-1] for row in rows))
        self.assertEqual(*tables)

    def test_tables(self):
        for scheme in ("fp32", "niti"):
            harness.train(self.trainers[self.model, scheme], "--data", self.data, "--steps=1", "--out", self.path(scheme))
            rows = self.run_trainer(
                scheme, "hash", "--tensors", "--checkpoint", harness.checkpoint(self.path(scheme))
            ).out.splitlines()
            self.assertEqual(len({columns(row) for row in rows if not row.startswith("tensor")}), 1)
            self.assertIn("x\\x0aerror: forged", "\n".join(rows))
            self.assertIn("ключ 'm'", self.run_trainer(scheme, "info").out)
            self.run_trainer(scheme, "--help")
        rows = self.run_trainer("niti", "bench", "--steps=1", "--threads=1").out.splitlines()
        layers = [row for row in rows if " forward " in row or " weight gradient " in row]
        self.assertGreater(len(layers), len(NAMES))
        self.assertEqual(len({columns(re.split(" forward | weight gradient ", row)[0].rstrip()) > 60 for row in layers}), 1)
        pattern = re.compile(r"^(.*?)  (?:forward|weight gradient|input gradient) ")
        starts = {columns(match.group(1)) for match in map(pattern.match, layers) if match}
        self.assertEqual(len(starts), 1)
        names = {row["name"] for row in json.loads(self.run_trainer("niti", "bench", "--steps=1", "--json").out)["ops"]}
        self.assertLess(set(NAMES), names)
        self.assertEqual(json.loads(self.run_trainer("niti", "info", "--json").out)["model"], "ключ 'm'")

    def test_intermediate_representations(self):
        for phase in ("import", "backward", "scheme", "plan", "llvm"):
            outcome = harness.succeed(
                harness.QTC, "compile", self.model, "--emit=" + phase, "--mcpu=baseline", f"--batch={BATCH}", "-o", self.path(phase)
            )
            self.assert_printable(outcome)


class StatisticsAndCopies(harness.Case):
    """Two normalizations share their parameters, whose copies and values for evaluation have names of their own."""

    #: scale, bias, mean, variance
    CHOICES = (
        ("m.exponent", "__metadata__", "m", "m.evaluation"), ("s", "s.2", "s.2.evaluation", "s.3"), ("s.2", "s", "s.3", "s.momentum")
    )

    def make_model(self, path, names):
        random = np.random.RandomState(3)
        values = {name: np.full(4, float(index in (0, 3)), np.float32) for index, name in enumerate(names)}
        values["w"] = random.uniform(-1, 1, (4, 1, 3, 1)).astype(np.float32)
        values["last"] = random.uniform(-1, 1, (CLASSES, 4)).astype(np.float32)
        shapes = {"column": [-1, 1, WIDTH, 1]}
        nodes = [
            helper.make_node("Reshape", ["x", "column"], ["image"]), helper.make_node("Conv", ["image", "w"], ["c"]),
            helper.make_node("BatchNormalization", ["c", *names], ["n"]), helper.make_node("Relu", ["n"], ["r"]),
            helper.make_node("BatchNormalization", ["r", *names], ["n2"]), helper.make_node("Flatten", ["n2"], ["f"]),
            helper.make_node("Gemm", ["f", "last"], ["y"], transB=1),
        ]
        graph = helper.make_graph(
            nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("N", WIDTH))],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("N", CLASSES))],
            [numpy_helper.from_array(value, name) for name, value in values.items()]
            + [numpy_helper.from_array(np.array(shape), name) for name, shape in shapes.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 7
        onnx.save(model, path)
        return path

    def test_resume(self):
        data = make_data(self.path("data"))
        for index, names in enumerate(self.CHOICES):
            model = self.make_model(self.path(f"{index}.onnx"), names)
            trainer = harness.compile_model(
                model, self.path(f"t{index}"), "--mcpu=baseline", f"--batch={BATCH}", "--scheme=fp32"
            )
            run = (trainer, "--data", data, "--threads=1", "--schedule=0.01")
            whole = harness.train(*run, "--steps=4", "--out", self.path(f"whole{index}"))
            harness.train(*run, "--steps=2", "--out", self.path(f"half{index}"))
            resumed = harness.train(
                *run, "--steps=4", "--resume", harness.checkpoint(self.path(f"half{index}")), "--out", self.path(f"more{index}")
            )
            self.assertEqual(resumed.state, whole.state)
            keys = read_header(harness.checkpoint(self.path(f"whole{index}")))
            self.assertEqual(len(keys), len(set(keys)))
            self.assertLess({key_of(name) for name in names}, set(keys))
            # Metadata, the parameters with their momenta, the statistics with their values for evaluation, all of both layers.
            self.assertEqual(len(keys), 1 + 2 * (2 + 2 * 4))


class NoNames(harness.Case):
    """A text that is not UTF-8, or ends at a zero byte, is not a name."""

    #: Replaced in the file by others of the same length.
    PLACES = {b"layer node": "node", b"layer weight": "initializer", b"layer result": "value"}

    def make_bytes(self):
        graph = helper.make_graph(
            [helper.make_node("Gemm", ["x", "layer weight"], ["layer result"], name="layer node", transB=1),
             helper.make_node("Relu", ["layer result"], ["y"])],
            "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("N", 4))],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("N", 3))],
            [numpy_helper.from_array(np.ones((3, 4), np.float32), "layer weight")],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 7
        return model.SerializeToString()

    def assert_refused(self, path, mentions):
        for command in (("check", path), ("compile", path, "-o", self.path("out")), ("train", path, "--data=synthetic:digits")):
            outcome = harness.execute(harness.QTC, *command)
            self.assertEqual(outcome.code, 1, outcome)
            self.assertEqual(outcome.out, "")
            lines = [line for line in outcome.err.splitlines() if not line.startswith("compiling ")]
            self.assertEqual([line.startswith("error: ") for line in lines], [True], outcome)
            self.assertEqual(CONTROLS.findall(outcome.err), [])
            self.assertIn(mentions, lines[0])

    def test_inside_the_model(self):
        content = self.make_bytes()
        for place, role in self.PLACES.items():
            for wrong, shown in ((b"\xff", r"\xff"), (b"\x00", r"\x00"), (b"\xc3", r"\xc3")):
                path = self.path("m.onnx")
                with open(path, "wb") as file:
                    file.write(content.replace(place, place[:-1] + wrong))
                self.assert_refused(path, f"{place[:-1].decode()}{shown}'")

    def test_of_the_file(self):
        path = os.fsencode(self.folder) + b"/m\xff.onnx"
        with open(path, "wb") as file:
            file.write(self.make_bytes())
        for command in (("check",), ("compile", "-o", self.path("out"))):
            outcome = harness.execute(harness.QTC, *command, os.fsdecode(path))
            self.assertEqual(outcome.code, 1, outcome)
            self.assertRegex(outcome.err, r"\Aerror: [^\n]*m\\xff\.onnx: the name of the file is not UTF-8[^\n]*\n\Z")

    def test_of_folders(self):
        """Folders may be called anything: no name of a model comes from them."""
        folder = os.fsdecode(os.fsencode(self.folder) + b"/d\xff\n")
        os.makedirs(folder)
        with open(folder + "/m.onnx", "wb") as file:
            file.write(self.make_bytes())
        np.save(folder + "/train_x.npy", np.zeros((4, 4), np.uint8))
        np.save(folder + "/train_y.npy", np.zeros(4, np.int64))
        for part in ("x", "y"):
            os.link(folder + f"/train_{part}.npy", folder + f"/test_{part}.npy")
        options = ("--mcpu=baseline", "--scheme=fp32", "--batch=2")
        harness.compile_model(folder + "/m.onnx", folder + "/t\xff", *options)
        run = (folder + "/t\xff", "--data", "npy:" + folder)
        state = harness.train(*run, "--steps=4").state
        harness.train(*run, "--steps=4", "--save-every=2", "--out", folder + "/out")
        resumed = harness.train(*run, "--steps=4", "--resume", harness.checkpoint(folder + "/out"))
        self.assertEqual(resumed.state, state)

    def test_errors_are_one_line(self):
        """A node that is refused is named without its control characters."""
        content = self.make_bytes().replace(b"Relu", b"Ro\x1b\x0a").replace(b"layer node", b"\x1b[31m\nerr:")
        path = self.path("m.onnx")
        with open(path, "wb") as file:
            file.write(content)
        outcome = harness.execute(harness.QTC, "compile", path, "-o", self.path("out"))
        self.assertEqual(outcome.code, 1, outcome)
        self.assertRegex(outcome.err, r"\Aerror: [ -~]+\n\Z")
        outcome = harness.execute(harness.QTC, "check", path)
        self.assertEqual(CONTROLS.findall(outcome.out + outcome.err), [])
        self.assertIn(r"\x1b[31m\x0aerr:", outcome.out)

    def test_errors_of_schemes(self):
        """The passes know parameters by the same names."""
        path = make_model(self.path("m.onnx"), ["w\x1b\n", "w"])
        model = onnx.load(path)
        next(node for node in model.graph.node if node.name == "w").input[1] = "w\x1b\n"  # two layers share a weight
        onnx.save(model, path)
        for command in (("check", path), ("compile", path, "-o", self.path("out"))):
            outcome = harness.execute(harness.QTC, *command, "--scheme=wage")
            self.assertEqual(outcome.code, 1, outcome)
            self.assertEqual(CONTROLS.findall(outcome.out + outcome.err), [])
            self.assertIn(r"'w\x1b\x0a'", outcome.out + outcome.err)


if __name__ == "__main__":
    import unittest

    unittest.main()
