# Cuts the log at its limit: dd truncates the file at the position of seek. No process writes to the log any more.
finalize_log() {
	SUSPENDED='' WAITED=$NEXT
	size_of "$SPOOL/log"
	if ! is_number "$SIZE" || [ "$SIZE" -gt "$LOG_MAX" ]; then
		dd if=/dev/null of="$SPOOL/log" bs=1 seek="$LOG_MAX" count=0 2>/dev/null
		SIZE=$LOG_MAX
		if [ "$REASON" = exit ]; then REASON=log-limit; fi # the job ended before the agent saw this size
	fi
	read_steps
	clamp_steps
}

# If the log was cut before the end of a step, reports the size of the log as this end.
clamp_steps() {
	clamped='' rest=$STEPS
	while [ -n "$rest" ]; do
		one=${rest%%,*}
		case $rest in *,*) rest=${rest#*,} ;; *) rest='' ;; esac
		if ! is_number "${one##*:}" || [ "${one##*:}" -gt "$SIZE" ]; then one=${one%:*}:$SIZE; fi
		clamped=$clamped${clamped:+,}$one
	done
	STEPS=$clamped
}

send_log() {
	if [ "$RETRY_IN" -gt 0 ]; then wait_for_farm || return 1; fi # before the job ended, the farm asked for a pause
	while [ -z "$SYNCED" ] || [ "$OFFSET" -lt "$SIZE" ]; do send_once || return 1; done
}

send_once() {
	before=$OFFSET
	send_progress || wait_for_farm || return 1
	[ -z "$SETTLED" ] || return 1
	# Avoids a busy loop if the farm answers but takes no byte. After 403, the next request is for another artifact.
	if [ "$OFFSET" = "$before" ] && [ -n "$ERR" ] && [ "${ARTIFACT:+$ERR}" != 403 ]; then pause 1000; fi
}

# A stop does not wait until the farm answers: the next start sends the rest.
wait_for_farm() {
	if [ -n "$STOP" ] && [ "$FAILS" -ge 3 ]; then
		say "attempt $ATTEMPT: no answer from the farm; the next start sends its result"
		return 1
	fi
	WOKEN=''
	pause "$RETRY_IN"
	RETRY_IN=0
}

finish_attempt() {
	REFUSALS=0
	while :; do
		measure "$SPOOL/log"
		print_finish >"$SPOOL/request"
		if post "/agent/v1/attempts/$ATTEMPT/finish?lease=$LEASE" "$SPOOL/request" "$SPOOL/answer" 20; then
			handle_finish && return
		else
			set_delay 10
		fi
		RETRY_IN=$DELAY
		wait_for_farm || return 1
	done
}

print_finish() {
	put_line "reason $REASON"
	[ -z "$STEPS" ] || put_line "steps $STEPS"
	put_line "logsize $LEN"
	put_line "sum $SUM"
	[ ! -s "$SPOOL/compiler" ] || print_fact compiler <"$SPOOL/compiler"
	[ -z "$DETAIL" ] || put_line "$DETAIL" | tr -cd ' -~\n' | print_fact detail
	print_artifacts
	echo end
}

handle_finish() {
	DELAY=1000
	case $ERR in
		'')
			SETTLED=yes
			say "attempt $ATTEMPT: $REASON, ${A_verdict:-done}"
			return 0
			;;
		404 | 410)
			SETTLED=yes
			say "attempt $ATTEMPT: the farm has already ended it ($ERR_TEXT)"
			return 0
			;;
		429 | 503 | 401) set_delay 10; return 1 ;;
	esac
	REFUSALS=$((REFUSALS + 1))
	if [ "$REFUSALS" -ge 10 ]; then
		say "attempt $ATTEMPT: the farm rejects its result ($ERR_TEXT); giving up"
		SETTLED=yes
		return 0
	fi
	if [ "$ERR" = 409 ]; then
		if is_number "$A_size" && [ "$A_size" -le "$SIZE" ]; then
			OFFSET=$A_size
			send_log
			DELAY=20
		fi
		send_artifacts
	fi
	return 1
}
