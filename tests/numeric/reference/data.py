# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data sets, input table, order and augmentation: numerics contract sections 2, 3."""

import gzip
import math
import os
import re

import numpy as np

import philox
from arithmetic import ceil_log2, clip, round_half_even

# Values of interface.md, on pixels / 255.
NORMALIZATIONS = {
    "none": "0/1",
    "mnist": "0.1307/0.3081",
    "cifar10": "0.4914,0.4822,0.4465/0.2470,0.2435,0.2616",
    "imagenet": "0.485,0.456,0.406/0.229,0.224,0.225",
}


class Columns(list):
    """The arrays of several inputs or outputs, indexed by example."""

    def __getitem__(self, chosen):
        return Columns(array[chosen] for array in self)

    def __len__(self):
        return len(list.__getitem__(self, 0))


class DataSet:
    """uint8 images or floats (examples, channels, height, width) or flat (examples, features); Columns of several.

    Labels are class indices (examples,) or (examples, positions), and targets that are floats (examples, outputs);
    Columns of those of several outputs.
    """

    def __init__(self, train_x, train_y, test_x, test_y):
        self.train_x, self.train_y = train_x, self._targets(train_y)
        self.test_x, self.test_y = test_x, self._targets(test_y)

    @classmethod
    def _targets(cls, values):
        if isinstance(values, Columns):
            return Columns(cls._targets(array) for array in values)
        if values.dtype.kind == "f":
            return values.reshape(len(values), -1)
        positions = math.prod(values.shape[1:])
        return values.astype(np.int64).reshape((len(values), positions) if positions > 1 else -1)


def _read_idx(folder, name):
    path = os.path.join(folder, name)
    opener = open if os.path.exists(path) else gzip.open
    with opener(path if opener is open else path + ".gz", "rb") as file:
        content = file.read()
    rank = content[3]
    shape = np.frombuffer(content, ">u4", rank, 4).astype(int)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def _mnist(folder):
    parts = []
    for prefix in ("train", "t10k"):
        parts.append(_read_idx(folder, prefix + "-images-idx3-ubyte")[:, None])
        parts.append(_read_idx(folder, prefix + "-labels-idx1-ubyte"))
    return DataSet(*parts)


def _cifar10(folder):
    def records(names):
        content = b"".join(open(os.path.join(folder, n), "rb").read() for n in names)
        rows = np.frombuffer(content, np.uint8).reshape(-1, 3073)
        return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0]

    if os.path.exists(os.path.join(folder, "imagenette32_train.bin")):
        train, test = ["imagenette32_train.bin"], ["imagenette32_val.bin"]
    else:
        train, test = [f"data_batch_{k}.bin" for k in range(1, 6)], ["test_batch.bin"]
    return DataSet(*records(train), *records(test))


def _npy_input(folder, name):
    array = np.load(os.path.join(folder, name + ".npy"))
    if array.dtype not in (np.uint8, np.int32, np.int64, np.float32, np.float64):
        raise ValueError(f"{name}.npy: expected uint8, indices, float32 or float64, but got {array.dtype}")
    return array[:, None] if array.ndim == 3 else array


def _npy_names(prefix, ports):
    """Names of the arrays of inputs or outputs: the prefix alone for an only one."""
    if len(ports) == 1:
        return [prefix]
    return [prefix + "_" + re.sub("[^A-Za-z0-9_.-]", "_", name) for name in ports]


def _npy_targets(folder, name, shared):
    """The targets of an output, or those that outputs without a file of their own share."""
    has_own = os.path.exists(os.path.join(folder, name + ".npy"))
    return np.load(os.path.join(folder, (name if has_own else shared) + ".npy"))


def _npy(folder, inputs, outputs):
    arrays = {}
    for split in ("train", "test"):
        x, y = split + "_x", split + "_y"
        arrays[x] = [_npy_input(folder, name) for name in _npy_names(x, inputs)]
        arrays[y] = [_npy_targets(folder, name, y) for name in _npy_names(y, outputs)]
    return DataSet(**{name: Columns(parts) if len(parts) > 1 else parts[0] for name, parts in arrays.items()})


def load(specification, inputs=("x",), outputs=("y",)):
    """The data set of a model with inputs and outputs of these names. The labels of image files are for all outputs."""
    kind, _, folder = specification.partition(":")
    readers = {"mnist": _mnist, "cifar10": _cifar10, "npy": lambda folder: _npy(folder, inputs, outputs)}
    if kind not in readers or not folder:
        raise ValueError(f"--data: expected mnist:DIR, cifar10:DIR or npy:DIR, but got {specification}")
    dataset = readers[kind](folder)
    if len(outputs) > 1 and kind != "npy":
        dataset.train_y = Columns([dataset.train_y] * len(outputs))
        dataset.test_y = Columns([dataset.test_y] * len(outputs))
    return dataset


class InputTable:
    """256-entry table per channel, one exponent (section 3).

    v = clip_8(round_half_even((p/255.0 - mean)/std * 2^(-s))), s = ceil(log2 M) - 7.
    A single mean and std serve all channels, in one table.
    """

    def __init__(self, normalization):
        normalization = normalization or "none"
        text = NORMALIZATIONS.get(normalization, normalization)
        means, stds = ([float(v) for v in part.split(",")] for part in text.split("/"))
        pixels = np.arange(256, dtype=np.float64)
        values = np.stack([(pixels / 255.0 - m) / d for m, d in zip(means, stds, strict=True)])
        self.exponent = ceil_log2(np.abs(values).max()) - 7
        self.table = clip(round_half_even(values * 2.0**-self.exponent), 8)

    def mantissas(self, images):
        if len(self.table) == 1:
            return self.table[0][images]
        if images.ndim < 3 or images.shape[1] != len(self.table):
            raise ValueError(f"--normalize: {len(self.table)} channels given, but images are {images.shape[1:]}")
        return np.stack([t[images[:, c]] for c, t in enumerate(self.table)], axis=1)


class InputNumbers:
    """--input=float32: v = (x - mean) / deviation of its channel, or x; clip_8(round_half_even(v * 2^5)) (section 3).

    The mean and the population deviation of a channel (dimension 1 of the model's input) are those of the training
    set, in IEEE double. Readings: sums are in file order, first that of the numbers, then that of the squares of
    their differences to the mean; a channel of equal numbers has the deviation 0, whatever its sums round to.
    """

    exponent = -5

    def __init__(self, normalization, train_x, channels):
        if normalization not in (None, "standard", "none"):
            raise ValueError(f"--normalize: expected standard or none, but got {normalization}")
        self.channels, self.statistics = channels, [(0.0, 1.0)] * channels
        if normalization != "none":
            numbers = self._by_channel(train_x)
            self.statistics = [self._statistics(numbers[:, c].reshape(-1).tolist()) for c in range(channels)]

    def _by_channel(self, x):
        return x.astype(np.float64).reshape(len(x), self.channels, -1)

    @staticmethod
    def _statistics(numbers):
        """(mean, deviation) of a channel."""
        if min(numbers) == max(numbers):
            return numbers[0], 1.0
        total = 0.0
        for number in numbers:
            total += number
        mean = total / len(numbers)
        squares = 0.0
        for number in numbers:
            squares += (number - mean) * (number - mean)
        return mean, math.sqrt(squares / len(numbers)) or 1.0

    def values(self, x):
        """v, in double, in the shape of x."""
        numbers = self._by_channel(x)
        parts = [(numbers[:, c] - mean) / deviation for c, (mean, deviation) in enumerate(self.statistics)]
        return np.stack(parts, axis=1).reshape(x.shape)

    def mantissas(self, x):
        return clip(round_half_even(self.values(x) * 2.0**-self.exponent), 8)


class InputIndices:
    """Indices of rows, as they are."""

    exponent = 0

    @staticmethod
    def mantissas(indices):
        return indices


class InputColumns:
    """The inputs of a model with several, each by its own rule."""

    def __init__(self, rules):
        self.rules = rules
        self.exponent = [rule.exponent for rule in rules]

    def mantissas(self, columns):
        return [rule.mantissas(x) for rule, x in zip(self.rules, columns, strict=True)]


def crop_flip(images, examples, seed, epoch):
    """out[h][w] = in[h+dy][w'+dx], w' = W-1-w if mirror else w, 0 outside (section 2)."""
    height, width = images.shape[-2:]
    padded = np.pad(images, [(0, 0)] * (images.ndim - 2) + [(4, 4), (4, 4)])
    out = np.empty_like(images)
    for k, (dy, dx, mirror) in enumerate(zip(*philox.crop_flip_numbers(seed, examples, epoch))):
        crop = padded[k, ..., 4 + dy : 4 + dy + height, 4 + dx : 4 + dx + width]
        out[k] = crop[..., ::-1] if mirror else crop
    return out


class TrainingBatches:
    """Batches by global step: the incomplete last batch of an epoch is dropped (section 3).

    Position k of epoch E holds example p[k] of that epoch's permutation.
    """

    def __init__(self, data, batch, seed, shuffle=True, augment=False, limit=None):
        self.images, self.labels = data.train_x[:limit], data.train_y[:limit]
        self.batch, self.seed, self.shuffle, self.augment = batch, seed, shuffle, augment
        self.steps_per_epoch = len(self.images) // batch
        if self.steps_per_epoch == 0:
            raise ValueError(f"{len(self.images)} examples are less than one batch of {batch}")
        self._epoch = self._order = None

    def __getitem__(self, step):
        epoch, position = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            count = len(self.images)
            self._epoch = epoch
            self._order = (
                philox.permutation(self.seed, count, epoch) if self.shuffle else np.arange(count)
            )
        examples = self._order[position * self.batch : (position + 1) * self.batch]
        images = self.images[examples]
        if self.augment:
            images = crop_flip(images, examples, self.seed, epoch)
        return images, self.labels[examples]


def estimation_batches(data, batch, seed, limit, count):
    """Images of the first `count` batches of epoch 0, shuffled and not augmented whatever the run does (section 3)."""
    batches = TrainingBatches(data, batch, seed, limit=limit)
    for step in range(min(count, batches.steps_per_epoch)):
        yield batches[step][0]


def evaluation_batches(data, batch):
    """File order; the last batch is filled with copies of its last example (section 3).

    Yields (images, labels of the examples that count).
    """
    for start in range(0, len(data.test_x), batch):
        chosen = np.minimum(np.arange(start, start + batch), len(data.test_x) - 1)
        yield data.test_x[chosen], data.test_y[start : start + batch]
