# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Optimizers of scheme fp32 against those of PyTorch, where it is installed: the parameters after many steps on the
same batches, and the mean loss of each pass over them. PyTorch computes in double.

    QTC_BUILD_DIR=build python3 tests/e2e/test_torch_optimizers.py -v     prints the largest error of each model
"""

import json
import os
import unittest

import numpy as np

import harness

try:
    import torch

    import onnx_torch
except ImportError as error:
    torch, MISSING = None, error.name

# No power of two, so that dividing by it rounds.
BATCH, BATCHES, STEPS, CHANGE = 6, 5, 100, 60
RATES = (0.002, 0.0005)
TOLERANCE = 1e-4
DATA_SETS = 4


def make_sgd(parameters):
    return torch.optim.SGD(parameters, RATES[0], momentum=0.9, weight_decay=0.01)


def make_nesterov(parameters):
    return torch.optim.SGD(parameters, RATES[0], momentum=0.8, nesterov=True, weight_decay=0.01)


def make_adamw(parameters):
    return torch.optim.AdamW(parameters, RATES[0])


def make_adamw_of_other_values(parameters):
    return torch.optim.AdamW(parameters, RATES[0], betas=(0.8, 0.9), eps=1e-3, weight_decay=0.2)


class Lion(torch.optim.Optimizer if torch else object):
    """Chen et al., "Symbolic discovery of optimization algorithms", program 1."""

    def __init__(self, parameters, lr, betas, weight_decay):
        super().__init__(parameters, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for weight in (p for p in group["params"] if p.grad is not None):
                mean = self.state[weight].setdefault("mean", torch.zeros_like(weight))
                sign = (beta1 * mean + (1 - beta1) * weight.grad).sign()
                weight.data -= group["lr"] * (sign + group["weight_decay"] * weight.data)
                mean.mul_(beta2).add_(weight.grad, alpha=1 - beta2)


def make_lion(parameters):
    return Lion(parameters, RATES[0], (0.8, 0.95), 0.1)


RULES = (
    (make_sgd, ("--fp32-weight-decay=0.01",)),
    (make_nesterov, ("--fp32-momentum=0.8", "--fp32-nesterov=on", "--fp32-weight-decay=0.01")),
    (make_adamw, ("--optimizer=adamw",)),
    (make_adamw_of_other_values,
     ("--optimizer=adamw", "--fp32-beta1=0.8", "--fp32-beta2=0.9", "--fp32-epsilon=1e-3", "--fp32-weight-decay=0.2")),
    (make_lion,
     ("--optimizer=lion", "--fp32-beta1=0.8", "--fp32-beta2=0.95", "--fp32-weight-decay=0.1")),
)


def largest_errors(actual, expected):
    """Of parameters, relative to their norms, and of losses."""
    parameters = (
        np.linalg.norm(actual[0][name] - value) / np.linalg.norm(value) for name, value in expected[0].items()
    )
    return max(parameters), np.max(np.abs(actual[1] / expected[1] - 1))


@unittest.skipIf(torch is None, "PyTorch's optimizers are what ours are compared with, and there is no " + (
    "module " + MISSING if torch is None else ""))
class TorchOptimizers(harness.Case):
    def test_mlp(self):
        self.compare("mlp.onnx")

    def test_lenet(self):
        self.compare("lenet.onnx")

    def compare(self, name):
        """Prints and checks the largest relative errors of parameters and losses.

        Where single precision turns a unit on or off, or takes another maximum of a pool, training goes on differently.
        Data where that does not happen tell whether the optimizer is right, so the best of a few sets counts.
        """
        model = harness.shared("models", name)
        for make, options in RULES:
            trainer = harness.compile_model(
                model, self.path("trainer"), "--scheme=fp32", f"--batch={BATCH}", "--mcpu=native", *options
            )
            found = []
            for seed in range(DATA_SETS):
                pixels, labels = self.make_data(onnx_torch.Network(model).input_shape[1:], seed)
                expected = self.train_network(model, torch.double, make, pixels, labels)
                single = self.train_network(model, torch.float, make, pixels, labels)
                errors, noise = largest_errors(self.train(trainer), expected), largest_errors(single, expected)
                print(f"{name}, {make.__name__[5:]}: largest relative error of parameters {errors[0]:.1e}, of losses "
                      f"{errors[1]:.1e}; of PyTorch in single precision {noise[0]:.1e}, {noise[1]:.1e}")
                found.append(max(errors))
                if found[-1] <= TOLERANCE:
                    break
            with self.subTest(rule=make.__name__):
                self.assertLessEqual(min(found), TOLERANCE)

    def make_data(self, shape, seed):
        """Dark pictures with a bright part for each class: a network can learn them."""
        random = np.random.RandomState(seed)
        labels = random.randint(0, 10, BATCH * BATCHES)
        pixels = random.randint(0, 100, (len(labels), *shape)).astype(np.uint8)
        for image, label in zip(pixels, labels):
            image.reshape(-1)[label * 70 : label * 70 + 70] += 100
        os.makedirs(self.path("data"), exist_ok=True)
        for part in ("train", "test"):
            np.save(self.path("data", part + "_x.npy"), pixels)
            np.save(self.path("data", part + "_y.npy"), labels)
        return pixels, labels

    def train(self, trainer):
        """The parameters after a run, and the loss of each epoch."""
        out, schedule = self.path("out"), f"--schedule={RATES[0]},{RATES[1]}@{100 * CHANGE // STEPS}%"
        harness.train(
            trainer, "--data", "npy:" + self.path("data"), "--no-shuffle", f"--steps={STEPS}", schedule, "--out", out
        )
        with open(os.path.join(out, "metrics.jsonl"), encoding="utf-8") as lines:
            losses = [json.loads(line)["train_loss"] for line in lines]
        return harness.read_floats(harness.checkpoint(out)), np.array(losses)

    def train_network(self, model, dtype, make, pixels, labels):
        """The same of PyTorch."""
        network = onnx_torch.Network(model, dtype)
        optimizer, losses = make(list(network.parameters.values())), []
        for step in range(STEPS):
            for group in optimizer.param_groups:
                group["lr"] = RATES[step >= CHANGE]
            part = slice(step % BATCHES * BATCH, (step % BATCHES + 1) * BATCH)
            optimizer.zero_grad()
            logits = network.forward(torch.from_numpy(pixels[part]).to(dtype) / 255)
            loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels[part]))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        trained = {
            key: value.detach().double().numpy() for key, value in network.parameters.items() if value.grad is not None
        }
        return trained, np.reshape(losses, (-1, BATCHES)).mean(axis=1)


if __name__ == "__main__":
    unittest.main()
