#!/usr/bin/env bash
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Builds and runs the fuzz targets on one core.
#
#   tests/fuzz/run.sh [SECONDS]     (60)
#
# Environment:
#   QTC_FUZZ_DIR   build folder, corpus and findings (build-fuzz)
#
# The corpus is kept between runs. A finding is left in QTC_FUZZ_DIR/findings and ends the run with status 1.
set -euo pipefail

case "${1-}" in
  -h | --help) sed -n '6,13s/^# \{0,1\}//p' "$0" && exit 0 ;;
esac
seconds=${1:-60}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${QTC_FUZZ_DIR:-$root/build-fuzz}
python=/usr/bin/python3
[[ -x $python ]] || python=python3

arguments=(-DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DQTC_BUILD_FUZZERS=ON)
if command -v ccache >/dev/null; then
  arguments+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
mkdir -p "$build/corpus" "$build/findings"
cmake -G Ninja -S "$root" -B "$build" "${arguments[@]}" >"$build/configure.log"
ninja -C "$build" -j "${QTC_JOBS:-1}" import_fuzzer >"$build/build.log" || { tail -n 40 "$build/build.log" >&2 && exit 1; }
"$python" "$root/tests/fuzz/make_corpus.py" "$build/seeds"

status=0
"$build/bin/import_fuzzer" "$build/corpus" "$build/seeds" -max_total_time="$seconds" -max_len=4096 -timeout=20 \
  -rss_limit_mb=1024 -malloc_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$build/findings/" \
  >"$build/fuzz.log" 2>&1 || status=$?
tail -n 12 "$build/fuzz.log"
exit $((status != 0))
