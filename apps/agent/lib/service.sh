# Service files: `install` and `uninstall` download the installer from the farm.

run_service() {
	load_state
	host_dir=$DIR
	if ! request_from_copy /agent/v1/service; then
		rm -rf "$DIR"
		die "cannot download the installer from the farm at $FARM: $WHY"
	fi
	sed -n 's/^| \{0,1\}//p' "$DIR/answer" >"$DIR/service.sh"
	"$AGENT_SHELL" "$DIR/service.sh" "$host_dir" "$AGENT_SHELL" "$@"
	done=$?
	rm -rf "$DIR"
	exit "$done"
}

# Sends a request from a copy of the state, and sets DIR to the copy: an agent may run at the same time, and root must
# leave no file in another user's directory. False if the farm does not answer; WHY has the cause.
request_from_copy() {
	copy=$PRIVATE/copy
	copy_state "$copy"
	DIR=$copy PRIVATE=$copy/private
	choose_tools "$CREDENTIAL"
	# Uses the running agent's tunnel if that is open, else its own.
	if [ -n "$TUNNEL" ] && ! tunnel_is_open; then rm -f "$PRIVATE/tunnel" && OWNS_TUNNEL=yes; fi
	put_line end >"$DIR/request"
	WHY='' FAILS=0
	if post "$1" "$DIR/request" "$DIR/answer" 20; then WHY=$ERR_TEXT; else explain_no_answer && WHY=${WHY:-no answer}; fi
	stop_tunnel
	[ -z "$WHY" ]
}
