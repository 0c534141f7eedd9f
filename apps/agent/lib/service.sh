# install and uninstall: the farm has the script for that, with its templates, as it has this one. It is fetched when it is wanted,
# and only run because the owner has asked for it. The log is for service managers that keep none.

run_service() {
  open_state
  host_dir=$DIR DIR=$PRIVATE/service
  copy_state "$DIR" # root may do this for another user, and must leave no file of its own behind
  PRIVATE=$DIR/private
  choose_tools "$CREDENTIAL"
  put_line end >"$DIR/ask"
  if ! post /agent/v1/service "$DIR/ask" "$DIR/answer" 20 || [ -n "$ERR" ]; then
    why_no_answer
    rm -rf "$DIR"
    die "the farm at $FARM has not sent what is needed for that$WHY $ERR_TEXT"
  fi
  sed -n 's/^| \{0,1\}//p' "$DIR/answer" >"$DIR/service.sh"
  "$AGENT_SHELL" "$DIR/service.sh" "$host_dir" "$AGENT_SHELL" "$@"
  done=$?
  rm -rf "$DIR"
  exit "$done"
}

keep_log_small() {
  [ -n "$LOG" ] || return 0
  if [ -f "$LOG" ]; then size_of "$LOG"; else SIZE=0; fi
  [ "$SIZE" -le 1000000 ] || mv "$LOG" "$LOG.old"
  exec 2>>"$LOG"
}
