# HTTP: which client this host has, and one request with it. A client NAME has NAME_usable, NAME_prepare CREDENTIAL, and
# either NAME_post PATH BODY ANSWER SECONDS and NAME_get PATH FILE SECONDS, or NAME_exchange SECONDS if it can only
# carry bytes.

CLIENTS='curl wget perl python nc openssl bbwget'
CLIENT_PID='' CLIENT_TOOL='' CA_FILE='' NEEDS_TIMEOUT='' CR='' NO_CLIENT=''

choose_client() {
	for CLIENT in ${CONF_CLIENT:-$CLIENTS}; do
		case " $CLIENTS " in *" $CLIENT "*) "${CLIENT}_usable" 2>/dev/null && use_client && return 0 ;; esac
	done
	CLIENT=''
	return 1
}

use_client() {
	CLIENT_KIND=$CLIENT RAW_SUFFIX=''
	case $CLIENT in perl | python | nc | openssl) CLIENT_KIND=raw RAW_SUFFIX=.raw ;; esac
}

is_https() { case $URL in https:*) ;; *) return 1 ;; esac; }

# The URL becomes an argument and a line of the saved script: allow only the characters of an address. FARM: as written.
set_url() {
	FARM=${1%/} URL=${1%/} SIGNED=''
	case $URL in signed+http://*) SIGNED=yes URL=${URL#signed+} ;; esac
	case $URL in
		'' | @*) die "this copy has no farm address; pass it with --url http://farm.example:8080" ;;
		*[!][A-Za-z0-9.:/_~%-]*) die "the farm address has characters that are not allowed: $URL" ;;
		http://?* | https://?*) ;;
		*) die "not a farm address: $URL; expected something like http://farm.example:8080" ;;
	esac
}

# Sends file $2 to path $1. True if file $3 has a complete answer. The client runs in the background, so that traps run
# at once.
post() {
	: >"$3"
	clear_answer
	ensure_tunnel || return 1
	if [ -n "$SIGNED" ]; then post_signed "$@"; return; fi
	send_request "$@"
	read_answer "$3"
}

send_request() {
	: >"$3$RAW_SUFFIX"
	"${CLIENT_KIND}_post" "$@" </dev/null >/dev/null 2>"$SLOT_DIR/client-errors" &
	CLIENT_PID=$!
	if [ -n "$IDLE" ]; then
		read_start_time "$CLIENT_PID"
		put_line "$CLIENT_PID $START_TIME" >"$SLOT_DIR/client-pid"
	fi
	if [ -n "$IDLE" ] && is_stopping; then kill_at_once "$CLIENT_PID"; else start_timeout "$CLIENT_PID" "$4" "$3$RAW_SUFFIX"; fi
	await_client
	stop_timeout
	[ -z "$RAW_SUFFIX" ] || strip_header "$3" 2>>"$SLOT_DIR/client-errors"
}

await_client() {
	await "$CLIENT_PID"
	CLIENT_PID=''
}

# REQUEST_PATH: path $1 for `get`. Runs outside of the subshell of `get`, because each signature increments a counter.
set_request_path() {
	REQUEST_PATH=$1
	[ -z "$SIGNED" ] || sign_request GET "$1" /dev/null
}

# Downloads path $1 into file $2, or gives up after $3 seconds without a byte. The subshell may become the client.
get() {
	ensure_tunnel || return 1
	[ -n "$RAW_SUFFIX$NEEDS_TIMEOUT" ] || "${CLIENT_KIND}_get" "$@" # does not return
	: >"$2$RAW_SUFFIX"
	"${CLIENT_KIND}_get" "$@" &
	client=$!
	start_timeout "$client" "$3" "$2$RAW_SUFFIX"
	await "$client"
	stop_timeout
	if [ -n "$RAW_SUFFIX" ]; then strip_header "$2"; else return "$AWAITED"; fi
}

# For clients without a time limit: kills process $1 when file $3 has not grown for $2 seconds. Many systems have no
# timeout(1). Braces, because after `( ) &` the $! of yash is another shell's pid.
start_timeout() {
	TIMEOUT_PID=''
	[ -n "$NEEDS_TIMEOUT" ] || return 0
	read_start_time "$1"
	{
		start_time=$START_TIME sleeper='' seen='' over=''
		trap 'over=yes; kill_at_once "$sleeper"' TERM
		while [ -z "$over" ] && size_of "$3" && [ "$SIZE" != "$seen" ]; do
			seen=$SIZE
			exec sleep "$2" &
			sleeper=$!
			# TERM may arrive before the trap is set (dash then loses it), or before sleeper has its value.
			if [ -n "$over" ] || ! is_same_process "$1" "$start_time"; then over=yes; kill -s KILL "$sleeper"; fi
			await "$sleeper"
		done
		if [ -z "$over" ] && is_same_process "$1" "$start_time"; then kill -s KILL "$1"; fi
	} </dev/null >/dev/null 2>&1 &
	TIMEOUT_PID=$!
}

stop_timeout() { [ -z "$TIMEOUT_PID" ] || kill -s TERM "$TIMEOUT_PID" 2>/dev/null; }
