# install and uninstall: the farm has the script for that, with its templates, as it has this one. It is fetched when it is wanted,
# and only run because the owner has asked for it. The log is for service managers that keep none.

run_service() {
  open_state
  host_dir=$DIR
  if ! ask_aside /agent/v1/service; then
    rm -rf "$DIR"
    die "the farm at $FARM has not sent what is needed for that: $WHY"
  fi
  sed -n 's/^| \{0,1\}//p' "$DIR/answer" >"$DIR/service.sh"
  "$AGENT_SHELL" "$DIR/service.sh" "$host_dir" "$AGENT_SHELL" "$@"
  done=$?
  rm -rf "$DIR"
  exit "$done"
}

# Asks the farm from a directory of its own, which DIR then is, with a copy of what an agent has: one may be running, and root may
# do this for another user, and must leave no file of its own behind. If not true, WHY says why.
ask_aside() {
  aside=$PRIVATE/aside
  copy_state "$aside"
  DIR=$aside PRIVATE=$aside/private
  choose_tools "$CREDENTIAL"
  # Without an agent, or beside one whose tunnel is shut, a tunnel of our own.
  if [ -n "$TUNNEL" ] && ! tunnel_is_open; then rm -f "$PRIVATE/tunnel" && KEEPER=yes; fi
  put_line end >"$DIR/ask"
  WHY='' FAILS=0
  if post "$1" "$DIR/ask" "$DIR/answer" 20; then WHY=$ERR_TEXT; else why_no_answer && WHY=${WHY:-nothing came}; fi
  end_tunnel
  [ -z "$WHY" ]
}

keep_log_small() {
  [ -n "$LOG" ] || return 0
  if [ -f "$LOG" ]; then size_of "$LOG"; else SIZE=0; fi
  [ "$SIZE" -le 1000000 ] || mv "$LOG" "$LOG.old"
  exec 2>>"$LOG"
}
