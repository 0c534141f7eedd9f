# Progress: one request carries log bytes, heartbeat, ended steps, and brings back size, next and cancel.

progress_path() {
  PROGRESS="/agent/v1/attempts/$ATTEMPT/${ARTIFACT:-progress}?lease=$LEASE&offset=$OFFSET&len=$LEN&sum=$SUM$ENC&step=$STEP${STEPS:+&steps=$STEPS}${ARTIFACT:+&size=$SIZE}"
}

# The bytes of OUTGOING, the log or an artifact, from OFFSET to the next multiple of CHUNK: dd then seeks by whole blocks, and reads nothing twice.
take_chunk() {
  LEN=0 SUM=none ENC=''
  : >"$SPOOL/chunk"
  if [ -n "$SYNCED" ] && [ "$SIZE" -gt "$OFFSET" ] && [ -z "$SUSPENDED" ]; then
    cut_chunk
    measure "$SPOOL/chunk"
    encode_body "$SPOOL/chunk"
  fi
}

cut_chunk() {
  odd=$((OFFSET % CHUNK))
  if [ "$odd" = 0 ]; then
    dd if="$OUTGOING" of="$SPOOL/chunk" bs="$CHUNK" skip=$((OFFSET / CHUNK)) count=1 2>/dev/null
  else
    dd if="$OUTGOING" bs="$CHUNK" skip=$((OFFSET / CHUNK)) count=1 2>/dev/null | tail -c "+$((odd + 1))" >"$SPOOL/chunk"
  fi
}

# True if the farm answered. Sets OFFSET, NEXT, and a REASON if the farm wants an end.
send_progress() {
  take_chunk
  if [ -z "$ARTIFACT" ] && [ $((OFFSET + LEN)) -gt "$LOG_MAX" ]; then
    give_reason log-limit
    SUSPENDED=yes
    return 0
  fi
  SENT_STEPS=$STEPS
  progress_path
  request_seconds
  CLOCK_IN=0
  [ "$CHUNK" = "$CHUNK_MAX" ] || now
  if post "$PROGRESS" "$SPOOL/chunk" "$SPOOL/answer" "$SECONDS_LEFT"; then
    [ "$CHUNK" = "$CHUNK_MAX" ] || larger_chunk "$NOW"
    hear_progress
  else
    [ "$FAILS" != 0 ] || say "attempt $ATTEMPT: no answer from the farm; the job goes on"
    if [ "$LEN" -gt 4096 ]; then smaller_chunk; fi
    delay_after 10
    RETRY_IN=$DELAY
    return 1
  fi
}

# A modem does not take a whole chunk in the time that a request may last: at 5 kB/s 256 KiB never came through.
smaller_chunk() {
  CHUNK=$((CHUNK / 4))
  [ "$CHUNK" -ge 4096 ] || CHUNK=4096
}

# It was asked at second $1, and the link is quick: back to what the farm takes.
larger_chunk() {
  now
  if [ $((NOW - $1)) -gt 2 ] || [ $((LEN * 2)) -lt "$CHUNK" ]; then return 0; fi
  CHUNK=$((CHUNK * 2))
  [ "$CHUNK" -le "$CHUNK_MAX" ] || CHUNK=$CHUNK_MAX
}

hear_progress() {
  case $ERR in
    '' | 409)
      [ "$FAILS" = 0 ] || say "attempt $ATTEMPT: the farm answers again"
      FAILS=0 RETRY_IN=0 WAITED=0
      number_or "$A_size" "$OFFSET"
      OFFSET=$NUMBER SYNCED=yes
      number_or "$A_next" 2000
      NEXT=$NUMBER
      [ "$NEXT" -ge 50 ] || NEXT=50
      [ -z "$A_cancel" ] || obey_cancel
      ;;
    403)
      FAILS=0 OFFSET=$SIZE SYNCED=yes UNFIT=${ERR_TEXT#403 }
      ;;
    410 | 404)
      say "attempt $ATTEMPT is no longer ours ($ERR_TEXT)"
      DROPPED=yes
      give_reason dropped
      ;;
    413)
      if [ "$CHUNK" -gt 1024 ]; then CHUNK=$((CHUNK / 2)) CHUNK_MAX=$CHUNK; else refused_progress; fi
      ;;
    *) refused_progress ;;
  esac
}

refused_progress() {
  [ "$ERR" = 401 ] || say "attempt $ATTEMPT: the farm says $ERR_TEXT"
  delay_after 10
  RETRY_IN=$DELAY
  return 1
}

obey_cancel() {
  case $A_cancel in
    cancelled | log-limit | wall-limit) give_reason "$A_cancel" ;;
    *) give_reason cancelled ;;
  esac
}
