#!/bin/sh
# The parts make sense to shellcheck only together: a function of one is called in another.
set -eu
cd "$(dirname "$0")"
bundled=$(mktemp)
trap 'rm -f "$bundled"' EXIT
sh bundle.sh >"$bundled"
shellcheck -s sh "$bundled" bundle.sh check.sh
sh bundle.sh --service >"$bundled"
shellcheck -s sh -e SC2006 "$bundled" service/*.rc # backquotes, as in the agent
shellcheck -s bash spec/support/yard.bash
