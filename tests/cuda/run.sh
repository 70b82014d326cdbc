#!/usr/bin/env bash
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Checks that need an NVIDIA GPU: state hashes equal to the processor's, and compute-sanitizer.
#
#   tests/cuda/run.sh [--sm N[,N]] [--steps N] [--models DIR] [--only REGEX] [--cubin] [--tune] [--compile DIR | --compiled DIR]
#
#   --sm N        compute capabilities, times ten, that trainers are compiled for (90,90a on a GPU of 9.0, else 80); hashes
#                 are compared with every one that the GPU runs
#   --steps N     steps before hashes are compared (50)
#   --models DIR  where models are (default: $QTC_SHARED/models; export_torch.py there writes the large ones)
#   --only REGEX  of the checks, by name
#   --cubin       add machine code to PTX
#   --tune        schedules of contractions by measurement
#   --compile DIR   compile the trainers into DIR and stop, for a machine with a GPU that has no compiler
#   --compiled DIR  run those, of the same --sm and --models
#
# Needs a build in build/ ($QTC_BUILD_DIR), except with --compiled. Data is drawn by the trainers. Without a GPU every
# check is skipped. The last line is `N passed, N failed, N skipped`.
set -euo pipefail
exec </dev/null

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${QTC_BUILD_DIR:-$root/build}
models=${QTC_SHARED:-$root/../shared}/models
sm="" steps=50 only=. target=(--target=cuda) tuning=() compile_to="" compiled=""
while (($#)); do
  case "$1" in
    --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" && continue ;;
    --sm) sm=${2?error: --sm needs a number} && shift ;;
    --steps) steps=${2?error: --steps needs a number} && shift ;;
    --models) models=${2?error: --models needs a folder} && shift ;;
    --only) only=${2?error: --only needs a pattern} && shift ;;
    --cubin) target+=(--cubin) ;;
    --tune) tuning=(--tune) ;;
    --compile) compile_to=${2?error: --compile needs a folder} && shift ;;
    --compiled) compiled=${2?error: --compiled needs a folder} && shift ;;
    -h | --help) sed -n '6,20s/^# \{0,1\}//p' "$0" && exit 0 ;;
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
trainers=${compiled:-${compile_to:-$work}}
mkdir -p "$trainers"
example=$work/example_lenet.onnx
if [[ -z $compiled ]]; then
  python=/usr/bin/python3 # the one that Debian's python3-onnx serves
  [[ -x $python ]] || python=python3
  "$python" "$root/examples/lenet/make_lenet.py" "$example"
fi

# The trainer is there afterwards, or OUTPUT.log says why not.
compile() { # MODEL OUTPUT OPTION...
  [[ -z $compiled ]] || return 0
  "$build/bin/qtc" compile "$1" -o "$2" "${@:3}" >"$2.log" 2>&1
}
run() { # TRAINER OPTION...: the state hash after the steps
  local log
  log=$work/$(basename "$1").log
  "$1" train --data synthetic:digits --steps "$steps" --limit $((128 * steps)) --out "$work/out" --overwrite "${@:2}" >"$log" 2>&1
  sed -n 's/^result: .* state=\([0-9a-f]*\)$/\1/p' "$log"
}

# The reason why nothing can run here; empty if there is none.
missing=""
if ! compile "$example" "$trainers/probe" --batch=8 "${target[@]}"; then
  cat "$trainers/probe.log" >&2
  exit 1
fi
[[ -x $trainers/probe ]] || { echo "error: no trainers in '$compiled'; --compile makes them" >&2 && exit 2; }
[[ -n $compile_to ]] || "$trainers/probe" info | grep -Eq '^sm_.* used$' || missing="no GPU that runs code for sm_$sm"

compile_pair() { # MODEL SCHEME
  local kind
  for kind in cpu gpu; do
    local options=(--init=scheme --scheme="$2")
    [[ $kind == cpu ]] || options+=("${target[@]}" "${tuning[@]}")
    compile "$1" "$base.$kind" "${options[@]}" || { report "$name" failed "$(tail -n 1 "$base.$kind.log")" && return 1; }
  done
}

compare_hashes() {
  local variant expected got
  expected=$(run "$base.cpu") || true
  for variant in $("$base.gpu" info | sed -n '/not supported$/d; s/^\(sm_[0-9a]*\) .*/\1/p'); do
    got=$(run "$base.gpu" --isa="$variant") || true
    if [[ -n $expected && $expected == "$got" ]]; then
      report "$name, $variant" passed "$got"
    else
      report "$name, $variant" failed "expected '$expected', but got '$got': $(tail -n 1 "$work/$(basename "$base.gpu").log")"
    fi
  done
}

for entry in "$example":niti "$models"/{mlp,lenet,vgg_tiny,vgg_small_7}.onnx:niti "$models"/{lenet_wage,vgg7_wage}.onnx:wage; do
  model=${entry%:*} scheme=${entry##*:}
  base=$trainers/$(basename "$model" .onnx).$scheme
  name="hash of $(basename "$model" .onnx), $scheme, after $steps steps"
  [[ $name =~ $only ]] || continue
  if [[ ! -f $model && ! -x $base.gpu ]]; then
    report "$name" skipped "no '$model'"
  elif [[ -n $missing ]]; then
    report "$name" skipped "$missing"
  elif compile_pair "$model" "$scheme"; then
    [[ -n $compile_to ]] || compare_hashes
  fi
done
if [[ -n $compile_to ]]; then
  rm -f "$trainers"/*.log
  echo "trainers are in '$trainers'; run $0 --compiled there"
  exit $((failed > 0))
fi

for tool in memcheck racecheck; do
  name="compute-sanitizer $tool on a LeNet step"
  [[ $name =~ $only ]] || continue
  if [[ -n $missing ]]; then
    report "$name" skipped "$missing"
  elif ! command -v compute-sanitizer >/dev/null; then
    report "$name" skipped "no compute-sanitizer on the path"
  elif compute-sanitizer --tool "$tool" --error-exitcode 9 "$trainers/probe" train --data synthetic:digits --steps 1 \
    --limit 8 --out "$work/sanitized" >"$work/sanitizer.log" 2>&1; then
    report "$name" passed
  else
    report "$name" failed "$(tail -n 1 "$work/sanitizer.log")"
  fi
done

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
