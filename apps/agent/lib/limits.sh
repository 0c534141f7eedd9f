# Limits: the agent enforces them itself, also while the farm does not answer.

# The first reason counts. Writes it to disk before the first kill. A job that has ended needs no reason.
set_reason() {
	if [ -n "$REASON" ] || [ -n "$ENDED" ]; then return 0; fi
	REASON=$1 DETAIL=${2-}
	print_reason "$REASON" "$DETAIL" >"$SPOOL/reason"
	say "attempt $ATTEMPT: ending the job: $REASON${DETAIL:+, $DETAIL}"
}

# The last line shows that the file is complete.
print_reason() {
	put_line "$1"
	put_line "$2"
	put_line end
}

check_limits() {
	if [ -n "$STOP" ]; then set_reason stopped; fi
	if ! is_number "$SIZE" || [ "$SIZE" -gt "$LOG_MAX" ]; then
		SUSPENDED=yes
		set_reason log-limit
	fi
	[ "$CLOCK_IN" -le 0 ] || return 0
	now
	CLOCK_IN=1000
	check_time
	check_disk
}

# A growing log and sources that still arrive count as output.
check_time() {
	if [ "$SIZE" != "$OUTPUT_SIZE" ] || [ "$STEP" = 0 ]; then OUTPUT_SIZE=$SIZE OUTPUT_AT=$NOW; fi
	if [ $((NOW - STARTED)) -ge "$WALL" ]; then set_reason wall-limit; fi
	if [ $((NOW - OUTPUT_AT)) -ge "$SILENCE" ]; then set_reason silence-limit; fi
}

check_disk() {
	[ $((NOW - DISK_AT)) -ge 5 ] || return 0
	DISK_AT=$NOW
	if disk_is_full; then set_reason disk-full "$DISK"; fi
}

disk_is_full() {
	free_mb "$WORK_DIR"
	DISK="$FREE_MB MB free in $WORK_DIR, $DISK_FLOOR MB required"
	[ -n "$FREE_MB" ] && [ "$FREE_MB" -lt "$DISK_FLOOR" ]
}

# REQUEST_TIMEOUT: seconds. A request must end before the next limit, in case the farm does not answer.
set_request_timeout() {
	REQUEST_TIMEOUT=20
	[ -z "$STOP" ] || REQUEST_TIMEOUT=5
	[ -z "$ENDED" ] || return 0
	for limit in $((STARTED + WALL - NOW)) $((OUTPUT_AT + SILENCE - NOW)); do
		if [ "$limit" -lt "$REQUEST_TIMEOUT" ]; then REQUEST_TIMEOUT=$limit; fi
	done
	[ "$REQUEST_TIMEOUT" -ge 2 ] || REQUEST_TIMEOUT=2
}
