# An attempt: start or resume the runner, supervise it, send the log, finish.

run_attempt() {
  IDLE=''
  init_attempt
  if [ -s "$SPOOL/runner" ]; then resume_runner; elif must_refuse; then refuse_attempt; else start_clean; fi
  supervise_job
  if [ -z "$SETTLED" ]; then
    log_left_running
    finalize_log
    send_log && send_artifacts && finish_attempt
  fi
  IDLE=yes
}

init_attempt() {
  ATTEMPT=$A_attempt
  escape_query "$A_lease"
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
  OFFSET=0 SIZE=0 SYNCED=yes STEPS='' SENT_STEPS='' STEP=0 ENDED='' REASON='' DETAIL='' SETTLED='' SUSPENDED=''
  FAILS=0 RETRY_IN=0 NEXT=2000 WAITED=0 CLOCK_IN=1000 KILL_IN='' GAVE_UP='' MARK='' RUNNER='' OUTPUT_SIZE=''
}

# The farm applies the owner's rules too, but it may have older ones.
must_refuse() {
  read_conf
  DETAIL="$CONF_ERROR$ISOLATION_ERROR" REASON=refused
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

refuse_attempt() {
  : >"$SPOOL/log"
  ENDED=refused OWN_RUNNER='' OUTPUT_AT=0 STARTED=0 NOW=0 DISK_AT=0
  say "attempt $ATTEMPT: refused: $DETAIL"
}

# An earlier agent may have ended between the runner's start and its first report: end all processes of that runner first.
start_clean() {
  if [ -f "$SPOOL/mark" ]; then
    read -r MARK <"$SPOOL/mark"
    signal_leftovers KILL
    rm -f "$SPOOL/steps" "$SPOOL/end" "$SPOOL/begun" "$SPOOL"/pipe-*
  fi
  start_runner
}

start_runner() {
  MARK=$ATTEMPT:$INSTANCE: # the last colon keeps a mark from being the beginning of another
  : >"$SPOOL/log"
  put_line "$$" >"$SPOOL/agent"
  put_line "$MARK" >"$SPOOL/mark"
  put_line "$ATTEMPT $LEASE $A_sources" >"$SPOOL/job"
  put_line "$WORK_DIR/attempt-$ATTEMPT" >"$SPOOL/work" # host.conf may change while the job runs
  RUMPFARM_MARK=$MARK
  export RUMPFARM_MARK
  launch "$AGENT_SHELL" "$AGENT_FILE" job "$SPOOL" >/dev/null 2>>"$SPOOL/errors"
  unset RUMPFARM_MARK
  RUNNER=$LAUNCHED OWN_RUNNER=yes
  # Leaves the processor to the runner. A job of a few milliseconds is then reported by one request; its end wakes the agent.
  if [ -n "$FRACTIONS" ]; then pause 100; fi
  WAITED=$NEXT
  now
  record_compiler
  STARTED=$NOW OUTPUT_AT=$NOW DISK_AT=$NOW
  put_line "$STARTED" >"$SPOOL/started"
  say "attempt $ATTEMPT: started"
}

# After the agent was killed: the pid is the runner's only if the start time is the same.
resume_runner() {
  STARTED='' start_time='' SYNCED='' WAITED=$NEXT
  put_line "$$" >"$SPOOL/agent"
  [ -f "$SPOOL/mark" ] && read -r MARK <"$SPOOL/mark"
  [ -f "$SPOOL/started" ] && read -r STARTED <"$SPOOL/started"
  read -r RUNNER start_time <"$SPOOL/runner"
  now
  case $STARTED in '' | *[!0-9]*) STARTED=$NOW ;; esac # ten digits: not for is_number
  OUTPUT_AT=$NOW DISK_AT=$NOW OWN_RUNNER=''
  if is_same_process "$RUNNER" "$start_time"; then OWN_RUNNER=yes; fi
  if [ -f "$SPOOL/reason" ]; then read_reason "$SPOOL/reason"; fi
  say "attempt $ATTEMPT: resumed"
}

# REASON and DETAIL from file $1. False if the file is not whole.
read_reason() {
  { IFS= read -r reason && IFS= read -r detail && IFS= read -r whole; } 2>/dev/null <"$1" && [ "$whole" = end ] || return 1
  REASON=$reason DETAIL=$detail
}

supervise_job() {
  while :; do
    WOKEN=''
    read_job_state
    check_limits
    if [ -n "$ENDED" ] && all_processes_gone; then break; fi
    if [ -n "$REASON$ENDED" ]; then terminate_job; fi
    if [ -n "$GAVE_UP" ]; then break; fi
    if progress_is_due; then send_progress; fi
    # A cancel takes effect at once, not after a pause.
    if [ -n "$REASON" ] && [ -z "$KILL_IN$ENDED" ]; then continue; fi
    sleep_until_due
  done
}

# Reads what the runner has reported so far.
read_job_state() {
  [ -n "$ENDED" ] || check_for_end
  read_steps
  # Without a measurement while a whole chunk waits.
  [ $((SIZE - OFFSET)) -ge "$CHUNK" ] || size_of "$SPOOL/log"
}

check_for_end() {
  if [ -f "$SPOOL/end" ] && read_end; then return 0; fi
  if [ -n "$OWN_RUNNER" ] && kill -0 "$RUNNER" 2>/dev/null; then return 0; fi
  # The runner may have ended between the two checks.
  if [ -f "$SPOOL/end" ] && read_end; then return 0; fi
  read_last_error "$SPOOL/errors"
  set_reason vanished "$LAST_ERROR"
  ENDED=vanished # OWN_RUNNER stays: the rest of its group is still the job's
}

read_end() {
  kept_reason=$REASON kept_detail=$DETAIL
  read_reason "$SPOOL/end" || return 1
  ENDED=$REASON
  # If the agent has ended the job, keep the agent's reason.
  if [ -n "$kept_reason" ]; then REASON=$kept_reason DETAIL=$kept_detail; fi
}

# STEPS: the ended steps, as the farm wants them. STEP: the number of the running one.
read_steps() {
  STEPS='' ended=0
  if [ -f "$SPOOL/steps" ]; then
    while IFS= read -r line; do STEPS=$STEPS${STEPS:+,}$line ended=$((ended + 1)); done <"$SPOOL/steps"
  fi
  if [ "$STEP" = 0 ] && [ ! -f "$SPOOL/begun" ]; then return 0; fi
  STEP=$((ended + 1))
  [ "$STEP" -le "$STEP_COUNT" ] || STEP=$STEP_COUNT
}

# The process group, and what has left it. A runner that has written its end exits within a moment.
all_processes_gone() {
  if [ -n "$OWN_RUNNER" ]; then
    [ "$ENDED" = vanished ] || wait "$RUNNER" 2>/dev/null
    if signal_group 0 "$RUNNER"; then return 1; fi
  fi
  find_leftovers
  [ -z "$LEFTOVERS" ]
}

# TERM, after the grace period KILL, repeated for at most 10 s.
terminate_job() {
  if [ -z "$KILL_IN" ]; then
    : >"$SPOOL/stop"
    # The owner waits for the stop, or another host has the job by now: neither waits for a long grace period.
    case $REASON in stopped | dropped) [ "$GRACE" -le 5 ] || GRACE=5 ;; esac
    now
    KILL_IN=$((GRACE * 1000)) KILL_AT=$((NOW + GRACE + 1))
    signal_job TERM
  elif [ "$KILL_IN" -le 0 ]; then
    signal_job KILL
    if [ "$KILL_IN" -lt -10000 ]; then
      say "attempt $ATTEMPT: some processes of the job cannot be killed"
      GAVE_UP=yes
    fi
  fi
}

signal_job() {
  if [ -n "$OWN_RUNNER" ] && [ "$LAUNCHER" = plain ]; then
    signal_tree "$1" "$RUNNER"
  elif [ -n "$OWN_RUNNER" ]; then
    signal_group "$1" "$RUNNER"
  fi
  signal_leftovers "$1"
}

# Ended steps and whole chunks are sent at once, the rest and heartbeats every NEXT milliseconds.
progress_is_due() {
  [ -z "$SETTLED" ] && [ "$RETRY_IN" -le 0 ] || return 1
  [ "$WAITED" -ge "$NEXT" ] || [ "$STEPS" != "$SENT_STEPS" ] || { [ $((SIZE - OFFSET)) -ge "$CHUNK" ] && [ -z "$SUSPENDED" ]; }
}

# Sleeps until the next request or check: at most 1 s, or 2 s while the job prints nothing.
sleep_until_due() {
  span=1000
  if [ $((NOW - OUTPUT_AT)) -ge 2 ]; then span=2000; fi
  if [ -n "$KILL_IN" ]; then span=100; fi
  left=$((NEXT - WAITED))
  if [ "$RETRY_IN" -gt 0 ]; then left=$RETRY_IN; fi
  if [ "$left" -lt "$span" ]; then span=$left; fi
  if progress_is_due; then return 0; fi
  [ "$span" -ge 20 ] || span=20
  pause "$span"
  WAITED=$((WAITED + SLEPT)) CLOCK_IN=$((CLOCK_IN - SLEPT)) RETRY_IN=$((RETRY_IN - SLEPT))
  if [ -n "$KILL_IN" ]; then
    # On a busy machine the checks take longer than the pauses.
    CLOCK_IN=0 KILL_IN=$((KILL_IN - SLEPT))
    if [ "$NOW" -ge "$KILL_AT" ] && [ "$KILL_IN" -gt 0 ]; then KILL_IN=0; fi
  fi
}
