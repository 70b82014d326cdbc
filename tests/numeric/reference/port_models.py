# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes models with several inputs, with indices, and with a class for each of several positions, and their data.

Usage: port_models.py OUT_DIR

OUT_DIR/NAME.onnx and OUT_DIR/NAME_data, an npy data set of 62 training and 17 test examples, for each model.
"""

import os
import sys

import numpy as np
from onnx import TensorProto

from make_models import Model

TRAIN, TEST = 62, 17
ROWS, WIDTH, WINDOW = 11, 5, 6  # of a table of tokens, and tokens of an example


def _rows(m, x, features_in, features_out, name):
    """A layer on the last dimension."""
    product = m.node("MatMul", [x, m.parameter(name + ".weight", (features_in, features_out), 0.7)], name)
    return m.node("Add", [product, m.parameter(name + ".bias", (features_out,))], name + "_bias")


def image_and_table(m):
    """Pixels and numbers."""
    image = m.relu(m.conv("image", 3, 6, (3, 3), "conv", strides=[2, 2]), "relu1")
    image = m.gemm(m.flatten(image), 6 * 4 * 3, 8, "fc1")
    table = m.gemm("table", 7, 8, "fc2")
    x = m.relu(m.node("Concat", [image, table], "concat", axis=1), "relu2")
    return m.gemm(x, 16, 4, "fc3")


def two_tables(m):
    """Both are parts of a sum, one after a function; several yes-or-no targets."""
    a = m.node("Tanh", [m.gemm("a", 7, 9, "fc1")], "tanh")
    b = m.gemm("b", 4, 9, "fc2")
    return m.gemm(m.relu(m.node("Add", [a, b], "sum")), 9, 3, "fc3")


def next_token(m):
    """The next token after each one, from the tokens alone."""
    x = m.node("Gather", [m.parameter("table", (ROWS, WIDTH), 1.0), "tokens"], "gather")
    x = m.relu(_rows(m, x, WIDTH, 12, "fc1"))
    return _rows(m, x, 12, ROWS, "fc2")


def window_of_tokens(m):
    """A class for a window of tokens; the table is that of the output, too."""
    table = m.parameter("table", (ROWS, WIDTH), 1.0)
    tokens = m.node("Cast", ["tokens"], "cast", to=TensorProto.INT64)
    x = m.flatten(m.node("Gather", [table, tokens], "gather"))
    x = m.relu(m.gemm(x, WIDTH * WINDOW, WIDTH, "fc"))
    return m.node("MatMul", [x, m.node("Transpose", [table], "transpose", perm=[1, 0])], "scores")


def category_and_table(m):
    """One index per example."""
    category = m.node("Gather", [m.parameter("categories", (5, 8), 1.0), "category"], "gather")
    x = m.relu(m.node("Add", [category, m.gemm("table", 7, 8, "fc1")], "sum"))
    return m.gemm(x, 8, 3, "fc2")


def segmentation(m):
    """A class for each pixel."""
    x = m.relu(m.conv("image", 3, 8, (3, 3), "conv1", pads=[1, 1, 1, 1]))
    return m.node("Softmax", [m.conv(x, 8, 4, (1, 1), "conv2")], "softmax", axis=1)


def next_character(m, letters, window):
    """The character after a window of characters."""
    x = m.node("Gather", [m.parameter("table", (letters, 16), 1.0), "letters"], "gather")
    x = m.relu(m.gemm(m.flatten(x), 16 * window, 256, "fc1"), "relu1")
    x = m.relu(m.gemm(x, 256, 256, "fc2"), "relu2")
    return m.gemm(x, 256, letters, "fc3")


def make_next_character(folder, text, window=12):
    """The path of a model of `text`, of whose stretches of 500 characters each tenth is for the test."""
    letters = sorted(set(text))
    codes = np.searchsorted(letters, list(text))
    windows = np.lib.stride_tricks.sliding_window_view(codes, window + 1)
    is_test = np.arange(len(windows)) // 500 % 10 == 9
    os.makedirs(folder, exist_ok=True)
    for part, chosen in (("train", ~is_test), ("test", is_test)):
        np.save(os.path.join(folder, part + "_x.npy"), windows[chosen, :-1].astype("<i4"))
        np.save(os.path.join(folder, part + "_y.npy"), windows[chosen, -1].astype("<i4"))
    path = os.path.join(folder, "next_character.onnx")
    model = Model("next_character", output=(len(letters),), inputs={"letters": (INT64, (window,))})
    model.save(next_character(model, len(letters), window), path)
    return path


FLOATS, INT32, INT64 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64

# {name: (function, inputs, shape of an example's result)}
MODELS = {
    "image_and_table": (image_and_table, {"image": (FLOATS, (3, 9, 7)), "table": (FLOATS, (7,))}, (4,)),
    "two_tables": (two_tables, {"a": (FLOATS, (7,)), "b": (FLOATS, (4,))}, (3,)),
    "next_token": (next_token, {"tokens": (INT64, (WINDOW,))}, (WINDOW, ROWS)),
    "window_of_tokens": (window_of_tokens, {"tokens": (INT32, (WINDOW,))}, (ROWS,)),
    "category_and_table": (category_and_table, {"category": (INT64, ()), "table": (FLOATS, (7,))}, (3,)),
    "segmentation": (segmentation, {"image": (FLOATS, (3, 9, 7))}, (4, 9, 7)),
}

LIMITS = {"tokens": ROWS, "category": 5}  # of indices


def make_targets(name, inputs, random):
    """Targets that depend on the inputs."""
    if name == "next_token":
        return (inputs["tokens"] * 3 + 1) % ROWS
    if name == "window_of_tokens":
        return (inputs["tokens"][:, 0] + 2 * inputs["tokens"][:, -1]) % ROWS
    if name == "segmentation":
        return inputs["image"].argmax(axis=1) + (inputs["image"].max(axis=1) > 230)
    if name == "image_and_table":
        return (inputs["image"].mean(axis=(1, 2, 3)) > 127) + 2 * (inputs["table"][:, 0] > 0)
    x = np.concatenate([array.reshape(len(array), -1) for array in inputs.values()], axis=1)
    scores = x @ random.standard_normal((x.shape[1], 3))
    return (scores > np.median(scores, axis=0)).astype("<f4")


def make_input(name, kind, shape, random):
    shape = (TRAIN + TEST, *shape)
    if kind != FLOATS:
        return random.randint(0, LIMITS[name], shape).astype("<i8" if kind == INT64 else "<i4")
    if name == "image":
        return random.randint(0, 256, shape).astype(np.uint8)
    return (random.standard_normal(shape) * 10.0 ** np.linspace(-1, 2, shape[1])).astype("<f4")


def make_data(folder, name):
    _, inputs, _ = MODELS[name]
    random = np.random.RandomState(20251130)
    arrays = {key: make_input(key, *value, random) for key, value in inputs.items()}
    targets = make_targets(name, arrays, random)
    os.makedirs(folder, exist_ok=True)
    for part, chosen in (("train", slice(0, TRAIN)), ("test", slice(TRAIN, None))):
        for key, array in arrays.items():
            suffix = f"_{key}" if len(arrays) > 1 else ""
            np.save(os.path.join(folder, f"{part}_x{suffix}.npy"), array[chosen])
        np.save(os.path.join(folder, part + "_y.npy"), targets[chosen])


def make(folder, name):
    """The path of a model, whose data are made, too."""
    build, inputs, output = MODELS[name]
    model, path = Model(name, output=output, inputs=inputs), os.path.join(folder, name + ".onnx")
    model.save(build(model), path)
    make_data(os.path.join(folder, name + "_data"), name)
    return path


def main(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.exit(__doc__)
    os.makedirs(arguments[0], exist_ok=True)
    for name in MODELS:
        make(arguments[0], name)


if __name__ == "__main__":
    main(sys.argv[1:])
