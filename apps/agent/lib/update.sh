# Updates: another agent that the farm offers is fetched, checked, tried as a process of its own, and put in our place when no
# job runs. agent.sh.old: the one before. update.swapped: a new one is in place; update.begun: it has been started (see
# start.sh); update.failed: the version that was no good, and why: it is not taken again.

OFFER='' UPDATE_AT=0 UPDATE_FAILED=''

tell_update() {
  if [ -f "$DIR/update.failed" ]; then IFS= read -r UPDATE_FAILED <"$DIR/update.failed"; fi
  if [ -n "$UPDATE_FAILED" ]; then put_line "$UPDATE_FAILED" | plain_line | fact update_failed; fi
  [ "$UPDATES" = yes ] || put_line 'updates no'
}

# With hello, and with a 426. An answer of the farm is all that a new version must get to.
hear_offer() {
  OFFER=$A_update
  if [ -f "$DIR/update.begun" ]; then
    say "updated to $AGENT_VERSION"
    rm -f "$DIR/update.begun"
    trap - 0
    OFFER='' UPDATE_FAILED='' # another server of the farm may still have the version before: no to and fro
  fi
  [ -n "$OFFER" ] || rm -f "$DIR/update.failed"
  if [ -f "$DIR/update.failed" ] && [ "${OFFER%% *}" = "${UPDATE_FAILED%% *}" ]; then OFFER=''; fi
}

update_is_due() {
  [ -n "$OFFER" ] && [ "$UPDATES" = yes ] || return 1
  now
  [ "$NOW" -ge "$UPDATE_AT" ]
}

# False when it failed, which the farm should hear. What goes wrong on the way is tried again in ten minutes; what is wrong with the version itself is not.
take_update() {
  update_is_due || return 0
  UPDATE_AT=$((NOW + 600)) NEW=$AGENT_FILE.new FINAL='' TRIAL=$PRIVATE/trial
  say "the farm offers agent ${OFFER%% *}; this is $AGENT_VERSION"
  if fetch_update && try_update && ! leaving; then swap_agent; fi
  rm -rf "$NEW" "$TRIAL"
  leaving && return 0
  say "not updated: $WHY"
  UPDATE_FAILED="${OFFER%% *} $WHY"
  if [ -n "$FINAL" ]; then put_line "$UPDATE_FAILED" >"$DIR/update.failed"; else rm -f "$DIR/update.failed"; fi
  return 1
}

fetch_update() {
  WHY="the agent that runs is not $DIR/agent.sh"
  [ "$AGENT_FILE" = "$DIR/agent.sh" ] || return 1
  aim_at /agent/v1/agent
  get "$TARGET" "$NEW" 60 </dev/null >/dev/null 2>"$SLOT_DIR/client-said" &
  CLIENT_PID=$!
  await "$CLIENT_PID"
  CLIENT_PID=''
  why_no_answer
  WHY="it did not come$WHY"
  [ -f "$NEW" ] || return 1
  measure "$NEW"
  if [ -n "$SIGNED" ]; then digest_of_file "$NEW" && SUM=sha256:$DIGEST; fi # what a client fetches is not signed itself
  WHY="it came with $LEN bytes and checksum $SUM, not as offered"
  case " $OFFER " in *' none '*) return 1 ;; *" $LEN "*"$SUM "*) fill_address "$NEW" ;; *) return 1 ;; esac
}

# It does all that a start does, in a directory of its own and as the instance that we are: to the farm that is one more hello.
try_update() {
  WHY="$AGENT_SHELL cannot read it" FINAL=yes
  "$AGENT_SHELL" -n "$NEW" 2>/dev/null || return 1
  copy_state "$TRIAL"
  : >"$TRIAL/said" # before the watch looks
  become "$TRIAL" "$NEW" trial </dev/null >/dev/null 2>"$TRIAL/said" &
  CLIENT_PID=$! watched=$WATCHED WATCHED=yes
  watch "$CLIENT_PID" 120 "$TRIAL/said"
  WATCHED=$watched
  await "$CLIENT_PID"
  CLIENT_PID=''
  end_watch
  case $AWAITED in 0) return 0 ;; 75) FINAL='' ;; esac
  last_words "$TRIAL/said"
  WHY="it was tried and failed: ${LAST_WORDS:-exit $AWAITED}"
  return 1
}

# What the farm knows us by, for a process that must not touch our own files.
copy_state() {
  rm -rf "$1"
  mkdir -p "$1/private"
  for file in "$DIR/farm" "$DIR/instance" "$DIR/host.conf" "$DIR/ca.pem" "$DIR/arch-lines"; do cp "$file" "$1"; done 2>/dev/null
  for file in "$PRIVATE"/*; do if [ -f "$file" ]; then cp "$file" "$1/private"; fi; done
}

trial() {
  open_state
  take_lock
  KEEPER='' # the tunnel is the other's
  choose_tools "$CREDENTIAL"
  apply_conf
  ARCH_LINES=`cat "$DIR/arch-lines" 2>/dev/null`
  read -r INSTANCE <"$DIR/instance"
  PREVIOUS=''
  if hello_once; then exit 0; fi
  case $ERR in '' | 429 | 503) exit 75 ;; esac # the farm's fault, not this version's
  exit 1
}

swap_agent() {
  # The jobs of the other slots first.
  pass_on HUP
  await_slots
  leaving && return 1
  WHY='it could not be put in place'
  cp "$AGENT_FILE" "$AGENT_FILE.old" || return
  put_line "${OFFER%% *} it ended before the farm had answered it" >"$DIR/update.swapped"
  rm -rf "$DIR/update.failed" "$TRIAL"
  mv "$NEW" "$AGENT_FILE" && become "$DIR" "$AGENT_FILE" run
}

# The agent in file $2, with all that the owner has told this one; it stays the same process.
become() {
  RUMPFARM_DIR=$1 RUMPFARM_SHELL=$AGENT_SHELL RUMPFARM_CLIENT=$OWN_CLIENT RUMPFARM_LAUNCHER=$OWN_LAUNCHER RUMPFARM_LOG=$LOG
  export RUMPFARM_DIR RUMPFARM_SHELL RUMPFARM_CLIENT RUMPFARM_LAUNCHER RUMPFARM_LOG
  umask "$JOB_UMASK"
  # shellcheck disable=SC2086 # an address has no blanks
  exec "$AGENT_SHELL" "$2" ${URL_OPTION:+--url $URL_OPTION} "$3"
}
