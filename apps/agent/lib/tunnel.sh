# Tunnel: the agent starts an ssh of its own, keeps it, and talks to the farm through it. The credential then travels inside it only.
# The farm's address is the one by which the gateway reaches the farm. The file `tunnel` tells of the ssh: also of one that an
# agent left which was killed.

TUNNEL='' TUNNEL_KEY='' TUNNEL_PID='' KEEPER='' TUNNEL_BORN=''

# Before each request. True: there is none to keep, or it is open.
keep_tunnel() {
  if [ -z "$TUNNEL" ]; then
    [ -z "$TUNNEL_PID" ] || { end_tunnel; use_url "$FARM"; } # the owner wants it no more
    return 0
  fi
  looks=0
  until tunnel_is_open; do
    [ -n "$KEEPER" ] || return 1
    if [ "$looks$TUNNEL_LIVES" = 0 ]; then start_tunnel; fi
    looks=$((looks + 1))
    # A job is not to wait, and neither is one who leaves: the next try finds it open.
    if [ -z "$IDLE" ] || [ -z "$TUNNEL_LIVES" ] || leaving || [ "$looks" -gt 50 ]; then
      last_words "$PRIVATE/tunnel-said"
      put_line "no tunnel through ${TUNNEL%% *} yet${LAST_WORDS:+: $LAST_WORDS}" | plain_line >"$SLOT_DIR/client-said"
      return 1
    fi
    pause 300
  done
}

# Open once the port on this side is bound, which ssh tells by tunnel-open: before that it may be somebody else's who listens there.
tunnel_is_open() {
  TUNNEL_PID='' TUNNEL_BORN='' through='' TUNNEL_LIVES=''
  { read -r TUNNEL_PID TUNNEL_BORN && IFS= read -r through && IFS= read -r URL; } 2>/dev/null <"$PRIVATE/tunnel"
  alive_as "$TUNNEL_PID" "$TUNNEL_BORN" || return 1
  if [ -n "$KEEPER" ] && [ "$through" != "$TUNNEL|$TUNNEL_KEY|$FARM" ]; then
    end_tunnel
    return 1
  fi
  TUNNEL_LIVES=yes
  [ -f "$PRIVATE/tunnel-open" ]
}

# An old ssh does without the options that it does not know, but never without the gateway's key. One that cannot tell when it
# is open has fifteen seconds.
start_tunnel() {
  rm -f "$PRIVATE/tunnel-open"
  put_line "gateway $TUNNEL_KEY" >"$PRIVATE/known_hosts"
  JITTER=$(((JITTER * 1103 + 12345) % 32749)) gateway=${TUNNEL%% *} farm=${FARM#*http://}
  port=$((20000 + JITTER % 12000)) place=${farm%%/*}
  case $place in
    https:) die "a tunnel leads to an http:// address, as the gateway knows the farm; name it: --url" ;;
    *:*[!0-9]) place=$place:80 ;; # [::1] ends with a bracket
    *:*) ;;
    *) place=$place:80 ;;
  esac
  set -- -L "127.0.0.1:$port:$place"
  case $gateway in *:*) set -- "$@" -p "${gateway##*:}" ;; esac
  case $TUNNEL in *' '*) set -- "$@" -i "${TUNNEL#* }" ;; esac
  for option in BatchMode=yes ConnectTimeout=10 ServerAliveInterval=10 ExitOnForwardFailure=yes \
    PermitLocalCommand=yes 'LocalCommand=: >tunnel-open'; do
    if ssh -o "$option" -V 2>/dev/null; then set -- "$@" -o "$option"; fi
  done
  # In parentheses: no child of ours, like a slot.
  # shellcheck disable=SC2016 # for the launched shell
  (
    launch "$AGENT_SHELL" -c 'cd "$1" || exit; shift; SHELL=/bin/sh; export SHELL
case $* in *LocalCommand*) ;; *) (sleep 15; : >tunnel-open) & esac
exec ssh -F /dev/null -NTax -o StrictHostKeyChecking=yes -o UserKnownHostsFile=known_hosts -o GlobalKnownHostsFile=/dev/null -o HostKeyAlias=gateway "$@"' \
      sh "$PRIVATE" "$@" "${gateway%:*}" >/dev/null 2>"$PRIVATE/tunnel-said"
    birth_of "$LAUNCHED"
    put_line "$LAUNCHED $BIRTH
$TUNNEL|$TUNNEL_KEY|$FARM
http://127.0.0.1:$port${farm#"${farm%%/*}"}" >"$PRIVATE/tunnel"
  )
  TUNNEL_LIVES=yes
}

end_tunnel() {
  if [ -n "$KEEPER" ] && alive_as "$TUNNEL_PID" "$TUNNEL_BORN"; then kill -s TERM "$TUNNEL_PID"; fi
  TUNNEL_PID=''
}
