# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts of this folder: where things are, and what Bazel needs to run in bare containers too (a user name
# and a writable home).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache
cd "$root"
mkdir -p "$cache"

export USER=${USER:-$(id -un 2>/dev/null || echo skald)}
if [ -z "${HOME:-}" ] || ! mkdir -p "$HOME/.cache" 2>/dev/null || ! [ -w "$HOME/.cache" ]; then
  export HOME=$cache/home
  mkdir -p "$HOME/.cache"
fi

say() { echo "ops: $*" >&2; }

# logged NAME COMMAND...: runs a command with its output in .cache/NAME.log; on failure shows the end of it.
logged() {
  local log=$cache/$1.log status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  if [ "$status" -ne 0 ]; then
    say "failed with status $status; the end of $log:"
    tail -n 60 "$log" >&2
  fi
  return "$status"
}
