#!/usr/bin/env bash
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs what is missing, configures and builds.
#
#   tools/dev/build.sh [TARGET...]
#
# Environment:
#   CC, CXX          compilers (clang if it is installed)
#   QTC_BUILD_DIR    build folder (build)
#   QTC_BUILD_TYPE   CMake build type (Release)
#   QTC_CMAKE_ARGS   further arguments for CMake
#   QTC_JOBS         parallel compile jobs (one per processor, if memory allows 1 GB each)
set -euo pipefail

case "${1-}" in
  -h | --help) sed -n '6,15s/^# \{0,1\}//p' "$0" && exit 0 ;;
esac
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${QTC_BUILD_DIR:-$root/build}

"$root/tools/dev/install-deps.sh"

if [[ -z ${CXX-} ]] && command -v clang++ >/dev/null; then
  export CC=${CC:-clang} CXX=clang++
fi

jobs=${QTC_JOBS-}
if [[ -z $jobs ]]; then
  jobs=$(nproc)
  gigabytes=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
  ((jobs <= gigabytes)) || jobs=$((gigabytes > 0 ? gigabytes : 1))
fi

mkdir -p "$build"
log=$build/build.log
# run TEXT COMMAND...: on a terminal the command's output is shown; elsewhere one line, and the log's end if it fails
run() {
  local text=$1 start=$SECONDS
  shift
  if [[ -t 2 ]]; then
    "$@" >&2
  elif ! "$@" >"$log" 2>&1; then
    grep -n -m 20 -E 'error:|Error|FAILED' "$log" >&2 || true
    tail -n 60 "$log" >&2
    echo "error: $text failed; the whole log is in $log" >&2
    exit 1
  fi
  echo "build: $text, $((SECONDS - start)) s" >&2
}

arguments=(-S "$root" -B "$build" -G Ninja "-DCMAKE_BUILD_TYPE=${QTC_BUILD_TYPE:-Release}")
if [[ -n ${QTC_CMAKE_ARGS-} ]]; then
  read -r -a extra <<<"$QTC_CMAKE_ARGS"
  arguments+=("${extra[@]}")
fi
run "configure in $build" cmake "${arguments[@]}"
run "compile with $jobs jobs" cmake --build "$build" --parallel "$jobs" ${1+--target "$@"}
