run_attempt() {
	IDLE=''
	init_attempt
	if [ -s "$SPOOL/runner" ]; then resume_runner; elif must_refuse; then refuse_attempt; else start_clean; fi
	supervise_job
	if [ -z "$SETTLED" ]; then
		log_left_running
		finalize_log
		send_log && send_artifacts && finish_attempt && save_cache
	fi
	IDLE=yes
}

init_attempt() {
	ATTEMPT=$A_attempt
	escape_query "$A_lease"
	LEASE=$QUERY
	number_or "$A_wall" 3600
	WALL=$NUMBER
	number_or "$A_silence" "$WALL"
	SILENCE=$NUMBER
	number_or "$A_grace" 5
	GRACE=$NUMBER
	number_or "$A_logmax" 100000000
	LOG_MAX=$NUMBER
	number_or "$A_filemax" 200
	FILE_MAX=$NUMBER
	STEP_COUNT=$A_steps ARTIFACTS=$A_artifact ARTIFACT='' OUTGOING=$SPOOL/log
	OFFSET=0 SIZE=0 SYNCED=yes STEPS='' SENT_STEPS='' STEP=0 ENDED='' REASON='' DETAIL='' SETTLED='' SUSPENDED=''
	FAILS=0 RETRY_IN=0 NEXT=2000 WAITED=0 CLOCK_IN=1000 KILL_IN='' GAVE_UP='' MARK='' RUNNER='' OUTPUT_SIZE=''
}

# The farm also applies the owner's rules, but may have older ones.
must_refuse() {
	read_conf
	DETAIL="$CONF_ERROR$ISOLATION_ERROR" REASON=refused
	[ -z "$DETAIL" ] || return 0
	if ! may_run "$A_project" "$A_branch"; then
		DETAIL="the host's owner does not allow $A_project${A_branch:+, branch $A_branch}: $WHY"
	elif [ -n "$A_fork" ] && [ "$FORKS" != yes ]; then
		DETAIL="the host's owner does not allow code from forks: host.conf has no line allow forks, or a line deny forks"
	elif [ -f "$DIR/arches/$A_arch.unable" ]; then
		REASON=broken
		IFS= read -r DETAIL <"$DIR/arches/$A_arch.unable"
	else
		REASON=''
		return 1
	fi
}

refuse_attempt() {
	: >"$SPOOL/log"
	ENDED=refused OWN_RUNNER='' OUTPUT_AT=0 STARTED=0 NOW=0 DISK_AT=0
	say "attempt $ATTEMPT: refused: $DETAIL"
}

# If an earlier agent ended before its runner's first report, first kills all processes of that runner.
start_clean() {
	if [ -f "$SPOOL/mark" ]; then
		read -r MARK <"$SPOOL/mark"
		signal_leftovers KILL
		rm -f "$SPOOL/steps" "$SPOOL/end" "$SPOOL/begun" "$SPOOL/cache-used" "$SPOOL"/pipe-*
	fi
	start_runner
}

start_runner() {
	MARK=$ATTEMPT:$INSTANCE: # without the last colon, one mark could be the start of another
	: >"$SPOOL/log"
	put_line "$$" >"$SPOOL/agent"
	put_line "$MARK" >"$SPOOL/mark"
	put_line "$ATTEMPT $LEASE $A_sources" >"$SPOOL/job"
	put_line "$WORK_DIR/attempt-$ATTEMPT" >"$SPOOL/work" # host.conf may change while the job runs
	choose_cache
	RUMPFARM_MARK=$MARK
	export RUMPFARM_MARK
	launch "$AGENT_SHELL" "$AGENT_FILE" job "$SPOOL" >/dev/null 2>>"$SPOOL/errors"
	unset RUMPFARM_MARK
	RUNNER=$LAUNCHED OWN_RUNNER=yes
	# Pauses, so that a short job needs only one request. The job's end wakes the agent.
	if [ -n "$FRACTIONS" ]; then pause 100; fi
	WAITED=$NEXT
	now
	record_compiler
	STARTED=$NOW OUTPUT_AT=$NOW DISK_AT=$NOW
	put_line "$STARTED" >"$SPOOL/started"
	say "attempt $ATTEMPT: started"
}

# For the runner of an earlier agent. The pid is that of this runner only if the start time is the same.
resume_runner() {
	STARTED='' start_time='' SYNCED='' WAITED=$NEXT
	put_line "$$" >"$SPOOL/agent"
	[ -f "$SPOOL/mark" ] && read -r MARK <"$SPOOL/mark"
	[ -f "$SPOOL/started" ] && read -r STARTED <"$SPOOL/started"
	read -r RUNNER start_time <"$SPOOL/runner"
	now
	case $STARTED in '' | *[!0-9]*) STARTED=$NOW ;; esac # ten digits: too many for is_number
	OUTPUT_AT=$NOW DISK_AT=$NOW OWN_RUNNER=''
	if is_same_process "$RUNNER" "$start_time"; then OWN_RUNNER=yes; fi
	if [ -f "$SPOOL/reason" ]; then read_reason "$SPOOL/reason"; fi
	say "attempt $ATTEMPT: resumed"
}

read_reason() {
	{ IFS= read -r reason && IFS= read -r detail && IFS= read -r whole; } 2>/dev/null <"$1" && [ "$whole" = end ] || return 1
	REASON=$reason DETAIL=$detail
}
