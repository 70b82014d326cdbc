# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The runs of accuracy.py: models, data, options and floors."""

import dataclasses
import os
import re

import activation_models


@dataclasses.dataclass(frozen=True)
class Run:
    name: str
    model: str
    reader: str
    data: str  # the option of this script with the folder
    epochs: int
    floor: float
    seed: int = 1
    options: tuple = ()
    scheme: str = "niti"
    best: float = 0.0  # a floor of the best epoch
    tail: float = 0.0  # a floor of the mean of the last ten epochs
    target: tuple = ()  # options of the compiler that change no bit
    activation: str = ""  # of a model that is made for the run
    network: str = ""  # and its kind

    def words(self, models, folder):
        scheme = [] if self.scheme == "niti" else [f"--scheme={self.scheme}"]
        words = ["train", os.path.join(models, self.model + ".onnx"), *scheme, *self.options, *self.target]
        return [*words, "--data", f"{self.reader}:{folder}", f"--epochs={self.epochs}", f"--seed={self.seed}"]

    def command(self):
        """The command for readers; the folders are placeholders."""
        return " ".join(["qtc", *self.words("", "DIR")])


SEEDS = (1, 2, 3)
SCHEMES = ("fp32", "niti", "wage")
# The loss of the two others, which suits WAGE with the paper's α: its smaller one lets probabilities become extreme.
RECIPES = {"wage": ("--loss=cross-entropy", "--wage-alpha=paper")}


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Schemes against fp32: same model, data, epochs and seeds."""

    title: str
    model: str
    data: str
    epochs: int
    floor: float
    allowed: float  # how far below fp32 the mean of an integer scheme may be; None if that is only reported
    seeds: tuple = SEEDS
    schemes: tuple = SCHEMES
    recipes: dict = dataclasses.field(default_factory=lambda: RECIPES)  # options of schemes
    prefix: str = ""  # of the names of the runs

    def runs(self, scheme):
        prefix = f"{self.prefix}{self.model}-{self.data.replace('_', '-')}-{scheme}"
        options = self.recipes.get(scheme, ())
        return [
            Run(f"{prefix}-{seed}", self.model, "mnist", self.data, self.epochs, self.floor, seed, options, scheme)
            for seed in self.seeds
        ]


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """A trained file, which is tested without any step."""

    name: str
    model: str
    reader: str
    data: str
    normalize: str
    published: float = 0.0  # the accuracy that the file came with
    has_statistics: bool = False
    source: str = ""  # the run under fp32 whose weights the file gets
    target: tuple = ()  # as in Run

    def file(self):
        return (self.name if self.source else self.model) + ".onnx"

    def words(self, path, folder, *options):
        words = ["train", path, *options, "--batch=100", f"--normalize={self.normalize}"]
        return [*words, "--data", f"{self.reader}:{folder}", "--epochs=0"]

    def command(self):
        """The command under NITI, with the option of the last columns if it has an effect."""
        words = self.words(self.file(), "DIR")
        return " ".join(["qtc", *words, *([ESTIMATION] if self.has_statistics else [])])


ESTIMATION = "--statistics-batches=32"
# Values of the compiled options unless a run gives others.
DEFAULTS = {"augment": "none", "init": "onnx", "normalize": "none", "loss": "cross-entropy"}
SCHEME_DEFAULTS = {"wage": {"loss": "sse", "wage-bits": "2-8-8-8", "wage-alpha": "code"}}
COMPARISONS = (
    Comparison("LeNet, MNIST", "lenet", "mnist", 5, 0.985, 0.003),
    Comparison("LeNet, Fashion-MNIST", "lenet", "fashion_mnist", 5, 0.87, 0.015),
    Comparison("MLP, MNIST", "mlp", "mnist", 20, 0.977, 0.003),
)
# Weights of small networks become up to 18 times as large as PyTorch's initial ones, so they need headroom, and more bits to
# start with. The mean of NITI may be 0.1 points below that of fp32, beyond the standard error of the difference.
HEADROOM = (
    "--niti-weight-bits=16", "--niti-headroom=3", "--niti-momentum=0.9", "--schedule=2,cosine:-8@100%",
)  # fmt: skip
MORE_SEEDS = tuple(range(1, 11))


def small_comparison(title, model, data, epochs, floor, normalize=None):
    """With pixels that are normalized in both schemes and a recipe for NITI, or with the defaults of the schemes."""
    recipes = {"fp32": (f"--normalize={normalize}",), "niti": (*HEADROOM, f"--normalize={normalize}")} if normalize else {}
    prefix = "small-" if normalize else "small-defaults-"
    allowed = 0.001 if normalize else None
    return Comparison(title, model, data, epochs, floor, allowed, MORE_SEEDS, ("fp32", "niti"), recipes, prefix)


FASHION = "0.286/0.353"  # mean and deviation of its pixels
SMALL_COMPARISONS = (
    small_comparison("LeNet, MNIST", "lenet", "mnist", 10, 0.990, "mnist"),
    small_comparison("LeNet, Fashion-MNIST", "lenet", "fashion_mnist", 10, 0.909, FASHION),
    small_comparison("MLP, MNIST", "mlp", "mnist", 20, 0.982, "mnist"),
    small_comparison("MLP, Fashion-MNIST", "mlp", "fashion_mnist", 20, 0.892, FASHION),
    small_comparison("MLP, MNIST, defaults", "mlp", "mnist", 20, 0.979),
    small_comparison("MLP, Fashion-MNIST, defaults", "mlp", "fashion_mnist", 20, 0.883),
)
# Accuracies are those that others measured, each with its scaling of pixels.
EVALUATIONS = (
    Evaluation("lenet5-pytorch", "real/mnist_lenet5_pytorch", "mnist", "mnist", "mnist", 0.9913),
    Evaluation("lenet5-pytorch-none", "real/mnist_lenet5_pytorch", "mnist", "mnist", "none", 0.9905),
    Evaluation("cntk-zoo8", "real/mnist_cntk_zoo8_optimized", "mnist", "mnist", "0/0.00392156862745098", 0.9891),
    Evaluation("mlp-maxpool", "real/mnist_mlp_maxpool_onnxmlir", "mnist", "mnist", "mnist", 0.9254),
    Evaluation("conv-bn-burn", "real/mnist_conv_bn_burn", "mnist", "mnist", "mnist", 0.9916, has_statistics=True),
    Evaluation("resnet20-trained", "resnet20", "cifar10", "cifar10", "cifar10", has_statistics=True, source="resnet20-fp32"),
)
# How far NITI may be below fp32 without any step, and fp32 from others.
ALLOWED_LOSS, ALLOWED_DEVIATION = 0.003, 0.0005


def wage_mode(bits, schedule, seed=1, epochs=40, floor=0.9):
    options = (f"--wage-bits={bits}", "--init=scheme", f"--schedule={schedule}")
    return Run(f"wage-{bits}", "lenet_wage", "mnist", "mnist", epochs, floor, seed, options, "wage")


# The authors' schedule for MNIST, shortened; the step grows with the grid of the gradients (WAGE, section 4.3).
WAGE_MODES = (
    wage_mode("2-8-8-8", "8,1@20,1/8@30", floor=0.99),
    wage_mode("2-8-4-8", "1/2,1/16@20,1/128@30"),
    wage_mode("2-8-12-8", "128,16@20,2@30"),
    wage_mode("2-8-8-4", "8,1@20,1/8@30"),
    wage_mode("2-8-8-12", "8,1@20,1/8@30"),
)

# Models that are made for the runs. Some functions need other options than the defaults. In floats, gradients of functions with
# bounded values are small, so steps must be larger; those of Abs vanish nowhere, so steps must be smaller. NITI divides by the
# largest gradient and does best with smaller steps at first, which let fewer values saturate, and a longer time before the last
# ones. A step of SGD that suits Exp at first is too large as soon as values grow; AdamW divides by recent gradients.
LONG_NITI = ("--schedule=3,2@60%,0@80%,-2@90%",)
LARGE_STEPS = ("--schedule=0.3,0.03@70%,0.003@90%",)
ADAMW = ("--optimizer=adamw", "--fp32-beta2=0.9")
ACTIVATION_OPTIONS = {  # (function, scheme) or (function, scheme, network): options
    ("Clip(-1, 1)", "niti"): ("--schedule=3,1@40%,-1@60%,-2@80%",),
    ("Sigmoid", "fp32"): LARGE_STEPS,
    ("Sigmoid", "niti", "cnn"): LONG_NITI,  # with the default, one seed of three collapses
    ("HardSigmoid", "fp32"): LARGE_STEPS,
    ("HardSigmoid", "niti"): LONG_NITI,
    ("Tanh", "niti"): LONG_NITI,
    ("Softsign", "fp32"): ("--schedule=0.2,0.02@60%,0.002@90%",),
    ("Softsign", "niti"): LONG_NITI,
    ("Erf", "niti"): LONG_NITI,
    ("Exp", "fp32", "mlp"): (*ADAMW, "--schedule=0.0003,0.00015@50%,0.00005@70%,0.00001@90%"),
    ("Exp", "fp32", "cnn"): (*ADAMW, "--schedule=0.001,0.0005@50%,0.0002@70%,0.00005@90%"),
    ("Exp", "niti", "mlp"): ("--niti-weight-bits=16", "--schedule=0,-1@40%,-3@80%"),
    ("Exp", "niti", "cnn"): ("--niti-weight-bits=16", *LONG_NITI),
    ("Abs", "fp32"): ("--schedule=0.02,0.002@60%,0.0002@90%",),
    ("Abs", "niti"): LONG_NITI,
}
ACTIVATIONS = {activation.name: activation for activation in activation_models.ACTIVATIONS}
ACTIVATION_EPOCHS, ACTIVATION_FLOORS, ACTIVATION_GAP = 3, {"mlp": 0.97, "cnn": 0.98}, 0.005


def activation_run(network, activation, scheme):
    own = ACTIVATION_OPTIONS.get((activation, scheme)) or ACTIVATION_OPTIONS.get((activation, scheme, network), ())
    options = ("--normalize=mnist", *own)
    model = re.sub(r"\W+", "-", f"{network}-{activation.lower()}").strip("-")
    floor = ACTIVATION_FLOORS[network] - (ACTIVATION_GAP if scheme == "niti" else 0)
    return Run(
        f"{model}-{scheme}", model, "mnist", "mnist", ACTIVATION_EPOCHS, floor, options=options, scheme=scheme,
        activation=activation, network=network,
    )


ACTIVATION_RUNS = tuple(
    activation_run(network, activation, scheme)
    for activation in ACTIVATIONS for network in ACTIVATION_FLOORS for scheme in ("fp32", "niti")
)  # fmt: skip

CIFAR10 = ("--init=scheme", "--normalize=cifar10", "--augment=crop-flip")
NITI_RUNS = (
    *(Run(f"lenet-mnist-seed{seed}", "lenet", "mnist", "mnist", 5, 0.991, seed) for seed in (1, 2, 3)),
    Run("lenet-fashion-mnist", "lenet", "mnist", "fashion_mnist", 10, 0.903),
    Run("mlp-mnist", "mlp", "mnist", "mnist", 5, 0.975),
    Run("vgg_tiny-cifar10", "vgg_tiny", "cifar10", "cifar10", 8, 0.68, options=CIFAR10),
    Run("vgg_small_7-cifar10", "vgg_small_7", "cifar10", "cifar10", 5, 0.62, options=CIFAR10),
)
# Accuracies of the authors' own codes, with their schedules (NITI, section 5; WAGE, sections 4.3 and 6).
GPU_RUNS = (
    Run(
        "niti-cifar10-200", "vgg_small_7", "cifar10", "cifar10", 200, 0.90, best=0.906, tail=0.901, target=("--target=cuda",),
        options=(*CIFAR10, "--batch=256", "--schedule=5,4@100,3@150"),
    ),
    Run(
        "wage-cifar10-300", "vgg7_wage", "cifar10", "cifar10", 300, 0.92, scheme="wage", best=0.93, target=("--target=cuda",),
        options=("--init=scheme", "--augment=crop-flip", "--schedule=8,1@200,1/8@250"),
    ),
)  # fmt: skip
# The gap between training and test accuracy that statistics of normalizations can open; with --statistics-batches=390
# they are those of the whole training set.
RESNET = ("--init=scheme", "--normalize=cifar10", "--schedule=4")
STATISTICS_RUNS = (
    Run("resnet20-mu4", "resnet20", "cifar10", "cifar10", 6, 0.68, options=RESNET),
    Run("resnet20-mu4-all", "resnet20", "cifar10", "cifar10", 6, 0.68, options=(*RESNET, "--statistics-batches=390")),
    Run("resnet20-defaults", "resnet20", "cifar10", "cifar10", 6, 0.68),
)
# Points of test accuracy below training accuracy, from the second epoch on, and between the first two runs.
ALLOWED_GAP, ALLOWED_DIFFERENCE = 0.06, 0.005
# ResNet-20 with the options that a network with normalizations may need: none, one at a time, all, all but one; and fp32.
RESIDUAL = ("--normalize=cifar10", "--augment=crop-flip")
RESIDUAL_NITI = (*RESIDUAL, "--niti-weight-bits=16", "--niti-momentum=0.9", "--schedule=3,cosine:-5@100%")
RESIDUAL_FP32 = (
    *RESIDUAL, "--fp32-momentum=0.9", "--fp32-nesterov=on", "--fp32-weight-decay=0.0005", "--schedule=0.1,cosine:0@100%",
)  # fmt: skip
RESIDUAL_OPTIONS = {
    "decay": "--niti-weight-decay=0.0002",
    "errors": "--niti-error-bits=16",
    "norms": "--niti-norm-bits=16",
    "room": "--niti-output-headroom=3",
}


def residual_run(name, *keys, epochs=10, floor=0.74):
    options = [RESIDUAL_OPTIONS[key] for key in keys]
    return Run(f"resnet20-{name}", "resnet20", "cifar10", "cifar10", epochs, floor, options=(*RESIDUAL_NITI, *options))


def residual_floats(name, epochs, floor):
    return Run(name, "resnet20", "cifar10", "cifar10", epochs, floor, options=RESIDUAL_FP32, scheme="fp32")


RESIDUAL_RUNS = (
    residual_floats("resnet20-fp32", 10, 0.84),
    residual_run("plain"),
    *(residual_run(key, key) for key in RESIDUAL_OPTIONS),
    residual_run("all", *RESIDUAL_OPTIONS, floor=0.835),
    *(residual_run("not-" + key, *(other for other in RESIDUAL_OPTIONS if other != key)) for key in RESIDUAL_OPTIONS),
    residual_floats("resnet20-fp32-30", 30, 0.877),
    residual_run("all-30", *RESIDUAL_OPTIONS, epochs=30, floor=0.868),
)
# The average of a schedule that stays large, in weights of 8 bits, as the recipe `plain` has it.
AVERAGED = ("--batch=64", *CIFAR10, "--schedule=4,3@50%", "--average-from=60%")
AVERAGE_RUNS = tuple(
    Run(f"vgg_tiny-average-seed{seed}", "vgg_tiny", "cifar10", "cifar10", 8, 0.735, seed, AVERAGED) for seed in (1, 2, 3)
)


def compared_runs(comparisons):
    return tuple(run for comparison in comparisons for scheme in comparison.schemes for run in comparison.runs(scheme))


COMPARED_RUNS, SMALL_RUNS = compared_runs(COMPARISONS), compared_runs(SMALL_COMPARISONS)
RUNS = (*NITI_RUNS, *AVERAGE_RUNS, *STATISTICS_RUNS, *RESIDUAL_RUNS, *COMPARED_RUNS, *SMALL_RUNS, *ACTIVATION_RUNS, *WAGE_MODES, *GPU_RUNS)
NAMES = [run.name for run in RUNS]
