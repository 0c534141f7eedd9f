#!/bin/sh
# Checks the agent's parts as one program, because they call each other's functions. Excluded warnings:
# SC2006: backquotes, see lib/start.sh. SC2012: ls of one file. SC2013: words without blanks. SC2016: text for another
# program. SC3040, SC3045: options of one shell, used only in that shell.
set -eu
cd "$(dirname "$0")"
all=$(mktemp)
trap 'rm -f "$all"' EXIT
others=$(for part in lib/*.sh; do case $part in lib/start.sh | lib/main.sh) ;; *) echo "$part" ;; esac; done)
# shellcheck disable=SC2086 # names without blanks
cat lib/start.sh $others lib/main.sh >"$all"
shellcheck -s sh -e SC2006,SC2012,SC2013,SC2016,SC3040,SC3045 "$all"
shellcheck -s sh -e SC2013 bundle.sh check.sh
sh bundle.sh --service >"$all"
shellcheck -s sh -e SC2006 "$all" service/*.rc
shellcheck -s bash spec/support/init.bash
