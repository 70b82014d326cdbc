#!/usr/bin/env bash
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Prints exponent and CRC-32 of every parameter of models trained on MNIST, for comparison with another implementation.
#
#   tools/dev/checkpoint-crcs.sh [MODEL.onnx ...]      default: mlp.onnx and lenet.onnx of the shared models
#
#   --steps LIST     steps to print (default: 0,1,20)
#   --data SPEC      default: mnist: of the shared data
#   --isa NAME       instruction set (default: the strongest)
#   --no-microkernels, --batch=N, --init=…, --normalize=…, --niti-…   options of the compiler
#
# Batch 128, pixels / 255, file order, seed 1, constant mu 4. Needs a build; QTC names another compiler, QTC_SHARED the
# folder with models and data.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
qtc=${QTC:-${QTC_BUILD_DIR:-$root/build}/bin/qtc}
shared=${QTC_SHARED:-$root/../shared}
steps=0,1,20 data="" isa=() options=() models=()
while (($#)); do
  case "$1" in
    --steps=* | --data=* | --isa=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" && continue ;;
    --steps) steps=${2?error: --steps needs a list} && shift ;;
    --data) data=${2?error: --data needs a data set} && shift ;;
    --isa) isa=(--isa="${2?error: --isa needs a name}") && shift ;;
    -h | --help) sed -n '6,16s/^# \{0,1\}//p' "$0" && exit 0 ;;
    -*) options+=("$1") ;;
    *) models+=("$1") ;;
  esac
  shift
done
((${#models[@]})) || models=("$shared/models/mlp.onnx" "$shared/models/lenet.onnx")
[[ -n $data ]] || data=mnist:$shared/data/mnist
[[ -x $qtc ]] || { echo "error: no compiler at $qtc; run tools/dev/build.sh, or set QTC" >&2 && exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for model in "${models[@]}"; do
  "$qtc" compile "$model" -o "$folder/trainer" ${options[@]+"${options[@]}"}
  heading="| $(basename "$model") | exponent |" rule="|---|---|" columns=()
  for step in ${steps//,/ }; do
    "$folder/trainer" train --data "$data" --steps "$step" --schedule=4 --no-shuffle --seed 1 --out "$folder/$step" \
      ${isa[@]+"${isa[@]}"} >/dev/null
    "$folder/trainer" hash --checkpoint "$folder/$step/checkpoint.safetensors" --tensors |
      awk 'NR > 1 { print $1, $2, $3 }' >"$folder/$step.txt"
    heading+=" step $step |" rule+="---|" columns+=("$folder/$step.txt")
  done
  printf '%s\n%s\n' "$heading" "$rule"
  # Exponents are fixed for a run: the first file's serve all.
  paste -d ' ' "${columns[@]}" | awk '{ row = "| " $1 " | " $2 " |"; for (k = 3; k <= NF; k += 3) row = row " " $k " |"; print row }'
  echo
done
