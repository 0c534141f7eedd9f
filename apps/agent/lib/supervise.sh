# Supervision: the agent checks a job about once a second, applies limits, sends progress, and ends the job's processes.

supervise_job() {
	while :; do
		WOKEN=''
		read_job_state
		check_limits
		if [ -n "$ENDED" ] && all_processes_gone; then break; fi
		if [ -n "$REASON$ENDED" ]; then terminate_job; fi
		if [ -n "$GAVE_UP" ]; then break; fi
		if progress_is_due; then send_progress; fi
		# A cancel takes effect at once, not after a pause.
		if [ -n "$REASON" ] && [ -z "$KILL_IN$ENDED" ]; then continue; fi
		sleep_until_due
	done
}

read_job_state() {
	[ -n "$ENDED" ] || check_for_end
	read_steps
	# The size is not needed while a whole chunk waits.
	[ $((SIZE - OFFSET)) -ge "$CHUNK" ] || size_of "$SPOOL/log"
}

check_for_end() {
	if [ -f "$SPOOL/end" ] && read_end; then return 0; fi
	if [ -n "$OWN_RUNNER" ] && kill -0 "$RUNNER" 2>/dev/null; then return 0; fi
	# The runner may have ended between the two checks.
	if [ -f "$SPOOL/end" ] && read_end; then return 0; fi
	read_last_error "$SPOOL/errors"
	set_reason vanished "$LAST_ERROR"
	ENDED=vanished # OWN_RUNNER stays: its group may still have processes of the job
}

read_end() {
	kept_reason=$REASON kept_detail=$DETAIL
	read_reason "$SPOOL/end" || return 1
	ENDED=$REASON
	# If the agent has ended the job, keep the agent's reason.
	if [ -n "$kept_reason" ]; then REASON=$kept_reason DETAIL=$kept_detail; fi
}

# STEPS: the ended steps, in the farm's format. STEP: the number of the running step.
read_steps() {
	STEPS='' ended=0
	if [ -f "$SPOOL/steps" ]; then
		while IFS= read -r line; do STEPS=$STEPS${STEPS:+,}$line ended=$((ended + 1)); done <"$SPOOL/steps"
	fi
	if [ "$STEP" = 0 ] && [ ! -f "$SPOOL/begun" ]; then return 0; fi
	STEP=$((ended + 1))
	[ "$STEP" -le "$STEP_COUNT" ] || STEP=$STEP_COUNT
}

all_processes_gone() {
	if [ -n "$OWN_RUNNER" ]; then
		[ "$ENDED" = vanished ] || wait "$RUNNER" 2>/dev/null
		if signal_group 0 "$RUNNER"; then return 1; fi
	fi
	find_leftovers
	[ -z "$LEFTOVERS" ]
}

# Sends TERM. After the grace period, repeats KILL for at most 10 s.
terminate_job() {
	if [ -z "$KILL_IN" ]; then
		: >"$SPOOL/stop"
		# Shortens a long grace period if the owner waits for the stop, or another host has the job by now.
		case $REASON in stopped | dropped) [ "$GRACE" -le 5 ] || GRACE=5 ;; esac
		now
		KILL_IN=$((GRACE * 1000)) KILL_AT=$((NOW + GRACE + 1))
		signal_job TERM
	elif [ "$KILL_IN" -le 0 ]; then
		signal_job KILL
		if [ "$KILL_IN" -lt -10000 ]; then
			say "attempt $ATTEMPT: some processes of the job cannot be killed"
			GAVE_UP=yes
		fi
	fi
}

signal_job() {
	if [ -n "$OWN_RUNNER" ] && [ "$LAUNCHER" = plain ]; then
		signal_tree "$1" "$RUNNER"
	elif [ -n "$OWN_RUNNER" ]; then
		signal_group "$1" "$RUNNER"
	fi
	signal_leftovers "$1"
}

# Ended steps and whole chunks are sent at once, the rest and heartbeats every NEXT milliseconds.
progress_is_due() {
	[ -z "$SETTLED" ] && [ "$RETRY_IN" -le 0 ] || return 1
	[ "$WAITED" -ge "$NEXT" ] || [ "$STEPS" != "$SENT_STEPS" ] || { [ $((SIZE - OFFSET)) -ge "$CHUNK" ] && [ -z "$SUSPENDED" ]; }
}

sleep_until_due() {
	span=1000
	if [ $((NOW - OUTPUT_AT)) -ge 2 ]; then span=2000; fi
	if [ -n "$KILL_IN" ]; then span=100; fi
	left=$((NEXT - WAITED))
	if [ "$RETRY_IN" -gt 0 ]; then left=$RETRY_IN; fi
	if [ "$left" -lt "$span" ]; then span=$left; fi
	if progress_is_due; then return 0; fi
	[ "$span" -ge 20 ] || span=20
	pause "$span"
	WAITED=$((WAITED + SLEPT)) CLOCK_IN=$((CLOCK_IN - SLEPT)) RETRY_IN=$((RETRY_IN - SLEPT))
	if [ -n "$KILL_IN" ]; then
		# On a busy machine the checks take longer than the pauses.
		CLOCK_IN=0 KILL_IN=$((KILL_IN - SLEPT))
		if [ "$NOW" -ge "$KILL_AT" ] && [ "$KILL_IN" -gt 0 ]; then KILL_IN=0; fi
	fi
}
