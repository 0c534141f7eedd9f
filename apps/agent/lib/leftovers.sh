# Leftovers: processes of a job that have left the job's process group.

# LEFTOVERS: processes of this user with the mark of this attempt, in any session, except the runner.
find_leftovers() {
	LEFTOVERS=''
	[ -n "$MARK" ] || return 0 # an empty mark would match every process
	if [ ! -r /proc/self/environ ]; then
		LEFTOVERS=`leftovers_of_ps`
		return 0
	fi
	for found in `marked_files; marked_mounts`; do
		found=${found#/proc/}
		found=${found%/*}
		case " $LEFTOVERS $RUNNER " in *" $found "*) continue ;; esac
		if is_number "$found" && is_user_of_job "$found"; then LEFTOVERS="$LEFTOVERS $found"; fi
	done
}

# ps of the BSDs shows the environment of this user's processes. The ps of Solaris does not, and the list is empty.
leftovers_of_ps() {
	ps xeww -o pid= -o args= 2>/dev/null | while read -r found line; do
		case $line in *"RUMPFARM_MARK=$MARK"*) [ "$found" = "$RUNNER" ] || put_line "$found" ;; esac
	done
}

# grep of busybox ends a line at its first NUL, which separates variables. Most shells skip NULs.
marked_files() {
	if [ -n "$GREP_SEES_NULS" ]; then
		grep -Fls "RUMPFARM_MARK=$MARK" /proc/[0-9]*/environ 2>/dev/null
	else
		for file in /proc/[0-9]*/environ; do if [ -r "$file" ] && is_marked 2>/dev/null <"$file"; then put_line "$file"; fi; done 2>/dev/null
	fi
}

# An old unshare shares its mounts with the whole machine: then even the agent has the mark, and the mark means nothing.
marked_mounts() {
	grep -Fs "$MOUNT_MARK$MARK" /proc/self/mounts >/dev/null 2>&1 || grep -Fls "$MOUNT_MARK$MARK" /proc/[0-9]*/mounts 2>/dev/null
}

is_marked() {
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in *"RUMPFARM_MARK=$MARK"*) return 0 ;; esac
	done
	return 1
}

# Root can read all environments: the owner must match, too.
is_user_of_job() {
	owner=`ls -ldn "/proc/$1" 2>/dev/null | { read -r _ _ uid _ && put_line "$uid"; }`
	[ "$owner" = "$RUN_UID" ] || [ "$owner" = "$OWN_UID" ]
}

signal_leftovers() {
	find_leftovers
	for leftover in $LEFTOVERS; do kill -s "$1" "$leftover" 2>/dev/null; done
}

# A process without a mark (`setsid env -i`, ssh-agent) may belong to a person: the agent does not end it. The job's log
# lists it if it has the job's user and no parent, and if it and its session began after the job.
log_left_running() {
	[ -f "$SPOOL/runner" ] && read -r _ start_time <"$SPOOL/runner" || return 0
	size_of "$SPOOL/log"
	is_number "$SIZE" && [ $((SIZE + 10000)) -lt "$LOG_MAX" ] || return 0
	if [ -r /proc/self/stat ]; then unmarked_of_proc; else unmarked_of_ps; fi 2>/dev/null | sed 50q >"$SPOOL/left-running"
	[ -s "$SPOOL/left-running" ] || return 0
	[ -z "`tail -c 1 "$SPOOL/log" | tr '\000' x`" ] || echo >>"$SPOOL/log"
	while IFS= read -r line; do
		say "attempt $ATTEMPT: left running: $line"
		put_line "left running: $line"
	done <"$SPOOL/left-running" >>"$SPOOL/log"
}

unmarked_of_proc() {
	read_start_time "$$"
	case $start_time in "${START_TIME%.*}".*) ;; *) return 0 ;; esac
	find_reaper
	other_jobs=`print_other_jobs`
	for file in /proc/[0-9]*/stat; do
		IFS= read -r stat <"$file" || continue
		read_process_fields "$stat"
		case $PARENT:$SESSION in
			*":$own_session" | *:0) ;;
			1:* | "$REAPER":*) if may_be_of_job; then print_left_running; fi ;;
		esac
	done
}

# REAPER: the process that adopts orphans. It is the user's systemd if the agent runs below it, else process 1.
find_reaper() {
	REAPER=$$ own_session=''
	while [ "$REAPER" -gt 1 ] && IFS= read -r stat <"/proc/./$REAPER/stat"; do
		case $stat in *"(systemd) "*) return 0 ;; esac
		read_process_fields "$stat"
		[ -n "$own_session" ] || own_session=$SESSION
		REAPER=${PARENT:-1}
	done
}

read_process_fields() {
	# shellcheck disable=SC2086 # the kernel's fields
	set -- ${1##*"$AFTER_COMMAND"}
	STATE=${1-} PARENT=${2-} SESSION=${4-} BEGAN=''
	if [ "$#" -ge 20 ]; then shift 19 && BEGAN=$1; fi
}

may_be_of_job() {
	process=${stat%% *}
	[ "$STATE" != Z ] || return 1
	is_not_earlier "$BEGAN" "${start_time##*.}" || return 1
	for other in $other_jobs; do if is_not_earlier "$BEGAN" "$other"; then return 1; fi; done
	if [ "$SESSION" != "$process" ]; then
		read_start_time "$SESSION"
		[ -z "$START_TIME" ] || is_not_earlier "${START_TIME##*.}" "${start_time##*.}" || return 1
	fi
	[ "`sed -n 's/^Uid:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$process/status"`" = "$RUN_UID" ] || return 1
	# Each login has its own control group, if the system has control groups.
	[ "`cat "/proc/$process/cgroup"`" = "`cat "/proc/$$/cgroup"`" ] || return 1
	! (MARK='' && [ -r "/proc/$process/environ" ] && is_marked <"/proc/$process/environ") && ! is_tunnel "$process"
}

# Prints the start times of other slots' jobs. A process that began later may belong to one of them.
print_other_jobs() {
	for file in "$DIR"/slot-*/*/runner; do
		[ "$file" != "$SPOOL/runner" ] && read -r other other_start_time <"$file" && is_same_process "$other" "$other_start_time" && put_line "${other_start_time##*.}"
	done | tr '\n' ' '
}

is_tunnel() { [ -f "$PRIVATE/tunnel" ] && read -r tunnel _ <"$PRIVATE/tunnel" && [ "$tunnel" = "$1" ]; }

# After a year the clock ticks since boot have ten digits, but mksh counts in 32 bits: compare the last 2 digits alone.
is_not_earlier() {
	this=${1%??} that=${2%??}
	[ "$this" -gt "$that" ] || { [ "$this" = "$that" ] && [ "1${1#"$this"}" -ge "1${2#"$that"}" ]; }
}

print_left_running() {
	command=`tr '\000' ' ' <"/proc/$process/cmdline" | printable_line | sed 's/^\(.\{1,80\}\).*/\1/; s/ *$//'`
	put_line "pid $process $command"
}

# Without /proc. Each ps names the session differently, so a process with a terminal counts as a person's.
unmarked_of_ps() {
	now
	span=$((NOW - STARTED))
	[ -z "`print_other_jobs`" ] || return 0
	ps -A -o pid= -o ppid= -o pgid= -o uid= -o tty= -o etime= -o args= | while read -r one parent group uid terminal age words; do
		case "$parent $uid $terminal" in "1 $RUN_UID "[!A-Za-z0-9]*) ;; *) continue ;; esac
		[ "$group" = "$one" ] || continue
		seconds_of "$age"
		[ "$SECONDS_OLD" -gt "$span" ] || is_tunnel "$one" || put_line "pid $one $words" | printable_line
	done
}

# SECONDS_OLD: the age $1, [[dd-]hh:]mm:ss, in seconds.
seconds_of() {
	SECONDS_OLD=999999999
	case $1 in *-* | *:*:*:*) return 0 ;; esac
	SECONDS_OLD=0 rest=$1:
	while [ -n "$rest" ]; do
		part=${rest%%:*} rest=${rest#*:}
		part=${part#0}
		SECONDS_OLD=$((SECONDS_OLD * 60 + ${part:-0}))
	done
}
