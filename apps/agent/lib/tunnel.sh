# Tunnel: the agent sends all requests through its own ssh, so that the network cannot read the credential. The gateway
# reaches the farm by FARM. The file `tunnel` names the ssh process, also for the agent after a killed one.

TUNNEL='' TUNNEL_KEY='' TUNNEL_PID='' OWNS_TUNNEL='' TUNNEL_START_TIME=''

ensure_tunnel() {
	if [ -z "$TUNNEL" ]; then
		[ -z "$TUNNEL_PID" ] || { stop_tunnel; set_url "$FARM"; } # the owner has removed it
		return 0
	fi
	checks=0
	until tunnel_is_open; do
		[ -n "$OWNS_TUNNEL" ] || return 1
		if [ "$checks$TUNNEL_RUNS" = 0 ]; then start_tunnel; fi
		checks=$((checks + 1))
		# Neither a job nor a stop waits for the tunnel: a later request uses it.
		if [ -z "$IDLE" ] || [ -z "$TUNNEL_RUNS" ] || is_stopping || [ "$checks" -gt 50 ]; then
			read_last_error "$PRIVATE/tunnel-errors"
			put_line "no tunnel through ${TUNNEL%% *} yet${LAST_ERROR:+: $LAST_ERROR}" | printable_line >"$SLOT_DIR/client-errors"
			return 1
		fi
		pause 300
	done
}

# The tunnel is open when ssh has bound its port here and made the file tunnel-open. Until then another program may
# listen on that port.
tunnel_is_open() {
	TUNNEL_PID='' TUNNEL_START_TIME='' through='' TUNNEL_RUNS=''
	{ read -r TUNNEL_PID TUNNEL_START_TIME && IFS= read -r through && IFS= read -r URL; } 2>/dev/null <"$PRIVATE/tunnel"
	is_same_process "$TUNNEL_PID" "$TUNNEL_START_TIME" || return 1
	if [ -n "$OWNS_TUNNEL" ] && [ "$through" != "$TUNNEL|$TUNNEL_KEY|$FARM" ]; then
		stop_tunnel
		return 1
	fi
	TUNNEL_RUNS=yes
	[ -f "$PRIVATE/tunnel-open" ]
}

# Omits options that an old ssh lacks, but always checks the gateway's key. If ssh cannot make tunnel-open, the agent
# makes it after 15 seconds.
start_tunnel() {
	rm -f "$PRIVATE/tunnel-open"
	put_line "gateway $TUNNEL_KEY" >"$PRIVATE/known_hosts"
	next_jitter
	gateway=${TUNNEL%% *} farm=${FARM#*http://}
	port=$((20000 + JITTER % 12000)) address=${farm%%/*}
	case $address in
		https:) die "a tunnel needs an http:// address, by which the gateway reaches the farm; pass it with --url" ;;
		*:*[!0-9]) address=$address:80 ;; # an IPv6 address ends with a bracket
		*:*) ;;
		*) address=$address:80 ;;
	esac
	set -- -L "127.0.0.1:$port:$address"
	case $gateway in *:*) set -- "$@" -p "${gateway##*:}" ;; esac
	case $TUNNEL in *' '*) set -- "$@" -i "${TUNNEL#* }" ;; esac
	for option in BatchMode=yes ConnectTimeout=10 ServerAliveInterval=10 ExitOnForwardFailure=yes \
		PermitLocalCommand=yes 'LocalCommand=: >tunnel-open'; do
		if ssh -o "$option" -V 2>/dev/null; then set -- "$@" -o "$option"; fi
	done
	# In a subshell, so that ssh is no child of the agent: see start_slot.
	(
		launch "$AGENT_SHELL" -c 'cd "$1" || exit; shift; SHELL=/bin/sh; export SHELL
case $* in *LocalCommand*) ;; *) (sleep 15; : >tunnel-open) & esac
exec ssh -F /dev/null -NTax -o StrictHostKeyChecking=yes -o UserKnownHostsFile=known_hosts -o GlobalKnownHostsFile=/dev/null -o HostKeyAlias=gateway "$@"' \
			sh "$PRIVATE" "$@" "${gateway%:*}" >/dev/null 2>"$PRIVATE/tunnel-errors"
		read_start_time "$LAUNCHED"
		put_line "$LAUNCHED $START_TIME
$TUNNEL|$TUNNEL_KEY|$FARM
http://127.0.0.1:$port${farm#"${farm%%/*}"}" >"$PRIVATE/tunnel"
	)
	TUNNEL_RUNS=yes
}

stop_tunnel() {
	if [ -n "$OWNS_TUNNEL" ] && is_same_process "$TUNNEL_PID" "$TUNNEL_START_TIME"; then kill -s TERM "$TUNNEL_PID"; fi
	TUNNEL_PID=''
}
