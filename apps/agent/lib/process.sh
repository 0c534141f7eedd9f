# Processes: is a pid still the same process, and signals to process groups.
# Never `kill -SIG -PGID`: the program kill of procps 4.0.2 reads "-12345" as "-1" and kills every process. posh has no
# built-in kill. `kill -s SIG -- -PGID` is right. (busybox 1.35 sends it, and then reports an error for the `--`.)

AFTER_COMMAND=') ' # in a variable, because ksh93 cannot read it inside ${##}
DASHES=-- GREP_SEES_NULS=''

probe_processes() {
	if ! kill -s 0 -- "$$" 2>/dev/null && kill -s 0 "$$" 2>/dev/null; then DASHES=''; fi
	if printf 'a\000b' | grep -F b >/dev/null 2>&1; then GREP_SEES_NULS=yes; fi
}

# START_TIME: differs for a later process with the pid $1, also after a reboot. Empty if the host does not show it.
read_start_time() {
	START_TIME='' PROCESS_STATE=''
	# The dot matters: qemu's user mode fakes /proc/$$/stat, with another start time than other processes see.
	if [ -r "/proc/./$1/stat" ] && IFS= read -r stat 2>/dev/null <"/proc/./$1/stat"; then
		read_stat_fields "${stat##*"$AFTER_COMMAND"}" # the command may contain blanks and parentheses
		if [ -n "$START_TIME" ] && [ -r /proc/sys/kernel/random/boot_id ]; then
			IFS= read -r boot </proc/sys/kernel/random/boot_id && START_TIME=$boot.$START_TIME
		fi
	else
		START_TIME=`ps -o lstart= -p "$1" 2>/dev/null | tr ' ' _`
	fi
}

read_stat_fields() {
	# shellcheck disable=SC2086 # the kernel's numbers, split on purpose
	set -- $1
	PROCESS_STATE=${1-}
	if [ "$#" -ge 20 ]; then shift 19; START_TIME=$1; fi
}

is_same_process() {
	is_number "$1" && [ "$1" -gt 1 ] && kill -0 "$1" 2>/dev/null || return 1
	read_start_time "$1"
	case $PROCESS_STATE in [ZX]) return 1 ;; esac
	[ -z "$START_TIME" ] || [ -z "$2" ] || [ "$START_TIME" = "$2" ]
}

signal_group() {
	if is_number "$2" && [ "$2" -gt 1 ]; then kill -s "$1" $DASHES "-$2" 2>/dev/null; else return 1; fi
}

# Without process groups: signals all visible descendants of $2. $2 gets no signal, because it reports their end.
signal_tree() {
	TREE='' generation=$2
	while [ -n "$generation" ]; do
		children=''
		for parent in $generation; do children=$children\ `children_of "$parent"`; done
		generation=${children#"${children%%[! ]*}"}
		TREE="$TREE $generation"
	done
	for process in $TREE; do kill -s "$1" "$process" 2>/dev/null; done
}

# Reading /proc starts no process. The ps of busybox lacks -A and some columns.
children_of() {
	if [ -r /proc/self/stat ]; then
		for stat in /proc/[0-9]*/stat; do
			IFS= read -r stat 2>/dev/null <"$stat" || continue
			case ${stat##*"$AFTER_COMMAND"} in [A-Za-z]" $1 "*) put_line "${stat%% *}" ;; esac
		done
	else
		ps -A -o pid= -o ppid= 2>/dev/null | while read -r pid ppid; do [ "$ppid" != "$1" ] || put_line "$pid"; done
	fi | tr '\n' ' '
}
