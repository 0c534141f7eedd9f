# Finish: when no process of the job is left, the rest of the log, then the result, until the farm has both.

# Beyond the limit nothing is sent; dd cuts the file where it seeks to. Nobody writes to it any more.
close_log() {
  SUSPENDED='' WAITED=$NEXT
  size_of "$SPOOL/log"
  if ! is_number "$SIZE" || [ "$SIZE" -gt "$LOG_MAX" ]; then
    dd if=/dev/null of="$SPOOL/log" bs=1 seek="$LOG_MAX" count=0 2>/dev/null
    SIZE=$LOG_MAX
    if [ "$REASON" = exit ]; then REASON=log-limit; fi # it ended before we saw how much it had written
  fi
  read_steps
  clamp_steps
}

# A step that ended while the log was over its limit cannot have ended beyond the log.
clamp_steps() {
  clamped='' rest=$STEPS
  while [ -n "$rest" ]; do
    one=${rest%%,*}
    case $rest in *,*) rest=${rest#*,} ;; *) rest='' ;; esac
    if ! is_number "${one##*:}" || [ "${one##*:}" -gt "$SIZE" ]; then one=${one%:*}:$SIZE; fi
    clamped=$clamped${clamped:+,}$one
  done
  STEPS=$clamped
}

send_log() {
  if [ "$RETRY_IN" -gt 0 ]; then wait_for_farm || return 1; fi # the farm has asked for a pause before the job ended
  while [ -z "$SYNCED" ] || [ "$OFFSET" -lt "$SIZE" ]; do send_once || return 1; done
}

send_once() {
  before=$OFFSET
  send_progress || wait_for_farm || return 1
  [ -z "$DROPPED" ] || return 1
  # A farm that answers and does not move is not asked at full speed.
  if [ "$OFFSET" = "$before" ] && [ -n "$ERR" ]; then pause 1000; fi
}

# When the owner stops us, the farm's absence is not waited out: the next start sends what is left.
wait_for_farm() {
  if [ -n "$STOP" ] && [ "$FAILS" -ge 3 ]; then
    say "attempt $ATTEMPT: the farm is away; its end will be told at the next start"
    return 1
  fi
  WOKEN=''
  pause "$RETRY_IN"
  RETRY_IN=0
}

finish_attempt() {
  REFUSALS=0
  while :; do
    measure "$SPOOL/log"
    write_finish >"$SPOOL/ask"
    if post "/agent/v1/attempts/$ATTEMPT/finish?lease=$LEASE" "$SPOOL/ask" "$SPOOL/answer" 20; then
      hear_finish && return
    else
      delay_after 10
    fi
    RETRY_IN=$DELAY
    wait_for_farm || return 1
  done
}

write_finish() {
  put_line "reason $REASON"
  [ -z "$STEPS" ] || put_line "steps $STEPS"
  put_line "logsize $LEN"
  put_line "sum $SUM"
  [ ! -s "$SPOOL/compiler" ] || fact compiler <"$SPOOL/compiler"
  [ -z "$DETAIL" ] || put_line "$DETAIL" | plain_line | fact detail
  tell_artifacts
  echo end
}

# True when there is nothing more to say, to a farm that has it or does not want it.
hear_finish() {
  DELAY=1000
  case $ERR in
    '')
      DROPPED=yes
      say "attempt $ATTEMPT: $REASON, ${A_verdict:-done}"
      return 0
      ;;
    404 | 410)
      DROPPED=yes
      say "attempt $ATTEMPT was ended without us ($ERR_TEXT)"
      return 0
      ;;
    429 | 503 | 401) delay_after 10; return 1 ;;
  esac
  REFUSALS=$((REFUSALS + 1))
  if [ "$REFUSALS" -ge 10 ]; then
    say "attempt $ATTEMPT: the farm does not take its end: $ERR_TEXT; dropping it"
    DROPPED=yes
    return 0
  fi
  if [ "$ERR" = 409 ]; then
    if is_number "$A_size" && [ "$A_size" -le "$SIZE" ]; then
      OFFSET=$A_size
      send_log
      DELAY=20
    fi
    send_artifacts
  fi
  return 1
}
