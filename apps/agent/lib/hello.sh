# Hello and bye: report the start, the host facts and the stop to the farm.

POLL=50 LEASE_SECONDS=90 CHUNK=65536 CHUNK_MAX=65536 HELLO_AT=0 HELLO_CONF='' INSTANCE=''

# INSTANCE: a new name for each start. If the hello with the last name got no answer, keeps it: the farm may know it.
choose_instance() {
	PREVIOUS=''
	[ -f "$DIR/instance" ] && read -r PREVIOUS <"$DIR/instance"
	[ -f "$DIR/instance.next" ] && read -r INSTANCE <"$DIR/instance.next"
	is_name "$INSTANCE" || INSTANCE=`random_name`
	put_line "$INSTANCE" >"$DIR/instance.next"
}

confirm_instance() {
	PREVIOUS=''
	if [ -f "$DIR/instance.next" ]; then mv "$DIR/instance.next" "$DIR/instance"; fi
}

print_hello() {
	print_facts
	put_line "instance $INSTANCE"
	if is_name "$PREVIOUS"; then put_line "previous $PREVIOUS"; fi
	put_line "slots $SLOTS"
	print_update_facts
	[ "$FORKS" != yes ] || put_line 'forks yes'
	[ -z "$CACHE_DIR" ] || put_line "cache_mb $CACHE_MB"
	put_line "$ARCH_LINES
$RULES" | grep .
	echo end
}

send_hello() {
	FAILS=0
	read_conf
	test_arches
	until try_hello; do
		is_stopping && return 1
		pause "$DELAY"
		is_stopping && return 1
	done
	FAILS=0
}

try_hello() {
	read_conf
	print_hello >"$DIR/facts"
	if post /agent/v1/hello "$DIR/facts" "$DIR/answer" 20; then
		case $ERR in
			'' | 426) accept_hello; return 0 ;; # the farm repeats a 426 in its answer to the claim
			401 | 429 | 503) ;;
			409) say "another agent runs as this host ($ERR_TEXT); trying again in $LEASE_SECONDS s"; DELAY=$((LEASE_SECONDS * 1000)); return 1 ;;
			*) say "the farm rejected hello: $ERR_TEXT" ;;
		esac
	elif ! is_stopping; then
		explain_no_answer
		[ $((FAILS % 8)) -gt 0 ] || say "no answer from the farm at $URL$WHY; trying again"
	fi
	set_delay 60
	return 1
}

accept_hello() {
	[ "$FAILS" = 0 ] || say 'the farm answers again'
	number_or "$A_poll" 50
	POLL=$NUMBER
	[ "$POLL" -le 50 ] || POLL=50
	number_or "$A_lease" 90
	LEASE_SECONDS=$NUMBER
	number_or "$A_chunk" 65536
	CHUNK=$NUMBER
	[ "$CHUNK" -gt 0 ] || CHUNK=65536
	CHUNK_MAX=$CHUNK
	confirm_instance
	accept_offer
	remove_old_caches
	now
	HELLO_AT=$NOW HELLO_CONF=$CONF_TEXT
}

# True every hour, and after a change of host.conf.
hello_is_due() { [ "$CONF_TEXT" != "$HELLO_CONF" ] || [ $((NOW - HELLO_AT)) -ge 3600 ]; }

send_bye() {
	IDLE=''
	echo end >"$DIR/facts"
	escape_query "$INSTANCE"
	post "/agent/v1/bye?instance=$QUERY" "$DIR/facts" "$DIR/answer" 3
	stop_tunnel
	say 'agent stopped'
}
