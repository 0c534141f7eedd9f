# Updates: the agent downloads, checks and tests the version that the farm offers. When no job runs, the new version
# replaces this file. Files: agent.sh.old (the previous version), update.swapped (a new version is in place),
# update.begun (it has started, see start.sh), update.failed (a version that failed, and why; no start tries it again).

OFFER='' UPDATE_AT=0 UPDATE_FAILED=''

print_update_facts() {
	if [ -f "$DIR/update.failed" ]; then IFS= read -r UPDATE_FAILED <"$DIR/update.failed"; fi
	if [ -n "$UPDATE_FAILED" ]; then put_line "$UPDATE_FAILED" | printable_line | print_fact update_failed; fi
	[ "$UPDATES" = yes ] || put_line 'updates no'
}

# OFFER: another version, from hello or from a 426. A new version has succeeded when the farm answers it.
accept_offer() {
	OFFER=$A_update
	if [ -f "$DIR/update.begun" ]; then
		say "updated to $AGENT_VERSION"
		rm -f "$DIR/update.begun"
		trap - 0
		OFFER='' UPDATE_FAILED='' # another server of the farm may still offer the old version: do not go back and forth
	fi
	[ -n "$OFFER" ] || rm -f "$DIR/update.failed"
	if [ -f "$DIR/update.failed" ] && [ "${OFFER%% *}" = "${UPDATE_FAILED%% *}" ]; then OFFER=''; fi
}

update_is_due() {
	[ -n "$OFFER" ] && [ "$UPDATES" = yes ] || return 1
	now
	[ "$NOW" -ge "$UPDATE_AT" ]
}

# False if the update failed: the next hello reports why. The agent repeats a failed download after 10 minutes,
# but never retries a failed version.
update_agent() {
	update_is_due || return 0
	UPDATE_AT=$((NOW + 600)) NEW=$AGENT_FILE.new PERMANENT='' TEST_STATE=$PRIVATE/self-test
	say "the farm offers agent ${OFFER%% *}; this is $AGENT_VERSION"
	if download_update && test_update && ! is_stopping; then replace_agent; fi
	rm -rf "$NEW" "$TEST_STATE"
	is_stopping && return 0
	say "not updated: $WHY"
	UPDATE_FAILED="${OFFER%% *} $WHY"
	if [ -n "$PERMANENT" ]; then put_line "$UPDATE_FAILED" >"$DIR/update.failed"; else rm -f "$DIR/update.failed"; fi
	return 1
}

download_update() {
	WHY="the running agent is not $DIR/agent.sh"
	[ "$AGENT_FILE" = "$DIR/agent.sh" ] || return 1
	set_request_path /agent/v1/agent
	get "$REQUEST_PATH" "$NEW" 60 </dev/null >/dev/null 2>"$SLOT_DIR/client-errors" &
	CLIENT_PID=$!
	await_client
	explain_no_answer
	WHY="the download failed$WHY"
	[ -f "$NEW" ] || return 1
	measure_download "$NEW"
	WHY="the download has $LEN bytes and checksum $SUM, unlike the offer"
	case " $OFFER " in *' none '*) return 1 ;; *" $LEN "*"$SUM "*) set_address_in "$NEW" ;; *) return 1 ;; esac
}

# The new version starts like `run`, with a copy of the state. The farm gets one more hello of this instance.
test_update() {
	WHY="$AGENT_SHELL finds a syntax error in it" PERMANENT=yes
	"$AGENT_SHELL" -n "$NEW" 2>/dev/null || return 1
	copy_state "$TEST_STATE"
	: >"$TEST_STATE/errors" # start_timeout reads its size
	exec_agent "$TEST_STATE" "$NEW" trial </dev/null >/dev/null 2>"$TEST_STATE/errors" &
	CLIENT_PID=$! client_needs=$NEEDS_TIMEOUT NEEDS_TIMEOUT=yes
	start_timeout "$CLIENT_PID" 120 "$TEST_STATE/errors"
	NEEDS_TIMEOUT=$client_needs
	await_client
	stop_timeout
	case $AWAITED in 0) return 0 ;; 75) PERMANENT='' ;; esac
	read_last_error "$TEST_STATE/errors"
	WHY="its self-test failed: ${LAST_ERROR:-exit $AWAITED}"
	return 1
}

copy_state() {
	rm -rf "$1"
	mkdir -p "$1/private"
	for file in "$DIR/farm" "$DIR/instance" "$DIR/host.conf" "$DIR/ca.pem" "$DIR/arch-lines"; do cp "$file" "$1"; done 2>/dev/null
	for file in "$PRIVATE"/*; do if [ -f "$file" ]; then cp "$file" "$1/private"; fi; done
}

# The command `trial`. Other versions start it, so its name must stay.
self_test() {
	load_state
	take_lock
	OWNS_TUNNEL='' # the tunnel belongs to the running agent
	choose_tools "$CREDENTIAL"
	apply_conf
	ARCH_LINES=`cat "$DIR/arch-lines" 2>/dev/null`
	read -r INSTANCE <"$DIR/instance"
	PREVIOUS=''
	if try_hello; then exit 0; fi
	case $ERR in '' | 429 | 503) exit 75 ;; esac # not the fault of this version
	exit 1
}

replace_agent() {
	signal_slots HUP
	wait_for_slots
	is_stopping && return 1
	WHY='agent.sh cannot be replaced'
	cp "$AGENT_FILE" "$AGENT_FILE.old" || return
	put_line "${OFFER%% *} it exited before the farm answered it" >"$DIR/update.swapped"
	rm -rf "$DIR/update.failed" "$TEST_STATE"
	mv "$NEW" "$AGENT_FILE" && exec_agent "$DIR" "$AGENT_FILE" run
}

exec_agent() {
	RUMPFARM_DIR=$1 RUMPFARM_SHELL=$AGENT_SHELL RUMPFARM_CLIENT=$ENV_CLIENT RUMPFARM_LAUNCHER=$ENV_LAUNCHER RUMPFARM_LOG=$LOG
	export RUMPFARM_DIR RUMPFARM_SHELL RUMPFARM_CLIENT RUMPFARM_LAUNCHER RUMPFARM_LOG
	umask "$JOB_UMASK"
	# shellcheck disable=SC2086 # an address has no blanks
	exec "$AGENT_SHELL" "$2" ${URL_OPTION:+--url $URL_OPTION} "$3"
}
