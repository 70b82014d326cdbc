# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Configuration of the lit suites: every .mlir and .test file below tests/.

Features (for REQUIRES and UNSUPPORTED):
  avx2, avx512, avxvnni, avx512vnni   this machine's instruction sets
  shared                      data and models are in $QTC_SHARED, or in a folder `shared` next to the repository
  slow                        the slow tests were requested (`-Dslow=1`, `tests/run.sh --slow`)
Substitutions:
  %python      a python3 with numpy and onnx
  %reference   folder of the numeric reference
  %shared      that folder
"""

import os

import lit.formats

# pylint: disable=undefined-variable
config.name = "qtc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "reference", "support", "unit"]
config.test_source_root = os.path.join(config.qtc_source_dir, "tests")
config.test_exec_root = os.path.join(config.qtc_build_dir, "tests")

config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.qtc_build_dir, "bin"), config.llvm_tools_dir, os.environ.get("PATH", os.defpath)]
)
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
# Tests leave nothing in the user's home.
config.environment["XDG_CACHE_HOME"] = os.path.join(config.test_exec_root, "cache")
config.environment["FILECHECK_OPTS"] = "-enable-var-scope --allow-unused-prefixes=false"

# Ahead of lit's own %s and %p.
shared = os.environ.get("QTC_SHARED", os.path.join(os.path.dirname(config.qtc_source_dir), "shared"))
config.substitutions.append(("%python", config.python))
config.substitutions.append(("%reference", os.path.join(config.test_source_root, "numeric", "reference")))
config.substitutions.append(("%shared", shared))

if os.path.isdir(shared):
    config.available_features.add("shared")
if lit_config.params.get("slow", "0") not in ("0", ""):
    config.available_features.add("slow")
elif lit_config.maxIndividualTestTimeIsSupported[0]:
    lit_config.maxIndividualTestTime = 300


def cpu_flags():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
            for line in cpuinfo:
                if line.startswith("flags"):
                    return set(line.split(":", 1)[1].split())
    except OSError:
        pass
    return set()


AVX512 = {"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512cd"}
for feature, flags in (
    ("avx2", {"avx2"}),
    ("avx512", AVX512),
    ("avxvnni", {"avx_vnni"}),
    ("avx512vnni", AVX512 | {"avx512_vnni"}),
):
    if flags <= cpu_flags():
        config.available_features.add(feature)
