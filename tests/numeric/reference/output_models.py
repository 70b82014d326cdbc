# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes models with several outputs, and their data.

Usage: output_models.py OUT_DIR

OUT_DIR/NAME.onnx and OUT_DIR/NAME_data, an npy data set of 62 training and 17 test images with targets for each output.
OUT_DIR/shared_data has the same images with one train_y.npy of classes.
"""

import os
import sys

import numpy as np

import make_models
from make_models import IMAGE, Model

TRAIN, TEST = 62, 17
KINDS = 4  # of images
SHARED = "shared_data"


def _normalized(m, x, channels, name):
    """Not all biases are 0, and running statistics start anywhere."""
    inputs = [x, m.constant(name + ".weight", m.random.uniform(0.5, 1.5, channels).astype(np.float32))]
    inputs.append(m.parameter(name + ".bias", (channels,)))
    inputs += [m.constant(f"{name}.running_{k}", np.full(channels, k == "var", np.float32)) for k in ("mean", "var")]
    return m.node("BatchNormalization", inputs, name)


def _trunk(m):
    return m.relu(m.conv("x", 5, 8, (3, 3), "conv1"), "relu1")


def heads(m):
    """Four heads with a loss each, one of them in the middle of the trunk."""
    early = _trunk(m)
    pooled = m.flatten(m.node("GlobalAveragePool", [early], "pool"), "flatten_early")
    late = m.relu(m.conv(early, 8, 7, (3, 3), "conv2", strides=[2, 1]), "relu2")
    late = m.relu(m.gemm(m.flatten(late), 7 * 3 * 3, 19, "fc"), "relu3")
    return {
        "kind": (m.node("Softmax", [m.gemm(late, 19, KINDS, "fc_kind")], "softmax", axis=1), (KINDS,)),
        "early": (m.gemm(pooled, 8, 3, "fc_early"), (3,)),
        "shares": (m.node("Sigmoid", [m.gemm(late, 19, 2, "fc_shares")], "sigmoid"), (2,)),
        "angles": (m.gemm(late, 19, 3, "fc_angles"), (3,)),
    }


def chain(m):
    """Outputs that the layers after them read: scores, and a Sigmoid that belongs to a loss all the same."""
    x = m.relu(m.gemm(m.flatten("x"), 315, 21, "fc1"), "relu1")
    scores = m.gemm(x, 21, KINDS, "fc2")
    gate = m.node("Sigmoid", [m.gemm(x, 21, 1, "fc3")], "sigmoid")
    joined = m.node("Concat", [m.relu(scores, "relu2"), gate, x], "concat", axis=1)
    return {"kind": (scores, (KINDS,)), "gate": (gate, (1,)), "angles": (m.gemm(joined, KINDS + 22, 3, "fc4"), (3,))}


def pixels(m):
    """A class for each pixel but those at the border, beside one for each image, after a trunk with normalizations.

    As the number of pixels has 5.13 octaves and the factor of three angles -0.58, rounding them together gives another
    power of two.
    """
    x = m.relu(_normalized(m, m.conv("x", 5, 8, (3, 3), "conv1", bias=False), 8, "bn1"), "relu1")
    of_pixels = m.node("Softmax", [m.conv(x, 8, 3, (1, 1), "conv2")], "softmax", axis=1)
    x = m.relu(_normalized(m, m.conv(x, 8, 9, (3, 3), "conv3", strides=[2, 2]), 9, "bn2"), "relu2")
    x = m.flatten(m.node("GlobalAveragePool", [x], "pool"))
    return {
        "map": (of_pixels, (3, 7, 5)),
        "kind": (m.gemm(x, 9, KINDS, "fc_kind"), (KINDS,)),
        "angles": (m.gemm(x, 9, 3, "fc_angles"), (3,)),
    }


def normalized(m):
    """A normalization reads an output with dimensions of 1; another reads scores that no other node does."""
    x = _trunk(m)
    scores = m.node("AveragePool", [m.conv(x, 8, KINDS, (1, 1), "conv2")], "pool", kernel_shape=[7, 5])
    rows = m.gemm(m.flatten(x), 8 * 7 * 5, 5, "fc1")
    after = m.relu(_normalized(m, rows, 5, "bn1"), "relu2")
    again = m.relu(_normalized(m, scores, KINDS, "bn2"), "relu3")
    joined = m.node("Concat", [after, m.flatten(again, "flatten2")], "concat", axis=1)
    return {
        "kind": (scores, (KINDS, 1, 1)),
        "rows": (rows, (5,)),
        "angles": (m.gemm(joined, 5 + KINDS, 3, "fc2"), (3,)),
    }


def towers(m):
    """Outputs without a layer in common."""
    result = {}
    for name in ("kind", "early"):
        x = m.relu(m.conv("x", 5, 6, (3, 3), name + "_conv", strides=[2, 2]), name + "_relu")
        classes = KINDS if name == "kind" else 3
        result[name] = m.gemm(m.flatten(x, name + "_flatten"), 6 * 4 * 3, classes, name + "_fc"), (classes,)
    return result


def twins(m):
    """Classes of the same kind, which may share their targets, and a copy of one output under another name."""
    x = m.relu(m.gemm(m.flatten("x"), 315, 17, "fc1"), "relu1")
    first = m.gemm(x, 17, KINDS, "fc2")
    second = m.gemm(m.relu(m.gemm(x, 17, 13, "fc3"), "relu2"), 13, KINDS, "fc4")
    copy = m.node("Identity", [first], "identity")
    return {"first": (first, (KINDS,)), "second/a:0": (second, (KINDS,)), "copy": (copy, (KINDS,))}


MODELS = {f.__name__: f for f in (heads, chain, pixels, normalized, towers, twins)}


def make_targets(labels, images, random):
    """{output: targets} of images of so many kinds."""
    noise = random.uniform(size=(len(labels), 2))
    return {
        "kind": labels,
        "first": labels,
        "second/a:0": (labels + 1) % KINDS,
        "copy": labels // 2,
        "early": labels % 3,
        "shares": np.where(noise < 0.7, labels[:, None] > [0, 2], noise).astype("<f4"),
        "gate": (labels % 2).astype("<f4"),
        "angles": np.sin(labels[:, None] + np.arange(3)) * [1.0, 0.5, 2.0] + 0.1 * noise[:, :1],
        "rows": labels + (noise[:, 0] > 0.8),
        "map": (images[:, 0, 1:-1, 1:-1] // 86).astype(np.uint8),
    }


def file_of(output):
    """The part of the name of a file of targets."""
    return output.replace("/", "_").replace(":", "_")


def make_data(folder, outputs):
    """The targets of some outputs, or one array for all."""
    make_models.make_data(folder)
    random = np.random.RandomState(20251130)
    for part in ("train", "test"):
        images, labels = (np.load(os.path.join(folder, f"{part}_{k}.npy")) for k in "xy")
        targets = make_targets(labels, images.reshape(-1, *IMAGE), random)
        for name in outputs:
            np.save(os.path.join(folder, f"{part}_y_{file_of(name)}.npy"), targets[name])
        if outputs:
            os.remove(os.path.join(folder, part + "_y.npy"))


def make(folder, name):
    """The path of a model, whose data are made, too."""
    model, path = Model(name), os.path.join(folder, name + ".onnx")
    outputs = MODELS[name](model)
    model.save_outputs(outputs, path)
    make_data(os.path.join(folder, name + "_data"), outputs)
    return path


def main(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.exit(__doc__)
    os.makedirs(arguments[0], exist_ok=True)
    for name in MODELS:
        make(arguments[0], name)
    make_data(os.path.join(arguments[0], SHARED), ())


if __name__ == "__main__":
    main(sys.argv[1:])
