STOP='' DRAIN='' IDLE=yes GAVE_UP='' RUNNER='' REFUSAL='' FAILS=0

# TERM ends the job and stops the agent. HUP stops the agent after the job. URG reports the end of a step or job.
# signal_slots runs in a subshell, so it changes no variable of the agent. The agent kills its own children by KILL:
# before exec a child has the agent's trap, and dash loses a TERM.
set_traps() {
	trap 'STOP=yes; WOKEN=yes; kill_waiting; (signal_slots TERM)' TERM INT
	trap 'DRAIN=yes; [ -z "$IDLE" ] || kill_waiting; (signal_slots HUP)' HUP
	trap 'WOKEN=yes; kill_at_once "$SLEEP_PID"' URG
}

kill_waiting() {
	kill_at_once "$SLEEP_PID"
	kill_at_once "$CLIENT_PID"
}

kill_at_once() { [ -z "$1" ] || kill -s KILL "$1" 2>/dev/null; }

is_stopping() { [ -n "$STOP$DRAIN" ]; }

run_agent() {
	load_state
	take_lock
	rotate_log
	choose_tools "$CREDENTIAL"
	CREDENTIAL=''
	use_slot 1
	choose_instance
	set_traps
	say "host $HOST_NAME, farm $FARM, client $CLIENT, launcher $LAUNCHER"
	apply_conf
	kill_orphan_client
	find_spool
	start_slots
	resume_attempt
	if ! is_stopping && send_hello; then take_jobs; fi
	wait_for_slots
	# If the owner stops a new version before the farm answers it, the next start tries this version again.
	trap - 0
	if [ -f "$DIR/update.begun" ]; then mv "$DIR/update.begun" "$DIR/update.swapped"; fi
	send_bye
}

# A job of an earlier start comes before hello: its lease may end soon.
resume_attempt() {
	if read_answer "$SPOOL/claim" && [ -z "$ERR" ] && is_name "$A_attempt"; then
		run_attempt
		if [ -n "$SETTLED" ]; then next_spool; fi
	fi
}

take_jobs() {
	[ "$SLOT" -gt 1 ] || say 'waiting for jobs'
	while ! is_stopping; do
		apply_conf
		if slot_must_end; then break; fi
		if [ "$SLOT" = 1 ]; then
			rotate_log
			if ! update_agent || hello_is_due; then send_hello || break; fi
			start_slots
		fi
		if claim_job; then
			run_attempt
			[ -z "$SETTLED" ] || next_spool
		fi
	done
}
