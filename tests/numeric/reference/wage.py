# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The WAGE training step: numerics contract section 7, in plain NumPy.

Activations and errors are int64 arrays of codes, accumulators int64 arrays. Scales
are constants of the layer and never used, except for that of the output.
"""

import dataclasses
import itertools
import math
from fractions import Fraction

import numpy as np

import layers
import loss
import operators
import philox
from arithmetic import int64, round_half_even, shift_even, shift_nearest, shift_stochastic
from graph import Unsupported

BIAS_LIMIT = 2**30
BIAS_BITS = 16
KINDS = ("conv", "gemm", "relu", "function", "max_pool", "reshape", "transpose")


@dataclasses.dataclass
class Settings:
    seed: int = 1
    init: str = "onnx"
    bits: str = "2-8-8-8"
    input: str = "auto"
    weight_clip: str = "code"
    alpha: str = "code"
    last_layer: str = "exact"
    gamma: int = 1
    loss: str = "sse"

    def __post_init__(self):
        self.kW, self.kA, self.kG, self.kE = (int(k) for k in self.bits.split("-"))
        self.init_factor = 3 if self.alpha == "code" else 6

    def weight_limit(self):
        if self.weight_clip == "paper":
            return limit(self.kG)
        return 2 ** (self.kG - 1) - 2 ** (self.kG - self.kW)

    def log2_alpha(self, fan_in):
        """max(0, round(log2(1.5 * 2^(1-kW) / sqrt(f/n)))): alpha^2 against 2 * 4^k."""
        squared = Fraction(9, 4) * Fraction(4) ** (1 - self.kW) * fan_in / self.init_factor
        k = 0
        while squared > 2 * 4**k:
            k += 1
        return k


def limit(bits):
    return 2 ** (bits - 1) - 1


def clamp(values, bound):
    return np.clip(int64(values), -bound, bound)


class InputTable:
    """wage.md 2.12, from the fractions themselves; `exponent` is for callers that want one."""

    def __init__(self, settings, shape):
        form = settings.input
        if form == "auto":
            form = "mnist" if len(shape) < 4 or shape[1] == 1 else "head"
        value = {
            "head": lambda p: Fraction(2 * p, 255) - 1,
            "c17": lambda p: Fraction(p, 128) - 1,
            "mnist": lambda p: Fraction(p, 256),
        }[form]
        # round() of a Fraction is half to even.
        codes = [round(value(p) * 2 ** (settings.kA - 1)) for p in range(256)]
        self.table = clamp(codes, limit(settings.kA))
        self.exponent = 1 - settings.kA

    def mantissas(self, images):
        return self.table[images]


def round_log2(largest):
    """round(log2 M) of a positive integer: up iff M^2 > 2^(2k+1)."""
    k = largest.bit_length() - 1
    return k + (1 if largest**2 > 2 ** (2 * k + 1) else 0)


def largest_magnitude(values):
    return int(np.abs(values).max()) if values.size else 0


def shifted_even(values, shift):
    """RHE(x >> shift), exactly x * 2^-shift for a negative shift."""
    return shift_even(values, shift) if shift > 0 else int64(values) << -shift


def shifted_floor(value, shift):
    """floor(value * 2^shift) of an integer."""
    return value << shift if shift >= 0 else value >> -shift


class FunctionTables:
    """Section 7.1: activations and slopes of all operands."""

    SLOPE_BITS = 6

    def __init__(self, function, bits):
        largest = limit(bits) * 2.0 ** (1 - bits)
        operands = [max(m, -127) / 128 for m in range(-128, 128)]
        exact = [function.value(x) for x in operands]
        self.values = clamp(round_half_even(np.array(exact) * 2.0 ** (bits - 1)), limit(bits))
        slopes = np.array([function.slope(x) if abs(y) <= largest else 0.0 for x, y in zip(operands, exact)])
        if not slopes.any():
            raise Unsupported("WAGE defines no function that errors cannot pass")
        unit = 2.0 ** (self.SLOPE_BITS + 1 - math.frexp(np.abs(slopes).max())[1])
        self.slopes = clamp(round_half_even(slopes * unit), 127)


class Trainer:
    def __init__(self, graph, settings):
        self.graph, self.settings = graph, settings
        self.nodes = _pools_first(graph)
        self.layers = {}  # node output -> log2 alpha of the layer whose accumulators it is
        self.tables = {}  # output of a function -> its tables
        self.mantissas, self.exponents, self.biases = {}, {}, set()
        for node in self.nodes:
            if node.kind not in KINDS:
                raise Unsupported(f"WAGE does not define {node.kind} '{node.name}'")
            if node.kind in ("conv", "gemm"):
                self._initialise_layer(node)
            elif node.kind == "function":
                self._initialise_function(node)
            elif node.kind != "relu" and node.inputs[0] in self.layers:
                self.layers[node.output] = self.layers[node.inputs[0]]
        self.trained = layers.trained_values(self.nodes, graph)

    # Parameters ------------------------------------------------------------

    def _initialise_layer(self, node):
        settings = self.settings
        fan_in = math.prod(node.weight.shape[1:]) if node.kind == "conv" else node.weight.shape[0]
        log2_alpha = settings.log2_alpha(fan_in)
        self.layers[node.output] = log2_alpha
        name = node.weight.name
        if name in self.mantissas:
            raise Unsupported(f"WAGE does not define '{name}' of several nodes")
        parameter = self.graph.parameters[name]
        factor = self._file_factor(parameter.values, fan_in)
        if settings.init == "scheme":
            self.mantissas[name] = self._drawn(parameter, fan_in)
        else:
            scaled = round_half_even(parameter.values * (factor * 2.0 ** (settings.kG - 1)))
            self.mantissas[name] = clamp(scaled, settings.weight_limit())
        self.exponents[name] = 1 - settings.kG - log2_alpha
        if node.bias is not None:
            name, weight = node.bias.name, name
            values = self.graph.parameters[name].values
            factor = 0.0 if settings.init == "scheme" else factor
            scaled = round_half_even(values * (factor * 2.0 ** (settings.kG - 1)))
            self.mantissas[name] = clamp(scaled, limit(BIAS_BITS))
            self.exponents[name] = self.exponents[weight]
            self.biases.add(name)

    def _drawn(self, parameter, fan_in):
        """Equally likely levels -h...h of kW bits: h is the limit L, cut to a whole level."""
        settings = self.settings
        squared = settings.init_factor * 4 ** (settings.kW - 1) // fan_in
        half = min(max(math.isqrt(squared), 1), limit(settings.kW))
        numbers = philox.lanes(
            settings.seed, parameter.values.size, parameter.identifier, 0, philox.INITIALISATION
        )
        levels = ((numbers * (2 * half + 1)) >> 32) - half
        return levels.reshape(parameter.values.shape) * 2 ** (settings.kG - settings.kW)

    def _file_factor(self, weights, fan_in):
        """Weights of the file get the deviation of the uniform start; sums in file order."""
        settings = self.settings
        total = 0.0
        for value in weights.reshape(-1).tolist():
            total += value * value
        if total == 0.0:
            return 0.0
        limit_of_start = max(math.sqrt(settings.init_factor / fan_in), 1.5 * 2.0 ** (1 - settings.kW))
        return limit_of_start / math.sqrt(3.0 * total / weights.size)

    def _initialise_function(self, node):
        if node.inputs[0] not in self.layers:
            raise Unsupported(f"WAGE expects a layer before '{node.name}'")
        self.tables[node.output] = FunctionTables(node.attributes["rule"].function, self.settings.kA)

    def weights(self, node):
        """The kW-bit weights a node multiplies with, in its layout."""
        settings = self.settings
        rounded = shift_even(self.mantissas[node.weight.name], settings.kG - settings.kW)
        return node.weight.view(clamp(rounded, limit(settings.kW)))

    # Forward ---------------------------------------------------------------

    def _activation_shift(self, name):
        return self.settings.kW - 1 + self.layers[name]

    def _fraction_bits(self, name):
        """2^this accumulators of a layer are 1.0."""
        return self._activation_shift(name) + self.settings.kA - 1

    def _code(self, accumulators, name):
        rounded = shift_even(accumulators, self._activation_shift(name))
        return clamp(rounded, limit(self.settings.kA))

    def _operand_shift(self, node):
        """From the accumulators before a function to the operands of its tables."""
        return self._fraction_bits(node.inputs[0]) - 7

    def _operands(self, node, accumulators):
        return clamp(shifted_even(accumulators, self._operand_shift(node)), 127)

    def _forward(self, images):
        """{value: codes or accumulators}, {pool output: positions of maxima}."""
        values, positions = {self.graph.input: int64(images).reshape(self.graph.shapes[self.graph.input])}, {}
        for node in self.nodes:
            x = values[node.inputs[0]]
            if node.kind == "max_pool":
                x, positions[node.output] = operators.max_pool_forward(x, node.window)
            elif node.kind == "relu":
                x = np.maximum(x, 0)
                if node.inputs[0] in self.layers:
                    x = self._code(x, node.inputs[0])
            elif node.kind == "function":
                x = self.tables[node.output].values[self._operands(node, x) + 128]
            elif node.kind == "reshape":
                x = x.reshape(node.output_shape)
            elif node.kind == "transpose":
                x = x.transpose(node.attributes["perm"])
            else:
                x = self._accumulators(node, x)
            values[node.output] = x
        return values, positions

    def _accumulators(self, node, x):
        if node.inputs[0] in self.layers:
            raise Unsupported(f"WAGE expects a Relu before '{node.name}'")
        if node.kind == "conv":
            result = operators.conv_forward(x, self.weights(node), node.window, node.attributes["group"], int64)
        else:
            result = operators.gemm_forward(
                x, self.weights(node), node.attributes["transposed"], node.output_shape, int64
            )
        if node.bias is None:
            return result
        bias = node.bias.view(self.mantissas[node.bias.name])
        # Accumulators have the exponent 2 - kA - kW - log2 alpha.
        power = self.settings.kA + self.settings.kW - 1 - self.settings.kG
        aligned = bias << power if power >= 0 else shift_nearest(bias, -power)
        return np.clip(result + aligned, -BIAS_LIMIT, BIAS_LIMIT)

    def _logits(self, values):
        logits = values[self.graph.output]
        if self.settings.last_layer == "quantized" and self.graph.output in self.layers:
            return self._code(logits, self.graph.output)
        return logits

    def _output_bits(self):
        """Fraction bits of the logits."""
        exact = self.settings.last_layer == "exact" and self.graph.output in self.layers
        return self._fraction_bits(self.graph.output) if exact else self.settings.kA - 1

    # Backward --------------------------------------------------------------

    def _quantized(self, error):
        """QE (wage.md 2.3)."""
        settings = self.settings
        largest = largest_magnitude(error)
        if largest == 0:
            return np.zeros_like(error)
        shift = round_log2(largest) - (settings.kE - 1) - int(math.log2(settings.gamma))
        return clamp(shifted_even(error, shift), limit(settings.kE))

    def _loss_error(self, values, labels):
        settings, output = self.settings, self.graph.output
        logits = self._logits(values)
        flat = logits.reshape(len(logits), -1)
        bits = self._output_bits()
        if settings.loss == "sse":
            error = flat.copy()
            error[np.arange(len(flat)), labels] -= 2**bits
        else:
            error = loss.fraction_error(flat, -bits, labels)
        error = self._quantized(error).reshape(logits.shape)
        if settings.last_layer == "quantized" and output in self.layers:
            error = np.where(np.abs(values[output]) <= self._saturation(output), error, 0)
        return error

    def _saturation(self, name):
        return limit(self.settings.kA) << self._activation_shift(name)

    def step(self, images, exponent, labels, step, rate):
        """One training step; `rate` is log2 eta, `exponent` is not needed."""
        values, positions = self._forward(images)
        error = self._loss_error(values, labels)
        is_code = True
        gradients = {}
        for node in reversed(self.nodes):
            if node.output not in self.trained:
                break
            x = values[node.inputs[0]]
            if node.kind == "relu":
                error = self._through_unit(node, x, error, is_code)
                is_code = True
            elif node.kind == "function":
                error = self._through_function(node, x, error)
                is_code = True
            elif node.kind == "max_pool":
                error = operators.max_pool_input_error(
                    error, positions[node.output], node.window, node.input_shapes[0], int64
                )
            elif node.kind == "reshape":
                error = error.reshape(node.input_shapes[0])
            elif node.kind == "transpose":
                error = error.transpose(np.argsort(node.attributes["perm"]))
            else:
                gradients.update(self._gradients(node, x, error))
                if node.inputs[0] in self.trained:
                    error = self._input_error(node, error)
                    is_code = False
        for name, gradient in gradients.items():
            self._update(name, gradient, step, rate)

    def _through_function(self, node, accumulators, error):
        kept = np.abs(accumulators) <= shifted_floor(127, self._operand_shift(node))
        tables = self.tables[node.output]
        products = self._quantized(np.where(kept, error, 0)) * tables.slopes[self._operands(node, accumulators) + 128]
        error = clamp(shift_even(products, tables.SLOPE_BITS), limit(self.settings.kE))
        return np.where(kept, error, 0)

    def _through_unit(self, node, accumulators, error, is_code):
        kept = accumulators <= self._saturation(node.inputs[0])
        if not is_code:
            error = self._quantized(np.where(kept, error, 0))
        return np.where(kept & (accumulators > 0), error, 0)

    def _gradients(self, node, x, error):
        if node.kind == "conv":
            gradient = operators.conv_weight_gradient(
                error, x, node.window, node.attributes["group"], node.weight.shape, int64
            )
        else:
            gradient = operators.gemm_weight_gradient(error, x, node.attributes["transposed"], int64)
        gradients = {node.weight.name: node.weight.adjoint(gradient)}
        if node.bias is not None:
            gradient = operators.bias_gradient(error, node.bias.shape, int64)
            gradients[node.bias.name] = node.bias.adjoint(gradient)
        return gradients

    def _input_error(self, node, error):
        shape, weight = node.input_shapes[0], self.weights(node)
        if node.kind == "conv":
            return operators.conv_input_error(error, weight, node.window, node.attributes["group"], shape, int64)
        return operators.gemm_input_error(error, weight, node.attributes["transposed"], shape, int64)

    def _update(self, name, gradient, step, rate):
        """QG and the clipped difference (wage.md 2.10)."""
        settings, parameter = self.settings, self.graph.parameters[name]
        if parameter.frozen:
            return
        largest = largest_magnitude(gradient)
        shift = (round_log2(largest) if largest else 0) - (rate + parameter.rate)
        if shift <= 0:
            change = gradient << -shift
        else:
            numbers = philox.random16(
                settings.seed, gradient.shape, parameter.identifier, step, philox.GRADIENT_ROUNDING
            )
            change = shift_stochastic(gradient, shift, numbers)
        bound = limit(BIAS_BITS) if name in self.biases else settings.weight_limit()
        self.mantissas[name] = clamp(self.mantissas[name] - change, bound)

    # Evaluation and state --------------------------------------------------

    def outputs(self, images, exponent):
        """[(mantissas, exponent)] of the predictions of each example, of the only output."""
        logits = self._logits(self._forward(images)[0])
        return [(logits.reshape(len(logits), -1), -self._output_bits())]

    def state(self):
        """[(name, exponent, bytes in ONNX layout)] sorted by name, bytewise."""
        rows = []
        for name, mantissas in self.mantissas.items():
            kind = "<i2" if name in self.biases or self.settings.kG > 8 else "<i1"
            rows.append((name, self.exponents[name], mantissas.astype(kind).tobytes()))
        return sorted(rows, key=lambda row: row[0].encode())


def _pools_first(graph):
    """The nodes, with a pool that alone uses a Relu's result before it.

    WAGE pools accumulators; maximum and Relu commute. Nodes are a chain otherwise.
    """
    for first, second in itertools.pairwise(graph.nodes):
        if second.inputs != [first.output]:
            raise Unsupported(f"WAGE does not define the branch at '{second.name}'")
    nodes = list(graph.nodes)
    moved = True
    while moved:
        moved = False
        for index, (relu, pool) in enumerate(itertools.pairwise(nodes)):
            if (relu.kind, pool.kind) == ("relu", "max_pool"):
                between, shape = pool.name + " before relu", pool.output_shape
                nodes[index] = dataclasses.replace(
                    pool, inputs=relu.inputs, output=between, input_shapes=relu.input_shapes
                )
                nodes[index + 1] = dataclasses.replace(
                    relu, inputs=[between], output=pool.output, input_shapes=[shape], output_shape=shape
                )
                moved = True
    return nodes
