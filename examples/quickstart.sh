#!/usr/bin/env bash
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# From a fresh machine to a LeNet trained with integers: installs what is missing, builds, makes the model, compiles
# it and trains it.
#
#   examples/quickstart.sh [--data SPEC] [--epochs N] [--out DIR]
#
#   --data SPEC   mnist:DIR, synthetic:digits, ... (default: $QTC_MNIST if set, else MNIST downloaded within a minute,
#                 else synthetic:digits, which the trainer draws itself)
#   --epochs N    passes over the data (2)
#   --out DIR     where model, trainer, data and checkpoints go (build/quickstart)
set -euo pipefail
exec </dev/null

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${QTC_BUILD_DIR:-$root/build}
data="" epochs=2 out=$build/quickstart
while (($#)); do
  case "$1" in
    --data) data=${2?error: --data needs a SPEC} && shift ;;
    --data=*) data=${1#*=} ;;
    --epochs) epochs=${2?error: --epochs needs a number} && shift ;;
    --epochs=*) epochs=${1#*=} ;;
    --out) out=${2?error: --out needs a folder} && shift ;;
    --out=*) out=${1#*=} ;;
    -h | --help) sed -n '6,15s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) echo "error: unknown option '$1'; try --help" >&2 && exit 2 ;;
  esac
  shift
done

say() { echo "quickstart: $*" >&2; }
python=/usr/bin/python3 # the one that Debian's python3-onnx serves
[[ -x $python ]] || python=python3

say "installing what is missing and building (a few minutes the first time)"
QTC_BUILD_DIR=$build "$root/tools/dev/build.sh"

mkdir -p "$out"
say "writing the untrained model $out/lenet.onnx"
"$python" "$root/examples/lenet/make_lenet.py" "$out/lenet.onnx"

if [[ -z $data ]]; then
  if [[ -n ${QTC_MNIST-} ]]; then
    data=mnist:$QTC_MNIST
  elif say "downloading MNIST" && "$python" "$root/examples/data/fetch_mnist.py" "$out/mnist" --timeout 60; then
    data=mnist:$out/mnist
  else
    say "no MNIST to be had; digits drawn by the trainer take its place"
    data=synthetic:digits
  fi
fi

say "compiling it: qtc compile lenet.onnx -o lenet"
"$build/bin/qtc" compile "$out/lenet.onnx" -o "$out/lenet"

say "training with integers: ./lenet train --data $data --epochs $epochs"
"$out/lenet" train --data "$data" --epochs "$epochs" --out "$out/run" --overwrite | tee "$out/result.txt"
accuracy=$(sed -n 's/^result: .*[ ]test_accuracy=\([0-9.]*\).*/\1/p' "$out/result.txt")
if [[ -z $accuracy ]]; then
  echo "error: the trainer gave no result line" >&2
  exit 1
fi
say "test accuracy after $epochs epochs of integer training: $accuracy"
