# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a module of every Example block in the descriptions of a dialect's operations, types and attributes.

Usage: examples.py FILE.td...

Values that an example uses but does not define become arguments, of the types that the example itself states.
Sections are separated for -split-input-file; a comment names the record each comes from.
"""

import re
import sys

RECORD = re.compile(r"^def (\w+)", re.MULTILINE)
EXAMPLE = re.compile(r"Example:\s*```mlir\n(.*?)```", re.DOTALL)
# An example may hold several operations; each starts a line, its continuation lines are indented or closed.
START = re.compile(r"^(?:%[\w, %]+ = )?[qa]\w+\.\w+", re.MULTILINE)


def split_types(text):
    """The types of a comma-separated list, whose types contain commas themselves."""
    parts, depth, current = [], 0, ""
    for character in text.replace("->", "\0"):
        depth += (character in "<([{") - (character in ">)]}")
        if character == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += character
    return [part.replace("\0", "->").strip() for part in parts + [current] if part.strip()]


def operand_types(operation):
    """[(value, type)] of the operands, as the operation's own syntax states them."""
    pairs = []
    # Destination style: ins(%a, %b : T, U) option(%c : V) outs(%d : W).
    groups = re.findall(r"\b\w+\s*\(\s*(%[^()]*?) : (.*?)\)(?=\s*(?:\w+\s*\(\s*%|\{|->|$))", operation, re.DOTALL)
    for values, types in groups:
        pairs += zip(re.findall(r"%\w+", values), split_types(types), strict=True)
    if groups:
        return pairs
    body = operation.split(" = ", 1)[1] if re.match(r"%", operation) else operation
    # Maxima have one type, which the text leaves out.
    maxima = re.search(r"maxima\((.*?)\)", body)
    if maxima:
        pairs += [(value, "i32") for value in re.findall(r"%\w+", maxima.group(1))]
        body = body.replace(maxima.group(), "")
    # `on %executor : T` and `@task(%a, %b) ... with T, U`.
    executor = re.search(r"on (%\w+) : (\S+)", body)
    if executor:
        pairs.append(executor.groups())
        task = re.search(r"\((%.*?)\)", body)
        types = re.search(r" with (.*)$", body, re.DOTALL)
        if task and types:
            pairs += zip(re.findall(r"%\w+", task.group(1)), split_types(types.group(1)), strict=True)
        return pairs
    # Functional type: op %a by %b {...} : (T, U) -> V.
    types = re.search(r":\s*\(([^{}]*)\)\s*->", body, re.DOTALL)
    if types:
        values = re.findall(r"%\w+", body[: types.start()])
        pairs += zip(values, split_types(types.group(1)), strict=True)
    return pairs


def sections(record, example):
    """Modules, as text, that hold the statements of one example."""
    example = re.sub(r"^ {4}", "", example, flags=re.MULTILINE).strip()
    if example.startswith("!"):
        yield f"func.func private @{record}({example})"
        return
    if example.startswith("#"):
        yield f"func.func private @{record}() attributes {{test.example = {example}}}"
        return
    starts = [match.start() for match in START.finditer(example)] + [len(example)]
    assert len(starts) > 1, (record, example)
    # Parameters name each other.
    parameters = []
    for begin, end in zip(starts, starts[1:], strict=False):
        operation = example[begin:end].strip()
        if operation.startswith("qtrain.parameter"):
            parameters.append(operation)
            continue
        arguments = dict(operand_types(operation))
        signature = ", ".join(f"{value}: {kind}" for value, kind in arguments.items())
        text = f"func.func @{record}({signature}) {{\n{operation}\nreturn\n}}"
        task = re.match(r"qkernel.launch @(\w+)", operation)
        if task:
            types = [kind for value, kind in arguments.items() if value != "%executor"]
            text += f"\nfunc.func private @{task.group(1)}({', '.join(['index', 'index'] + types)})"
        yield text
    if parameters:
        yield "\n".join(parameters)


def main():
    result = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        records = list(RECORD.finditer(text))
        for record, following in zip(records, records[1:] + [None], strict=True):
            body = text[record.end() : following.start() if following else len(text)]
            for example in EXAMPLE.findall(body):
                result += [f"// {record.group(1)}\n{section}" for section in sections(record.group(1), example)]
    print("\n// -----\n".join(result))


if __name__ == "__main__":
    main()
