#!/bin/sh
# Prints the agent as the one file that the farm serves at /agent.sh. Comments stay: the owner of a host should be able to
# read what he runs. Only the line that tells shellcheck the dialect of a part is dropped.
set -eu
cd "$(dirname "$0")/lib"
for part in start words clock process launch sums http http-curl http-wget answer conf facts lock enroll hello claim \
  sources runner limits progress attempt finish main; do
  sed '/^# shellcheck shell=sh$/d' "$part.sh"
done
