#!/bin/sh
# The Rumpfarm agent. It needs a POSIX shell, the usual utilities, and one HTTP client; see docs/agent-protocol.md.
# Nothing that the farm says is ever evaluated here: answers are read line by line and matched against known words.
#
# The parts come in this order:
#   basics: words clock process strays launch sums
#   requests to the farm: http http-curl http-wget http-bbwget http-raw http-perl http-python http-nc http-openssl tunnel hmac answer
#   the owner's configuration: conf owner shelter trial facts
#   enrolment: lock enroll hello
#   one job: claim sources runner limits progress artifacts attempt finish
#   the agent: slots update service main

# Backquotes everywhere: bash 5.2 cannot go on when a trap runs while it reads a $( ), and the job's end is a signal.
# Seen as "unexpected EOF while looking for matching `)'"; spec/signals.test.ts shows it.

# Solaris 10's /bin/sh is a Bourne shell: leave it before it meets the first ${x%y}.
# shellcheck disable=SC2006 # for the whole file: see above
if test -x /usr/xpg4/bin/sh && test -z "${RUMPFARM_SHELL-}" && sed 2q "$0" 2>/dev/null | grep '^# The Rumpfarm' >/dev/null; then
  RUMPFARM_SHELL=/usr/xpg4/bin/sh
  export RUMPFARM_SHELL
  exec "$RUMPFARM_SHELL" "$0" ${1+"$@"}
fi
if test -n "${ZSH_VERSION-}"; then emulate sh; fi
if test -n "${YASH_VERSION-}"; then
  # shellcheck disable=SC3040 # its own, else its loop variables are local to the function
  set -o posixlycorrect
  # It reads characters, not bytes, in the locale that it was started in, and a recipe is UTF-8.
  if test "${LC_ALL-}" != C.UTF-8 && sed 2q "$0" 2>/dev/null | grep '^# The Rumpfarm' >/dev/null; then
    LC_ALL=C.UTF-8
    export LC_ALL
    exec "${RUMPFARM_SHELL:-yash}" "$0" ${1+"$@"}
  fi
else
  LC_ALL=C
fi

FARM_URL='@FARM_URL@'
AGENT_VERSION=1.1.0 # bundle.sh adds a + and its checksum
PROTOCOL=1
AGENT_SHELL=${RUMPFARM_SHELL:-sh}

set -u
if test -d /usr/xpg4/bin; then PATH=/usr/xpg4/bin:$PATH; fi
export PATH
if test -n "${LC_ALL-}"; then export LC_ALL; fi
unset ENV BASH_ENV CDPATH GREP_OPTIONS

# An update that did not come as far as an answer of the farm: the start after that goes back to the agent before it. This
# stands here, before the rest of a new version can be wrong. agent.sh is never missing, whenever the machine goes down.
case "$*" in
  run | *' run')
    case $0 in */*) UPDATE=${0%/*}/update ;; *) UPDATE=./update ;; esac
    if test -f "$UPDATE.begun"; then
      if test -f "$0.old"; then mv "$0.old" "$0"; fi
      mv "$UPDATE.begun" "$UPDATE.failed"
      exec "$AGENT_SHELL" "$0" "$@"
    elif test -f "$UPDATE.swapped"; then
      mv "$UPDATE.swapped" "$UPDATE.begun"
      UPDATE_WORDS=$*
      # shellcheck disable=SC2086 # words
      start_again() { exec "$AGENT_SHELL" "$0" $UPDATE_WORDS; }
      trap start_again 0 # at once, where nothing else would start it again
    fi
    ;;
esac
