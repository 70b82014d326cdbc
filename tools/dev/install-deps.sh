#!/usr/bin/env bash
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs the missing Debian 12 packages for building and testing.
#
#   tools/dev/install-deps.sh [--with-dev]
#
#   --with-dev   also the packages for formatting, linting and the fresh-machine check
#
# Only apt is used, as root or through sudo. If nothing is missing, nothing is done and no privileges are needed.
set -euo pipefail

packages=(
  # compiler, linker, build
  clang lld cmake ninja-build
  # MLIR and LLVM with FileCheck and lit
  libmlir-19-dev llvm-19-dev mlir-19-tools llvm-19-tools
  # ONNX import
  libonnx-dev libprotobuf-dev
  # command line, JSON, hashes, .gz and .npz data
  libcli11-dev nlohmann-json3-dev libxxhash-dev zlib1g-dev
  # tests
  libgtest-dev python3 python3-numpy python3-onnx python3-psutil
  # the compiler's memory allocator
  libjemalloc-dev
  # downloads over https
  ca-certificates
)
dev_packages=(ccache clang-format-14 clang-tidy-14 codespell debootstrap git shellcheck)

case "${1-}" in
  "") ;;
  --with-dev) packages+=("${dev_packages[@]}") ;;
  -h | --help) sed -n '6,12s/^# \{0,1\}//p' "$0" && exit 0 ;;
  *) echo "error: unknown option '$1'; try --help" >&2 && exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "warning: no apt here; these Debian packages, or equivalents, are needed: ${packages[*]}" >&2
  exit 0
fi

# dpkg-query exits with 1 if a package is unknown; that is not an error here.
installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  grep -qx "$package installed" <<<"$installed" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi

sudo=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "error: packages are missing and there is no sudo; run as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  sudo=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# step TEXT COMMAND...: one line per step; the command's output is shown only if it fails
step() {
  local text=$1 start=$SECONDS
  shift
  echo "install-deps: $text" >&2
  if ! "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive "$@" </dev/null >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "error: failed after $((SECONDS - start)) s: $*" >&2
    exit 1
  fi
}
apt=(apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
step "updating the package lists" "${apt[@]}" update
step "installing ${#missing[@]} of ${#packages[@]} packages: ${missing[*]}" \
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
echo "install-deps: done in $SECONDS s" >&2
