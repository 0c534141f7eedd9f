#!/bin/sh
# The Rumpfarm agent makes this machine a host of a build farm: it takes jobs, runs them, and sends their logs and results.
#
# It needs a POSIX shell, tar, gzip, the usual utilities, and one HTTP client (curl, wget, perl, python, nc, openssl or busybox wget).
#
# What it does on this machine:
#   * `enroll` exchanges an invitation for a credential, and saves this script and host.conf in one directory (~/.rumpfarm, or
#     RUMPFARM_DIR). `run` then asks the farm for jobs, until you stop it.
#   * A job is shell text from the farm. It runs as this user, or as the user that host.conf names with run_as.
#   * The agent writes only below its directory and work_dir. After a job it ends the job's processes and removes its files.
#   * It replaces itself by another version that the farm offers, unless host.conf has the line `updates no`.
# What it does not do:
#   * It runs no text of the farm except the steps of jobs: it compares answers line by line with known words, and evaluates nothing.
#   * It runs no job that host.conf forbids, and hides its credential from jobs where the system can do that.
#   * It listens on no port. It starts at boot only after `agent.sh install`.
# `agent.sh check` shows these settings. See docs/hosts.md and docs/agent-protocol.md of the farm's sources.
#
# The parts, in this order; the last line of the file starts the program:
#   basics: text clock process leftovers launch checksums
#   requests: http http-curl http-wget http-bbwget http-raw http-perl http-python http-nc http-openssl tunnel hmac answer
#   this host: conf rules isolation compilers facts lock tools
#   enrolment: enroll hello
#   one job: claim attempt supervise limits progress artifacts finish cache
#   the process that runs a job: runner sources steps
#   the agent: slots update service run commands main

# All parts use backquotes: when a job ends, a signal runs a trap, and bash 5.2 fails if it then reads a $( ). Bash
# prints "unexpected EOF while looking for matching `)'"; see spec/signals.test.ts.

# /bin/sh of Solaris 10 is a Bourne shell, which fails at the first ${x%y}: use the POSIX shell there.
if test -x /usr/xpg4/bin/sh && test -z "${RUMPFARM_SHELL-}" && sed 2q "$0" 2>/dev/null | grep '^# The Rumpfarm' >/dev/null; then
	RUMPFARM_SHELL=/usr/xpg4/bin/sh
	export RUMPFARM_SHELL
	exec "$RUMPFARM_SHELL" "$0" ${1+"$@"}
fi
if test -n "${ZSH_VERSION-}"; then emulate sh; fi
if test -n "${YASH_VERSION-}"; then
	# Otherwise the variables of a loop are local to the function.
	set -o posixlycorrect
	# yash decodes its input with the locale of its start. The text of a step is UTF-8.
	if test "${LC_ALL-}" != C.UTF-8 && sed 2q "$0" 2>/dev/null | grep '^# The Rumpfarm' >/dev/null; then
		LC_ALL=C.UTF-8
		export LC_ALL
		exec "${RUMPFARM_SHELL:-yash}" "$0" ${1+"$@"}
	fi
else
	LC_ALL=C
fi

FARM_URL='@FARM_URL@'
AGENT_VERSION=1.2.0 # bundle.sh adds a + and its checksum
PROTOCOL=1
AGENT_SHELL=${RUMPFARM_SHELL:-sh}

set -u
if test -d /usr/xpg4/bin; then PATH=/usr/xpg4/bin:$PATH; fi
export PATH
if test -n "${LC_ALL-}"; then export LC_ALL; fi
unset ENV BASH_ENV CDPATH GREP_OPTIONS

# If a new version ended before the farm answered it, this start restores the previous one. This code comes first,
# because the rest of a new version may be wrong. A power failure leaves one of the two versions as agent.sh.
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
			trap start_again 0 # at once: perhaps nothing else starts the agent again
		fi
		;;
esac
