# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small random models: the same number always gives the same one.

Models are made of the steps of one table, in unusual orders and shapes: tied parameters, units after units, sums and
branches of many values, windows as large as the image, images of one pixel, signals, a single output.

- `make` mixes all steps, also those that no scheme supports. One model of three is a plain chain of layers, as WAGE
  requires it. `qtc check` and the compiler must agree about them.
- `make_supported` takes steps of one scheme alone. The models can be trained and compared with a reference.
- `make_covering` deals every step of a scheme to a few such models.
"""

import dataclasses
import functools
import random

import numpy as np
from onnx import TensorProto, helper, numpy_helper

# The first operator set of those that are not in OPSETS[0].
FIRST_OPSET = {"HardSwish": 14, "Mish": 18, "Gelu": 20, "Swish": 24}
OPSETS = (13, 17, 20, 24)
# No scheme has a step with an operator of these; one is put into one model of eight of `make`.
MISSING = ("Sin", "Cos", "Log", "Sign", "Round")
MOST_ELEMENTS = 4000  # of a value in one example, beyond which the next step makes it smaller


class Value:
    """Name and shape of a tensor; the batch, the first dimension, is left out."""

    def __init__(self, name, shape):
        self.name, self.shape = name, tuple(shape)

    @property
    def is_image(self):
        """Images have channels and one or two dimensions of space."""
        return len(self.shape) > 1


@dataclasses.dataclass(frozen=True)
class Step:
    """A line of the table: a part of a model.

    `build(generator, x)` adds its nodes and gives their result. `place` says what x must be: an "image", a "row",
    "anything", an image that becomes one value per channel or a row ("collapse"), or the scores ("end"). `weight` is
    how often the step is chosen compared with others.
    """

    name: str
    build: callable
    place: str = "anything"
    weight: int = 1
    schemes: tuple = ("niti", "fp32")
    opset: int = OPSETS[0]

    def fits(self, x):
        return self.place == "anything" or self.place == ("image" if x.is_image else "row")


def function(op, before=None, schemes=("niti", "fp32", "wage"), **constants):
    """The step of an operator of each element; `constants` are attributes, each with the values to choose from.

    `before` is an operator that bounds what comes in.
    """

    def build(generator, x):
        if before:
            x = generator.node(before, [x], x.shape)
        attributes = {name: generator.choose(*values) for name, values in constants.items()}
        return generator.node(op, [x], x.shape, **attributes)

    return Step(op.lower(), build, schemes=schemes, opset=FIRST_OPSET.get(op, OPSETS[0]))


class Generator:
    """Builds one model. `scheme` is that whose steps it takes; None: all steps, and nodes that none supports."""

    def __init__(self, seed, scheme=None):
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.nodes, self.initializers, self.by_shape = [], [], {}
        self.scheme, self.is_plain = scheme, self.chance(3) if scheme is None else scheme == "wage"
        self.opset = self.choose(*OPSETS)
        self.has_bias = True  # of the next layer, unless a step says otherwise

    def choose(self, *values):
        return self.random.choice(values)

    def chance(self, one_in):
        return self.random.randrange(one_in) == 0

    def shuffled(self, values):
        return self.random.sample(values, len(values))

    def constant(self, array):
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def parameter(self, *shape, low=None):
        """A new tensor, or one that another node has already; `low` is the least value."""
        # Biases that are one constant become several tensors, which other programs do not know.
        shares = low is None and not self.is_plain and (self.scheme is None or len(shape) > 1)
        if shares and self.by_shape.get(shape) and self.chance(12):
            return self.choose(*self.by_shape[shape])
        scale = 0.5 if len(shape) < 2 else 1.5 / np.sqrt(np.prod(shape[1:]))
        array = self.numbers.normal(size=shape, scale=scale)
        name = self.constant((array if low is None else np.abs(array) + low).astype(np.float32))
        if shares:
            self.by_shape.setdefault(shape, []).append(name)
        return name

    def bias_of(self, channels, *rest):
        """A bias: an initializer or the result of a Constant."""
        if not self.chance(4):
            return self.constant(self.numbers.normal(size=(channels, *rest), scale=0.5).astype(np.float32))
        array = self.numbers.normal(size=(channels, *rest), scale=0.5).astype(np.float32)
        return self.node("Constant", [], array.shape, value=numpy_helper.from_array(array)).name

    def node(self, op, inputs, shape, **attributes):
        output = f"v{len(self.nodes)}"
        names = [value.name if isinstance(value, Value) else value for value in inputs]
        self.nodes.append(helper.make_node(op, names, [output], name=f"{op.lower()}{len(self.nodes)}", **attributes))
        return Value(output, shape)

    # Images

    def window(self, x, dilate=True):
        """(attributes, one number per dimension, dilations, and the extents of the result)"""
        kernel, strides, dilations, before, after, extents = [], [], [], [], [], []
        for extent in x.shape[1:]:
            size = min(self.choose(1, 1, 2, 3, 3, 5, extent), extent)
            dilation = self.choose(1, 1, 1, 2) if dilate and (size - 1) * 2 < extent else 1
            span = (size - 1) * dilation + 1
            pads = (self.random.randrange((size + 1) // 2), self.random.randrange((size + 1) // 2))
            stride = self.choose(1, 1, 2, 3)
            kernel.append(size), strides.append(stride), dilations.append(dilation)
            before.append(pads[0]), after.append(pads[1])
            extents.append((extent + sum(pads) - span) // stride + 1)
        return dict(kernel_shape=kernel, strides=strides, pads=before + after), dilations, extents

    def rounded_up(self, x, extents, attributes, dilations):
        """The extents of a pool with ceil_mode. None where a last window would start after the input, about which
        programs disagree, unless the model is for the reference alone."""
        result, rank = [], len(extents)
        for k, extent in enumerate(x.shape[1:]):
            stride, first, last = attributes["strides"][k], attributes["pads"][k], attributes["pads"][k + rank]
            room = extent + first + last - (attributes["kernel_shape"][k] - 1) * dilations[k] - 1
            count = -(-room // stride) + 1
            is_outside = (count - 1) * stride >= extent + first
            if is_outside and self.scheme != "niti":
                return None
            result.append(count - is_outside)
        return result

    def convolution(self, x):
        attributes, dilations, extents = self.window(x)
        channels = x.shape[0]
        group = self.choose(1, 1, 1, channels, *(g for g in (2, 3) if channels % g == 0))
        outputs = group * self.choose(1, 1, 2, 3, 5) if group > 1 else self.choose(1, 2, 3, 5, 8, 17)
        inputs = [x, self.parameter(outputs, channels // group, *attributes["kernel_shape"])]
        if self.chance(2) and self.has_bias:
            inputs.append(self.bias_of(outputs))
        return self.node("Conv", inputs, (outputs, *extents), group=group, dilations=dilations, **attributes)

    def same_convolution(self, x):
        """All outputs depend on several channels, and the extents stay."""
        size = self.choose(1, 3)
        kernel, pads = [size] * len(x.shape[1:]), [size // 2] * 2 * len(x.shape[1:])
        outputs = self.choose(3, 5, 8)
        return self.node("Conv", [x, self.parameter(outputs, x.shape[0], *kernel)], (outputs, *x.shape[1:]), pads=pads)

    def maximum_pool(self, x):
        attributes, dilations, extents = self.window(x)
        rounded = None if self.is_plain or not self.chance(3) else self.rounded_up(x, extents, attributes, dilations)
        if rounded:
            attributes["ceil_mode"] = 1
        return self.node("MaxPool", [x], (x.shape[0], *(rounded or extents)), dilations=dilations, **attributes)

    def average_pool(self, x):
        attributes, _, extents = self.window(x, dilate=False)
        attributes["count_include_pad"] = self.choose(0, 1)
        return self.node("AveragePool", [x], (x.shape[0], *extents), **attributes)

    def global_pool(self, x, op=None):
        op = op or ("GlobalMaxPool" if self.is_plain else self.choose("GlobalMaxPool", "GlobalAveragePool"))
        return self.node(op, [x], (x.shape[0],) + (1,) * len(x.shape[1:]))

    def reduction(self, x, op):
        """Over space, or over its last dimension."""
        axes = list(range(2, len(x.shape) + 1)) if self.chance(2) else [len(x.shape)]
        keeps = self.choose(0, 1)
        shape = [n for k, n in enumerate(x.shape) if k + 1 not in axes or keeps]
        shape = [1 if keeps and k + 1 in axes else n for k, n in enumerate(shape)]
        # Axes of ReduceMean and ReduceMax are an input since operator set 18.
        if self.opset >= 18:
            return self.node(op, [x, self.constant(np.array(axes, np.int64))], shape, keepdims=keeps)
        return self.node(op, [x], shape, axes=axes, keepdims=keeps)

    def transposes(self, x):
        last = list(range(len(x.shape) + 1))
        last[-1], last[-2] = last[-2], last[-1]
        moved = self.node("Transpose", [x], x.shape, perm=last)
        if self.chance(2):
            moved = self.node("Relu", [moved], x.shape)
        return self.node("Transpose", [moved], x.shape, perm=last)

    def response_norm(self, x):
        # ONNX Runtime knows it of images only.
        if len(x.shape) != 3:
            return self.identity(x)
        return self.node("LRN", [x], x.shape, size=self.choose(1, 3, 5), alpha=0.1, beta=0.75, bias=1.0)

    # Anything

    def relu(self, x):
        return self.node("Relu", [x], x.shape)

    def clip(self, x):
        # The least bound that is none; NITI refuses a large one.
        large = float(np.finfo(np.float32).max) if self.scheme else 3.0e38
        low, high = self.choose((0.0, 6.0), (-1.0, 1.0), (0.0, large))
        return self.node("Clip", [x, self.constant(np.float32(low)), self.constant(np.float32(high))], x.shape)

    def extremum(self, x, op):
        operands = [x, self.constant(np.float32(self.choose(-0.5, 0.25) if op == "Max" else self.choose(0.5, 2.0)))]
        return self.node(op, self.shuffled(operands), x.shape)

    def sloped(self, x):
        """One slope, or one per channel, positive or not."""
        ones = [1] * (len(x.shape) - 1)
        shape = self.choose((1,), (x.shape[0], *ones), (1, x.shape[0], *ones))
        slopes = self.numbers.uniform(-0.2, 0.5, shape).astype(np.float32)
        return self.node("PRelu", [x, self.constant(slopes)], x.shape)

    def normalization(self, x):
        channels = x.shape[0]
        inputs = [x, self.bias_of(channels), self.bias_of(channels)]
        inputs += [self.constant(np.zeros(channels, np.float32)), self.parameter(channels, low=0.5)]
        # Floats have no finite gradient of a constant channel without an epsilon.
        epsilons = (1e-5, 1e-3, 1.0) + ((0.0, -0.0) if self.scheme is None else ())
        return self.node("BatchNormalization", inputs, x.shape, epsilon=self.choose(*epsilons))

    def dropout(self, x):
        ratio = self.constant(np.float32(self.choose(0.5, 0.25)))
        return self.node("Dropout", [x, ratio, self.constant(np.bool_(True))], x.shape)

    def dropout_of_nothing(self, x):
        """Ratio 0, or a mode that drops nothing."""
        if self.chance(2):
            return self.node("Dropout", [x, self.constant(np.float32(0.0))], x.shape)
        return self.node("Dropout", [x, self.constant(np.float32(0.5)), self.constant(np.bool_(False))], x.shape)

    def bias(self, x):
        return self.node("Add", [x, self.bias_of(1, x.shape[0], *(1 for _ in x.shape[1:]))], x.shape)

    def biased_layer(self, x):
        """A layer and the sum with its bias."""
        self.has_bias = False
        x = self.convolution(x) if x.is_image else self.linear(x)
        self.has_bias = True
        return self.bias(x)

    def identity(self, x):
        return self.node("Identity", [x], x.shape)

    def branch(self, x):
        """What is on a path of `branches`."""
        steps = [self.relu, self.identity, self.normalization, self.clip]
        return self.choose(*steps, *([self.bias] if self.scheme is None else []))(x)

    def branches(self, x, how):
        """Several paths from one value, that are added or put next to each other."""
        paths = [x]
        for _ in range(1 if how == "Add" else self.choose(1, 1, 2, 3, 18)):
            path = x
            for _ in range(self.random.randrange(3)):
                path = self.branch(path)
            paths.append(path)
        if how != "Concat":
            return self.node(how, paths, x.shape)
        axis = self.choose(0, 0, len(x.shape) - 1)
        shape = list(x.shape)
        shape[axis] *= len(paths)
        return self.node("Concat", paths, shape, axis=axis + 1)

    def missing(self, x):
        return self.node(self.choose(*MISSING), [x], x.shape)

    # Rows

    def linear(self, x, outputs=None):
        features = int(np.prod(x.shape))
        outputs = outputs or self.choose(1, 2, 3, 7, 10, 33)
        if len(x.shape) > 1:
            x = self.flatten(x)
        if self.chance(3):
            product = self.node("MatMul", [x, self.parameter(features, outputs)], (outputs,))
            return self.bias(product) if self.chance(2) and self.has_bias else product
        bias = [self.bias_of(outputs)] if self.chance(2) and self.has_bias else []
        if self.chance(4):
            return self.node("Gemm", [x, self.parameter(features, outputs), *bias], (outputs,), transB=0)
        return self.node("Gemm", [x, self.parameter(outputs, features), *bias], (outputs,), transB=1)

    def matrix(self, x):
        """A row as a matrix of one row."""
        outputs, axis = self.choose(3, 8), [self.constant(np.array([1], np.int64))]
        x = self.node("Unsqueeze", [x, *axis], (1, *x.shape))
        x = self.node("MatMul", [x, self.parameter(x.shape[1], outputs)], (1, outputs))
        x = self.node("Add", [x, self.bias_of(outputs)], x.shape)
        return self.node("Squeeze", [x, *axis], (outputs,))

    def flatten(self, x):
        return self.choose(self.flatten_op, self.reshape, self.computed_reshape)(x)

    def flatten_op(self, x):
        return self.node("Flatten", [x], (int(np.prod(x.shape)),), axis=1)

    def reshape(self, x):
        features = int(np.prod(x.shape))
        return self.node("Reshape", [x, self.constant(np.array([0, self.choose(features, -1)], np.int64))], (features,))

    def computed_reshape(self, x):
        """The shape is computed by nodes, as exporters do."""
        batch = self.node("Gather", [self.node("Shape", [x], ()), self.constant(np.int64(0))], (), axis=0)
        axes = self.constant(np.array([0], np.int64))
        parts = [self.node("Unsqueeze", [batch, axes], ()), self.constant(np.array([-1], np.int64))]
        shape = self.node("Cast", [self.node("Concat", parts, (), axis=0)], (), to=TensorProto.INT64)
        return self.node("Reshape", [x, shape], (int(np.prod(x.shape)),))

    def scores(self, x, op):
        return self.node(op, [x], x.shape, axis=self.choose(1, -1))

    # Whole models

    def steps(self, *places):
        """Those of the table that belong to the scheme and have one of these places."""
        return [
            step for step in STEPS
            if step.place in places and step.opset <= self.opset
            and (self.scheme in step.schemes or (self.scheme is None and step.name != "missing"))
        ]

    def layer(self, x):
        return self.same_convolution(x) if x.is_image else self.linear(x, self.choose(5, 7, 12))

    def smaller(self, x):
        return self.maximum_pool(x) if x.is_image and self.chance(2) else self.linear(x)

    def unit(self, x):
        """An activation function that WAGE has a rule for."""
        steps = [step for step in STEPS if step.place == "anything" and "wage" in step.schemes and step.opset <= self.opset]
        return self.random.choices(steps, [step.weight for step in steps])[0].build(self, x)

    def plain(self, x):
        for _ in range(self.random.randrange(1, 5)):
            x = self.unit(self.convolution(x) if x.is_image else self.linear(x))
            if x.is_image and self.chance(2):
                x = self.maximum_pool(x)
        return self.global_pool(x) if x.is_image and self.chance(4) else x

    def mixed(self, x):
        """Steps at random."""
        for _ in range(self.random.randrange(1, 9)):
            if int(np.prod(x.shape)) > MOST_ELEMENTS:
                x = self.smaller(x)
            fitting = [step for step in self.steps("anything", "image", "row") if step.fits(x)]
            x = self.random.choices(fitting, [step.weight for step in fitting])[0].build(self, x)
        if self.scheme is None and self.chance(8):
            x = self.missing(x)
        if x.is_image and self.chance(3):
            x = self.choose(*self.steps("collapse")).build(self, x)
        return x

    def dealt(self, x, steps):
        """Each of the steps once, with layers between that keep the numbers moving."""
        steps = self.shuffled(steps)
        rows = [step for step in steps if step.place == "row"]
        heads = [step for step in steps if step.place == "collapse"]
        for step in steps:
            if step.place not in ("anything", "image"):
                continue
            x = step.build(self, self.layer(x))
            if int(np.prod(x.shape)) > MOST_ELEMENTS // 4:
                # WAGE expects one layer before each step.
                x = self.maximum_pool(x)
                x = x if self.is_plain else self.same_convolution(x)
        parts = [step.build(self, x) for step in heads] or [x]
        parts = [self.flatten(part) if part.is_image else part for part in parts]
        x = self.node("Concat", parts, (sum(part.shape[0] for part in parts),), axis=1) if len(parts) > 1 else parts[0]
        for step in rows:
            x = step.build(self, self.layer(x))
        return x

    def finish(self, x, channels, extents, end=None):
        """The file."""
        if end:
            x = end.build(self, x)
        graph = helper.make_graph(
            self.nodes, "random",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", channels, *extents])],
            [helper.make_tensor_value_info(x.name, TensorProto.FLOAT, ["N", *x.shape])],
            self.initializers,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)

    def run(self):
        channels = self.choose(1, 2, 3, 4, 6)
        extents = self.choose((), (7,), (1, 1), (5, 5), (8, 8), (9, 4), (13, 13), (1, 12))
        x = Value("x", (channels, *extents))
        x = self.plain(x) if self.is_plain else self.mixed(x)
        # One score is always right: nothing would be trained.
        x = self.linear(x, self.choose(2, 3, 10, 10, 10, 10, *([1] if self.scheme is None else [])))
        if not self.is_plain and self.chance(6):
            steps = [self.relu, self.dropout, self.normalization, *([self.bias] if self.scheme is None else [])]
            x = self.choose(*steps)(x)
        return self.finish(x, channels, extents, self.choose(None, None, *self.steps("end")))

    def cover(self, steps):
        """A model of an odd shape with these steps."""
        self.opset = OPSETS[-1]
        channels, extents = self.choose((3, (9, 7)), (5, (6, 11)), (2, (7, 10)))
        x = self.dealt(Value("x", (channels, *extents)), [step for step in steps if step.place != "end"])
        x = self.linear(x, self.choose(3, 5, 10))
        return self.finish(x, channels, extents, next((step for step in steps if step.place == "end"), None))


def step(name, place="anything", weight=1, **fields):
    """A step that is the method of Generator of this name."""
    return Step(name, getattr(Generator, name), place, weight, **fields)


def chosen(name, op, place="anything", **fields):
    """A step that is a method of Generator with the operator as an argument."""
    build = functools.partial(getattr(Generator, name), **{"how" if name == "branches" else "op": op})
    return Step(op.lower(), build, place, **fields)


# A new operator is a line here.
STEPS = (
    step("relu", weight=4, schemes=("niti", "fp32", "wage")),
    step("normalization", weight=2),
    step("sloped", weight=2),
    step("dropout"),
    step("dropout_of_nothing"),
    step("biased_layer", weight=2),
    step("bias", weight=2, schemes=()),
    step("identity", weight=2),
    step("clip", schemes=("niti", "fp32", "wage")),
    step("missing", schemes=()),
    *(chosen("branches", how) for how in ("Add", "Sum", "Concat")),
    *(chosen("extremum", op, schemes=("niti", "fp32", "wage")) for op in ("Max", "Min")),
    function("Abs"),
    function("Celu", alpha=(1.0, 0.5)),
    function("Elu", alpha=(1.0, 0.3)),
    function("Erf"),
    function("Exp", before="Tanh", schemes=("niti", "fp32")),
    function("Exp", schemes=("wage",)),
    *(function("Gelu", approximate=(form,)) for form in ("none", "tanh")),
    function("HardSigmoid", alpha=(0.2, 0.3)),
    function("HardSwish"),
    function("LeakyRelu", alpha=(0.01, 0.1)),
    function("Mish"),
    function("Neg"),
    function("Selu"),
    function("Sigmoid"),
    function("Softplus"),
    function("Softsign"),
    function("Swish"),
    function("Tanh"),
    function("ThresholdedRelu", alpha=(0.05, 0.5)),
    step("convolution", "image", 24),
    step("maximum_pool", "image", 6),
    step("average_pool", "image", 6),
    step("transposes", "image", 4),
    step("response_norm", "image", schemes=("fp32",)),
    *(chosen("global_pool", op, "collapse") for op in ("GlobalAveragePool", "GlobalMaxPool")),
    *(chosen("reduction", op, "collapse") for op in ("ReduceMax", "ReduceMean")),
    step("flatten_op", "collapse"),
    step("reshape", "collapse"),
    step("computed_reshape", "collapse"),
    step("linear", "row", 16),
    step("matrix", "row", 2),
    *(chosen("scores", op, "end", schemes=("niti", "fp32", "wage")) for op in ("Softmax", "LogSoftmax")),
)


def make(seed):
    """A model that may have nodes that no scheme supports."""
    return Generator(seed).run()


def make_supported(seed, scheme):
    return Generator(seed, scheme).run()


def make_covering(scheme, count):
    """`count` models that have every step of a scheme between them; always the same."""
    steps = [one for one in STEPS if scheme in one.schemes]
    # Neighbours in the table go to different models, and each kind of step to all of them.
    steps.sort(key=lambda one: one.place)
    return [Generator(index, scheme).cover(steps[index::count]) for index in range(count)]
