# Claims: the long poll for the next job. The directory slot-S/N has claim N of slot S, and its job.

CLAIM=0 CONFLICTS=0 NONE_AT=0

# SPOOL: the directory of the newest claim. Removes older directories, which a killed agent left: their jobs are over.
find_spool() {
	find_highest "$SLOT_DIR/"
	CLAIM=$HIGHEST
	for spool in "$SLOT_DIR"/*; do
		if [ -d "$spool" ] && [ "$spool" != "$SLOT_DIR/$CLAIM" ]; then remove_spool "$spool"; fi
	done
	[ "$CLAIM" -gt 0 ] || CLAIM=1
	open_spool
}

open_spool() {
	SPOOL=$SLOT_DIR/$CLAIM
	mkdir -p "$SPOOL" || die "cannot make $SPOOL"
}

# Removes the work directory first: if the agent ends in between, the spool still names that directory.
remove_spool() {
	work=''
	[ -f "$1/work" ] && IFS= read -r work <"$1/work"
	case $work in /*/attempt-*) remove_work "$work" ;; esac
	rm -rf "$1"
}

# First removes the files as the job's user: as root, some versions of rm could follow links of that user.
remove_work() {
	[ -d "$1" ] || return 0
	[ -z "$RUN_AS" ] || empty_work "$1"
	rm -rf "$1" 2>/dev/null || empty_work "$1"
	[ ! -d "$1" ] || say "cannot remove $1: another user may own files in it; remove it manually"
}

# A job may have made directories without write permission (the module cache of go), which rm cannot empty.
empty_work() {
	(
		cd "${1%/*}" && isolate sh -c 'rm -rf "$0" && exit
find "$0" -type d ! -perm -700 -exec chmod u+rwx {} \;
chmod -R u+rwX "$0"
rm -rf "$0"' "$1"
	) </dev/null >/dev/null 2>&1
}

# Removes the old spool in the background, so that the next claim does not wait.
next_spool() {
	ended=$SPOOL
	CLAIM=$((CLAIM + 1))
	open_spool
	remove_spool "$ended" &
}

# If the HTTP client of a killed agent still runs, it would take a job and write it into this directory.
kill_orphan_client() {
	orphan='' start_time=''
	[ -f "$SLOT_DIR/client-pid" ] && read -r orphan start_time <"$SLOT_DIR/client-pid"
	if ! is_number "$orphan" || [ "$orphan" -le 1 ]; then return 0; fi
	if [ -n "$start_time" ]; then
		is_same_process "$orphan" "$start_time" || return 0
	else
		ps -o args= -p "$orphan" 2>/dev/null | grep -F /agent/v1/claim >/dev/null || return 0
	fi
	kill -s KILL "$orphan" 2>/dev/null
}

# True if SPOOL/claim holds a job. Otherwise returns after the pause before the next try.
claim_job() {
	print_claim >"$SPOOL/request"
	escape_query "$INSTANCE"
	if post "/agent/v1/claim?instance=$QUERY&slot=$SLOT&claim=$CLAIM&wait=$POLL" "$SPOOL/request" "$SPOOL/claim" $((POLL + 10)); then
		handle_claim
	elif is_stopping; then
		return 1
	else
		set_delay 60
		explain_no_answer
		[ "$FAILS" != 1 ] || say "no answer from the farm$WHY; trying again"
		pause "$DELAY"
		return 1
	fi
}

handle_claim() {
	case $ERR in
		'') FAILS=0 CONFLICTS=0 ;;
		409)
			handle_conflict
			return 1
			;;
		426)
			if [ "$SLOT" = 1 ]; then
				accept_offer
				update_is_due && return 1
				say "the farm rejects this version of the agent ($ERR_TEXT); taking no jobs"
			fi
			pause 60000
			return 1
			;;
		*)
			[ "$ERR" = 401 ] || say "the farm rejected the claim: $ERR_TEXT"
			set_delay 60
			pause "$DELAY"
			return 1
			;;
	esac
	if is_name "$A_attempt" && is_name "$A_lease"; then return 0; fi
	pause_after_none
	return 1
}

# If another agent runs as this host, send_hello reports that. A_claim: the farm's newest claim of this slot. If it
# is not older than CLAIM (an answer was lost, or DIR was restored), the slot continues after A_claim.
handle_conflict() {
	if is_number "$A_claim" && [ "$A_claim" -ge "$CLAIM" ]; then
		CLAIM=$A_claim
		next_spool
		return 0
	fi
	if [ "$SLOT" = 1 ]; then send_hello || return 0; fi
	CONFLICTS=$((CONFLICTS + 1)) FAILS=$CONFLICTS
	backoff 60
	pause "$DELAY"
}

pause_after_none() {
	number_or "$A_none" 1
	now
	# Immediate answers without a job would make a busy loop.
	if [ "$NUMBER" = 0 ] && [ $((NOW - NONE_AT)) -le 1 ]; then NUMBER=1; fi
	NONE_AT=$NOW
	if [ -n "$REFUSAL" ] && [ "$NUMBER" -lt 5 ]; then NUMBER=5; fi
	if [ "$NUMBER" -gt 0 ]; then pause $((NUMBER * 1000)); fi
}

print_claim() {
	check_refusal
	case ${CACHE_DIR:+$REFUSAL} in disk-full*) trim_cache 0 && check_refusal ;; esac
	[ -z "$FREE_MB" ] || put_line "disk_mb $FREE_MB"
	[ -z "$REFUSAL" ] || put_line "refuse $REFUSAL"
	echo end
}

check_refusal() {
	REFUSAL=''
	[ -d "$WORK_DIR" ] || mkdir -p "$WORK_DIR" 2>/dev/null
	if disk_is_full; then REFUSAL="disk-full $DISK"; fi
	if [ ! -w "$WORK_DIR" ]; then
		REFUSAL="no-work-dir cannot write in $WORK_DIR"
	elif [ -n "$REFUSAL" ]; then
		:
	elif [ -n "$CONF_ERROR$ISOLATION_ERROR" ]; then
		REFUSAL="host-conf $CONF_ERROR$ISOLATION_ERROR"
	elif ! in_hours; then
		REFUSAL="hours outside of "`put_line "$HOURS" | tr '\n' ' '`
	fi
}
