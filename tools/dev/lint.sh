#!/usr/bin/env bash
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Checks form: formatting, licence lines, spelling, shell scripts, cited sections, stray paths, file lengths.
#
#   tools/dev/lint.sh [--tidy[=REGEX]] [--since COMMIT]
#
#   --tidy[=REGEX]   also clang-tidy, over the C++ files whose path matches; needs a build (tools/dev/build.sh).
#                    A file that includes MLIR takes about 20 s
#   --since COMMIT   also clang-tidy, over the C++ files changed since then
#
# Exit status 0 only if nothing is wrong. A file above 800 lines is a warning.
set -euo pipefail
exec </dev/null

tidy=0 pattern="" since=""
while (($#)); do
  case "$1" in
    --tidy) tidy=1 pattern=. ;;
    --tidy=*) tidy=1 pattern=${1#*=} ;;
    --since) since=${2?error: --since needs a commit} && tidy=1 && shift ;;
    --since=*) since=${1#*=} && tidy=1 ;;
    -h | --help) sed -n '6,14s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) echo "error: unknown option '$1'; try --help" >&2 && exit 2 ;;
  esac
  shift
done

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${QTC_BUILD_DIR:-build}
git=(git -c "safe.directory=*")
status=0
fail() {
  echo "lint: $1" >&2
  status=1
}
# need PROGRAM: fails with a message if it is not installed
need() {
  command -v "$1" >/dev/null && return
  fail "no $1; run tools/dev/install-deps.sh --with-dev"
  return 1
}

# Tracked and new files, but not ignored ones.
mapfile -t files < <("${git[@]}" ls-files --cached --others --exclude-standard --deduplicate | while read -r file; do
  if [[ -f $file ]]; then echo "$file"; fi
done)
# matching REGEX: the files whose path matches
matching() { printf '%s\n' "${files[@]}" | grep -E "$1" || true; }
mapfile -t cpp < <(matching '\.(cpp|h)$')
mapfile -t sources < <(matching '\.(cpp|h|td|py|sh|cmake|py\.in)$|(^|/)CMakeLists\.txt$|^\.ci/run$')
mapfile -t shell < <(matching '\.sh$|^\.ci/run$')
mapfile -t python < <(matching '\.py$')

if ((${#cpp[@]})) && need clang-format-14; then
  clang-format-14 --dry-run -Werror --ferror-limit=1 "${cpp[@]}" ||
    fail "files are not formatted; run tools/dev/format.sh"
fi

for file in "${sources[@]}"; do
  head -n 12 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception' ||
    fail "$file: no SPDX licence line at its head"
done

if need codespell; then
  codespell "${files[@]}" || fail "spelling (.codespellrc lists the words that are right)"
fi

if ((${#shell[@]})) && need shellcheck; then
  shellcheck "${shell[@]}" || fail "shell scripts"
fi

# Compiled in memory, so that no .pyc is left behind.
if ((${#python[@]})); then
  python3 -c 'import sys
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        compile(file.read(), name, "exec")' "${python[@]}" || fail "python does not parse"
fi

python3 tools/dev/check_citations.py "${files[@]}" || fail "sections that files cite"

# Headers beside the runtime's sources are its own.
if grep -nE '^#include "runtime/(core|cpu|cuda|data)/' -- "${cpp[@]}"; then
  fail "private headers of the runtime; include one of runtime/include/qtcrt"
fi

# Paths of one machine. The brackets keep this line from finding itself.
if grep -nE '(^|[^A-Za-z0-9_.])/(work[/]|root[/]|home[/][a-z])' -- "${files[@]}"; then
  fail "paths of some machine"
fi
if grep -nIE '[[:blank:]]+$' -- "${files[@]}"; then
  fail "blanks at line ends"
fi
for file in "${files[@]}"; do
  [[ ! -s $file || -z $(tail -c 1 "$file" | tr -d '\0') ]] || fail "$file: no newline at its end"
done

for file in "${sources[@]}"; do
  lines=$(wc -l <"$file")
  ((lines <= 800)) || echo "lint: warning: $file has $lines lines; consider splitting it" >&2
done

if ((tidy)) && need clang-tidy-14; then
  if [[ ! -f $build/compile_commands.json ]]; then
    fail "no $build/compile_commands.json; run tools/dev/build.sh"
  else
    mapfile -t selected < <({
      [[ -z $pattern ]] || matching '\.cpp$' | grep -E "$pattern" || true
      [[ -z $since ]] || "${git[@]}" diff --name-only --diff-filter=d "$since" -- '*.cpp'
    } | sort -u)
    # A file that this build does not compile has no flags. clang-tidy cannot read the precompiled
    # headers of another compiler, so it gets the database without them.
    database=$(mktemp -d)
    trap 'rm -rf "$database"' EXIT
    python3 - "$build/compile_commands.json" "$database/compile_commands.json" "${selected[@]}" >"$database/files" <<'END'
import json, os, re, sys

with open(sys.argv[1], encoding="utf-8") as file:
    commands = json.load(file)
for command in commands:
    command["command"] = re.sub(r"-Xclang -include(-pch)? -Xclang \S+ ?", "", command["command"])
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(commands, file)
known = {os.path.realpath(command["file"]) for command in commands}
for name in sys.argv[3:]:
    if os.path.realpath(name) in known:
        print(name)
END
    tr '\n' '\0' <"$database/files" |
      xargs -0 -r -n 1 -P "$(nproc)" clang-tidy-14 --quiet -p "$database" 2>/dev/null || fail "clang-tidy"
  fi
fi

((status)) || echo "lint: ${#files[@]} files are fine" >&2
exit $status
