# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`qtc check` approves what `qtc compile` compiles, and nothing else; slow/test_check_matrix.py has more of it."""

import os
import sys
import unittest

import agreement
import harness
import onnx
import random_models
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)


class Check(harness.Case):
    def agree(self, pairs, phase):
        problems = harness.in_parallel(lambda pair: agreement.find_disagreement(*pair, phase), pairs)
        for (model, scheme), problem in zip(pairs, problems):
            with self.subTest(model=model, scheme=scheme):
                self.assertEqual(problem, "")

    def test_random_models(self):
        pairs = []
        for seed in range(100):
            model = self.path(f"{seed}.onnx")
            onnx.save(random_models.make(seed), model)
            pairs.append((model, agreement.SCHEMES[seed % 3]))
        self.agree(pairs, "scheme")

    def test_models_of_the_project(self):
        harness.succeed(sys.executable, os.path.join(harness.REFERENCE, "make_models.py"), self.folder)
        pairs = [
            (self.path(name + ".onnx"), agreement.SCHEMES[index % 3]) for index, name in enumerate(make_models.MODELS)
        ]
        self.agree(pairs, "scheme")

    def write(self, nodes, shape, initializers):
        graph = helper.make_graph(
            nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *shape])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(array, name) for name, array in initializers.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.save(model, self.path("model.onnx"))
        return self.path("model.onnx")

    def rows(self, model, scheme):
        """{node: status} of the table."""
        table = harness.execute(harness.QTC, "check", model, f"--scheme={scheme}")
        lines = table.out.split("\n\n")[1].splitlines()
        start = lines[0].index("status")
        return {line.split()[0]: line[start:] for line in lines[1:]}, table

    def test_every_node_that_blocks_is_listed(self):
        weights = random_models.np.ones((4, 4), "float32")
        model = self.write(
            [
                helper.make_node("Add", ["x", "b"], ["v0"], name="first"),
                helper.make_node("Gemm", ["v0", "w0"], ["v1"], name="gemm0"),
                helper.make_node("Relu", ["v1"], ["v2"], name="relu0"),
                helper.make_node("Relu", ["v2"], ["v3"], name="relu1"),
                helper.make_node("Gemm", ["v3", "w1"], ["v4"], name="gemm1"),
                helper.make_node("Gemm", ["v4", "w2"], ["v5"], name="gemm2"),
                helper.make_node("Dropout", ["v5"], ["v6"], name="drop"),
                helper.make_node("Gemm", ["v6", "w3"], ["y"], name="gemm3"),
            ],
            [4], {"b": weights[0], "w0": weights, "w1": 2 * weights, "w2": 3 * weights, "w3": 4 * weights},
        )
        rows, table = self.rows(model, "wage")
        refused = {name for name, status in rows.items() if status.startswith("unsupported: scheme wage ")}
        self.assertEqual(refused, {"first", "relu1", "gemm2", "drop", "gemm3"}, table)
        self.assertEqual(table.code, 1)
        self.assertEqual(self.rows(model, "niti")[1].code, 0)

    def test_an_unsupported_node_hides_no_other(self):
        weights = random_models.np.ones((4, 4), "float32")
        model = self.write(
            [
                helper.make_node("Sin", ["x"], ["v0"], name="sine"),
                helper.make_node("Gemm", ["v0", "w0"], ["v1"], name="gemm"),
                helper.make_node("Clip", ["v1", "low", "high"], ["v2"], name="clip"),
                helper.make_node("Gemm", ["v2", "w1"], ["y"], name="last"),
            ],
            [4], {"w0": weights, "w1": 2 * weights, "low": weights[0, 0], "high": 1e9 * weights[0, 0]},
        )
        rows, table = self.rows(model, "niti")
        self.assertIn("the operator is not supported yet", rows["sine"], table)
        self.assertIn("defines this function for constants of moderate size only", rows["clip"], table)
        self.assertEqual((rows["gemm"], rows["last"]), ("ok", "ok"), table)
        missing = table.out.split("\n\n")[3].splitlines()
        self.assertEqual(
            [line.split() for line in missing],
            [["unsupported", "op", "nodes", "first", "node"], ["Sin", "1", "sine"], ["Clip", "1", "clip"]], table,
        )


if __name__ == "__main__":
    unittest.main()
