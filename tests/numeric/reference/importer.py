# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads an ONNX file into a list of simple nodes with static shapes.

Identity nodes become other names of their operand, parameters carry the transposes
and reshapes between initializer and use, a constant Add after a Conv, Gemm or
MatMul becomes its bias, and a final Softmax or LogSoftmax is stripped where an output is
scores of classes, as is a final Sigmoid that belongs to the loss.
"""

import dataclasses
import itertools
import math

import numpy as np
import onnx
from onnx import numpy_helper

import functions
from graph import Graph, Node, Output, Parameter, Unsupported, Use
from operators import Window

# Functions without constants, by operator.
PLAIN_FUNCTIONS = {
    "Abs": functions.ABS,
    "Erf": functions.ERF,
    "Exp": functions.EXP,
    "HardSwish": functions.HARD_SWISH,
    "Mish": functions.MISH,
    "Neg": functions.NEG,
    "Sigmoid": functions.SIGMOID,
    "Softplus": functions.SOFTPLUS,
    "Softsign": functions.SOFTSIGN,
    "Tanh": functions.TANH,
}


def load(path, batch, loss="cross-entropy", outputs=()):
    """The graph of some `outputs`, each a graph.Output with a name; without any it is the first of the file.

    An output without a loss of its own has this one. If that is None, the end of the output decides (section 4.21).
    """
    return _Importer(onnx.load(path), batch, loss, outputs).run()


def _same_padding(size, stride, extent, upper):
    output = -(-size // stride)
    total = max((output - 1) * stride + extent - size, 0)
    small, large = total // 2, total - total // 2
    return (small, large) if upper else (large, small)


class _Importer:
    def __init__(self, model, batch, loss, outputs):
        self.model, self.batch, self.graph = model, batch, Graph()
        self.loss, self.outputs = loss, self._chosen(outputs)
        self.opset = max([o.version for o in model.opset_import if o.domain in ("", "ai.onnx")] or [1])
        self.constants, self.uses, self.alias = {}, {}, {}
        self.read_names = {}  # key of a use: the value that its first node reads
        self.dropouts = 0
        self.file_batch = None
        for tensor in model.graph.initializer:
            self._constant(tensor.name, numpy_helper.to_array(tensor))
        self.raw_users = self._count_users()

    # Helpers ---------------------------------------------------------------

    def _chosen(self, outputs):
        names = [value.name for value in self.model.graph.output]
        if not names:
            raise Unsupported("expected an output")
        outputs = [dataclasses.replace(output) for output in outputs] or [Output(names[0])]
        chosen = [output.name for output in outputs]
        for name in chosen:
            if name not in names or chosen.count(name) > 1:
                raise Unsupported(f"--output: expected {', '.join(names)}, each once, but got {name}")
        return outputs

    def _count_users(self):
        """Users of each value, of which outputs that are not trained are none, nor are nodes that only these need."""
        users, alive = {}, {output.name for output in self.outputs}
        for node in reversed(self.model.graph.node):
            if alive.intersection(node.output):
                alive.update(node.input)
        for node in self.model.graph.node:
            for name in node.input:
                if name not in alive or alive.intersection(node.output):
                    users[name] = users.get(name, 0) + 1
        for output in self.outputs:
            users[output.name] = users.get(output.name, 0) + 1
        return users

    def _constant(self, name, array):
        self.constants[name] = array
        if array.dtype.kind == "f":
            self.uses[name] = Use(name, array.shape)

    def _fail(self, node, text):
        raise Unsupported(f"{node.op_type} '{node.name or node.output[0]}': {text}")

    def _value(self, node, index):
        name = node.input[index]
        name = self.alias.get(name, name)
        if name not in self.graph.shapes:
            self._fail(node, f"operand {index} '{name}' is not an activation")
        return name

    def _is_activation(self, name):
        return self.alias.get(name, name) in self.graph.shapes

    def _use(self, node, index, role, owner):
        """A constant as this node uses it, under a key: equal keys are one tensor of the state (section 5.2)."""
        name = node.input[index]
        if name not in self.uses:
            self._fail(node, f"{role} '{name}' is not a float initializer")
        use = self.uses[name]
        key = (use.name, owner)
        self.read_names.setdefault(key, name)
        return use.renamed(key)

    def _parameter(self, node, index, role, scale=1.0, layer=None):
        """Weights are tied wherever they are used, and the bias of a `layer` with its weight; others never are."""
        owner = () if role == "weight" else layer.weight.name if layer else (node.output[0], index)
        use = self._use(node, index, role, owner)
        known = self.graph.parameters.get(use.name)
        if known is None:
            values = self.constants[use.name[0]].astype(np.float64)
            self.graph.parameters[use.name] = Parameter(use.name, values * scale, role, scale)
        elif known.scale != scale:
            self._fail(node, f"'{use.name[0]}' is shared with different factors")
        return use

    def _final_names(self):
        """{key: name in the state}: one tensor keeps the name of the constant, the others get names of their own."""
        keys_of = {}
        for key in self.read_names:
            keys_of.setdefault(key[0], []).append(key)
        names = {}
        for constant, keys in keys_of.items():
            names[next((k for k in keys if self.read_names[k] == constant), keys[0])] = constant
        copies = [key for keys in keys_of.values() for key in keys if key not in names]
        numbered = []
        for key in copies:
            if self.read_names[key] in names.values():
                numbered.append(key)
            else:
                names[key] = self.read_names[key]
        file_names = {name for node in self.model.graph.node for name in node.output}
        file_names |= {value.name for value in (*self.model.graph.initializer, *self.model.graph.input)}
        for key in numbered:
            taken = file_names.union(names.values())
            number = next(n for n in itertools.count(2) if f"{self.read_names[key]}.{n}" not in taken)
            names[key] = f"{self.read_names[key]}.{number}"
        return names

    def _name_parameters(self):
        names, graph = self._final_names(), self.graph
        for parameter in graph.parameters.values():
            parameter.name = names[parameter.name]
            parameter.weight_of_node = names.get(parameter.weight_of_node)
        graph.parameters = {parameter.name: parameter for parameter in graph.parameters.values()}
        graph.running = {names[key]: values for key, values in graph.running.items()}
        for node in graph.nodes:
            node.weight = node.weight and node.weight.renamed(names[node.weight.name])
            node.bias = node.bias and node.bias.renamed(names[node.bias.name])
            if "running" in node.attributes:
                node.attributes["running"] = tuple(names[key] for key in node.attributes["running"])

    def _add(self, kind, node, inputs, shape, **fields):
        output = node.output[0]
        shapes = [self.graph.shapes[i] for i in inputs]
        shape = tuple(int(n) for n in shape)
        if min(shape, default=1) <= 0:
            self._fail(node, f"empty result {shape}")
        added = Node(kind, node.name or output, list(inputs), output, shapes, shape, **fields)
        self.graph.nodes.append(added)
        self.graph.shapes[output] = shape
        return added

    # Whole graph -----------------------------------------------------------

    def run(self):
        graph = self.model.graph
        inputs = [i for i in graph.input if i.name not in self.constants]
        if not inputs:
            raise Unsupported("expected a graph input")
        for value in inputs:
            self._input(value)
        for node in graph.node:
            if node.domain not in ("", "ai.onnx"):
                self._fail(node, f"unknown domain '{node.domain}'")
            handler = getattr(self, "_op_" + node.op_type, None)
            if handler is None:
                self._fail(node, "op not supported")
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            handler(node, attributes)
        for output in self.outputs:
            output.value = self.alias.get(output.name, output.name)
        self.graph.outputs = self.outputs
        self._remove_dead_nodes()
        for output in self.outputs:
            self._finish_output(output)
        self._remove_dead_nodes()
        if any(node.kind == "softmax" for node in self.graph.nodes):
            raise Unsupported("Softmax is only supported at the end, for a loss of classes")
        self._name_parameters()
        self._remove_dead_parameters()
        # Ranks of names, sorted bytewise (section 2).
        for rank, name in enumerate(sorted(self.graph.parameters, key=lambda n: n.encode())):
            self.graph.parameters[name].identifier = rank
        return self.graph

    def _input(self, value):
        tensor = value.type.tensor_type
        dims = tensor.shape.dim
        self.file_batch = dims[0].dim_value if dims else None
        shape = (self.batch,) + tuple(d.dim_value for d in dims[1:])
        if not dims or any(n <= 0 for n in shape):
            raise Unsupported("expected a static input shape after the batch")
        self.graph.inputs.append(value.name)
        self.graph.shapes[value.name] = shape
        if tensor.elem_type in (onnx.TensorProto.INT32, onnx.TensorProto.INT64):
            self.graph.indices.add(value.name)

    def _producer(self, value):
        return next((node for node in self.graph.nodes if node.output == value), None)

    def _final_softmax(self, output):
        """The Softmax that gives the output and nothing else."""
        node = self._producer(output.value)
        return node if node and node.kind == "softmax" and self.graph.users(node.output) == 1 else None

    def _final_sigmoid(self, output):
        """(the Sigmoid at the end, views from it to the output), or (None, []).

        Views keep the order of numbers. Other nodes may read the Sigmoid, but not the views.
        """
        views, node = [], self._producer(output.value)
        while node and node.kind == "reshape" and self.graph.users(node.output) == 1:
            views.insert(0, node)
            node = self._producer(node.inputs[0])
        is_sigmoid = node and node.kind == "function" and node.attributes["rule"].function is functions.SIGMOID
        return (node, views) if is_sigmoid else (None, [])

    def _suggested_loss(self, output):
        if self._final_sigmoid(output)[0]:
            return "bce"
        is_number = math.prod(self.graph.shapes[output.value][1:]) == 1 and not self._final_softmax(output)
        return "mse" if is_number else "cross-entropy"

    def _finish_output(self, output):
        """Chooses the loss, and leaves to it the Softmax or Sigmoid that belongs to it (section 4.16)."""
        output.loss = output.loss or self.loss or self._suggested_loss(output)
        last, views = self._final_sigmoid(output) if output.loss == "bce" else (None, [])
        if not output.of_numbers:
            last = self._final_softmax(output)
        if last and views:
            views[0].inputs = last.inputs
        elif last:
            output.value = last.inputs[0]
        output.shape = shape = self.graph.shapes[output.value]
        if shape[0] != self.batch or (len(shape) < 2 and not output.of_numbers):
            raise Unsupported(f"expected logits (batch, classes), but got {shape}")
        if not output.of_numbers and math.prod(shape[2:]) != 1:
            # Without a Softmax: the last dimension of sequences, the first of images (section 3).
            output.class_axis = last.attributes["axis"] if last else 2 if len(shape) == 3 else 1

    def _remove_dead_nodes(self):
        """Nodes that no trained output depends on are not part of the step.

        Their parameters are not part of the state, but count for the ranks of others.
        """
        alive = {output.value for output in self.outputs}
        for node in reversed(self.graph.nodes):
            if node.output in alive:
                alive.update(node.inputs)
        self.graph.nodes = [n for n in self.graph.nodes if n.output in alive]

    def _remove_dead_parameters(self):
        used = {use.name for node in self.graph.nodes for use in (node.weight, node.bias) if use}
        self.graph.parameters = {name: p for name, p in self.graph.parameters.items() if name in used}

    # Constants and shapes --------------------------------------------------

    def _op_Constant(self, node, attributes):
        for key in ("value", "value_float", "value_int", "value_floats", "value_ints"):
            if key in attributes:
                value = attributes[key]
                if key == "value":
                    array = numpy_helper.to_array(value)
                else:
                    array = np.array(value, np.float32 if "float" in key else np.int64)
                return self._constant(node.output[0], array)
        return self._fail(node, "constant of this kind not supported")

    def _folded(self, node, function):
        """Evaluates an integer op whose operands are all known."""
        if all(name in self.constants for name in node.input if name):
            self.constants[node.output[0]] = function(*(self.constants[n] for n in node.input if n))
            return True
        return False

    def _op_Shape(self, node, attributes):
        self.constants[node.output[0]] = np.array(self.graph.shapes[self._value(node, 0)], np.int64)

    def _op_Gather(self, node, attributes):
        axis = attributes.get("axis", 0)
        if self._folded(node, lambda x, i: np.take(x, i, axis)):
            return
        indices = self._value(node, 1)
        if axis != 0 or indices not in self.graph.indices:
            self._fail(node, "expected rows whose indices are an input")
        table = self._parameter(node, 0, "weight")
        shape = self.graph.shapes[indices] + tuple(table.shape[1:])
        self._set_fans(table, table.shape[0], math.prod(table.shape[1:]))
        self._add("gather", node, [indices], shape, weight=table)

    def _op_Cast(self, node, attributes):
        if self._is_activation(node.input[0]) and self._value(node, 0) in self.graph.indices:
            return self._identity(node)
        if not self._folded(node, lambda x: x):
            self._fail(node, "only on shapes")
        return None

    def _identity(self, node):
        source, output = node.input[0], node.output[0]
        if source in self.constants:
            self.constants[output] = self.constants[source]
        if source in self.uses:
            self.uses[output] = self.uses[source]
        if self._is_activation(source):
            self.alias[output] = self._value(node, 0)

    def _op_Identity(self, node, attributes):
        self._identity(node)

    def _op_Transpose(self, node, attributes):
        source = node.input[0]
        if source in self.uses:
            rank = len(self.uses[source].shape)
            self.uses[node.output[0]] = self.uses[source].transposed(
                attributes.get("perm", range(rank)[::-1])
            )
            return
        x = self._value(node, 0)
        shape = self.graph.shapes[x]
        perm = list(attributes.get("perm", range(len(shape))[::-1]))
        self._add("transpose", node, [x], [shape[p] for p in perm], attributes={"perm": perm})

    def _reshape_to(self, node, shape):
        source = node.input[0]
        if source in self.uses:
            self.uses[node.output[0]] = self.uses[source].reshaped(shape)
        else:
            self._add("reshape", node, [self._value(node, 0)], shape)

    def _source_shape(self, node):
        source = node.input[0]
        return self.uses[source].shape if source in self.uses else self.graph.shapes[self._value(node, 0)]

    def _op_Reshape(self, node, attributes):
        old = self._source_shape(node)
        if "shape" in attributes:
            new = list(attributes["shape"])
        elif node.input[1] in self.constants:
            new = [int(n) for n in self.constants[node.input[1]]]
        else:
            self._fail(node, "expected a constant shape")
        if not attributes.get("allowzero", 0):
            new = [old[k] if n == 0 else n for k, n in enumerate(new)]
        count = math.prod(old)
        known = math.prod(n for n in new if n != -1)
        # A file made for a fixed batch names it in its reshapes.
        if -1 not in new and known != count and new[0] == self.file_batch:
            new[0] = self.batch
        new = [count // known if n == -1 else n for n in new]
        if math.prod(new) != count:
            self._fail(node, f"cannot reshape {old} to {new}")
        self._reshape_to(node, new)

    def _op_Flatten(self, node, attributes):
        old = self._source_shape(node)
        axis = attributes.get("axis", 1)
        axis += len(old) if axis < 0 else 0
        self._reshape_to(node, (math.prod(old[:axis]), math.prod(old[axis:])))

    def _axes(self, node, attributes):
        if "axes" in attributes:
            return [int(a) for a in attributes["axes"]]
        return [int(a) for a in self.constants[node.input[1]]] if len(node.input) > 1 else None

    def _op_Unsqueeze(self, node, attributes):
        axes = self._axes(node, attributes)
        if node.input[0] in self.constants and node.input[0] not in self.uses:
            self.constants[node.output[0]] = np.expand_dims(self.constants[node.input[0]], tuple(axes))
            return
        old = self._source_shape(node)
        self._reshape_to(node, np.expand_dims(np.empty(old, np.bool_), tuple(axes)).shape)

    def _op_Squeeze(self, node, attributes):
        axes = self._axes(node, attributes)
        axes = tuple(axes) if axes is not None else None
        if node.input[0] in self.constants and node.input[0] not in self.uses:
            self.constants[node.output[0]] = np.squeeze(self.constants[node.input[0]], axes)
            return
        self._reshape_to(node, np.squeeze(np.empty(self._source_shape(node), np.bool_), axes).shape)

    # Linear ops ------------------------------------------------------------

    def _window(self, node, attributes, spatial, kernel, pooling):
        """Window of a Conv or pool: pads, auto_pad, ceil_mode and dilations.

        Reading: with ceil_mode a last window that would start after the input
        and the padding before it is left out, as PyTorch does.
        """
        rank = len(spatial)
        strides = list(attributes.get("strides", [1] * rank))
        dilations = list(attributes.get("dilations", [1] * rank))
        pads = list(attributes.get("pads", [0] * (2 * rank)))
        auto_pad = attributes.get("auto_pad", b"NOTSET").decode()
        if len(kernel) != rank or len(strides) != rank or len(dilations) != rank or len(pads) != 2 * rank:
            self._fail(node, "attributes do not match the input's rank")
        if min(pads) < 0:
            self._fail(node, "negative padding")
        begin, output = [], []
        for k in range(rank):
            extent = (kernel[k] - 1) * dilations[k] + 1
            front, behind = pads[k], pads[k + rank]
            if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
                front, behind = _same_padding(spatial[k], strides[k], extent, auto_pad == "SAME_UPPER")
            elif auto_pad == "VALID":
                front = behind = 0
            room = spatial[k] + front + behind - extent
            if room < 0:
                self._fail(node, "kernel larger than the padded input")
            ceil_mode = pooling and attributes.get("ceil_mode", 0) and auto_pad == "NOTSET"
            count = -(-room // strides[k]) + 1 if ceil_mode else room // strides[k] + 1
            if ceil_mode and (count - 1) * strides[k] >= spatial[k] + front:
                count -= 1
            begin.append(front)
            output.append(count)
        return Window(tuple(kernel), tuple(strides), tuple(dilations), tuple(begin), tuple(output))

    def _op_Conv(self, node, attributes):
        x = self._value(node, 0)
        shape = self.graph.shapes[x]
        weight = self._parameter(node, 1, "weight")
        group = attributes.get("group", 1)
        kernel = weight.shape[2:]
        if tuple(attributes.get("kernel_shape", kernel)) != tuple(kernel):
            self._fail(node, "kernel_shape differs from the weight")
        if shape[1] != weight.shape[1] * group or weight.shape[0] % group:
            self._fail(node, "channels do not match the weight and group")
        window = self._window(node, attributes, shape[2:], kernel, False)
        size = math.prod(kernel)
        added = self._add(
            "conv", node, [x], (shape[0], weight.shape[0]) + window.output,
            weight=weight, window=window, attributes={"group": group},
        )
        self._set_fans(weight, weight.shape[1] * size, weight.shape[0] * size)
        if len(node.input) > 2 and node.input[2]:
            bias = self._parameter(node, 2, "bias", layer=added)
            self._set_bias(node, added, bias.reshaped((math.prod(bias.shape),) + (1,) * len(kernel)))

    def _set_fans(self, weight, fan_in, fan_out):
        """Scheme initialisation's fans; the first use of a shared weight counts."""
        parameter = self.graph.parameters[weight.name]
        parameter.fans = parameter.fans or (fan_in, fan_out)

    def _set_bias(self, node, target, bias):
        shape = bias.shape
        padded = (1,) * (len(target.output_shape) - len(shape)) + tuple(shape)
        if (
            len(padded) != len(target.output_shape)
            or padded[0] != 1
            or any(b not in (1, n) for b, n in zip(padded, target.output_shape))
        ):
            self._fail(node, f"bias of shape {shape} does not fit {target.output_shape}")
        target.bias = bias
        parameter = self.graph.parameters[bias.name]
        parameter.weight_of_node = parameter.weight_of_node or target.weight.name

    def _dense(self, node, weight, transposed):
        x = self._value(node, 0)
        shape = self.graph.shapes[x]
        if len(weight.shape) != 2:
            self._fail(node, f"expected a matrix, but got {weight.shape}")
        if transposed and len(shape) != 2:
            self._fail(node, "transA needs a matrix")
        rows = shape[::-1] if transposed else shape
        if len(rows) < 2 or rows[-1] != weight.shape[0]:
            self._fail(node, f"shapes {rows} and {weight.shape} do not match")
        self._set_fans(weight, *weight.shape)
        return self._add(
            "gemm", node, [x], rows[:-1] + weight.shape[1:], weight=weight,
            attributes={"transposed": transposed},
        )

    def _op_Gemm(self, node, attributes):
        """alpha and beta are folded into the initial weight and bias (section 4 is silent).

        W * alpha in double: exact for float32 values.
        """
        alpha, beta = attributes.get("alpha", 1.0), attributes.get("beta", 1.0)
        if alpha == 0.0:
            self._fail(node, "alpha is 0")
        weight = self._parameter(node, 1, "weight", alpha)
        if attributes.get("transB", 0):
            weight = weight.transposed((1, 0))
        added = self._dense(node, weight, bool(attributes.get("transA", 0)))
        if len(node.input) > 2 and node.input[2] and beta != 0.0:
            self._set_bias(node, added, self._parameter(node, 2, "bias", beta, added).reshaped_if_scalar())

    def _op_MatMul(self, node, attributes):
        self._dense(node, self._parameter(node, 1, "weight"), False)

    def _op_Add(self, node, attributes):
        if attributes.get("broadcast", 0):
            self._fail(node, "legacy broadcasting not supported")
        activations = [self._is_activation(name) for name in node.input]
        if all(activations):
            return self._sum(node)
        if not any(activations):
            self._fail(node, "sum of two constants")
        constant = activations.index(False)
        moves = self._sole_producers(node, 1 - constant)
        producer = moves.pop()
        if producer.kind not in ("conv", "gemm") or producer.bias is not None:
            self._fail(node, "a constant is only supported as bias of a Conv, Gemm or MatMul")
        bias = self._parameter(node, constant, "bias", layer=producer)
        if moves:
            # One number for each index of one dimension: where that was before the transposes.
            rank = len(producer.output_shape)
            bias = bias.reshaped((1,) * (rank - len(bias.shape)) + tuple(bias.shape))
            for move in moves:
                bias = bias.transposed(np.argsort(move.attributes["perm"]))
        self._set_bias(node, producer, bias.reshaped_if_scalar())
        last = moves[0] if moves else producer
        del self.graph.shapes[last.output]
        last.output = node.output[0]
        self.graph.shapes[last.output] = last.output_shape
        return None

    def _sole_producers(self, node, index):
        """Transposes up to the node that computes operand `index`, which comes last; they have no other users."""
        raw, nodes = node.input[index], []
        while True:
            source = self.alias.get(raw, raw)
            producer = next((n for n in self.graph.nodes if n.output == source), None)
            if producer is None:
                self._fail(node, "a constant is only supported as bias of a Conv, Gemm or MatMul")
            if self.raw_users.get(source, 0) != 1 or self.raw_users.get(raw, 0) != 1:
                self._fail(node, "the value before the bias has other users")
            nodes.append(producer)
            if producer.kind != "transpose":
                return nodes
            raw = producer.inputs[0]

    def _sum(self, node):
        values = [self._value(node, k) for k in range(len(node.input))]
        shapes = {self.graph.shapes[v] for v in values}
        if len(shapes) != 1:
            self._fail(node, f"broadcasting between activations {shapes} not supported")
        self._add("sum", node, values, shapes.pop())

    def _op_Sum(self, node, attributes):
        self._sum(node)

    # The rest --------------------------------------------------------------

    def _op_Relu(self, node, attributes):
        x = self._value(node, 0)
        self._add("relu", node, [x], self.graph.shapes[x])

    def _function(self, node, function):
        x = self._value(node, 0)
        self._add("function", node, [x], self.graph.shapes[x], attributes={"rule": functions.Rule(function)})

    def _op_Clip(self, node, attributes):
        bounds = [attributes.get("min", -math.inf), attributes.get("max", math.inf)]
        for index, name in enumerate(node.input[1:]):
            if name:
                bounds[index] = float(self.constants[name])
        low, high = bounds
        if low == 0 and high >= np.finfo(np.float32).max:
            self._op_Relu(node, attributes)
        else:
            self._function(node, functions.clip(low, high))

    def _extremum(self, node, attributes):
        """Max or Min of a value and one number is a Clip with one bound."""
        operands = [name for name in node.input if not self._is_activation(name)]
        if len(node.input) != 2 or len(operands) != 1 or self.constants[operands[0]].size != 1:
            self._fail(node, "only of a value and one number")
        bound, clipped = float(self.constants[operands[0]].reshape(())), onnx.NodeProto()
        clipped.CopyFrom(node)
        clipped.input[:] = [name for name in node.input if name not in operands]
        self._op_Clip(clipped, {"min" if node.op_type == "Max" else "max": bound})

    _op_Max = _op_Min = _extremum

    def _op_Elu(self, node, attributes):
        self._function(node, functions.elu(attributes.get("alpha", 1.0)))

    def _op_Celu(self, node, attributes):
        alpha = attributes.get("alpha", 1.0)
        self._function(node, functions.elu(alpha, alpha))

    def _op_Selu(self, node, attributes):
        alpha = attributes.get("alpha", float(np.float32(1.67326319217681884765625)))
        gamma = attributes.get("gamma", float(np.float32(1.05070102214813232421875)))
        self._function(node, functions.elu(alpha, 1.0, gamma))

    def _op_LeakyRelu(self, node, attributes):
        self._function(node, functions.leaky_relu(attributes.get("alpha", float(np.float32(0.01)))))

    def _op_ThresholdedRelu(self, node, attributes):
        self._function(node, functions.thresholded_relu(attributes.get("alpha", 1.0)))

    def _op_HardSigmoid(self, node, attributes):
        alpha, beta = attributes.get("alpha", float(np.float32(0.2))), attributes.get("beta", 0.5)
        self._function(node, functions.hard_sigmoid(alpha, beta))

    def _op_Gelu(self, node, attributes):
        tanh = attributes.get("approximate", b"none") == b"tanh"
        self._function(node, functions.TANH_GELU if tanh else functions.GELU)

    def _op_Swish(self, node, attributes):
        if attributes.get("alpha", 1.0) != 1.0:
            self._fail(node, "alpha is not 1")
        self._function(node, functions.SILU)

    def _plain_function(self, node, attributes):
        self._function(node, PLAIN_FUNCTIONS[node.op_type])

    _op_Abs = _op_Neg = _op_HardSwish = _op_Sigmoid = _op_Tanh = _op_Erf = _plain_function
    _op_Exp = _op_Softplus = _op_Softsign = _op_Mish = _plain_function

    def _op_PRelu(self, node, attributes):
        """One slope or one per channel; each node has its own."""
        x = self._value(node, 0)
        shape = self.graph.shapes[x]
        slope = self._parameter(node, 1, "slope")
        padded = (1,) * (len(shape) - len(slope.shape)) + tuple(slope.shape)
        if len(padded) != len(shape) or any(b not in (1, n) for b, n in zip(padded, shape)) or padded[0] != 1:
            self._fail(node, f"slopes of shape {slope.shape} do not fit {shape}")
        self._add("prelu", node, [x], shape, weight=slope.reshaped(padded))

    def _softmax(self, node, attributes):
        x = self._value(node, 0)
        shape = self.graph.shapes[x]
        axis = attributes.get("axis", -1 if self.opset >= 13 else 1)
        axis += len(shape) if axis < 0 else 0
        if axis == 0 or (axis != 1 and math.prod(shape[2:]) == 1):
            self._fail(node, f"expected an axis over the classes, but got {axis}")
        self._add("softmax", node, [x], shape, attributes={"axis": axis})

    _op_Softmax = _op_LogSoftmax = _softmax

    def _op_Dropout(self, node, attributes):
        """A Dropout that drops nothing, or not in training, is another name of its operand."""
        ratio, drops = attributes.get("ratio", 0.5), True
        if len(node.input) > 1 and node.input[1]:
            ratio = float(self.constants[node.input[1]])
        if len(node.input) > 2 and node.input[2]:
            drops = bool(self.constants[node.input[2]])
        rank, self.dropouts = self.dropouts, self.dropouts + 1
        if len(node.output) > 1 and self.raw_users.get(node.output[1], 0):
            self._fail(node, "the mask is used")
        if not 0.0 <= ratio < 1.0:
            self._fail(node, f"ratio {ratio} not supported")
        if ratio == 0.0 or not drops:
            return self._identity(node)
        x = self._value(node, 0)
        self._add("dropout", node, [x], self.graph.shapes[x], attributes={"ratio": ratio, "rank": rank})
        return None

    def _pool(self, node, attributes, kind):
        x = self._value(node, 0)
        shape = self.graph.shapes[x]
        window = self._window(node, attributes, shape[2:], attributes["kernel_shape"], True)
        include = bool(attributes.get("count_include_pad", 0))
        valid = sum(window.gather(np.ones((1, 1) + shape[2:], np.int64)))
        if valid.min() < 1 and not (kind == "average_pool" and include):
            self._fail(node, "a window lies in the padding altogether")
        self._add(
            kind, node, [x], shape[:2] + window.output, window=window,
            attributes={"count_include_pad": include},
        )

    def _op_MaxPool(self, node, attributes):
        if len(node.output) > 1 and self.raw_users.get(node.output[1], 0):
            self._fail(node, "the indices are used")
        self._pool(node, attributes, "max_pool")

    def _op_AveragePool(self, node, attributes):
        self._pool(node, attributes, "average_pool")

    def _op_GlobalAveragePool(self, node, attributes):
        spatial = self.graph.shapes[self._value(node, 0)][2:]
        self._pool(node, {"kernel_shape": spatial}, "average_pool")

    def _op_GlobalMaxPool(self, node, attributes):
        spatial = self.graph.shapes[self._value(node, 0)][2:]
        self._pool(node, {"kernel_shape": spatial}, "max_pool")

    def _reduction(self, node, attributes, kind):
        """Over space: a pool of one window, and a view without the dimensions if they are not kept."""
        shape = self.graph.shapes[self._value(node, 0)]
        axes = self._axes(node, attributes)
        axes = {a % len(shape) for a in axes or range(len(shape))}
        if min(axes) < 2:
            self._fail(node, f"over dimensions {axes}")
        kernel = [n if k in axes else 1 for k, n in enumerate(shape)][2:]
        if attributes.get("keepdims", 1):
            return self._pool(node, {"kernel_shape": kernel}, kind)
        pooled, view = onnx.NodeProto(), onnx.NodeProto()
        pooled.CopyFrom(node), view.CopyFrom(node)
        pooled.output[0] = view.input[0] = node.output[0] + " with all dimensions"
        self._pool(pooled, {"kernel_shape": kernel}, kind)
        return self._reshape_to(view, [n for k, n in enumerate(shape) if k not in axes])

    def _op_ReduceMean(self, node, attributes):
        self._reduction(node, attributes, "average_pool")

    def _op_ReduceMax(self, node, attributes):
        self._reduction(node, attributes, "max_pool")

    def _op_Concat(self, node, attributes):
        if not any(self._is_activation(name) for name in node.input):
            axis = attributes.get("axis", 1)
            if self._folded(node, lambda *parts: np.concatenate(parts, axis)):
                return
        values = [self._value(node, k) for k in range(len(node.input))]
        shapes = [self.graph.shapes[v] for v in values]
        axis = attributes.get("axis", 1)
        axis += len(shapes[0]) if axis < 0 else 0
        rest = {s[:axis] + s[axis + 1 :] for s in shapes}
        if len(rest) != 1:
            self._fail(node, f"shapes {shapes} do not fit")
        total = sum(s[axis] for s in shapes)
        shape = shapes[0][:axis] + (total,) + shapes[0][axis + 1 :]
        self._add("concat", node, values, shape, attributes={"axis": axis})

    def _op_BatchNormalization(self, node, attributes):
        x = self._value(node, 0)
        gamma = self._parameter(node, 1, "gamma")
        beta = self._parameter(node, 2, "beta")
        running = tuple(self._use(node, k, "running statistics", (node.output[0], k)).name for k in (3, 4))
        for key in running:
            self.graph.running[key] = self.constants[key[0]].astype(np.float64).reshape(-1)
        parameter = self.graph.parameters[beta.name]
        parameter.weight_of_node = parameter.weight_of_node or gamma.name
        momentum = attributes.get("momentum", 0.9)
        self._add(
            "batchnorm", node, [x], self.graph.shapes[x], weight=gamma, bias=beta,
            attributes={"running": running, "momentum": momentum, "epsilon": attributes.get("epsilon", 1e-5)},
        )


# Those that models may have.
OPERATORS = frozenset(name.removeprefix("_op_") for name in dir(_Importer) if name.startswith("_op_"))
