# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Known answers for the reference. Run: /usr/bin/python3 test_reference.py

The tables of checkpoints.md need the models and MNIST: looked for under
$QTC_SHARED, else in the folder `shared` next to the repository.
"""

import contextlib
import io
import itertools
import math
import os
import re
import sys
import tempfile
import unittest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import numpy as np  # noqa: E402

import arithmetic  # noqa: E402
import batchnorm  # noqa: E402
import checkpoints  # noqa: E402
import data  # noqa: E402
import importer  # noqa: E402
import loss  # noqa: E402
import make_models  # noqa: E402
import metrics  # noqa: E402
import niti  # noqa: E402
import operators  # noqa: E402
import output_models  # noqa: E402
import philox  # noqa: E402
import run  # noqa: E402
import schedules  # noqa: E402
import wage  # noqa: E402

SHARED = os.environ.get("QTC_SHARED", os.path.join(HERE, "../../../../shared"))


def run_reference(*arguments):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        run.main(list(arguments))
    return output.getvalue()


class Rounding(unittest.TestCase):
    def test_pseudo_examples_of_niti_2_3(self):
        for x, shift, expected in ((45, 4, 3), (47, 4, 2), (36, 4, 3), (7, 2, 1), (1, 1, 1), (5, 3, 0), (6, 3, 1)):
            self.assertEqual(arithmetic.shift_pseudo([x, -x], shift).tolist(), [expected, -expected])

    def test_deterministic_roundings(self):
        x = [5, 6, 7, 10, 13, 14, -6, -14]
        self.assertEqual(arithmetic.shift_nearest(x, 2).tolist(), [1, 2, 2, 3, 3, 4, -2, -4])
        self.assertEqual(arithmetic.shift_even(x, 2).tolist(), [1, 2, 2, 2, 3, 4, -2, -4])
        self.assertEqual(arithmetic.shift_floor0(x, 2).tolist(), [1, 1, 1, 2, 3, 3, -1, -3])

    def test_stochastic_compares_the_top_16_discarded_bits(self):
        # 0b11_01: fraction 0x4000; 0x3ffff at 18 bits: fraction 0xffff.
        self.assertEqual(arithmetic.shift_stochastic([13, 13, -13], 2, np.array([0x3FFF, 0x4000, 0])).tolist(), [4, 3, -4])
        self.assertEqual(arithmetic.shift_stochastic([0x3FFFF] * 2, 18, np.array([0xFFFE, 0xFFFF])).tolist(), [1, 0])

    def test_shifts_not_positive_are_the_identity(self):
        for function in (arithmetic.shift_nearest, arithmetic.shift_even, arithmetic.shift_pseudo):
            self.assertEqual(function([-300, 5], 0).tolist(), [-300, 5])
            self.assertEqual(function([-300, 5], -3).tolist(), [-300, 5])

    def test_shifts_above_31(self):
        x = [2**40 + 2**39, -(2**40), 2**31 - 1]
        self.assertEqual(arithmetic.shift_nearest(x, 40).tolist(), [2, -1, 0])
        for shift in (61, 62, 63, 64, 70):
            self.assertEqual(arithmetic.shift_nearest([2**31 - 1, 1], shift).tolist(), [0, 0])
            self.assertEqual(arithmetic.shift_pseudo([1], shift).tolist(), [0])
        self.assertEqual(arithmetic.shift_nearest([2**61, 2**61 - 1], 62).tolist(), [1, 0])

    def test_all_shifts_against_the_sentences_of_the_contract(self):
        for shift, a in itertools.product(range(1, 7), range(200)):
            q, r, h = a >> shift, a % 2**shift, shift // 2
            p, u = r >> h, (r % 2**h) * (2 if shift % 2 else 1)
            self.assertEqual(arithmetic.shift_pseudo(a, shift), q + (p > u))
            self.assertEqual(arithmetic.shift_even(a, shift), round(a / 2**shift))

    def test_magnitude_bits(self):
        for value, bits in ((0, 0), (1, 0), (2, 1), (127, 7), (128, 7), (129, 8), (256, 8), (257, 9)):
            self.assertEqual(arithmetic.magnitude_bits([-value, 0]), bits)

    def test_requantize(self):
        self.assertEqual([int(v[0]) if np.ndim(v) else v for v in arithmetic.requantize([128], -3)], [127, -3, 0])
        self.assertEqual([int(v[0]) if np.ndim(v) else v for v in arithmetic.requantize([-129], -3)], [-65, -2, 1])
        self.assertEqual([int(v[0]) if np.ndim(v) else v for v in arithmetic.requantize([0], 5)], [0, 5, 0])

    def test_sums(self):
        total, exponent = arithmetic.aligned_sum([([0], 99), ([3], -2), ([5], 1), ([9], -20)])
        self.assertEqual((total.tolist(), exponent), ([5 * 8 + 3], -2))  # 99 is all 0, -20 too small
        total, exponent = arithmetic.aligned_sum([([9], -19), ([5], 1)])
        self.assertEqual((total.tolist(), exponent), ([9 + 5 * 2**20], -19))
        self.assertEqual(arithmetic.aligned_sum([([0], 3), ([0], 7)])[1], 7)

    def test_scales(self):
        self.assertEqual(arithmetic.divide_nearest([7, -7, 6, -5], 4).tolist(), [2, -2, 2, -1])
        self.assertEqual(arithmetic.saturating_scale(-5, -1, 100), -3)
        self.assertEqual(arithmetic.saturating_scale(-5, 300, 100), -100)
        self.assertEqual([arithmetic.ceil_log2(v) for v in (1.0, 0.5, 0.51, 2.1)], [0, -1, 0, 2])


class RandomNumbers(unittest.TestCase):
    def test_philox_known_answers(self):
        """Vectors of Random123's kat_vectors."""
        ones = 0xFFFFFFFF
        for counter, key, expected in (
            ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
            ((ones,) * 4, (ones,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
            (
                (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
                "d16cfe09 94fdcceb 5001e420 24126ea1",
            ),
        ):
            words = philox.philox4x32_10(np.array(counter, np.uint64), key)
            self.assertEqual(" ".join(f"{int(w):08x}" for w in words), expected)

    def test_index_selects_block_and_lane(self):
        words = philox.philox4x32_10(np.array([1, 7, 9, 3], np.uint64), (5, 1))
        self.assertEqual(philox.lanes(5 + 2**32, 8, 7, 9, 3)[6], int(words[2]))

    def test_permutation(self):
        order = philox.permutation(1, 1000, 3)
        self.assertEqual(sorted(order), list(range(1000)))
        self.assertNotEqual(order.tolist(), philox.permutation(1, 1000, 4).tolist())


class Loss(unittest.TestCase):
    LOGITS = [127, 64, 0, -64, -127, 10, 20, 30, 40, 50]

    def paper(self, logits, exponent, label):
        return loss.paper_error(np.array([logits]), exponent, np.array([label]))[0].tolist()

    def test_paper_vectors_of_niti_3(self):
        self.assertEqual(self.paper(self.LOGITS, -5, 0), [-651, 173, 42, 9, 0, 42, 42, 85, 85, 173])
        self.assertEqual(self.paper(self.LOGITS, -3, 1), [2048, -2048] + [0] * 8)
        self.assertEqual(
            self.paper([10, -20, 30, 5, 0, 1, 2, 3, 4, 5], -9, 2),
            [207, 195, -1829, 205, 203, 203, 203, 204, 204, 205],
        )
        for exponent in (-5, -8):
            self.assertEqual(self.paper([0] * 10, exponent, 3), [204] * 3 + [-1836] + [204] * 6)

    def test_paper_exponents_are_clamped(self):
        self.assertEqual(self.paper(self.LOGITS, 1000, 1), self.paper(self.LOGITS, 20, 1))
        self.assertEqual(self.paper(self.LOGITS, -1000, 1), self.paper(self.LOGITS, -22, 1))

    def test_fraction_is_close_to_softmax(self):
        random = np.random.RandomState(0)
        for exponent in range(-12, 3):
            logits, labels = random.randint(-127, 128, (50, 10)), random.randint(0, 10, 50)
            exact = np.exp(logits * 2.0**exponent - (logits * 2.0**exponent).max(axis=1, keepdims=True))
            exact /= exact.sum(axis=1, keepdims=True)
            exact[np.arange(50), labels] -= 1
            error = loss.fraction_error(logits, exponent, labels)
            self.assertEqual(np.abs(error.sum(axis=1)).max(), 0)
            self.assertLess(np.abs(error / 2.0**15 - exact).max(), 0.01)

    def test_fraction_extremes(self):
        # 16 octaves below the maximum is still 1 part in 2^16, 17 are not.
        self.assertEqual(loss.OCTAVE[0] >> 16, 1)
        flat = loss.fraction_error(np.array([self.LOGITS]), -1000, np.array([0]))[0]
        # Arithmetic shift by 31: negative logits are -1 unit, the others 0.
        self.assertEqual(len(set(flat[1:].tolist())), 2)
        steep = loss.fraction_error(np.array([self.LOGITS]), 1000, np.array([1]))[0]
        self.assertEqual(steep.tolist(), [32768, -32768] + [0] * 8)


class LossOfNumbers(unittest.TestCase):
    """Section 4.16."""

    def residual(self, y, exponent, t):
        return loss.residual(np.array([y]), exponent, np.array([t]))[0].tolist()

    def test_residual(self):
        one = 2**16
        self.assertEqual(self.residual([1, -3, 127], -16, [0, 2, 127]), [1, -5, 0])
        self.assertEqual(self.residual([1, -3, 127], 0, [one, 0, 0]), [0, -3 * one, 127 * one])
        # Ties go to even, on either side of 0.
        self.assertEqual(self.residual([1, 3, 5, 7, -1, -3, -5], -17, [0] * 7), [0, 2, 2, 4, 0, -2, -2])
        self.assertEqual(self.residual([2, 3, 6, 5, -6], -18, [0] * 5), [0, 1, 2, 1, -2])
        self.assertEqual(self.residual([127, -127], -300, [5, 5]), [-5, -5])

    def test_predictions_saturate_before_the_difference(self):
        limit = 2**30 - 1
        self.assertEqual(self.residual([63, 64, -127, 0], 8, [0] * 4), [63 << 24, limit, -limit, 0])
        for exponent in (14, 15, 40, 1000):
            self.assertEqual(self.residual([1, -1, 0], exponent, [0, 0, 7]), [limit, -limit, -7])
        self.assertEqual(self.residual([127, -127], 100, [-(2**30), 2**30]), [2**31 - 1, -(2**31 - 1)])

    def test_targets(self):
        numbers = [0.0, 1.0, -0.5, 2.0**-17, 1.5 * 2.0**-16, 2.5 * 2.0**-16, 20000.0, -1e30]
        self.assertEqual(loss.target_mantissas(numbers).tolist(), [0, 65536, -32768, 0, 2, 2, 2**30, -(2**30)])

    def error(self, kind, y, exponent, t, **constants):
        e, s = loss.number_error(kind, np.array([y]), exponent, loss.target_mantissas([t]), **constants)
        return (e[0] * 2.0**s).tolist()

    def test_errors(self):
        """Differences are 1/2, -3/4, -1/4, 0. The largest entry of a table is 127 of 2^7."""
        y, t, most = [32, -64, 32, 0], [0.0, -0.25, 0.75, 0.0], 127 / 128
        self.assertEqual(self.error("mse", y, -6, t), [0.5, -0.75, -0.25, 0.0])
        self.assertEqual(self.error("l1", y, -6, t), [most, -most, -most, 0.0])
        self.assertEqual(self.error("huber", y, -6, t, delta=1.0), [0.5, -0.75, -0.25, 0.0])
        self.assertEqual(self.error("huber", y, -6, t, delta=0.5), [0.5 * most, -0.5 * most, -0.25, 0.0])

    def test_bce_is_close_to_the_sigmoid(self):
        y = np.arange(-127, 128, 2)
        for t in (0.0, 0.25, 1.0):
            error = self.error("bce", y.tolist(), -4, [t] * len(y))
            np.testing.assert_allclose(error, 1 / (1 + np.exp(-y / 16.0)) - t, atol=1 / 64)


class Metrics(unittest.TestCase):
    """Fixed point (docs/numerics.md, 4.20) against floats."""

    RESOLUTION = 2.0**-32

    def assert_close(self, found, expected, tolerance=8):
        found = np.asarray(found, float) * self.RESOLUTION
        np.testing.assert_allclose(found, expected, rtol=1e-15, atol=tolerance * self.RESOLUTION)

    def test_exp(self):
        x = [0, -1, -(2**31), -(2**32), -5 * 2**32, -22 * 2**32, -100 * 2**32, -(2**61)]
        self.assert_close(metrics.exp(np.array(x, object)), [math.exp(value * self.RESOLUTION) for value in x], 2)

    def test_log1p(self):
        x = [0, 1, 2**20, 2**31, 2**32, 3 * 2**32, 1000 * 2**32 + 7, 2**60, 2**61]
        expected = [math.log1p(min(value, 2**61 - 2**32) * self.RESOLUTION) for value in x]
        self.assert_close(metrics.log1p(np.array(x, object)), expected)

    def test_conversion(self):
        y = metrics.fixed([127, -127, 0, 3, -3], 40)
        self.assertEqual(y.tolist(), [2**61, -(2**61), 0, 2**61, -(2**61)])
        self.assertEqual(metrics.fixed([3, -3, 1, -1], -33).tolist(), [2, -2, 1, -1])
        self.assertEqual(metrics.fixed([5], -2).tolist(), [5 << 30])

    def test_numbers(self):
        y, t = np.array([[2, -12]]), np.array([[2**14, 0]])  # 0.5 and -3; 0.25 and 0
        expected = {"mse": (0.0625 + 9) / 2, "l1": 3.25 / 2, "huber": (0.03125 + 0.5 * 2.75) / 2}
        expected["bce"] = (math.log1p(math.exp(0.5)) - 0.125 + math.log1p(math.exp(-3.0))) / 2
        for kind, value in expected.items():
            ((found, weight),) = metrics.of_numbers(kind, y, -2, t, 0.5)["loss"]
            self.assert_close(found, value)
            self.assertEqual(weight, metrics.ONE)

    def test_classes(self):
        y, labels = np.array([[3, -4, 3, 1], [0, 9, -9, 2], [1, 1, 1, 1]]), np.array([2, 1, 7])
        logits = y * 0.25
        logs = np.log(np.exp(logits).sum(axis=1, keepdims=True)) - logits
        reported = metrics.of_classes("cross-entropy", y, -2, labels, loss.ClassOptions(ignored=7))
        values, weights = zip(*reported["loss"])
        self.assert_close(values, [logs[0, 2], logs[1, 1], 0])
        self.assertEqual(weights, (metrics.ONE, metrics.ONE, 0))
        # The first of equal predictions is the largest.
        self.assertEqual(reported["accuracy"], [(0, metrics.ONE), (metrics.ONE, metrics.ONE), (0, 0)])

    def test_options_of_classes(self):
        y, labels, w = np.array([[3, -4], [0, 9]]), np.array([1, 0]), np.array([0.5, 0.2])
        logits = y * 0.25
        logs = (np.log(np.exp(logits).sum(axis=1, keepdims=True)) - logits) * w / w.max()
        options = loss.ClassOptions(smoothing=0.25, weights=tuple(w))
        values, weights = zip(*metrics.of_classes("cross-entropy", y, -2, labels, options)["loss"])
        self.assert_close(values, logs[[0, 1], labels] * 0.75 + logs.mean(axis=1) * 0.25)
        self.assert_close(weights, w[labels] / w.max(), 1)

    def test_class_squares(self):
        ((value, _),) = metrics.of_classes("sse", np.array([[1, -2, 4]]), -1, np.array([2]), loss.ClassOptions())["loss"]
        self.assert_close(value, (0.25 + 1 + 1) / 2, 0)


def naive_conv(x, w, begin, strides, dilations, group, output):
    result = np.zeros((x.shape[0], w.shape[0]) + output, np.int64)
    for n, o, i, j in np.ndindex(result.shape):
        first = o // (w.shape[0] // group) * w.shape[1]
        for c, u, v in np.ndindex(w.shape[1:]):
            h = i * strides[0] + u * dilations[0] - begin[0]
            k = j * strides[1] + v * dilations[1] - begin[1]
            if 0 <= h < x.shape[2] and 0 <= k < x.shape[3]:
                result[n, o, i, j] += x[n, first + c, h, k] * w[o, c, u, v]
    return result


class Operators(unittest.TestCase):
    def test_conv_forward_and_adjoints(self):
        random = np.random.RandomState(1)
        for kernel, strides, dilations, begin, output, group in (
            ((3, 3), (1, 1), (1, 1), (0, 0), (7, 5), 1),
            ((3, 2), (2, 3), (2, 1), (1, 2), (4, 3), 2),
            ((2, 4), (3, 1), (1, 2), (0, 3), (3, 4), 4),
            ((9, 7), (1, 1), (1, 1), (0, 0), (1, 1), 1),
        ):
            window = operators.Window(kernel, strides, dilations, begin, output)
            x = random.randint(-127, 128, (2, 4, 9, 7))
            w = random.randint(-127, 128, (8, 4 // group) + kernel)
            e = random.randint(-127, 128, (2, 8) + output)
            y = operators.conv_forward(x, w, window, group)
            np.testing.assert_array_equal(y, naive_conv(x, w, begin, strides, dilations, group, output))
            product = (y * e).sum()
            self.assertEqual((operators.conv_input_error(e, w, window, group, x.shape) * x).sum(), product)
            self.assertEqual((operators.conv_weight_gradient(e, x, window, group, w.shape) * w).sum(), product)

    def test_gemm_transposed_and_of_rank_3(self):
        random = np.random.RandomState(3)
        x, w, e = (random.randint(-127, 128, s) for s in ((6, 5), (5, 4), (6, 4)))
        y = operators.gemm_forward(x, w, False, (6, 4))
        np.testing.assert_array_equal(y, x @ w)
        np.testing.assert_array_equal(operators.gemm_forward(x.T, w, True, (6, 4)), y)
        np.testing.assert_array_equal(operators.gemm_forward(x.reshape(2, 3, 5), w, False, (2, 3, 4)), y.reshape(2, 3, 4))
        np.testing.assert_array_equal(operators.gemm_input_error(e, w, False, (6, 5)), e @ w.T)
        np.testing.assert_array_equal(operators.gemm_input_error(e, w, True, (5, 6)), w @ e.T)
        np.testing.assert_array_equal(operators.gemm_weight_gradient(e, x, False), x.T @ e)
        np.testing.assert_array_equal(operators.gemm_weight_gradient(e, x.T, True), x.T @ e)

    def test_max_pool(self):
        window = operators.Window((2, 2), (1, 1), (1, 1), (1, 1), (3, 3))
        x = np.array([[[[-5, -5], [-5, -7]]]])
        y, position = operators.max_pool_forward(x, window)
        self.assertEqual(y[0, 0].tolist(), [[-5, -5, -5], [-5, -5, -5], [-5, -5, -7]])
        # The first maximum in window order; a window all of -5 gives to its first element.
        error = operators.max_pool_input_error(np.ones_like(y), position, window, x.shape)
        self.assertEqual(error[0, 0].tolist(), [[4, 2], [2, 1]])

    def test_average_pool_constants(self):
        window = operators.Window((3, 3), (2, 2), (1, 1), (1, 1), (2, 2))
        constants, k = operators.average_pool_constants(window, (3, 3), False)
        self.assertEqual((constants[0, 0].tolist(), k), ([[512, 512], [512, 512]], 4))
        constants, _ = operators.average_pool_constants(window, (3, 3), True)
        self.assertEqual(constants[0, 0].tolist(), [[228, 228], [228, 228]])
        x = np.arange(9).reshape(1, 1, 3, 3)
        y = operators.average_pool_forward(x, constants, window)
        error = operators.average_pool_input_error(np.ones_like(y), constants, window, x.shape)
        self.assertEqual((error * x).sum(), y.sum())

    def test_saturation(self):
        window = operators.Window((1, 1), (1, 1), (1, 1), (0, 0), (1, 1))
        large = np.full((1, 140000, 1, 1), 127)
        self.assertEqual(operators.conv_forward(large, large, window, 1).item(), 2**31 - 1)
        self.assertEqual(operators.gemm_forward(large[:, :, 0, 0], -large[0, :, :, 0], False, (1, 1)).item(), -(2**31) + 1)

    def test_bias_gradient_shapes(self):
        error = np.arange(24).reshape(2, 3, 2, 2)
        self.assertEqual(operators.bias_gradient(error, (3, 1, 1)).ravel().tolist(), error.sum(axis=(0, 2, 3)).tolist())
        self.assertEqual(operators.bias_gradient(error[:, :, 0, 0], (1, 3)).tolist(), [error[:, :, 0, 0].sum(axis=0).tolist()])


class BatchNormalization(unittest.TestCase):
    def test_against_floating_point(self):
        random = np.random.RandomState(2)
        m = random.randint(-127, 128, (16, 3, 4, 4)) // np.array([1, 3, 9]).reshape(1, 3, 1, 1)
        x, s = batchnorm.narrow_input(m, -4)
        real = x * 2.0**s
        mean, variance = batchnorm.batch_statistics(x)
        xhat, reciprocals, shifts = batchnorm.normalise(x, s, mean, variance)
        axes = (0, 2, 3)
        centred = real - real.mean(axis=axes, keepdims=True)
        sigma = np.sqrt(real.var(axis=axes, keepdims=True) + 2.0**-17)
        np.testing.assert_allclose(xhat / 4096, centred / sigma, atol=2e-3)

        gamma, s_gamma, beta, s_beta = [64, 100, -30], -6, [5, -9, 60], -8
        accumulator, exponent = batchnorm.scale_and_shift(xhat, gamma, s_gamma, beta, s_beta)
        channel = lambda v: np.array(v).reshape(1, 3, 1, 1)  # noqa: E731
        expected = centred / sigma * channel(gamma) * 2.0**s_gamma + channel(beta) * 2.0**s_beta
        np.testing.assert_allclose(accumulator * 2.0**exponent, expected, atol=5e-3)

        e, s_e = random.randint(-127, 128, x.shape), 3
        got, exponent = batchnorm.input_error(e, s_e, xhat, s, gamma, s_gamma, reciprocals, shifts)
        normal, real_e = centred / sigma, e * 2.0**s_e
        expected = real_e - real_e.mean(axis=axes, keepdims=True)
        expected -= normal * (real_e * normal).mean(axis=axes, keepdims=True)
        expected *= channel(gamma) * 2.0**s_gamma / sigma
        np.testing.assert_allclose(got * 2.0**exponent, expected, atol=np.abs(expected).max() * 2e-3)

    def test_running_statistics_approach_the_batch(self):
        running = batchnorm.running_from_file([0.0], [1.0])
        self.assertEqual(running, ([0], [2**32]))
        for _ in range(200):
            running = batchnorm.updated_running(running, ([80], [900]), -4, 0.9)
        self.assertLess(abs(running[0][0] / 2**16 - 5.0), 1e-3)
        self.assertLess(abs(running[1][0] / 2**32 - 900 / 256), 1e-3)
        self.assertEqual(batchnorm.statistics_for_evaluation(running, -4), ([80], [900]))


class DataRules(unittest.TestCase):
    def test_input_table(self):
        table = data.InputTable("none")
        self.assertEqual((table.exponent, table.table[0][[0, 1, 128, 254, 255]].tolist()), (-7, [0, 1, 64, 127, 127]))
        table = data.InputTable("mnist")
        self.assertEqual((table.exponent, table.table.min(), table.table.max()), (-5, -14, 90))
        self.assertEqual(data.InputTable("cifar10").exponent, -5)

    def test_numbers(self):
        x = np.array([[1.0, 5.0, 0.1], [3.0, 5.0, 0.1], [1.0, 5.0, 0.1], [3.0, 5.0, 0.1]])
        inputs = data.InputNumbers("standard", x, 3)
        self.assertEqual(inputs.statistics, [(2.0, 1.0), (5.0, 1.0), (0.1, 1.0)])
        self.assertEqual(inputs.mantissas(np.array([[2.0, 9.0, 0.1], [1.0, -3.0, 0.1]])).tolist(), [[0, 127, 0], [-32, -127, 0]])
        # A spatial input has channels, whose numbers all count.
        self.assertEqual(data.InputNumbers(None, x.reshape(1, 1, 4, 3)[..., :1], 1).statistics, [(2.0, 1.0)])
        plain = data.InputNumbers("none", x, 3)
        ties = np.array([[0.5, 1.5, 2.5]]) / 32
        self.assertEqual((plain.exponent, plain.mantissas(ties).tolist()), (-5, [[0, 2, 2]]))
        with self.assertRaises(ValueError):
            data.InputNumbers("mnist", x, 3)

    def test_equal_numbers_have_no_deviation(self):
        """Whatever the sum of a thousand tenths rounds to."""
        x = np.full((1000, 1), 0.1)
        self.assertEqual(data.InputNumbers("standard", x, 1).mantissas(x).tolist(), [[0]] * 1000)

    def test_crop_flip(self):
        images = np.arange(2 * 5 * 6, dtype=np.uint8).reshape(2, 1, 5, 6) + 1
        out = data.crop_flip(images, [11, 8], 1, 2)
        for k, (dy, dx, mirror) in enumerate(zip(*philox.crop_flip_numbers(1, [11, 8], 2))):
            for h, w in np.ndindex(5, 6):
                column = (5 - w if mirror else w) + dx
                inside = 0 <= h + dy < 5 and 0 <= column < 6
                self.assertEqual(out[k, 0, h, w], images[k, 0, h + dy, column] if inside else 0)

    def test_batches(self):
        images = np.arange(10, dtype=np.uint8).reshape(10, 1)
        dataset = data.DataSet(images, np.arange(10), images, np.arange(10))
        batches = data.TrainingBatches(dataset, 4, 1, shuffle=False)
        self.assertEqual([batches[s][1].tolist() for s in (0, 1, 2)], [[0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 2, 3]])
        last = list(data.evaluation_batches(dataset, 4))[-1]
        self.assertEqual((last[0].ravel().tolist(), last[1].tolist()), ([8, 9, 9, 9], [8, 9]))
        with self.assertRaises(ValueError):
            data.TrainingBatches(dataset, 11, 1)

    def test_schedule(self):
        schedule = schedules.Schedule("4,2@40%,0@60%,-1@80%", 936, 468)
        self.assertEqual([schedule[s] for s in (0, 374, 375, 561, 562, 748, 749)], [4, 4, 2, 2, 0, 0, -1])
        schedule = schedules.Schedule("5,4@100,3@150", 0, 10)
        self.assertEqual([schedule[s] for s in (999, 1000, 1500)], [5, 4, 3])

    def test_ramps(self):
        """Those of tests/unit/runtime/RampTest.cpp."""
        for text, total, parse, expected in (
            ("2,cosine:-6@100%", 16, int, (2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, -1, -2, -3, -4)),
            ("-6,linear:2@8,-1@9", 10, int, (-6, -1, 0, 1, 1, 1, 2, 2, 2, -1)),
            ("4,4@4,linear:2@8,1@10", 11, int, (4, 4, 4, 4, 4, 4, 3, 3, 2, 2, 1)),
            ("1000,linear:-1000@4", 5, int, (1000, 1000, 999, 998, -1000)),
            ("4,linear:2@0%,1@50%", 4, int, (2, 2, 1, 1)),
            ("8,linear:1/8@8", 9, arithmetic.exact_log2, (3, 3, 3, 2, 2, 2, 1, 0, -3)),
            ("0,linear:1@2,cosine:0@6", 7, float, (0, 0.5, 1, np.float32(0.8535534), 0.5, np.float32(0.14644662), 0)),
        ):
            schedule = schedules.Schedule(text, total, 1, parse)
            self.assertEqual([schedule[step] for step in range(total)], list(expected))
        for text in ("linear:1", "1,cos:2@1"):
            self.assertRaises(ValueError, schedules.Schedule, text, 4, 1)

    def test_scheme_exponent(self):
        self.assertEqual(niti._scheme_exponent(1, 1), 1 - 7)  # 2 * 4 >= 6
        self.assertEqual(niti._scheme_exponent(3, 3), 0 - 7)
        self.assertEqual(niti._scheme_exponent(12, 12), -1 - 7)
        self.assertEqual(niti._scheme_exponent(12, 11), 0 - 7)


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        make_models.main([cls.folder])

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def train(self, name, *options, flat=False):
        return run_reference(
            os.path.join(self.folder, name + ".onnx"), "--batch", "6", "--steps", "4", "--schedule", "1",
            "--data", "npy:" + os.path.join(self.folder, "data_flat" if flat else "data"), *options,
        )

    def test_every_model_trains_and_repeats(self):
        for name in make_models.MODELS:
            with self.subTest(name):
                first = self.train(name, "--at", "0,4", "--eval")
                self.assertEqual(first, self.train(name, "--at", "0,4", "--eval"))
                before, after = re.split("step 4\n", first)
                self.assertNotEqual(before.splitlines()[1:], after.splitlines()[:-1])

    def test_options_change_the_result(self):
        seen = set()
        for options in (
            (), ("--seed", "2"), ("--init", "scheme"), ("--normalize", "0.5/0.25"), ("--headroom", "0"),
            ("--weight-bits", "16"), ("--grad-round", "stochastic"), ("--grad-round", "nearest"),
            ("--power", "paper"), ("--augment", "crop-flip"), ("--no-shuffle",), ("--schedule", "2"),
        ):
            table = self.train("conv_strided", *options)
            self.assertNotIn(table, seen, options)
            seen.add(table)
        self.assertIn(self.train("conv_strided", "--total-steps", "9", flat=True), seen)

    def test_every_model_trains_with_16_bits_and_scheme_initialisation(self):
        for name in make_models.MODELS:
            with self.subTest(name):
                self.train(name, "--weight-bits", "16", "--init", "scheme", "--grad-round", "stochastic")

    def test_zero_bias_takes_the_exponent_of_its_weight(self):
        trainer = niti.Trainer(importer.load(os.path.join(self.folder, "conv_zero_bias.onnx"), 6), niti.Settings())
        self.assertEqual(trainer.exponents["conv.bias"], trainer.exponents["conv.weight"])

    def test_constant_adds_become_biases(self):
        names = ["matmul_add", "conv_add", "shared_parameter"]
        loaded = {n: importer.load(os.path.join(self.folder, n + ".onnx"), 6) for n in names}
        self.assertEqual([n.kind for n in loaded["matmul_add"].nodes], ["reshape", "gemm", "relu", "gemm"])
        self.assertEqual([n.kind for n in loaded["conv_add"].nodes][:2], ["conv", "relu"])
        self.assertEqual(len(loaded["shared_parameter"].parameters), 6)

    def test_dropout_of_nothing_is_an_identity(self):
        for options in ([0.0], [0.5, False]):
            model = make_models.Model("dropout")
            inputs = [model.constant(str(k), np.array(v, (np.float32, np.bool_)[k])) for k, v in enumerate(options)]
            x = model.node("Dropout", [model.relu(model.gemm(model.flatten("x"), 315, 9, "fc1")), *inputs], "dropout")
            path = os.path.join(self.folder, "dropout.onnx")
            model.save(model.gemm(x, 9, 4, "fc2"), path)
            kinds = [node.kind for node in importer.load(path, 6).nodes]
            self.assertEqual(kinds, ["reshape", "gemm", "relu", "gemm"], options)

    def test_reductions_and_extrema(self):
        """Other spellings of pools and of Clip."""

        def build(name, reduce, bound):
            model = make_models.Model("spellings")
            x = model.conv("x", 5, 6, (3, 3), "conv")
            x = bound(model, x)
            return model, model.classify(reduce(model, x), 6)

        def table(name, *parts):
            model, output = build(name, *parts)
            model.save(output, os.path.join(self.folder, name + ".onnx"))
            return self.train(name)

        def number(model, value):
            return model.constant(str(value), np.float32(value))

        for reduction, pool in (("ReduceMean", "GlobalAveragePool"), ("ReduceMax", "GlobalMaxPool")):
            tables = [
                table("reduced", lambda m, x, op=reduction: m.node(op, [x], "pool", axes=[-2, -1], keepdims=0),
                      lambda m, x: m.node("Max", [m.node("Min", [x, number(m, 0.5)], "min"), number(m, -0.25)], "max")),
                table("pooled", lambda m, x, op=pool: m.node(op, [x], "pool"),
                      lambda m, x: m.node("Clip", [m.node("Clip", [x, "", number(m, 0.5)], "min"), number(m, -0.25)], "max")),
            ]
            self.assertEqual(*tables)

    def test_dump(self):
        with tempfile.TemporaryDirectory() as folder:
            self.train("residual", "--dump", folder)
            with open(os.path.join(folder, "step00003", "index.tsv"), encoding="utf-8") as index:
                rows = [line.rstrip("\n").split("\t") for line in index]
            self.assertEqual({row[0] for row in rows}, {"forward", "error", "gradient"})
            self.assertTrue(all(os.path.exists(os.path.join(folder, row[-1])) for row in rows))


class Numbers(unittest.TestCase):
    """Whole runs on floats."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = cls.temporary.name
        make_models.main([cls.folder, *make_models.NUMBER_MODELS])

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def train(self, name, *options):
        return run_reference(
            self.path(name + ".onnx"), "--input=float32", "--batch=6", "--steps=4", "--schedule=2", "--eval",
            "--data=npy:" + self.path(name + ("_shares" if "--loss=bce" in options else "_data")), *options,
        )

    def test_every_model_trains_with_every_loss(self):
        seen = set()
        for name, kind in itertools.product(make_models.NUMBER_MODELS, loss.OF_NUMBERS):
            with self.subTest(model=name, loss=kind):
                table = self.train(name, "--loss=" + kind)
                self.assertEqual(table, self.train(name, "--loss=" + kind))
                self.assertRegex(table, r"\ntest_loss [0-9.e-]+\n$")
                self.assertNotIn(table, seen)
                seen.add(table)
        self.assertNotIn(self.train("numbers_mlp", "--loss=huber", "--loss-delta=0.5"), seen)
        self.assertNotIn(self.train("numbers_mlp", "--loss=mse", "--normalize=none"), seen)

    def test_functions_that_belong_to_the_loss(self):
        path = self.path("sigmoid.onnx")
        model = make_models.Model("sigmoid", (13,), (3,))
        model.save(model.node("Sigmoid", [make_models.numbers_mlp(model)], "sigmoid"), path)
        self.assertEqual([n.kind for n in importer.load(path, 6, "bce").nodes][-1], "gemm")
        self.assertEqual([n.kind for n in importer.load(path, 6, "mse").nodes][-1], "function")
        model = make_models.Model("views", (13,), (3, 1))
        x = model.node("Sigmoid", [make_models.numbers_mlp(model)], "sigmoid")
        x = model.node("Unsqueeze", [model.node("Identity", [x], "identity"), model.constant("axes", np.array([2]))], "view")
        model.save(x, path)
        kinds = [n.kind for n in importer.load(path, 6, "bce").nodes]
        self.assertEqual(kinds, ["gemm", "relu", "gemm", "relu", "gemm", "reshape"])
        model = make_models.Model("softmax", (13,), (3,))
        model.save(model.node("Softmax", [make_models.numbers_mlp(model)], "softmax", axis=1), path)
        self.assertEqual([n.kind for n in importer.load(path, 6).nodes][-1], "gemm")
        with self.assertRaises(importer.Unsupported):
            importer.load(path, 6, "mse")

    def test_wrong_data(self):
        for options in (("--loss=cross-entropy",), ("--loss=mse", "--normalize=mnist"), ("--loss=mse", "--input=pixels")):
            with self.subTest(options=options), self.assertRaises(ValueError):
                self.train("numbers_mlp", *options)


class Outputs(unittest.TestCase):
    """Section 4.21."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = cls.temporary.name
        output_models.main([cls.folder])

    def path(self, name):
        return os.path.join(self.folder, name)

    def load(self, name, *outputs):
        return importer.load(self.path(name + ".onnx"), 6, None, [run.parse_output(text) for text in outputs])

    def train(self, name, *outputs, data=None, options=()):
        words = ("--batch=6", "--steps=4", "--schedule=1", "--normalize=0.5/0.25", "--eval", *options)
        data = "--data=npy:" + self.path(data or name + "_data")
        return run_reference(self.path(name + ".onnx"), data, *words, *("--output=" + text for text in outputs))

    def test_option(self):
        for text, expected in (
            ("a", ("a", None, 1.0)), ("a:0", ("a:0", None, 1.0)), ("a:weight=0.5", ("a", None, 0.5)),
            ("b/a:0:loss=mse,weight=4", ("b/a:0", "mse", 4.0)),
        ):
            output = run.parse_output(text)
            self.assertEqual((output.name, output.loss, output.weight), expected)
        for text in ("a:loss=nothing", "a:weight=0", "a:weight=3", "a:los=mse", "a:weight=2,"):
            with self.subTest(text), self.assertRaises(ValueError):
                run.parse_output(text)

    def test_octaves(self):
        """round(log2 c) of each factor, halves away from zero."""
        for factor, expected in ((1, 0), (0.5, -1), (2 / 3, -1), (1 / 3, -2), (1.4, 0), (1.5, 1), (1 / 63, -6)):
            self.assertEqual(loss.octaves(factor), expected, factor)
        # Of `mse` with three numbers 2/3; with two 1; the other losses have 1/C.
        kinds = ("mse", "l1", "bce", "huber")
        self.assertEqual([loss.scale_octaves(kind, 1.0, (6, 3), 6) for kind in kinds], [-1, -2, -2, -2])
        self.assertEqual([loss.scale_octaves("mse", 1.0, (6, columns), 6) for columns in (1, 2, 4)], [1, 0, -1])
        # Each factor is rounded on its own: 2/3 and 2/3 together would be -1.
        self.assertEqual(loss.scale_octaves("mse", 1.0, (9, 3), 6), -2)
        self.assertEqual(loss.scale_octaves("cross-entropy", 4.0, (6 * 63, 3), 6), -4)

    def test_losses_that_ends_suggest(self):
        graph = self.load("heads", "kind", "early", "shares", "angles")
        self.assertEqual([o.loss for o in graph.outputs], ["cross-entropy", "cross-entropy", "bce", "cross-entropy"])
        self.assertEqual(self.load("chain", "gate:loss=mse").outputs[0].loss, "mse")
        self.assertFalse({"softmax", "function"} & {node.kind for node in graph.nodes})
        # A Sigmoid that other nodes read stays for them.
        graph = self.load("chain", "gate", "angles:loss=mse")
        self.assertEqual([node.kind for node in graph.nodes].count("function"), 1)
        self.assertEqual(graph.outputs[0].value, "fc3_out")

    def test_rows(self):
        kind, of_pixels = self.load("pixels", "kind", "map").outputs
        self.assertEqual((kind.rows_shape(), of_pixels.rows_shape()), ((6, 4), (6 * 35, 3)))
        values = np.arange(6 * 3 * 35).reshape(6, 3, 7, 5)
        self.assertEqual(of_pixels.rows(values)[1].tolist(), [1, 36, 71])
        self.assertEqual(of_pixels.from_rows(of_pixels.rows(values)).tolist(), values.tolist())

    def test_choices(self):
        for names in (("end",), ("kind", "kind")):
            with self.subTest(names), self.assertRaises(importer.Unsupported):
                self.load("heads", *names)
        graph = self.load("heads", "early")
        self.assertEqual(sorted(graph.parameters), ["conv1.bias", "conv1.weight", "fc_early.bias", "fc_early.weight"])
        # Those of other outputs do not count.
        self.assertEqual([p.identifier for _, p in sorted(graph.parameters.items())], [0, 1, 2, 3])

    def test_an_output_ends_wide_inputs(self):
        """A normalization reads 15 bits of scores, unless these are trained, too."""
        for outputs, expected in ((("angles:loss=mse",), True), (("angles:loss=mse", "rows"), False)):
            trainer = niti.Trainer(self.load("normalized", *outputs), niti.Settings())
            value = next(node.inputs[0] for node in trainer.graph.nodes if node.name == "bn1")
            self.assertEqual(trainer._is_wide(value), expected)

    def test_every_model_trains(self):
        losses = {"angles": ":loss=mse"}
        for name, build in output_models.MODELS.items():
            names = list(build(make_models.Model(name)))
            outputs = [key + losses.get(key, "") for key in names]
            with self.subTest(name):
                table = self.train(name, *outputs)
                means = dict(line.split() for line in table.splitlines() if "test_loss" in line)
                self.assertEqual(list(means), ["test_loss", *(key + ".test_loss" for key in names)])
                total = sum(float(means[key + ".test_loss"]) for key in names)
                self.assertAlmostEqual(float(means["test_loss"]), total)
                # The order is part of the random numbers of classes.
                other = self.train(name, *reversed(outputs))
                states = [sorted(line for line in t.splitlines() if "test_" not in line) for t in (table, other)]
                self.assertNotEqual(*states)

    def test_shared_targets(self):
        table = self.train("twins", "first", "copy", data=output_models.SHARED)
        means = dict(line.split() for line in table.splitlines() if "test_" in line)
        self.assertEqual(means["first.test_loss"], means["copy.test_loss"])
        with self.assertRaises(ValueError):
            self.train("heads", "kind", "shares", data=output_models.SHARED)


class Checkpoints(unittest.TestCase):
    def check(self, name):
        model, mnist = os.path.join(SHARED, "models", name + ".onnx"), os.path.join(SHARED, "data/mnist")
        if not (os.path.exists(model) and os.path.isdir(mnist)):
            print("skipped", name, file=sys.stderr)
            self.skipTest(f"no {model}")
        output = run_reference(
            model, "--data", "mnist:" + mnist, "--steps", "20", "--at", "0,1,20", "--schedule", "4", "--no-shuffle"
        )
        expected = ""
        for column, step in enumerate((0, 1, 20)):
            expected += f"step {step}\n"
            for tensor, row in checkpoints.CHECKPOINTS[name].items():
                expected += f"{tensor} {row[0]} {row[column + 1]}\n"
        self.assertEqual(output, expected)

    def test_mlp(self):
        self.check("mlp")

    def test_lenet(self):
        self.check("lenet")


class Wage(unittest.TestCase):
    """Values of wage.md that were checked independently."""

    def test_alpha_of_3_6(self):
        for variant, expected in (("code", (2, 16, 16, 32, 32, 16)), ("paper", (2, 8, 16, 16, 32, 8))):
            settings = wage.Settings(alpha=variant)
            fans = (27, 1152, 2304, 4608, 8192, 1024)
            self.assertEqual(tuple(2 ** settings.log2_alpha(n) for n in fans), expected)
        self.assertEqual([wage.Settings(bits="8-8-8-8").log2_alpha(n) for n in (27, 8192)], [0, 0])

    def test_rounded_logarithm_of_1_6(self):
        for k, first in ((1, 3), (4, 23), (10, 1449), (16, 92682), (24, 23726567), (30, 1518500250)):
            self.assertEqual(wage.round_log2(first), k + 1)
            self.assertEqual(wage.round_log2(first - 1), k)
        self.assertEqual(wage.round_log2(1), 0)

    def test_weight_limits_of_1_8(self):
        limits = {
            ("2-8-8-8", "code"): 64, ("2-8-8-8", "paper"): 127, ("2-8-12-8", "code"): 1024, ("2-8-12-8", "paper"): 2047
        }
        for (bits, clip), expected in limits.items():
            self.assertEqual(wage.Settings(bits=bits, weight_clip=clip).weight_limit(), expected)

    def test_input_of_3_3(self):
        p = np.arange(256)
        closed = {
            "head": np.clip(p - 128 + (p >= 128), -127, 127),
            "c17": np.maximum(p - 128, -127),
            "mnist": np.minimum(127, arithmetic.round_half_even(p / 2)),
        }
        for form, expected in closed.items():
            table = wage.InputTable(wage.Settings(input=form), (1, 3, 8, 8)).table
            np.testing.assert_array_equal(table, expected)
        self.assertEqual(wage.InputTable(wage.Settings(), (1, 1, 28, 28)).table.min(), 0)
        self.assertEqual(wage.InputTable(wage.Settings(), (1, 3, 32, 32)).table.min(), -127)

    def test_ternary_thresholds_of_1_3(self):
        rounded = wage.clamp(wage.shift_even(np.array([-64, -33, -32, 0, 32, 33, 64]), 6), 1)
        self.assertEqual(rounded.tolist(), [-1, -1, 0, 0, 0, 1, 1])

    def test_rates(self):
        self.assertEqual([arithmetic.exact_log2(text) for text in ("8", "1", "1/8", "0.5")], [3, 0, -3, -1])
        with self.assertRaises(ValueError):
            arithmetic.exact_log2("3")


if __name__ == "__main__":
    unittest.main()
