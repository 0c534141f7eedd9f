# Slots: slot 1 is the agent itself. Each further slot is a process that claims and supervises jobs in its own directory
# slot-N. Only the agent sends hello and bye.

SLOT=1 SLOT_DIR='' AGENT_PID='' SLOT_PIDS='' COMPILER_OF='' COMPILER_AT=0

use_slot() {
	SLOT=$1 SLOT_DIR=$DIR/slot-$1
	mkdir -p "$SLOT_DIR" || die "cannot make $SLOT_DIR"
}

start_slots() {
	for slot in "$DIR"/slot-*; do
		number=${slot##*-}
		if is_number "$number" && [ "$number" -gt "$SLOTS" ] && ls "$slot"/*/runner >/dev/null 2>&1; then start_slot "$number"; fi
	done
	number=1
	while [ "$number" -lt "$SLOTS" ]; do
		number=$((number + 1))
		start_slot "$number"
	done
}

# Replaces the slot process of a killed agent, because that process has another instance. Its job keeps running.
# A slot process is no child of the agent: if a child exits while a trapped signal arrives (as at a runner's end),
# bash 5.2 misses the exit, and `wait` returns only when all other children have ended.
start_slot() {
	if slot_runs "$1"; then
		case "$SLOT_PIDS " in *" $loop "*) return 0 ;; esac
		kill -s KILL "$loop"
	fi
	mkdir -p "$DIR/slot-$1"
	(
		exec env "RUMPFARM_DIR=$DIR" "RUMPFARM_SHELL=$AGENT_SHELL" "$AGENT_SHELL" "$AGENT_FILE" slot "$1" "$INSTANCE" "$POLL" "$LEASE_SECONDS" "$CHUNK" "$$" </dev/null &
		read_start_time "$!"
		put_line "$! $START_TIME" >"$DIR/slot-$1/loop"
	)
	slot_runs "$1"
	SLOT_PIDS="$SLOT_PIDS $loop"
}

# The -f comes first: after a trap, posh sometimes crashes when it opens a missing file.
slot_runs() { [ -f "$DIR/slot-$1/loop" ] && read -r loop start_time <"$DIR/slot-$1/loop" && is_same_process "$loop" "$start_time"; }

signal_slots() {
	[ -n "$SLOT_PIDS" ] || return 0
	for slot in "$DIR"/slot-*; do
		if slot_runs "${slot##*-}"; then kill -s "$1" "$loop" 2>/dev/null; fi
	done
}

wait_for_slots() {
	for slot in ${SLOT_PIDS:+"$DIR"/slot-*}; do
		while slot_runs "${slot##*-}"; do
			if [ -n "$STOP" ]; then kill -s TERM "$loop"; else kill -s HUP "$loop"; fi 2>/dev/null # a signal may be lost
			sleep 1
		done
	done
	SLOT_PIDS=''
}

run_slot() {
	load_state
	CREDENTIAL=''
	use_slot "$1"
	read_tools "$DIR/slot-1/tools"
	INSTANCE=$2 POLL=$3 LEASE_SECONDS=$4 CHUNK=$5 AGENT_PID=$6
	set_traps
	apply_conf
	kill_orphan_client
	find_spool
	resume_attempt
	is_stopping || take_jobs
}

slot_must_end() { [ "$SLOT" -gt 1 ] && { [ "$SLOT" -gt "$SLOTS" ] || ! kill -0 "$AGENT_PID" 2>/dev/null; }; }
