# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains an ONNX model by the reference and prints its state.

Output: for each requested step a line `step N`, then one line per tensor, sorted by
name: name, exponent, CRC-32 of the mantissa bytes in ONNX layout. With --eval
last lines `test_loss L` and, if targets are classes, `test_accuracy A`; of several
outputs `test_loss L`, the sum of the losses times their weights, and for each
output `NAME.test_loss L` and, if its targets are classes, `NAME.test_accuracy A`.
"""

import argparse
import copy
import os
import sys
import zlib

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402 (the environment comes first)

import arithmetic  # noqa: E402
import averages  # noqa: E402
import data  # noqa: E402
import graph  # noqa: E402
import importer  # noqa: E402
import layers  # noqa: E402
import loss  # noqa: E402
import metrics  # noqa: E402
import niti  # noqa: E402
import optimizers  # noqa: E402
import schedules  # noqa: E402
import wage  # noqa: E402

LOSSES = ["cross-entropy", "sse", *loss.OF_NUMBERS]


class Recorder:
    """Writes intermediate results as DIR/stepNNNNN/KIND/NAME.npy and an index.tsv.

    KIND: forward (mantissas of a node's result), error (of a node's result, summed
    over its users; `loss` is the loss's, `loss of NAME` that of one of several outputs),
    gradient (a parameter's accumulator G).
    index.tsv: kind, name, exponent, shift n (empty where nothing is shifted), shape,
    CRC-32 of the integers as int64, file.
    """

    def __init__(self, folder):
        self.folder, self.step = folder, None

    def begin(self, step):
        """Starts the index of a step anew; None stops recording."""
        self.step = step
        index = os.path.join(self.folder, f"step{step or 0:05d}", "index.tsv")
        if step is not None and os.path.exists(index):
            os.remove(index)

    def record(self, kind, name, integers, exponent, shift=None):
        if self.step is None:
            return
        step = f"step{self.step:05d}"
        file = os.path.join(step, kind, name.strip("/").replace("/", ".") + ".npy")
        os.makedirs(os.path.join(self.folder, step, kind), exist_ok=True)
        integers = np.ascontiguousarray(integers, dtype=np.int64)
        np.save(os.path.join(self.folder, file), integers)
        crc = zlib.crc32(integers.tobytes())
        row = (kind, name, exponent, "" if shift is None else shift, integers.shape, f"{crc:08x}", file)
        with open(os.path.join(self.folder, step, "index.tsv"), "a", encoding="utf-8") as index:
            print(*row, sep="\t", file=index)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--data", required=True, metavar="mnist:DIR|cifar10:DIR|npy:DIR")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--at", help="print tables at these steps, e.g. 0,1,20 (default: the last)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--init", choices=["onnx", "scheme"], default="onnx")
    parser.add_argument("--scheme", choices=["niti", "wage"], default="niti")
    parser.add_argument("--input", default="pixels", help="pixels, float32 or indices, for all inputs or a list")
    parser.add_argument("--normalize", help="of pixels: none (the default), mnist, ...; of floats: standard (the default), none")
    parser.add_argument("--headroom", type=int, default=1)
    parser.add_argument("--output-headroom", type=int, help="default: the same as --headroom")
    parser.add_argument("--error-bits", type=int, choices=[8, 16], default=8)
    parser.add_argument("--norm-bits", type=int, choices=[8, 16], default=8)
    parser.add_argument("--weight-bits", type=int, choices=[8, 16], help="default: 8, or 16 with a loss that fits numbers")
    parser.add_argument("--grad-round", choices=["pseudo", "stochastic", "nearest"], default="pseudo")
    parser.add_argument("--power", choices=["fraction", "paper"], default="fraction", help="NITI's softmax")
    parser.add_argument(
        "--loss", choices=LOSSES, help="default: what the end of an output suggests, with options of a loss "
        "cross-entropy, for WAGE sse",
    )
    parser.add_argument(
        "--output", action="append", default=[], type=parse_output, metavar="NAME[:loss=LOSS,weight=FACTOR]",
        help="output of the model that is trained (default: the first); may be given several times",
    )
    parser.add_argument("--loss-delta", type=float, help="default: 1")
    parser.add_argument("--label-smoothing", type=float, default=0.0)
    parser.add_argument("--class-weights", type=lambda text: tuple(map(float, text.split(","))), default=())
    parser.add_argument("--ignore-index", type=int, help="label of examples that do not count")
    parser.add_argument("--optimizer", choices=["sgd", "lion"], default="sgd", help="NITI's")
    parser.add_argument("--momentum", type=float, default=0.0)
    parser.add_argument("--weight-decay", type=float, default=0.0)
    parser.add_argument("--beta1", type=float, default=0.9)
    parser.add_argument("--beta2", type=float, default=0.99)
    parser.add_argument("--freeze", action="append", default=[], metavar="PATTERN")
    parser.add_argument("--layer", action="append", default=[], metavar="PATTERN:KEY=VALUE[,...]")
    parser.add_argument("--wage-bits", default="2-8-8-8", metavar="kW-kA-kG-kE")
    parser.add_argument("--wage-input", choices=["auto", "head", "c17", "mnist"], default="auto")
    parser.add_argument("--wage-weight-clip", choices=["code", "paper"], default="code")
    parser.add_argument("--wage-alpha", choices=["code", "paper"], default="code")
    parser.add_argument("--wage-last-layer", choices=["exact", "quantized"], default="exact")
    parser.add_argument("--wage-gamma", type=int, choices=[1, 2, 4, 8], default=1)
    parser.add_argument("--augment", choices=["none", "crop-flip"], default="none")
    parser.add_argument("--no-shuffle", action="store_true")
    parser.add_argument("--limit", type=int, help="train on the first N examples only")
    parser.add_argument("--schedule", help="default: that of NITI and the loss")
    parser.add_argument("--total-steps", type=int, help="steps that the schedule's percents refer to (default: --steps)")
    parser.add_argument("--statistics-batches", type=int, help="estimate BatchNormalization's statistics on N (default: 32)")
    parser.add_argument("--average-from", metavar="EPOCH|PERCENT%", help="evaluate the average of the weights from there on")
    parser.add_argument("--average-every", type=int, default=10, metavar="STEPS")
    parser.add_argument("--eval", action="store_true", help="print the metrics of the test set at the end")
    parser.add_argument("--dump", metavar="DIR", help="write intermediate results (see Recorder)")
    options = parser.parse_args(arguments)
    options.input = options.input.split(",")
    has_class_options = options.label_smoothing or options.class_weights or options.ignore_index is not None
    if options.scheme == "wage":
        options.loss = options.loss or "sse"
    elif has_class_options or options.loss_delta is not None:
        options.loss = options.loss or "cross-entropy"
    options.loss_delta = 1.0 if options.loss_delta is None else options.loss_delta
    return options


def parse_output(text):
    """NAME[:key=value,...]; a name may have colons."""
    name, _, settings = text.rpartition(":")
    if "=" not in settings:
        name, settings = text, ""
    output = graph.Output(name)
    for entry in settings.split(",") if settings else ():
        key, _, value = entry.partition("=")
        if key == "loss" and value in LOSSES:
            output.loss = value
        elif key == "weight":
            arithmetic.exact_log2(value)  # or it is refused
            output.weight = float(value)
        else:
            raise ValueError(f"--output={text}")
    return output


def follow_losses(options, model):
    """Defaults that depend on the losses of outputs."""
    fits = any(output.loss in loss.FITTING for output in model.outputs)
    options.weight_bits = options.weight_bits or (16 if fits else 8)
    options.schedule = options.schedule or ("3,1@40%,-1@60%,-3@80%" if fits else "4,2@40%,0@60%,-1@80%")


def class_options(options):
    return loss.ClassOptions(options.label_smoothing, options.class_weights, options.ignore_index)


def print_state(step, trainer):
    print(f"step {step}")
    for name, exponent, content in trainer.state():
        print(f"{name} {exponent} {zlib.crc32(content):08x}", flush=True)


def reports(output, y, exponent, targets, options):
    """{metric: [(value, weight) of each row]} of the predictions of an output, of which the last may not count."""
    if output.of_numbers:
        return metrics.of_numbers(output.loss, y[: len(targets)], exponent, targets, options.loss_delta)
    return metrics.of_classes(output.loss, y[: targets.size], exponent, targets.reshape(-1), class_options(options))


def evaluate(trainer, inputs, dataset, options):
    """Means of the metrics over the test set (section 4.20): test_loss and, for classes, test_accuracy.

    Of several outputs (section 4.21) also NAME.test_loss and NAME.test_accuracy, and test_loss is that of their sum.
    """
    outputs = trainer.graph.outputs
    sums = [{} for _ in outputs]
    for examples, targets in data.evaluation_batches(dataset, options.batch):
        predictions = trainer.outputs(inputs.mantissas(examples), inputs.exponent)
        targets = targets if len(outputs) > 1 else [targets]
        for output, of_output, (y, exponent), expected in zip(outputs, sums, predictions, targets, strict=True):
            for name, rows in reports(output, y, exponent, expected, options).items():
                # One addition after another, in double.
                for value, weight in rows:
                    total, divisor = of_output.get(name, (0.0, 0.0))
                    of_output[name] = total + value * 2.0**-metrics.FRACTION, divisor + weight * 2.0**-metrics.FRACTION
    means = [{f"test_{name}": total / divisor for name, (total, divisor) in s.items()} for s in sums]
    total = 0.0
    for output, of_output in zip(outputs, means):
        total += output.weight * of_output["test_loss"]
    if len(outputs) == 1:
        return {**means[0], "test_loss": total}
    result = {"test_loss": total}
    for output, of_output in zip(outputs, means):
        result.update({f"{output.name}.{name}": mean for name, mean in of_output.items()})
    return result


def check_images(images, shape, kind):
    """Images must have the model's shape, up to dimensions of 1, unless either is flat."""

    def long(dims):
        return [n for n in dims if n != 1]

    found, expected = images.shape[1:], shape[1:]
    if (images.dtype == np.uint8) != (kind == "pixels"):
        raise ValueError(f"--input={kind} does not fit {images.dtype}")
    either_flat = np.prod(found) == np.prod(expected) and 1 in (len(long(found)), len(long(expected)))
    if long(found) != long(expected) and not either_flat:
        raise ValueError(f"images of shape {found} do not fit the model's input {expected}")


def encoded_targets(name, targets, output):
    """Numbers become mantissas."""
    if (targets.dtype.kind == "f") != output.of_numbers:
        kind = "numbers" if output.of_numbers else "classes"
        raise ValueError(f"{name}.npy: expected {kind} for --loss={output.loss}")
    if not output.of_numbers:
        return targets
    _, columns = output.rows_shape()
    if targets.shape[1] != columns:
        raise ValueError(f"{name}.npy: expected {columns} targets an example, but got {targets.shape[1]}")
    return loss.target_mantissas(targets)


def take_targets(dataset, model):
    for name in ("train_y", "test_y"):
        targets, outputs = getattr(dataset, name), model.outputs
        if len(outputs) == 1:
            targets = encoded_targets(name, targets, outputs[0])
        else:
            targets = data.Columns(encoded_targets(f"{name}_{o.name}", t, o) for t, o in zip(targets, outputs))
        setattr(dataset, name, targets)


def create_input(options, model, name, kind, train_x):
    """The rule of an input, whose numbers in the training set are given."""
    check_images(train_x, model.shapes[name], kind)
    if kind == "indices":
        return data.InputIndices()
    if kind == "float32":
        channels = model.shapes[name][1]
        return data.InputNumbers(options.normalize, train_x[: options.limit], channels)
    return data.InputTable(options.normalize)


def create_inputs(options, model, dataset):
    kinds = options.input * (len(model.inputs) if len(options.input) == 1 else 1)
    kinds = ["indices" if name in model.indices else kind for name, kind in zip(model.inputs, kinds, strict=True)]
    if len(kinds) == 1:
        return create_input(options, model, model.input, kinds[0], dataset.train_x)
    rules = []
    for name, kind, train_x in zip(model.inputs, kinds, dataset.train_x):
        # Pixels and numbers have their own normalizations; `none` and `standard` are those of numbers.
        chosen = copy.copy(options)
        if kind == "pixels" and options.normalize == "standard":
            chosen.normalize = "none"
        if kind == "float32" and "pixels" in kinds and options.normalize != "none":
            chosen.normalize = "standard"
        rules.append(create_input(chosen, model, name, kind, train_x))
    return data.InputColumns(rules)


def create_optimizer(options):
    if options.optimizer == "lion":
        return optimizers.Lion(options.beta1, options.beta2, options.weight_decay)
    return optimizers.SGD(options.momentum, options.weight_decay)


def create(options, model, dataset):
    """(trainer, input table, reader of a schedule's value) of the scheme."""
    if options.scheme == "niti":
        settings = niti.Settings(
            options.seed, options.init, options.headroom, options.output_headroom, options.weight_bits, options.error_bits,
            options.norm_bits, options.grad_round, options.power, options.loss_delta, class_options(options), create_optimizer(options),
        )
        recorder = Recorder(options.dump) if options.dump else None
        if any(output.loss == "sse" for output in model.outputs):
            raise ValueError("NITI does not define --loss=sse")
        return niti.Trainer(model, settings, recorder), create_inputs(options, model, dataset), int
    if options.input != ["pixels"] or model.outputs[0].of_numbers:
        raise ValueError("WAGE takes pixels and classes")
    check_images(dataset.train_x, model.shapes[model.input], "pixels")
    settings = wage.Settings(
        options.seed, options.init, options.wage_bits, options.wage_input, options.wage_weight_clip,
        options.wage_alpha, options.wage_last_layer, options.wage_gamma, model.outputs[0].loss,
    )
    return wage.Trainer(model, settings), wage.InputTable(settings, model.shapes[model.input]), arithmetic.exact_log2


def create_average(options, total, steps_per_epoch):
    if not options.average_from:
        return averages.NoAverage()
    return averages.WeightAverage(options.average_from, options.average_every, total, steps_per_epoch)


def main(arguments=None):
    options = parse(arguments)
    model = importer.load(options.model, options.batch, options.loss, options.output)
    follow_losses(options, model)
    dataset = data.load(options.data, model.inputs, [output.name for output in model.outputs])
    take_targets(dataset, model)
    layers.apply(model, options.freeze, options.layer)
    trainer, table, parse_rate = create(options, model, dataset)
    batches = data.TrainingBatches(
        dataset, options.batch, options.seed, not options.no_shuffle, options.augment == "crop-flip", options.limit
    )
    total = options.steps if options.total_steps is None else options.total_steps
    schedule = schedules.Schedule(options.schedule, total, batches.steps_per_epoch, parse_rate)
    average = create_average(options, total, batches.steps_per_epoch)

    def estimate(step):
        """Estimates statistics like a run that tests its weights after this step."""
        if options.scheme == "niti" and (step > 0 or options.statistics_batches):
            chosen = data.estimation_batches(
                dataset, options.batch, options.seed, options.limit, options.statistics_batches or 32
            )
            with average.in_place(trainer):
                trainer.estimate(map(table.mantissas, chosen), table.exponent)

    at = {int(n) for n in options.at.split(",")} if options.at else {options.steps}
    if 0 in at:
        estimate(0)
        print_state(0, trainer)
    recorder = getattr(trainer, "recorder", None) if options.dump else None
    for step in range(options.steps):
        images, labels = batches[step]
        if recorder:
            recorder.begin(step)
        trainer.step(table.mantissas(images), table.exponent, labels, step, schedule[step])
        if recorder:
            recorder.begin(None)
        average.add(trainer.mantissas, step + 1)
        if step + 1 in at:
            estimate(step + 1)
            print_state(step + 1, trainer)
    if options.eval:
        estimate(options.steps)
        with average.in_place(trainer):
            means = evaluate(trainer, table, dataset, options)
        for name, mean in means.items():
            print(name, mean)


if __name__ == "__main__":
    try:
        main()
    except (importer.Unsupported, ValueError, OSError) as problem:
        sys.exit(f"error: {problem}")
