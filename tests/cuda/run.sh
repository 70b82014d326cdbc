#!/usr/bin/env bash
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What only a machine with an NVIDIA GPU can check: state hashes equal to the processor's, and compute-sanitizer.
#
#   tests/cuda/run.sh [--sm N] [--steps N]
#
#   --sm N      compute capability, times ten, that trainers are compiled for (80)
#   --steps N   steps before hashes are compared (50)
#
# Needs a build in build/ ($QTC_BUILD_DIR). Models are LeNet of examples/ and those in $QTC_SHARED/models, data is
# drawn by the trainers. The last line is `N passed, N failed, N skipped`.
set -euo pipefail
exec </dev/null

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${QTC_BUILD_DIR:-$root/build}
shared=${QTC_SHARED:-$root/../shared}
sm=80 steps=50
while (($#)); do
  case "$1" in
    --sm) sm=${2?error: --sm needs a number} && shift ;;
    --sm=*) sm=${1#*=} ;;
    --steps) steps=${2?error: --steps needs a number} && shift ;;
    --steps=*) steps=${1#*=} ;;
    -h | --help) sed -n '6,14s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) echo "error: unknown option '$1'; try --help" >&2 && exit 2 ;;
  esac
  shift
done

passed=0 failed=0 skipped=0
report() { # NAME RESULT [TEXT]
  echo "$2: $1${3:+: $3}"
  case "$2" in
    passed) passed=$((passed + 1)) ;;
    failed) failed=$((failed + 1)) ;;
    skipped) skipped=$((skipped + 1)) ;;
  esac
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=/usr/bin/python3 # the one that Debian's python3-onnx serves
[[ -x $python ]] || python=python3
"$python" "$root/examples/lenet/make_lenet.py" "$work/lenet.onnx"

run() { # TRAINER: the state hash after the steps
  "$1" train --data synthetic:digits --steps "$steps" --limit $((128 * steps)) --out "$1.out" 2>&1 | tee "$1.log" |
    sed -n 's/^result: .* state=\([0-9a-f]*\)$/\1/p'
}

for model in "$work/lenet.onnx" "$shared"/models/{mlp,lenet,vgg_tiny}.onnx; do
  name="hash of $model after $steps steps"
  if [[ ! -f $model ]]; then
    report "$name" skipped "no such file"
    continue
  fi
  "$build/bin/qtc" compile "$model" -o "$work/cpu" --init=scheme
  "$build/bin/qtc" compile "$model" -o "$work/gpu" --init=scheme --target=cuda --sm="$sm"
  expected=$(run "$work/cpu") got=$(run "$work/gpu") || true
  if [[ -n $expected && $expected == "$got" ]]; then
    report "$name" passed "$got"
  else
    report "$name" failed "expected '$expected', but got '$got': $(tail -n 1 "$work/gpu.log")"
  fi
done

"$build/bin/qtc" compile "$work/lenet.onnx" -o "$work/lenet" --batch=8 --target=cuda --sm="$sm"
for tool in memcheck racecheck; do
  name="compute-sanitizer $tool on a LeNet step"
  if ! command -v compute-sanitizer >/dev/null; then
    report "$name" skipped "no compute-sanitizer on the path"
  elif compute-sanitizer --tool "$tool" --error-exitcode 9 "$work/lenet" train --data synthetic:digits --steps 1 \
    --limit 8 --out "$work/out" >"$work/sanitizer.log" 2>&1; then
    report "$name" passed
  else
    report "$name" failed "$(tail -n 1 "$work/sanitizer.log")"
  fi
done

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
