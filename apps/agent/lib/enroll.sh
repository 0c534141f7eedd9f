# Enrolment: exchange the invitation for a credential, save this script in its directory, and run the agent.

PAUSED=''

enroll() {
	invitation=''
	for word in ${1+"$@"}; do
		case $word in
			--paused) PAUSED=yes ;;
			*) [ -z "$invitation" ] || reject_argument "$word"; invitation=$word ;;
		esac
	done
	set -- "$invitation"
	is_name "$1" || die 'usage: agent.sh enroll [--paused] INVITATION; the page "Invite a host" of the farm shows the whole command'
	{ mkdir -p "$PRIVATE" && chmod 700 "$DIR" "$PRIVATE"; } 2>/dev/null || die "cannot make $DIR; set another directory with RUMPFARM_DIR"
	[ -z "$SIGNED" ] || is_script_file ||
		die "save $URL/agent.sh, compare its SHA-256 with the one on the farm's page, then run the file: plain HTTP does not protect a script"
	take_lock
	[ -z "$CA_OPTION" ] || cp "$CA_OPTION" "$DIR/ca.pem" 2>/dev/null || die "cannot read $CA_OPTION"
	read_conf
	choose_tools ''
	send_invitation "$1"
	save_credential
	save_script
	write_conf "$A_arch"
	rm -f "$PRIVATE/enrolling"
	say "this host is enrolled as $A_host; its directory is $DIR; its configuration is $DIR/host.conf"
	report_found
	say "stop: Ctrl-C or kill $$ (kill -HUP $$: after the job); run again: $AGENT_SHELL $DIR/agent.sh run"
	if [ -n "$PAUSED" ]; then
		say "this host takes no job until the agent runs; edit $DIR/host.conf first"
		exit 0
	fi
	umask "$JOB_UMASK"
	exec "$AGENT_SHELL" "$DIR/agent.sh" run </dev/null
}

report_found() {
	found='' missing=''
	for tool in $CLIENTS; do test_tool "${tool}_usable" "$tool"; done
	for tool in tar gzip; do test_tool "${tool}_works" "$tool"; done
	for tool in cc make git; do test_tool has_command "$tool"; done
	say "found: client $CLIENT, launcher $LAUNCHER, checksum $CHECKSUM_TOOL, shell $AGENT_SHELL, and$found; missing or not usable:${missing:- nothing}"
	case "$missing " in *' tar '* | *' gzip '*) say 'jobs with sources need tar and gzip: install them' ;; esac
	warn_about_client
}

test_tool() {
	if ("$@") </dev/null >/dev/null 2>&1; then found="$found $2"; else missing="$missing $2"; fi
}

tar_works() { cd "$DIR" && tar cf - farm | tar tf - | grep farm; }
gzip_works() { put_line x | gzip -c | gzip -dc | grep x; }

warn_about_client() {
	if [ "$CLIENT" = bbwget ] && [ -z "$SIGNED" ]; then
		say 'busybox wget shows the credential to other users of this host, in its arguments: install another client, or use signed requests'
	fi
}

# NONCE: stays the same for an invitation, so that the farm can repeat a lost answer.
load_nonce() {
	NONCE=''
	[ -f "$PRIVATE/enrolling" ] && read -r invitation nonce <"$PRIVATE/enrolling" && [ "$invitation" = "$1" ] && NONCE=$nonce
	if [ -z "$NONCE" ]; then
		NONCE=`random_name`
		put_line "$1 $NONCE" >"$PRIVATE/enrolling"
	fi
}

send_invitation() {
	load_nonce "$1"
	{
		[ -n "$SIGNED" ] || put_line "token $1"
		put_line "nonce $NONCE"
		print_facts
		put_line end
	} >"$PRIVATE/facts"
	FAILS=0
	if [ -n "$SIGNED" ]; then set_invitation_key "$1"; fi
	until post /agent/v1/enroll "$PRIVATE/facts" "$PRIVATE/answer" 20 && [ "$ERR" != 503 ] && [ "$ERR" != 429 ]; do
		explain_no_answer
		[ "$FAILS" -lt 3 ] || die "no answer from the farm at $URL$WHY"
		set_delay 60
		pause "$DELAY"
	done
	case $ERR in
		'') ;;
		*) die "the farm rejected the enrolment: ${ERR_TEXT#[0-9][0-9][0-9] }" ;;
	esac
	if [ -n "$SIGNED" ]; then A_credential=signed; fi
	if is_name "$A_credential" && is_name "$A_arch" && is_name "$A_host"; then return 0; fi
	die "the farm's answer to the enrolment is not valid; see $PRIVATE/answer"
}

explain_no_answer() {
	read_last_error "$SLOT_DIR/client-errors"
	WHY=${LAST_ERROR:+ ($LAST_ERROR)}
}

save_credential() {
	if [ -n "$SIGNED" ]; then save_host_key; fi
	put_line "$A_credential" >"$PRIVATE/credential.new"
	mv "$PRIVATE/credential.new" "$PRIVATE/credential"
	rm -f "$PRIVATE"/answer* "$PRIVATE/facts" # they hold the credential and the invitation
	put_line "$FARM $A_host" >"$DIR/farm"
	rm -f "$DIR/instance" "$DIR/instance.next"
}

is_script_file() { sed 2q "$0" 2>/dev/null | grep '^# The Rumpfarm' >/dev/null; }

# Copies the script. If it came through a pipe, $0 is the shell, and there is no file: downloads it again.
save_script() {
	saved=$DIR/agent.sh
	if is_script_file; then
		cp "$0" "$saved.new"
	else
		(get /agent.sh "$saved.new" 30) </dev/null >/dev/null 2>"$SLOT_DIR/client-errors"
	fi
	read_last_error "$saved.new"
	if [ "$LAST_ERROR" = '# end of agent.sh' ]; then
		set_address_in "$saved.new"
		mv "$saved.new" "$saved"
	else
		explain_no_answer
		die "the download of $URL/agent.sh is not whole$WHY; run the same command again"
	fi
}

set_address_in() { sed "s|^FARM_URL='.*|FARM_URL='$FARM'|" "$1" >"$1.filled" && mv "$1.filled" "$1"; }
