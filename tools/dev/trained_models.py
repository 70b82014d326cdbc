#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trained ONNX files, for accuracy.py: weights of a run under fp32, and accuracies by ONNX Runtime.

As a program it puts the weights of a checkpoint of scheme fp32 into a copy of the model.
"""

import argparse
import gzip
import json
import os
import struct

import numpy as np
import onnx
from onnx import numpy_helper

NORMALIZATIONS = {  # of pixels between 0 and 1: mean and deviation, as of --normalize
    "none": "0/1",
    "mnist": "0.1307/0.3081",
    "cifar10": "0.4914,0.4822,0.4465/0.2470,0.2435,0.2616",
}


def float_tensors(checkpoint):
    """The tensors of a checkpoint of scheme fp32, by their keys."""
    with open(checkpoint, "rb") as file:
        content = file.read()
    (size,) = struct.unpack_from("<Q", content)
    tensors, values = {}, content[8 + size :]
    for key, entry in json.loads(content[8 : 8 + size]).items():
        if key != "__metadata__" and entry["dtype"] == "F32":
            first, end = entry["data_offsets"]
            tensors[key] = np.frombuffer(values[first:end], "<f4").reshape(entry["shape"])
    return tensors


def save(model, checkpoint, path):
    """Writes the model with the trained weights, and with its normalizations in the form for inference.

    Statistics are those that evaluation uses.
    """
    trained, tensors = onnx.load(model), float_tensors(checkpoint)
    for initializer in trained.graph.initializer:
        name = initializer.name
        values = tensors.get(name + ".evaluation", tensors.get(name))
        if values is not None:
            initializer.CopyFrom(numpy_helper.from_array(values, name))
    for node in trained.graph.node:
        if node.op_type == "BatchNormalization":
            del node.output[1:]
            kept = [attribute for attribute in node.attribute if attribute.name != "training_mode"]
            del node.attribute[:]
            node.attribute.extend(kept)
    onnx.save(trained, path)


def _content(path):
    if os.path.exists(path):
        with open(path, "rb") as file:
            return file.read()
    with gzip.open(path + ".gz") as file:
        return file.read()


def test_set(reader, folder):
    """Bytes of the test images (examples, channels, height, width), and the labels."""
    if reader == "mnist":
        images, labels = (
            _content(os.path.join(folder, "t10k-" + name)) for name in ("images-idx3-ubyte", "labels-idx1-ubyte")
        )
        height, width = struct.unpack_from(">II", images, 8)
        return np.frombuffer(images, np.uint8, offset=16).reshape(-1, 1, height, width), np.frombuffer(labels, np.uint8, offset=8)
    rows = np.frombuffer(_content(os.path.join(folder, "test_batch.bin")), np.uint8).reshape(-1, 1 + 3 * 32 * 32)
    return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0]


def runtime_accuracy(path, reader, folder, normalize):
    """The accuracy of the file by ONNX Runtime, or None if that is not installed."""
    try:
        import onnxruntime
    except ImportError:
        return None
    images, labels = test_set(reader, folder)
    mean, deviation = (
        np.array([float(number) for number in part.split(",")]).reshape(-1, 1, 1)
        for part in NORMALIZATIONS.get(normalize, normalize).split("/")
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (of_file,), correct = session.get_inputs(), 0
    batch = of_file.shape[0] if isinstance(of_file.shape[0], int) else 100
    for first in range(0, len(images), batch):
        values = ((images[first : first + batch] / 255 - mean) / deviation).astype(np.float32)
        scores = session.run(None, {of_file.name: values})[0]
        correct += int((scores.reshape(len(values), -1).argmax(1) == labels[first : first + batch]).sum())
    return correct / len(images)


def main():
    parser = argparse.ArgumentParser(description=__doc__.rstrip().rsplit("\n", 1)[1])
    parser.add_argument("model", metavar="MODEL.onnx", help="the file that the run was compiled from")
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint.safetensors of the run")
    parser.add_argument("output", metavar="OUTPUT.onnx")
    options = parser.parse_args()
    save(options.model, options.checkpoint, options.output)


if __name__ == "__main__":
    main()
