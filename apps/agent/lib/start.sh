#!/bin/sh
# The Rumpfarm agent. It needs a POSIX shell, the usual utilities, and one HTTP client; see docs/agent-protocol.md.
# Nothing that the farm says is ever evaluated here: answers are read line by line and matched against known words.

# Solaris 10's /bin/sh is a Bourne shell: leave it before it meets the first $( ) or ${x%y}.
if test -x /usr/xpg4/bin/sh && test -z "${RUMPFARM_SHELL-}" && test -f "$0"; then
  RUMPFARM_SHELL=/usr/xpg4/bin/sh
  export RUMPFARM_SHELL
  exec "$RUMPFARM_SHELL" "$0" ${1+"$@"}
fi
if test -n "${ZSH_VERSION-}"; then emulate sh; fi
# shellcheck disable=SC3040 # yash's own, else its loop variables are local to the function
if test -n "${YASH_VERSION-}"; then set -o posixlycorrect; fi

FARM_URL='@FARM_URL@'
AGENT_VERSION=1.0.0
PROTOCOL=1
AGENT_SHELL=${RUMPFARM_SHELL:-sh}

set -u
if test -d /usr/xpg4/bin; then PATH=/usr/xpg4/bin:$PATH; fi
# Jobs inherit the C locale: logs and sort orders are then the same on every host. The owner's host.conf can say otherwise.
LC_ALL=C
export PATH LC_ALL
unset ENV BASH_ENV CDPATH GREP_OPTIONS
