# Limits: the agent keeps them itself, also while the farm is away.

# The first reason counts, and is on disk before anything is killed. A job that has ended needs none.
give_reason() {
  if [ -n "$REASON" ] || [ -n "$ENDED" ]; then return 0; fi
  REASON=$1 DETAIL=${2-}
  put_reason "$REASON" "$DETAIL" >"$SPOOL/reason"
  say "attempt $ATTEMPT: ending the job: $REASON${DETAIL:+, $DETAIL}"
}

# Whole only with its last line, like everything that may be cut by a crash.
put_reason() {
  put_line "$1"
  put_line "$2"
  put_line end
}

keep_limits() {
  if [ -n "$STOP" ]; then give_reason stopped; fi
  if ! is_number "$SIZE" || [ "$SIZE" -gt "$LOG_MAX" ]; then
    SUSPENDED=yes
    give_reason log-limit
  fi
  [ "$CLOCK_IN" -le 0 ] || return 0
  now
  CLOCK_IN=1000
  keep_time
  keep_disk
}

# A log that grows, or sources that are still coming, are no silence.
keep_time() {
  if [ "$SIZE" != "$SEEN_SIZE" ] || [ "$STEP" = 0 ]; then SEEN_SIZE=$SIZE SEEN_AT=$NOW; fi
  if [ $((NOW - STARTED)) -ge "$WALL" ]; then give_reason wall-limit; fi
  if [ $((NOW - SEEN_AT)) -ge "$SILENCE" ]; then give_reason silence-limit; fi
}

keep_disk() {
  [ $((NOW - DISK_AT)) -ge 5 ] || return 0
  DISK_AT=$NOW
  free_mb "$WORK_DIR"
  if [ -n "$FREE_MB" ] && [ "$FREE_MB" -lt "$DISK_FLOOR" ]; then
    give_reason disk-full "$FREE_MB MB free in $WORK_DIR, $DISK_FLOOR MB wanted"
  fi
}

# SECONDS_LEFT: a request must not outlast the next limit, should the farm have gone deaf.
request_seconds() {
  SECONDS_LEFT=20
  [ -z "$STOP" ] || SECONDS_LEFT=5
  [ -z "$ENDED" ] || return 0
  for limit in $((STARTED + WALL - NOW)) $((SEEN_AT + SILENCE - NOW)); do
    if [ "$limit" -lt "$SECONDS_LEFT" ]; then SECONDS_LEFT=$limit; fi
  done
  [ "$SECONDS_LEFT" -ge 2 ] || SECONDS_LEFT=2
}
