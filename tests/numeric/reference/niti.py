# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The NITI training step: numerics contract section 4, in plain NumPy.

A value is a pair (mantissas, exponent) of an int64 array and a Python integer.
"""

import dataclasses
from fractions import Fraction

import numpy as np

import batchnorm
import layers
import loss
import operators
import optimizers
import philox
from arithmetic import (
    aligned_sum,
    ceil_log2,
    clip,
    int64,
    requantize,
    round_half_even,
    saturate,
    shift_nearest,
    shift_pseudo,
    shift_stochastic,
)
from loss import ClassOptions

BIAS_LIMIT = 2**30
MANTISSA_BITS, WIDE_BITS = 7, 14  # magnitude bits of 8-bit mantissas, and of 16-bit errors
SLOW_ROLES = ("gamma", "beta", "slope")  # from the file, with a headroom of 1 and a smaller mu
MOVES = ("reshape", "transpose")  # kinds of nodes that compute nothing
TRAINING, EVALUATION, ESTIMATION = range(3)  # what a forward pass is for


@dataclasses.dataclass
class Settings:
    seed: int = 1
    init: str = "onnx"
    headroom: int = 1
    output_headroom: int = None  # None: the same
    weight_bits: int = 8
    error_bits: int = 8
    norm_bits: int = 8
    grad_round: str = "pseudo"
    power: str = "fraction"
    loss_delta: float = 1.0
    classes: ClassOptions = dataclasses.field(default_factory=ClassOptions)
    optimizer: object = dataclasses.field(default_factory=optimizers.SGD)


class NoRecorder:
    """Takes intermediate results and forgets them; run.py has one that keeps them."""

    def record(self, kind, name, integers, exponent, shift=None):
        pass


class Trainer:
    def __init__(self, graph, settings, recorder=None):
        self.graph, self.settings = graph, settings
        self.recorder = recorder or NoRecorder()
        self.exponents, self.mantissas, self.running = {}, {}, {}
        order = ("weight", "gamma", "slope", "bias", "beta")  # zero biases take a weight's exponent
        for parameter in sorted(graph.parameters.values(), key=lambda p: order.index(p.role)):
            self._initialise(parameter)
        for node in graph.nodes:
            if node.kind == "batchnorm":
                names = node.attributes["running"]
                values = batchnorm.running_from_file(*(graph.running[n] for n in names))
                self.running.update(zip(names, values))
        self.estimated = dict(self.running)  # the statistics that evaluation uses
        self.batches = {}  # node output -> statistics of the batches of an estimation
        self.trained = layers.trained_values(graph.nodes, graph)
        self.error_bits = self.passed_bits = MANTISSA_BITS  # of the error of a node, and of those that it passes on
        self.kept = {}  # parameter -> what the optimizer keeps
        if optimizers.keeps_state(settings.optimizer):
            self.kept = {n: int64(0 * m) for n, m in self.mantissas.items() if not graph.parameters[n].frozen}

    # Parameters ------------------------------------------------------------

    def bits(self, name):
        """Bits that a parameter is stored with."""
        return 16 if self._is_computed_wide(name) else (self.graph.parameters[name].weight_bits or self.settings.weight_bits)

    def _is_computed_wide(self, name):
        """Whether nodes compute with all 16 bits of a parameter (section 4.23)."""
        return self.settings.norm_bits == 16 and self.graph.parameters[name].role in ("gamma", "beta")

    def _initialise(self, parameter):
        """Initial mantissas and the exponent, fixed for the run (section 4, Weights, Bias).

        Readings: gamma, beta and slopes come from the file also with --init=scheme; beta
        has gamma's rule (largest magnitude, -6), whatever the headroom.
        """
        settings, values, name = self.settings, parameter.values, parameter.name
        scheme = settings.init == "scheme"
        if scheme and parameter.role == "bias":
            values = np.zeros_like(values)
        wide = self.bits(name) == 16
        if scheme and parameter.role == "weight":
            numbers = philox.lanes(
                settings.seed, values.size, parameter.identifier, 0, philox.INITIALISATION
            )
            headroom = parameter.headroom or 0
            largest = 127 if wide else 127 >> headroom
            mantissas = (((numbers * (2 * largest + 1)) >> 32) - largest).reshape(values.shape)
            self.exponents[name] = _scheme_exponent(*parameter.fans) + headroom
            self.mantissas[name] = (256 >> headroom) * mantissas if wide else mantissas
            return
        headroom = parameter.headroom
        if headroom is None:
            headroom = 1 if parameter.role in SLOW_ROLES else settings.headroom
            if name in self._output_parameters() and settings.output_headroom is not None:
                headroom = settings.output_headroom
        if np.any(values):
            exponent = ceil_log2(np.abs(values).max()) - 7 + headroom
        elif parameter.weight_of_node is not None:
            exponent = self.exponents[parameter.weight_of_node]
        else:
            exponent = -7
        if parameter.role == "slope":
            exponent = min(max(exponent, -20), 0)
        self.exponents[name] = exponent
        if wide:
            self.mantissas[name] = clip(round_half_even(values * 2.0 ** (8 - exponent)), 16)
        else:
            self.mantissas[name] = clip(round_half_even(values * 2.0**-exponent), 8)

    def _output_parameters(self):
        """Names of the parameters of layers whose results are predictions."""
        values, names = {output.value for output in self.graph.outputs}, set()
        for node in reversed(self.graph.nodes):
            if node.output in values and node.kind in MOVES:
                values.add(node.inputs[0])
            elif node.output in values and node.kind in ("conv", "gemm", "gather"):
                names.update(use.name for use in (node.weight, node.bias) if use is not None)
        return names

    def compute_copy(self, use):
        """The mantissas a node computes with, 8 bits unless they are wide, in the node's layout."""
        mantissas = self.mantissas[use.name]
        if self.bits(use.name) == 16 and not self._is_computed_wide(use.name):
            mantissas = clip(shift_nearest(mantissas, 8), 8)
        return use.view(mantissas)

    def _more_bits(self, use):
        """Bits that a node computes with beyond 8."""
        return 8 if self._is_computed_wide(use.name) else 0

    def _computed_exponent(self, use):
        return self.exponents[use.name] - self._more_bits(use)

    # Forward ---------------------------------------------------------------

    def forward(self, images, exponent, mode, step=0):
        """Returns ({value name: (mantissas, exponent)}, {node output: what backward needs}).

        The mode is TRAINING, EVALUATION or ESTIMATION. A graph with several inputs takes lists of mantissas and of
        exponents; indices have none.
        """
        graph, saved = self.graph, {}
        if len(graph.inputs) == 1:
            images, exponent = [images], [exponent]
        values = {
            name: (int64(x).reshape(graph.shapes[name]), s)
            for name, x, s in zip(graph.inputs, images, exponent, strict=True)
        }
        for node in self.graph.nodes:
            operands = [values[name] for name in node.inputs]
            method = getattr(self, "_forward_" + node.kind)
            mantissas, exponent, shift = method(node, operands, saved, mode, step)
            assert mantissas.shape == node.output_shape, (node.name, mantissas.shape)
            values[node.output] = mantissas, exponent
            self.recorder.record("forward", node.name, mantissas, exponent, shift)
        return values, saved

    def _is_for_batchnorm(self, value):
        """Whether a BatchNormalization alone uses the value, directly or moved (section 4.14, 1)."""
        users = [n for n in self.graph.nodes if value in n.inputs]
        if self.graph.users(value) != 1 or not users:
            return False
        return users[0].kind == "batchnorm" or (
            users[0].kind in MOVES and self._is_for_batchnorm(users[0].output)
        )

    def _is_wide(self, value):
        """Whether the value holds 15 bits of the accumulator of a conv or gemm."""
        producer = next((n for n in self.graph.nodes if n.output == value), None)
        if producer is None or not self._is_for_batchnorm(value):
            return False
        if producer.kind in MOVES:
            return self._is_wide(producer.inputs[0])
        return producer.kind in ("conv", "gemm")

    def _linear_output(self, node, accumulator, exponent):
        """Bias, then requantization; a BatchNormalization after it takes more bits."""
        if node.bias is not None:
            power = min(self.exponents[node.bias.name] - exponent, 40)
            bias = self.compute_copy(node.bias)
            aligned = bias << power if power >= 0 else shift_nearest(bias, -power)
            accumulator = np.clip(accumulator + aligned, -BIAS_LIMIT, BIAS_LIMIT)
        if self._is_for_batchnorm(node.output):
            mantissas, wide_exponent = batchnorm.wide_input(accumulator, exponent)
            return mantissas, wide_exponent, wide_exponent - exponent
        return requantize(accumulator, exponent)

    def _forward_conv(self, node, operands, saved, mode, step):
        (x, s_x), = operands
        weight = self.compute_copy(node.weight)
        accumulator = operators.conv_forward(x, weight, node.window, node.attributes["group"])
        return self._linear_output(node, accumulator, s_x + self.exponents[node.weight.name])

    def _forward_gemm(self, node, operands, saved, mode, step):
        (x, s_x), = operands
        weight = self.compute_copy(node.weight)
        accumulator = operators.gemm_forward(
            x, weight, node.attributes["transposed"], node.output_shape
        )
        return self._linear_output(node, accumulator, s_x + self.exponents[node.weight.name])

    def _forward_gather(self, node, operands, saved, mode, step):
        (indices, _), = operands
        return self.compute_copy(node.weight)[indices], self.exponents[node.weight.name], None

    def _forward_relu(self, node, operands, saved, mode, step):
        (x, s), = operands
        return np.maximum(x, 0), s, None

    def _forward_function(self, node, operands, saved, mode, step):
        return node.attributes["rule"].forward(*operands[0])

    def _sloped(self, node, reference, mantissas, exponent):  # of 8 bits
        """The mantissas where the reference is positive, elsewhere times the slope (section 4.17)."""
        slope, s_a = self.compute_copy(node.weight), self.exponents[node.weight.name]
        return requantize(np.where(reference > 0, mantissas << -s_a, mantissas * slope), exponent + s_a)

    def _forward_prelu(self, node, operands, saved, mode, step):
        (x, s), = operands
        return self._sloped(node, x, x, s)

    def _forward_max_pool(self, node, operands, saved, mode, step):
        (x, s), = operands
        maxima, saved[node.output] = operators.max_pool_forward(x, node.window)
        return maxima, s, None

    def _forward_average_pool(self, node, operands, saved, mode, step):
        (x, s), = operands
        constants, k = operators.average_pool_constants(
            node.window, x.shape[2:], node.attributes["count_include_pad"]
        )
        accumulator = operators.average_pool_forward(x, constants, node.window)
        return requantize(accumulator, s - (7 + k))

    def _forward_sum(self, node, operands, saved, mode, step):
        return requantize(*aligned_sum(operands))

    def _forward_concat(self, node, operands, saved, mode, step):
        """All operands (also those that are all 0) to the largest exponent, nearest."""
        largest = max(s for _, s in operands)
        parts = [shift_nearest(m, largest - s) for m, s in operands]
        return np.concatenate(parts, node.attributes["axis"]), largest, None

    def _forward_reshape(self, node, operands, saved, mode, step):
        (x, s), = operands
        return x.reshape(node.output_shape), s, None

    def _forward_transpose(self, node, operands, saved, mode, step):
        (x, s), = operands
        return x.transpose(node.attributes["perm"]), s, None

    def _dropout_mask(self, node, step):
        """Kept features; index in C, H, W order, the same for the batch (section 4)."""
        ratio, rank = node.attributes["ratio"], node.attributes["rank"]
        shape = (1,) + node.output_shape[1:]
        numbers = philox.random16(self.settings.seed, shape, rank, step, philox.DROPOUT)
        return int64(numbers >= round(ratio * 2**16))

    def _dropped(self, node, mantissas, exponent, mask, bits=MANTISSA_BITS):
        if node.attributes["ratio"] == 0.5:
            return mantissas * mask, exponent + 1, None
        factor = round(2**7 / (1 - node.attributes["ratio"]))
        return requantize(saturate(mantissas * mask * factor), exponent - 7, bits)

    def _forward_dropout(self, node, operands, saved, mode, step):
        (x, s), = operands
        if mode != TRAINING:
            return x, s, None
        saved[node.output] = self._dropout_mask(node, step)
        return self._dropped(node, x, s, saved[node.output])

    def _forward_batchnorm(self, node, operands, saved, mode, step):
        (x, s), = operands
        if not self._is_wide(node.inputs[0]):
            x, s = batchnorm.narrow_input(x, s)
        names = node.attributes["running"]
        if mode == EVALUATION:
            estimated = tuple(self.estimated[n] for n in names)
            statistics = batchnorm.statistics_for_evaluation(estimated, s)
        else:
            statistics = batchnorm.batch_statistics(x)
        if mode == TRAINING:
            running = tuple(self.running[n] for n in names)
            updated = batchnorm.updated_running(running, statistics, s, node.attributes["momentum"])
            self.running.update(zip(names, updated))
        if mode == ESTIMATION:
            self.batches.setdefault(names, []).append(batchnorm.fixed_statistics(statistics, s))
        xhat, reciprocals, shifts = batchnorm.normalise(x, s, *statistics)
        saved[node.output] = xhat, s, reciprocals, shifts
        accumulator, exponent = batchnorm.scale_and_shift(
            xhat,
            self.compute_copy(node.weight), self._computed_exponent(node.weight),
            self.compute_copy(node.bias), self._computed_exponent(node.bias),
            dropped=self._more_bits(node.weight),
        )
        return requantize(accumulator, exponent)

    # Backward --------------------------------------------------------------

    def _layer_error_bits(self):
        """Magnitude bits of the errors of classes and of those that a layer passes on (section 4.22)."""
        return WIDE_BITS if self.settings.error_bits == 16 else MANTISSA_BITS

    def _passed_bits(self, node, bits):
        """Magnitude bits of the error that a node passes on, whose own error has `bits` (section 4.22)."""
        if node.kind in ("conv", "gemm"):
            return self._layer_error_bits()
        if node.kind == "prelu":
            return MANTISSA_BITS
        if node.kind == "dropout" and 1 / (1 - node.attributes["ratio"]) > 256:
            return MANTISSA_BITS
        if node.kind == "average_pool" and (node.window.overlaps() or node.window.size() > 512):
            return MANTISSA_BITS
        return bits

    def _loss_error(self, index, predictions, exponent, targets, step):
        """The errors of the rows of an output: mantissas, exponent and magnitude bits."""
        settings, outputs = self.settings, self.graph.outputs
        output = outputs[index]
        if output.of_numbers:
            bits = MANTISSA_BITS
            error, s = loss.number_error(output.loss, predictions, exponent, targets, settings.loss_delta)
        else:
            bits = self._layer_error_bits()
            error, s = loss.loss_error(
                settings.power, predictions, exponent, targets.reshape(-1), settings.seed, step, settings.classes,
                index, bits,
            )
        if len(outputs) > 1:
            s += loss.scale_octaves(output.loss, output.weight, output.rows_shape(), outputs[0].rows_shape()[0])
        return error, s, bits

    def step(self, images, exponent, targets, step, mu):
        """One training step: forward, loss, errors with the old weights, update.

        Targets are class indices (batch,) or (batch, positions), or mantissas of numbers (batch, outputs). A graph
        with several outputs takes a list of them.
        """
        outputs = self.graph.outputs
        values, saved = self.forward(images, exponent, TRAINING, step)
        contributions, gradients = {}, {}
        targets = targets if len(outputs) > 1 else [targets]
        for index, (output, of_output) in enumerate(zip(outputs, targets, strict=True)):
            predictions, s = values[output.value]
            error, s_error, bits = self._loss_error(index, output.rows(predictions), s, of_output, step)
            self.recorder.record("error", "loss" if len(outputs) == 1 else "loss of " + output.name, error, s_error)
            contributions.setdefault(output.value, []).append((output.from_rows(error), s_error, bits))
        for node in reversed(self.graph.nodes):
            arriving = contributions.pop(node.output, None)
            if arriving is None or node.output not in self.trained:
                continue
            # Errors of a value with several users: all at once (section 4, Sums).
            bits = max(b for _, _, b in arriving)
            if len(arriving) == 1:
                e, s_e, _ = arriving[0]
            else:
                e, s_e, _ = requantize(*aligned_sum([(m, s) for m, s, _ in arriving], bits == MANTISSA_BITS), bits)
            self.recorder.record("error", node.name, e, s_e)
            operands = [values[name] for name in node.inputs]
            method = getattr(self, "_backward_" + node.kind)
            wanted = any(name in self.trained for name in node.inputs)
            self.error_bits, self.passed_bits = bits, self._passed_bits(node, bits)
            passed = method(node, e, s_e, operands, values[node.output], saved, gradients, wanted)
            if not wanted:
                continue
            for name, (m, s) in zip(node.inputs, passed, strict=True):
                if name in self.trained:
                    contributions.setdefault(name, []).append((m, s, self.passed_bits))
        for name, uses in gradients.items():
            self._update(name, uses, step, mu)

    def _finish(self, sums):
        """Sums as accumulators: those of 16-bit errors are exact (section 4.22)."""
        return saturate(sums) if self.error_bits == MANTISSA_BITS else int64(sums)

    def _pass(self, accumulator, exponent):
        """What a node passes on to its operand."""
        return [requantize(accumulator, exponent, self.passed_bits)[:2]]

    def _linear_gradients(self, node, e, s_e, s_x, weight_gradient, gradients):
        gradient = node.weight.adjoint(weight_gradient)
        gradients.setdefault(node.weight.name, []).append((gradient, s_e + s_x))
        if node.bias is not None:
            gradient = node.bias.adjoint(operators.bias_gradient(e, node.bias.shape, self._finish))
            gradients.setdefault(node.bias.name, []).append((gradient, s_e))

    def _backward_conv(self, node, e, s_e, operands, output, saved, gradients, wanted):
        (x, s_x), = operands
        group = node.attributes["group"]
        weight = self.compute_copy(node.weight)
        self._linear_gradients(
            node, e, s_e, s_x,
            operators.conv_weight_gradient(e, x, node.window, group, weight.shape, self._finish), gradients,
        )
        if not wanted:
            return None
        accumulator = operators.conv_input_error(e, weight, node.window, group, x.shape, self._finish)
        return self._pass(accumulator, s_e + self.exponents[node.weight.name])

    def _backward_gemm(self, node, e, s_e, operands, output, saved, gradients, wanted):
        (x, s_x), = operands
        transposed = node.attributes["transposed"]
        weight = self.compute_copy(node.weight)
        self._linear_gradients(
            node, e, s_e, s_x, operators.gemm_weight_gradient(e, x, transposed, self._finish), gradients
        )
        if not wanted:
            return None
        accumulator = operators.gemm_input_error(e, weight, transposed, x.shape, self._finish)
        return self._pass(accumulator, s_e + self.exponents[node.weight.name])

    def _backward_gather(self, node, e, s_e, operands, output, saved, gradients, wanted):
        (indices, _), = operands
        gradient = np.zeros(node.weight.shape, np.int64)
        np.add.at(gradient, indices, e)
        gradients.setdefault(node.weight.name, []).append((node.weight.adjoint(gradient), s_e))
        return [None]

    def _backward_relu(self, node, e, s_e, operands, output, saved, gradients, wanted):
        return [(np.where(output[0] > 0, e, 0), s_e)]

    def _backward_function(self, node, e, s_e, operands, output, saved, gradients, wanted):
        return [node.attributes["rule"].backward(*operands[0], e, s_e, self.error_bits)]

    def _backward_prelu(self, node, e, s_e, operands, output, saved, gradients, wanted):
        (x, s_x), = operands
        gradient = operators.bias_gradient(e * np.minimum(x, 0), node.weight.shape, finish=int64)
        gradients.setdefault(node.weight.name, []).append((node.weight.adjoint(gradient), s_e + s_x))
        if self.error_bits > self.passed_bits:
            e, s_e, _ = requantize(e, s_e)
        return [self._sloped(node, x, e, s_e)[:2]]

    def _backward_max_pool(self, node, e, s_e, operands, output, saved, gradients, wanted):
        shape = node.input_shapes[0]
        accumulator = operators.max_pool_input_error(e, saved[node.output], node.window, shape)
        return self._pass(accumulator, s_e)

    def _backward_average_pool(self, node, e, s_e, operands, output, saved, gradients, wanted):
        shape = node.input_shapes[0]
        constants, k = operators.average_pool_constants(
            node.window, shape[2:], node.attributes["count_include_pad"]
        )
        if self.error_bits > self.passed_bits:
            e, s_e, _ = requantize(e, s_e)
        accumulator = operators.average_pool_input_error(e, constants, node.window, shape)
        return self._pass(accumulator, s_e - (7 + k))

    def _backward_sum(self, node, e, s_e, operands, output, saved, gradients, wanted):
        return [(e, s_e)] * len(node.inputs)

    def _backward_concat(self, node, e, s_e, operands, output, saved, gradients, wanted):
        axis = node.attributes["axis"]
        ends = np.cumsum([shape[axis] for shape in node.input_shapes])
        return [(part, s_e) for part in np.split(e, ends[:-1], axis)]

    def _backward_reshape(self, node, e, s_e, operands, output, saved, gradients, wanted):
        return [(e.reshape(node.input_shapes[0]), s_e)]

    def _backward_transpose(self, node, e, s_e, operands, output, saved, gradients, wanted):
        return [(e.transpose(np.argsort(node.attributes["perm"])), s_e)]

    def _backward_dropout(self, node, e, s_e, operands, output, saved, gradients, wanted):
        if self.error_bits > self.passed_bits:
            e, s_e, _ = requantize(e, s_e)
        return [self._dropped(node, e, s_e, saved[node.output], self.passed_bits)[:2]]

    def _backward_batchnorm(self, node, e, s_e, operands, output, saved, gradients, wanted):
        xhat, s, reciprocals, shifts = saved[node.output]
        for use, gradient in zip((node.weight, node.bias), batchnorm.parameter_gradients(e, xhat)):
            gradients.setdefault(use.name, []).append((use.adjoint(gradient), s_e))
        accumulator, exponent = batchnorm.input_error(
            e, s_e, xhat, s,
            self.compute_copy(node.weight), self._computed_exponent(node.weight), reciprocals, shifts,
            fraction=15 - self.error_bits,
        )
        return self._pass(accumulator, exponent)

    # Update ----------------------------------------------------------------

    def _update(self, name, uses, step, mu):
        """Weight gradient and update of section 4.

        Reading: the gradient of one use saturates like any accumulator, the int64
        sum over several uses does not.
        """
        settings, parameter = self.settings, self.graph.parameters[name]
        if parameter.frozen:
            return
        if len(uses) == 1:
            accumulator, exponent = uses[0]
        else:
            accumulator, exponent = aligned_sum([(saturate(g), s) for g, s in uses], saturated=False)
        rate = mu + parameter.rate - (3 if parameter.role in SLOW_ROLES else 0)
        bits, shifts = self.bits(name), []

        def rounded(gradient, shift):
            shifts.append(shift)
            if settings.grad_round == "pseudo":
                return clip(shift_pseudo(gradient, shift), bits)
            if settings.grad_round == "nearest":
                return clip(shift_nearest(gradient, shift), bits)
            numbers = philox.random16(
                settings.seed, gradient.shape, parameter.identifier, step, philox.GRADIENT_ROUNDING
            )
            return clip(shift_stochastic(gradient, shift, numbers), bits)

        self.mantissas[name], kept = settings.optimizer.update(
            self.mantissas[name], accumulator, rate, bits, rounded, self.kept.get(name)
        )
        if kept is not None:
            self.kept[name] = kept
        self.recorder.record("gradient", name, accumulator, exponent, shifts[0])

    # Evaluation and state --------------------------------------------------

    def estimate(self, batches, exponent):
        """The statistics that evaluation uses, from training batches (section 4.14, 6)."""
        self.batches = {}
        for images in batches if self.running else ():
            self.forward(images, exponent, ESTIMATION)
        for names, statistics in self.batches.items():
            self.estimated.update(zip(names, batchnorm.pooled_statistics(statistics)))

    def outputs(self, images, exponent):
        """[(mantissas, exponent)] of the predictions of each output, one row for each position of each example."""
        values, _ = self.forward(images, exponent, EVALUATION)
        return [(output.rows(values[output.value][0]), values[output.value][1]) for output in self.graph.outputs]

    def state(self):
        """[(name, exponent, bytes in ONNX layout)] sorted by name, bytewise.

        Parameters as they are stored, what the optimizer keeps for them, the running statistics as int32 (2^-16) and int64 (2^-32), and those that
        evaluation uses in the same form.
        """
        rows = []
        for name, mantissas in self.mantissas.items():
            wide = self.bits(name) == 16
            exponent = self.exponents[name] - (8 if wide else 0)
            rows.append((name, exponent, mantissas.astype("<i2" if wide else "<i1").tobytes()))
            if name in self.kept:
                rows.append((name + ".momentum", exponent - 8, self.kept[name].astype("<i4").tobytes()))
        for node in self.graph.nodes:
            if node.kind == "batchnorm":
                mean, variance = node.attributes["running"]
                for suffix, values in (("", self.running), (".evaluation", self.estimated)):
                    rows.append((mean + suffix, -16, np.array(values[mean], "<i4").tobytes()))
                    rows.append((variance + suffix, -32, np.array(values[variance], "<i8").tobytes()))
        return sorted(rows, key=lambda row: row[0].encode())


def _scheme_exponent(fan_in, fan_out):
    """s_w + 7 = the smallest integer k with (fan_in + fan_out) * 4^k >= 6 (section 4)."""
    k = 0
    while (fan_in + fan_out) * Fraction(4) ** k >= 6:
        k -= 1
    while (fan_in + fan_out) * Fraction(4) ** k < 6:
        k += 1
    return k - 7
