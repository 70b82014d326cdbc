# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training options of single layers: numerics contract section 5.3.

`--freeze PATTERN` and `--layer PATTERN:key=value[,key=value]` set fields of graph.Parameter.
"""

import fnmatch

from arithmetic import exact_log2


def apply(graph, freeze=(), layer=()):
    """Sets the options of a graph's parameters, --freeze first; later ones win."""
    names = {name: {name} for name in graph.parameters}
    for node in graph.nodes:
        for use in (node.weight, node.bias):
            if use is not None:
                names[use.name].add(node.name)
    for text in [pattern + ":frozen=true" for pattern in freeze] + list(layer):
        pattern, _, entries = text.rpartition(":")
        chosen = [name for name, known in names.items() if any(fnmatch.fnmatchcase(n, pattern) for n in known)]
        if not chosen:
            raise ValueError(f"'{pattern}' matches no parameter and no node")
        for name in chosen:
            for entry in entries.split(","):
                _set(graph.parameters[name], *entry.split("="))


def _set(parameter, key, value):
    if key == "frozen":
        parameter.frozen = value == "true"
    elif key == "rate":
        parameter.rate = exact_log2(value)
    elif key == "weight-bits":
        parameter.weight_bits = int(value)
    elif key == "headroom":
        parameter.headroom = int(value)
    else:
        raise ValueError(f"--layer has no key '{key}'")


def trained_values(nodes, graph):
    """Values that depend on a parameter that is not frozen; no error is computed for others."""
    values = set()
    for node in nodes:
        uses = [use for use in (node.weight, node.bias) if use is not None]
        if any(not graph.parameters[use.name].frozen for use in uses) or any(i in values for i in node.inputs):
            values.add(node.output)
    return values
