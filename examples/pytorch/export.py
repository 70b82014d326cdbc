#!/usr/bin/env python3
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Exports a ResNet for small images from PyTorch to ONNX so that it can be trained: BatchNormalization and Dropout stay.

Usage: export.py OUT.onnx [--depth 20] [--width 16] [--image 3x32x32] [--classes 10] [--seed N]

Needs torch and, for its exporter, onnx. Copy export_for_training() for a model of your own.
"""

import argparse
import copy

import torch
from torch import nn


def export_for_training(model, example, path):
    """Writes `model` to `path` as it is in training, for batches of any size; `example` is one batch of its input.

    PyTorch's default exporter (dynamo=True) folds BatchNormalization into convolutions, even after model.train().
    The export runs one forward pass in training mode, on a copy. That moves the running statistics in the file a little
    towards those of `example`: pass a batch of real data if they matter.
    """
    torch.onnx.export(
        copy.deepcopy(model).train(),
        (example,),
        path,
        dynamo=False,
        training=torch.onnx.TrainingMode.TRAINING,
        do_constant_folding=False,
        input_names=["input"],
        output_names=["scores"],
        dynamic_axes={"input": {0: "N"}, "scores": {0: "N"}},
    )


class Block(nn.Module):
    """Two convolutions with a shortcut (He et al. 2016, option B)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet(depth, width, channels, classes):
    """A ResNet of 6n + 2 layers, with n blocks on each of three sizes of images."""
    blocks, inputs = [], width
    for stage in range(3):
        outputs = width << stage
        for i in range((depth - 2) // 6):
            blocks.append(Block(inputs, outputs, 2 if stage > 0 and i == 0 else 1))
            inputs = outputs
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(inputs, classes),
    )


def parse_image(text):
    extents = [int(part) for part in text.split("x")]
    if len(extents) != 3 or min(extents) < 1:
        raise argparse.ArgumentTypeError("expected CHANNELSxHEIGHTxWIDTH, for example 3x32x32")
    return extents


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", metavar="OUT.onnx")
    parser.add_argument("--depth", type=int, default=20, help="layers, 6n + 2 (20)")
    parser.add_argument("--width", type=int, default=16, help="channels of the first layers (16)")
    parser.add_argument("--image", type=parse_image, default=[3, 32, 32], help="channels x height x width (3x32x32)")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.depth < 8 or arguments.depth % 6 != 2:
        parser.error("--depth: expected 8, 14, 20, ...")
    torch.manual_seed(arguments.seed)
    model = resnet(arguments.depth, arguments.width, arguments.image[0], arguments.classes)
    export_for_training(model, torch.randn(8, *arguments.image), arguments.out)


if __name__ == "__main__":
    main()
