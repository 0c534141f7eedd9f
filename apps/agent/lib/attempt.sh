# An attempt, from its claim to its acknowledged end: start or take up the runner, watch it, send its log, finish.

do_attempt() {
  IDLE=''
  begin_attempt
  if [ -s "$SPOOL/runner" ]; then take_up_runner; elif is_unwanted; then begin_refusal; else start_afresh; fi
  watch_job
  if [ -z "$DROPPED" ]; then
    name_left_running
    close_log
    send_log && send_artifacts && finish_attempt
  fi
  IDLE=yes
}

begin_attempt() {
  ATTEMPT=$A_attempt
  in_query "$A_lease"
  LEASE=$QUERY
  number_or "$A_wall" 3600
  WALL=$NUMBER
  number_or "$A_silence" "$WALL"
  SILENCE=$NUMBER
  number_or "$A_grace" 5
  GRACE=$NUMBER
  number_or "$A_logmax" 100000000
  LOG_MAX=$NUMBER
  STEP_COUNT=$A_steps ARTIFACTS=$A_artifact ARTIFACT='' OUTGOING=$SPOOL/log
  OFFSET=0 SIZE=0 SYNCED=yes STEPS='' SENT_STEPS='' STEP=0 ENDED='' REASON='' DETAIL='' DROPPED='' SUSPENDED=''
  FAILS=0 RETRY_IN=0 NEXT=2000 WAITED=0 CLOCK_IN=1000 KILL_IN='' GAVE_UP='' MARK='' RUNNER='' SEEN_SIZE=''
}

# The farm knows the owner's rules, and may be wrong, or older than they are.
is_unwanted() {
  read_conf
  DETAIL="$CONF_WRONG$NO_SHELTER" REASON=refused
  [ -z "$DETAIL" ] || return 0
  if ! may_run "$A_project" "$A_branch"; then
    DETAIL="the host's owner does not allow $A_project${A_branch:+, branch $A_branch}: $WHY"
  elif [ -f "$DIR/arches/$A_arch.unable" ]; then
    REASON=broken
    IFS= read -r DETAIL <"$DIR/arches/$A_arch.unable"
  else
    REASON=''
    return 1
  fi
}

begin_refusal() {
  : >"$SPOOL/log"
  ENDED=refused OURS='' SEEN_AT=0 STARTED=0 NOW=0 DISK_AT=0
  say "attempt $ATTEMPT: not run: $DETAIL"
}

# The agent may have died after it launched the runner and before that said who it is: nothing of it may live beside this one.
start_afresh() {
  if [ -f "$SPOOL/mark" ]; then
    read -r MARK <"$SPOOL/mark"
    signal_strays KILL
    rm -f "$SPOOL/steps" "$SPOOL/end" "$SPOOL/begun" "$SPOOL"/pipe-*
  fi
  start_runner
}

start_runner() {
  MARK=$ATTEMPT:$INSTANCE: # ends with a colon, so that it is no beginning of another
  : >"$SPOOL/log"
  put_line "$$" >"$SPOOL/agent"
  put_line "$MARK" >"$SPOOL/mark"
  put_line "$ATTEMPT $LEASE $A_sources" >"$SPOOL/job"
  put_line "$WORK_DIR/attempt-$ATTEMPT" >"$SPOOL/work" # host.conf may change while the job runs
  RUMPFARM_MARK=$MARK
  export RUMPFARM_MARK
  launch "$AGENT_SHELL" "$AGENT_FILE" job "$SPOOL" >/dev/null 2>>"$SPOOL/trouble"
  unset RUMPFARM_MARK
  RUNNER=$LAUNCHED OURS=yes
  # Out of the runner's way: a job of a few milliseconds is told in one request, its end wakes us.
  if [ -n "$FRACTIONS" ]; then pause 100; fi
  WAITED=$NEXT
  now
  note_compiler
  STARTED=$NOW SEEN_AT=$NOW DISK_AT=$NOW
  put_line "$STARTED" >"$SPOOL/started"
  say "attempt $ATTEMPT: started"
}

# The agent was killed, the job was not. Believe a pid only if it was born when our runner was.
take_up_runner() {
  STARTED='' born='' SYNCED='' WAITED=$NEXT
  put_line "$$" >"$SPOOL/agent"
  [ -f "$SPOOL/mark" ] && read -r MARK <"$SPOOL/mark"
  [ -f "$SPOOL/started" ] && read -r STARTED <"$SPOOL/started"
  read -r RUNNER born <"$SPOOL/runner"
  now
  case $STARTED in '' | *[!0-9]*) STARTED=$NOW ;; esac # ten digits: no number of the protocol's
  SEEN_AT=$NOW DISK_AT=$NOW OURS=''
  if alive_as "$RUNNER" "$born"; then OURS=yes; fi
  if [ -f "$SPOOL/reason" ]; then read_reason "$SPOOL/reason"; fi
  say "attempt $ATTEMPT: taken up again"
}

# REASON and DETAIL from a file of ours, if it is whole.
read_reason() {
  { IFS= read -r reason && IFS= read -r detail && IFS= read -r whole; } 2>/dev/null <"$1" && [ "$whole" = end ] || return 1
  REASON=$reason DETAIL=$detail
}

watch_job() {
  while :; do
    WOKEN=''
    look
    keep_limits
    if [ -n "$ENDED" ] && all_gone; then break; fi
    if [ -n "$REASON$ENDED" ]; then kill_in_turn; fi
    if [ -n "$GAVE_UP" ]; then break; fi
    if call_is_due; then send_progress; fi
    # What the farm has just asked for is begun at once, not after a rest.
    if [ -n "$REASON" ] && [ -z "$KILL_IN$ENDED" ]; then continue; fi
    rest
  done
}

# What the runner has written so far.
look() {
  [ -n "$ENDED" ] || look_for_end
  read_steps
  # A log of which a whole chunk is unsent needs no measuring.
  [ $((SIZE - OFFSET)) -ge "$CHUNK" ] || size_of "$SPOOL/log"
}

look_for_end() {
  if [ -f "$SPOOL/end" ] && end_is_whole; then return 0; fi
  if [ -n "$OURS" ] && kill -0 "$RUNNER" 2>/dev/null; then return 0; fi
  # It may have ended between the two questions.
  if [ -f "$SPOOL/end" ] && end_is_whole; then return 0; fi
  last_words "$SPOOL/trouble"
  give_reason vanished "$LAST_WORDS"
  ENDED=vanished # OURS stays: what is left of a group that was ours a moment ago is ours
}

end_is_whole() {
  kept_reason=$REASON kept_detail=$DETAIL
  read_reason "$SPOOL/end" || return 1
  ENDED=$REASON
  # Why we ended it counts more than how it took that.
  if [ -n "$kept_reason" ]; then REASON=$kept_reason DETAIL=$kept_detail; fi
}

# STEPS as the farm wants them, and the number of the running one. A line that is not whole is not there.
read_steps() {
  STEPS='' ended=0
  if [ -f "$SPOOL/steps" ]; then
    while IFS= read -r line; do STEPS=$STEPS${STEPS:+,}$line ended=$((ended + 1)); done <"$SPOOL/steps"
  fi
  if [ "$STEP" = 0 ] && [ ! -f "$SPOOL/begun" ]; then return 0; fi
  STEP=$((ended + 1))
  [ "$STEP" -le "$STEP_COUNT" ] || STEP=$STEP_COUNT
}

# The group, and what left it. A runner of ours that has written its end is only a moment from its exit.
all_gone() {
  if [ -n "$OURS" ]; then
    [ "$ENDED" = vanished ] || wait "$RUNNER" 2>/dev/null
    if signal_group 0 "$RUNNER"; then return 1; fi
  fi
  find_strays
  [ -z "$STRAYS" ]
}

# TERM, then after the grace KILL, again and again for at most ten seconds.
kill_in_turn() {
  if [ -z "$KILL_IN" ]; then
    : >"$SPOOL/stop"
    # Whoever waits for us, or runs the same job now, does not wait for the recipe's grace.
    case $REASON in stopped | dropped) [ "$GRACE" -le 5 ] || GRACE=5 ;; esac
    now
    KILL_IN=$((GRACE * 1000)) KILL_AT=$((NOW + GRACE + 1))
    signal_job TERM
  elif [ "$KILL_IN" -le 0 ]; then
    signal_job KILL
    if [ "$KILL_IN" -lt -10000 ]; then
      say "attempt $ATTEMPT: some of its processes cannot be killed"
      GAVE_UP=yes
    fi
  fi
}

signal_job() {
  if [ -n "$OURS" ] && [ "$LAUNCHER" = plain ]; then
    signal_tree "$1" "$RUNNER"
  elif [ -n "$OURS" ]; then
    signal_group "$1" "$RUNNER"
  fi
  signal_strays "$1"
}

# Ended steps and whole chunks at once; else after NEXT milliseconds, whether there are new bytes or not.
call_is_due() {
  [ -z "$DROPPED" ] && [ "$RETRY_IN" -le 0 ] || return 1
  [ "$WAITED" -ge "$NEXT" ] || [ "$STEPS" != "$SENT_STEPS" ] || { [ $((SIZE - OFFSET)) -ge "$CHUNK" ] && [ -z "$SUSPENDED" ]; }
}

# Until the next call, or the next look: a second at most, two while nothing happens, sooner while the job is being ended.
rest() {
  span=1000
  if [ $((NOW - SEEN_AT)) -ge 2 ]; then span=2000; fi
  if [ -n "$KILL_IN" ]; then span=100; fi
  left=$((NEXT - WAITED))
  if [ "$RETRY_IN" -gt 0 ]; then left=$RETRY_IN; fi
  if [ "$left" -lt "$span" ]; then span=$left; fi
  if call_is_due; then return 0; fi
  [ "$span" -ge 20 ] || span=20
  pause "$span"
  WAITED=$((WAITED + SLEPT)) CLOCK_IN=$((CLOCK_IN - SLEPT)) RETRY_IN=$((RETRY_IN - SLEPT))
  if [ -n "$KILL_IN" ]; then
    # On a busy machine the looks take longer than the rests between them.
    CLOCK_IN=0 KILL_IN=$((KILL_IN - SLEPT))
    if [ "$NOW" -ge "$KILL_AT" ] && [ "$KILL_IN" -gt 0 ]; then KILL_IN=0; fi
  fi
}
