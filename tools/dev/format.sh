#!/usr/bin/env bash
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Formats every C++ file of the project in place.
#
#   tools/dev/format.sh [FILE...]
set -euo pipefail

case "${1-}" in
  -h | --help) sed -n '6,8s/^# \{0,1\}//p' "$0" && exit 0 ;;
esac
formatter=${CLANG_FORMAT:-clang-format-14}
if ! command -v "$formatter" >/dev/null; then
  echo "error: no $formatter; run tools/dev/install-deps.sh --with-dev" >&2
  exit 1
fi
if (($#)); then
  exec "$formatter" -i "$@"
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
git -c safe.directory='*' ls-files -z --cached --others --exclude-standard --deduplicate -- '*.cpp' '*.h' |
  xargs -0 -r "$formatter" -i
