# Steps: the runner runs them in order, until one fails.

run_steps() {
	[ -d "$WORK/$STEPS_DIR" ] || end_job broken "the directory $STEPS_DIR is not in the sources"
	step=0
	read_timestamp
	while [ "$step" -lt "$STEPS" ]; do
		if stop_requested; then break; fi
		step=$((step + 1))
		began_s=$STAMP_S began_ms=$STAMP_MS
		run_step "$@"
		code=$?
		record_step_end
		[ "$code" = 0 ] || break
	done
}

# Does not wake the agent after the last step, because end_job does that.
record_step_end() {
	read_timestamp
	elapsed_since "$began_s" "$began_ms"
	size_of "$SPOOL/log"
	put_line "$code:$MS:$SIZE" >>"$SPOOL/steps"
	if [ "$code" = 0 ] && [ "$step" -lt "$STEPS" ]; then wake_agent; fi
}

# A step writes into a pipe, so that it cannot truncate the log by opening /dev/stderr again. If the step left a process
# running, the pipe stays open. Then the next step starts after a second, and the log still gets the output.
run_step() {
	OUTPUT=$SPOOL/log
	if mkfifo "$SPOOL/pipe-$step" 2>/dev/null; then start_reader; fi
	run_step_shell "$@"
	code=$?
	[ "$OUTPUT" = "$SPOOL/log" ] || wait_for_reader
	return "$code"
}

# Only the end of the pipe or KILL ends the reader: the log also has a step's output after TERM. When both ends are open,
# the pipe's name is removed, because a backup program that opens it would wait forever.
start_reader() {
	OUTPUT=$SPOOL/pipe-$step
	chmod 622 "$OUTPUT"
	(
		trap '' TERM INT HUP
		exec <"$OUTPUT"
		rm -f "$OUTPUT"
		cat >>"$SPOOL/log"
		: >"$OUTPUT.read"
	) &
}

# The reader ends within 2 ms of the last writer, and 1,000 checks take 2 ms.
wait_for_reader() {
	checks=0 slept=0
	until [ -f "$OUTPUT.read" ] || [ "$slept" -ge 1000 ]; do
		checks=$((checks + 1))
		[ "$checks" -gt 1000 ] || continue
		pause 20
		slept=$((slept + SLEPT))
	done
	rm -f "$OUTPUT.read"
}

# Opens the pipe OUTPUT first, because its reader waits for it.
run_step_shell() (
	exec </dev/null >>"$OUTPUT" 2>&1
	cd "$WORK/$STEPS_DIR" || exit 126
	exec_step "$STEP_FILES/step-$step" "$@"
)
