#!/usr/bin/env bash
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs what is missing, builds, and runs the tests.
#
#   tests/run.sh [--slow] [--filter REGEX] [--verbose]
#
#   --slow           also the tests that take minutes
#   --filter REGEX   only tests whose name matches
#   --verbose        every test's output, not only that of failures
#
# The last line is `N passed, N failed, N skipped`. Exit status 0 only if tests ran and none failed.
# The environment variables of tools/dev/build.sh hold here too.
set -euo pipefail
exec </dev/null

slow=0 filter="" verbose=0
while (($#)); do
  case "$1" in
    --slow) slow=1 ;;
    --filter=*) filter=${1#*=} ;;
    --filter) filter=${2?error: --filter needs a regular expression} && shift ;;
    --verbose) verbose=1 ;;
    -h | --help) sed -n '6,15s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) echo "error: unknown option '$1'; try --help" >&2 && exit 2 ;;
  esac
  shift
done

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export QTC_BUILD_DIR=${QTC_BUILD_DIR:-$root/build}
if ! "$root/tools/dev/build.sh"; then
  # A failed build counts as one failed test.
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

# The ctest entries that are suites: they select their cases themselves and report each (see tests/CMakeLists.txt).
# A suite that finds nothing to run may leave its report empty.
suites=(lit reference support ops e2e cuda e2e-slow)
results=$QTC_BUILD_DIR/test-results
mkdir -p "$results"
rm -f "$results"/*.xml
for suite in "${suites[@]}"; do
  echo "<testsuites/>" >"$results/$suite.xml"
done

arguments=(--test-dir "$QTC_BUILD_DIR" --output-junit "$results/ctest.xml" --no-tests=error)
((verbose)) && arguments+=(--verbose) || arguments+=(--output-on-failure)
((slow)) && export LIT_OPTS="${LIT_OPTS-} -Dslow=1" || arguments+=(--label-exclude '^slow$')
if [[ -n $filter ]]; then
  arguments+=(--tests-regex "$filter|^($(IFS='|' && echo "${suites[*]}"))\$")
  export LIT_FILTER=$filter QTC_TEST_FILTER=$filter
fi
# lit spreads its tests over the processors by itself and runs alone.
ctest "${arguments[@]}" --parallel "$(nproc)" || true

python=/usr/bin/python3
[[ -x $python ]] || python=python3
exec "$python" "$root/tests/support/junit.py" "$results/ctest.xml" "$results"
