# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parameters as exporters write them: merged, tied and of other ranks. slow/ has many more random graphs."""

import os
import sys
import unittest

import numpy as np
import onnx
from onnx import helper, numpy_helper

import harness
from parameter_runs import ParameterCase

sys.path.insert(0, harness.REFERENCE)
import make_models  # noqa: E402 (the path comes first)

FAST_SEEDS = (1, 2, 3)


def merge_constants(path, output):
    """Merges equal initializers like PyTorch: the first stays, an Identity gives the others their names."""
    model = onnx.load(path)
    graph, kept, nodes = model.graph, {}, []
    for tensor in list(graph.initializer):
        array = numpy_helper.to_array(tensor)
        first = kept.setdefault((array.shape, array.tobytes()), tensor.name)
        if first != tensor.name:
            graph.initializer.remove(tensor)
            nodes.append(helper.make_node("Identity", [first], [tensor.name]))
    nodes += list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, output)
    return len(kept)


def equal_constants(m):
    """Scales, biases and statistics of three layers, equal and each with a name."""
    x, channels = "x", make_models.IMAGE[0]
    for layer in ("c", "a", "b"):
        inputs = [x, m.parameter(layer + ".weight", (6, channels, 3, 3)), m.constant(layer + ".bias", np.zeros(6, np.float32))]
        x = m.node("Conv", inputs, layer + ".conv")
        names = (("scale", 1), ("shift", 0), ("mean", 0), ("var", 1))
        constants = [m.constant(f"{layer}.{name}", np.full(6, value, np.float32)) for name, value in names]
        x = m.relu(m.node("BatchNormalization", [x, *constants], layer + ".bn"), layer + ".relu")
        channels = 6
    return m.classify(x, 6 * 3 * 1)


class MergedConstants(ParameterCase):
    def test_same_state_as_before(self):
        """A file gives the same bits before and after its constants were merged."""
        model = make_models.Model("equal_constants")
        before, after = self.path("before.onnx"), self.path("after.onnx")
        model.save(equal_constants(model), before)
        self.assertLess(merge_constants(before, after), len(model.initializers))
        for options in (("--scheme=niti", "--niti-grad-round=stochastic"), ("--scheme=fp32",)):
            states = []
            for index, path in enumerate((before, after)):
                words = ("--batch=6", "--normalize=0.5/0.25", "--mcpu=native", *options)
                trainer = harness.compile_model(path, self.path(f"trainer{index}"), *words)
                schedule = "1" if "--scheme=niti" in options else "0.01"
                states.append(harness.train(trainer, "--data", self.data, "--steps=5", f"--schedule={schedule}").state)
            self.assertEqual(states[0], states[1], options)

    def test_remark(self):
        """`check` and `compile` report copies once."""
        model = make_models.Model("deduplicated")
        path = self.path("model.onnx")
        model.save(make_models.deduplicated(model), path)
        expected = "share is copied for each of them: 'ones' (3 copies), 'zeros' (5 copies)"
        for outcome in (
            harness.succeed(harness.QTC, "check", path),
            harness.succeed(harness.QTC, "compile", path, "-o", self.path("out"), "--emit=import"),
        ):
            self.assertEqual((outcome.out + outcome.err).count(expected), 1, outcome)


class RandomGraphs(ParameterCase):
    pass


def _add(number):
    def gradients(self):
        self.check_gradients(self.make_model(number))

    def integers(self):
        self.check_integers(self.make_model(number), threads=(number,))

    setattr(RandomGraphs, f"test_gradients_{number}", gradients)
    setattr(RandomGraphs, f"test_integers_{number}", integers)


for _number in FAST_SEEDS:
    _add(_number)


class Models(ParameterCase):
    """Gradients of the models that test_differential.py trains in integers."""

    def test_gradients(self):
        for name in ("tied_weights", "deduplicated", "ranked_parameters"):
            path = os.path.join(self.folder, name + ".onnx")
            model = make_models.Model(name)
            model.save(getattr(make_models, name)(model), path)
            with self.subTest(model=name):
                self.check_gradients(path)


if __name__ == "__main__":
    unittest.main()
