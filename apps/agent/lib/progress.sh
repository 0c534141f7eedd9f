# Progress: one request sends log bytes and ended steps, and is the heartbeat.

# A chunk of OUTGOING (the log or an artifact), from OFFSET to the next multiple of CHUNK: dd seeks in whole blocks.
prepare_chunk() {
	LEN=0 SUM=none ENC=''
	: >"$SPOOL/chunk"
	if [ -n "$SYNCED" ] && [ "$SIZE" -gt "$OFFSET" ] && [ -z "$SUSPENDED" ]; then
		cut_chunk
		measure "$SPOOL/chunk"
		encode_body "$SPOOL/chunk"
	fi
}

cut_chunk() {
	odd=$((OFFSET % CHUNK))
	if [ "$odd" = 0 ]; then
		dd if="$OUTGOING" of="$SPOOL/chunk" bs="$CHUNK" skip=$((OFFSET / CHUNK)) count=1 2>/dev/null
	else
		dd if="$OUTGOING" bs="$CHUNK" skip=$((OFFSET / CHUNK)) count=1 2>/dev/null | tail -c "+$((odd + 1))" >"$SPOOL/chunk"
	fi
}

# True if the farm answered. Sets OFFSET and NEXT, and a REASON if the farm cancels the job.
send_progress() {
	prepare_chunk
	if [ -z "$ARTIFACT" ] && [ $((OFFSET + LEN)) -gt "$LOG_MAX" ]; then
		set_reason log-limit
		SUSPENDED=yes
		return 0
	fi
	SENT_STEPS=$STEPS
	request_path="/agent/v1/attempts/$ATTEMPT/${ARTIFACT:-progress}?lease=$LEASE&offset=$OFFSET&len=$LEN&sum=$SUM$ENC&step=$STEP${STEPS:+&steps=$STEPS}${ARTIFACT:+&size=$SIZE}"
	set_request_timeout
	CLOCK_IN=0
	[ "$CHUNK" = "$CHUNK_MAX" ] || now
	if post "$request_path" "$SPOOL/chunk" "$SPOOL/answer" "$REQUEST_TIMEOUT"; then
		[ "$CHUNK" = "$CHUNK_MAX" ] || grow_chunk "$NOW"
		handle_progress
	else
		[ "$FAILS" != 0 ] || say "attempt $ATTEMPT: no answer from the farm; the job keeps running"
		if [ "$LEN" -gt 4096 ]; then shrink_chunk; fi
		set_delay 10
		RETRY_IN=$DELAY
		return 1
	fi
}

# A slow link cannot carry a whole chunk within the timeout: at 5 kB/s, 256 KiB never arrived.
shrink_chunk() {
	CHUNK=$((CHUNK / 4))
	[ "$CHUNK" -ge 4096 ] || CHUNK=4096
}

grow_chunk() {
	now
	if [ $((NOW - $1)) -gt 2 ] || [ $((LEN * 2)) -lt "$CHUNK" ]; then return 0; fi
	CHUNK=$((CHUNK * 2))
	[ "$CHUNK" -le "$CHUNK_MAX" ] || CHUNK=$CHUNK_MAX
}

handle_progress() {
	case $ERR in
		'' | 409)
			[ "$FAILS" = 0 ] || say "attempt $ATTEMPT: the farm answers again"
			FAILS=0 RETRY_IN=0 WAITED=0
			number_or "$A_size" "$OFFSET"
			OFFSET=$NUMBER SYNCED=yes
			number_or "$A_next" 2000
			NEXT=$NUMBER
			[ "$NEXT" -ge 50 ] || NEXT=50
			apply_cancel
			;;
		403)
			FAILS=0 OFFSET=$SIZE SYNCED=yes SKIP_REASON=${ERR_TEXT#403 }
			;;
		410 | 404)
			say "attempt $ATTEMPT: lost its lease ($ERR_TEXT)"
			SETTLED=yes
			set_reason dropped
			;;
		413)
			if [ "$CHUNK" -gt 1024 ]; then CHUNK=$((CHUNK / 2)) CHUNK_MAX=$CHUNK; else handle_refused_progress; fi
			;;
		*) handle_refused_progress ;;
	esac
}

handle_refused_progress() {
	[ "$ERR" = 401 ] || say "attempt $ATTEMPT: the farm rejected progress: $ERR_TEXT"
	apply_cancel
	set_delay 10
	RETRY_IN=$DELAY
	return 1
}

apply_cancel() {
	case $A_cancel in
		'') ;;
		cancelled | log-limit | wall-limit) set_reason "$A_cancel" ;;
		*) set_reason cancelled ;;
	esac
}
