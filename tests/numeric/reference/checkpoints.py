# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Check points of the NITI step: values on which two independent implementations agree.

Settings: batch 128, no --normalize, --no-shuffle, seed 1, schedule 4, MNIST's training set, all other defaults.
"""

STEPS = (0, 1, 20)

# name: exponent, CRC-32 of the mantissas after each of STEPS
CHECKPOINTS = {
    "mlp": {
        "1.bias": (-10, "92268f23", "c906861b", "aa6d00f9"),
        "1.weight": (-10, "1abd2fbe", "3500df60", "81c1c8e9"),
        "3.bias": (-10, "79818abb", "fffaff03", "55f8013d"),
        "3.weight": (-10, "ee123d26", "4a00c736", "46935993"),
        "5.bias": (-9, "2b0e9877", "31668a05", "40fdde52"),
        "5.weight": (-9, "aee4eb3a", "f80a05fb", "607e82c0"),
    },
    "lenet": {
        "0.bias": (-8, "729cb189", "f0597e7e", "29bb132a"),
        "0.weight": (-8, "960fe042", "8225cf37", "2443cfa4"),
        "3.bias": (-10, "45fe1621", "78a5075a", "9eb8c478"),
        "3.weight": (-10, "e1b50997", "2557be32", "91890ec2"),
        "7.bias": (-10, "77098151", "dbc03cc7", "5e6b711b"),
        "7.weight": (-10, "81488158", "858031f9", "efcfc73b"),
        "9.bias": (-10, "8f8cec95", "4ac7dd54", "65eca47e"),
        "9.weight": (-10, "e94b945c", "f4662e7c", "36d3feed"),
    },
}
