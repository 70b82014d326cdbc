#!/usr/bin/env bash
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What only a machine with an NVIDIA GPU can check: state hashes equal to the processor's, and compute-sanitizer.
#
#   tests/cuda/run.sh [--sm N[,N]] [--steps N] [--models DIR] [--only REGEX] [--cubin] [--tune]
#
#   --sm N        compute capabilities, times ten, that trainers are compiled for (90,90a on a GPU of 9.0, else 80); hashes
#                 are compared with every one that the GPU runs
#   --steps N     steps before hashes are compared (50)
#   --models DIR  where models are (default: $QTC_SHARED/models; export_torch.py there writes the large ones)
#   --only REGEX  of the checks, by name
#   --cubin       machine code besides PTX
#   --tune        schedules of contractions by measurement
#
# Needs a build in build/ ($QTC_BUILD_DIR). Data is drawn by the trainers. Without a GPU every check is skipped. The last
# line is `N passed, N failed, N skipped`.
set -euo pipefail
exec </dev/null

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${QTC_BUILD_DIR:-$root/build}
models=${QTC_SHARED:-$root/../shared}/models
sm="" steps=50 only=. target=(--target=cuda) tuning=()
while (($#)); do
  case "$1" in
    --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" && continue ;;
    --sm) sm=${2?error: --sm needs a number} && shift ;;
    --steps) steps=${2?error: --steps needs a number} && shift ;;
    --models) models=${2?error: --models needs a folder} && shift ;;
    --only) only=${2?error: --only needs a pattern} && shift ;;
    --cubin) target+=(--cubin) ;;
    --tune) tuning=(--tune) ;;
    -h | --help) sed -n '6,18s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) echo "error: unknown option '$1'; try --help" >&2 && exit 2 ;;
  esac
  shift
done
if [[ -z $sm ]]; then
  gpu=$(nvidia-smi -i 0 --query-gpu=compute_cap --format=csv,noheader 2>/dev/null) || true
  [[ $gpu == 9.0 ]] && sm=90,90a || sm=80
fi
target+=(--sm="$sm")

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
"$python" "$root/examples/lenet/make_lenet.py" "$work/example_lenet.onnx"

compile() { # MODEL OUTPUT OPTION...
  "$build/bin/qtc" compile "$1" -o "$2" "${@:3}" >"$2.log" 2>&1
}
run() { # TRAINER OPTION...: the state hash after the steps
  "$1" train --data synthetic:digits --steps "$steps" --limit $((128 * steps)) --out "$1.out" "${@:2}" >"$1.log" 2>&1
  sed -n 's/^result: .* state=\([0-9a-f]*\)$/\1/p' "$1.log"
}

# Why nothing can run here, or nothing.
missing=""
if ! compile "$work/example_lenet.onnx" "$work/probe" --batch=8 "${target[@]}"; then
  cat "$work/probe.log" >&2
  exit 1
fi
"$work/probe" info | grep -Eq '^sm_.* used$' || missing="no GPU that runs code for sm_$sm"

compare_hashes() { # MODEL SCHEME
  local scheme=$2 trainer variant expected got
  for trainer in cpu gpu; do
    local options=(--init=scheme --scheme="$scheme" --mcpu=native)
    [[ $trainer == cpu ]] || options+=("${target[@]}" "${tuning[@]}")
    if ! compile "$1" "$work/$trainer" "${options[@]}"; then
      report "$name" failed "$(tail -n 1 "$work/$trainer.log")"
      return
    fi
  done
  expected=$(run "$work/cpu") || true
  for variant in $("$work/gpu" info | sed -n '/not supported$/d; s/^\(sm_[0-9a]*\) .*/\1/p'); do
    got=$(run "$work/gpu" --isa="$variant") || true
    if [[ -n $expected && $expected == "$got" ]]; then
      report "$name, $variant" passed "$got"
    else
      report "$name, $variant" failed "expected '$expected', but got '$got': $(tail -n 1 "$work/gpu.log")"
    fi
  done
}

for entry in "$work"/example_lenet.onnx:niti "$models"/{mlp,lenet,vgg_tiny,vgg_small_7}.onnx:niti \
  "$models"/{lenet_wage,vgg7_wage}.onnx:wage; do
  model=${entry%:*} scheme=${entry##*:}
  name="hash of $(basename "$model" .onnx), $scheme, after $steps steps"
  [[ $name =~ $only ]] || continue
  if [[ ! -f $model ]]; then
    report "$name" skipped "no '$model'"
  elif [[ -n $missing ]]; then
    report "$name" skipped "$missing"
  else
    compare_hashes "$model" "$scheme"
  fi
done

for tool in memcheck racecheck; do
  name="compute-sanitizer $tool on a LeNet step"
  [[ $name =~ $only ]] || continue
  if [[ -n $missing ]]; then
    report "$name" skipped "$missing"
  elif ! command -v compute-sanitizer >/dev/null; then
    report "$name" skipped "no compute-sanitizer on the path"
  elif compute-sanitizer --tool "$tool" --error-exitcode 9 "$work/probe" train --data synthetic:digits --steps 1 \
    --limit 8 --out "$work/out" >"$work/sanitizer.log" 2>&1; then
    report "$name" passed
  else
    report "$name" failed "$(tail -n 1 "$work/sanitizer.log")"
  fi
done

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
