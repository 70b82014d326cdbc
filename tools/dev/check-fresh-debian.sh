#!/usr/bin/env bash
# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Runs the README's two commands from a clean clone on a minimal Debian 12 made for it by debootstrap. Needs root,
# debootstrap, about 8 GB of disk, and the package mirror that this machine's apt uses (or QTC_DEBIAN_MIRROR).
#
#   tools/dev/check-fresh-debian.sh [--only deps|quickstart|tests] [--keep] [--dir DIR]
#
#   --only     one of the steps (default: quickstart, then tests)
#   --keep     keep the system for inspection; its folder is printed
#   --dir DIR  parent of the system's folder ($TMPDIR or /tmp)
#
# The clone is of HEAD: uncommitted changes are not checked.
set -euo pipefail

only="" keep=0 parent=${TMPDIR:-/tmp}
while (($#)); do
  case "$1" in
    --only) only=${2?error: --only needs a step} && shift ;;
    --only=*) only=${1#*=} ;;
    --dir) parent=${2?error: --dir needs a folder} && shift ;;
    --dir=*) parent=${1#*=} ;;
    --keep) keep=1 ;;
    -h | --help) sed -n '6,16s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) echo "error: unknown option '$1'; try --help" >&2 && exit 2 ;;
  esac
  shift
done
commands=()
case "$only" in
  "") commands=(examples/quickstart.sh tests/run.sh) ;;
  deps) commands=(tools/dev/install-deps.sh tools/dev/install-deps.sh) ;; # the second run must find nothing to do
  quickstart) commands=(examples/quickstart.sh) ;;
  tests) commands=(tests/run.sh) ;;
  *) echo "error: --only takes deps, quickstart or tests, but got '$only'" >&2 && exit 2 ;;
esac
if ((EUID != 0)); then
  echo "error: a chroot needs root; run this through sudo" >&2
  exit 1
fi
if ! command -v debootstrap >/dev/null; then
  echo "error: no debootstrap; run tools/dev/install-deps.sh --with-dev" >&2
  exit 1
fi

# Everything mounted below lives in a mount namespace of this script's own, so it is gone when the script is, however
# it ends; processes likewise.
if [[ ${QTC_FRESH_INSIDE-} != 1 ]]; then
  arguments=(--dir "$parent")
  [[ -z $only ]] || arguments+=(--only "$only")
  ((keep == 0)) || arguments+=(--keep)
  system=$(mktemp -d "$parent/qtc-fresh.XXXXXX")
  chmod 755 "$system" # all users reach the root of a real system
  if ((keep)); then
    echo "fresh: $system will be left behind" >&2
  else
    trap 'rm -rf --one-file-system "$system"' EXIT
  fi
  QTC_FRESH_INSIDE=1 QTC_FRESH_SYSTEM=$system \
    unshare --mount --pid --fork --kill-child --propagation private "$(readlink -f "$0")" "${arguments[@]}"
  exit
fi

system=$QTC_FRESH_SYSTEM
clone=/srv/qtc
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
say() { echo "fresh: $* (at $SECONDS s)" >&2; }

# The three archives of Debian 12, from the mirror that this machine uses.
# shellcheck disable=SC2016 # the placeholders are apt's
sources=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
  awk '$2 ~ /^bookworm(-updates|-security)?$/ && $3 == "main" && $1 ~ /debian/ { print "deb", $1, $2, $3 }' | sort -u)
mirror=${QTC_DEBIAN_MIRROR:-$(awk '$3 == "bookworm" { print $2; exit }' <<<"$sources")}
if [[ -z $mirror ]]; then
  echo "error: this machine's apt has no Debian 12 archive; give one in QTC_DEBIAN_MIRROR" >&2
  exit 1
fi
if [[ -n ${QTC_DEBIAN_MIRROR-} || -z $sources ]]; then
  sources="deb $mirror bookworm main"
fi

say "making a minimal Debian 12 in $system"
if ! debootstrap --variant=minbase bookworm "$system" "$mirror" >"$system.log" 2>&1; then
  tail -n 20 "$system.log" >&2
  echo "error: debootstrap failed" >&2
  rm -f "$system.log"
  exit 1
fi
rm -f "$system.log"
echo "$sources" >"$system/etc/apt/sources.list"
cp /etc/resolv.conf "$system/etc/resolv.conf"
git -c safe.directory='*' clone --quiet --no-local "$root" "$system$clone" 2>/dev/null ||
  { echo "error: cannot clone $root" >&2 && exit 1; }

mount -t proc proc "$system/proc"
mount --bind /sys "$system/sys"
mount --bind /dev "$system/dev"
mount -t tmpfs tmpfs "$system/dev/shm"
mount -t devpts -o ptmxmode=666 devpts "$system/dev/pts" # terminals, which some tests open

status=0
for command in "${commands[@]}"; do
  say "$command"
  # A new user's environment: nothing of this shell's, and nothing on stdin.
  if chroot "$system" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb \
    /bin/bash -c "cd $clone && exec ./$command <&-"; then
    say "$command: passed"
  else
    say "$command: FAILED with exit status $?"
    status=1
  fi
done
if [[ -n $(git -c safe.directory='*' -C "$system$clone" status --porcelain) ]]; then
  say "FAILED: the commands left files in the tree that git does not ignore:"
  git -c safe.directory='*' -C "$system$clone" status --porcelain >&2
  status=1
fi
say "$(du -sh --one-file-system "$system" | cut -f1) on disk; exit status $status"
exit $status
