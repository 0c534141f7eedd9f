# Claims: the long poll for the next job. The directory slot-S/N is the counter: claim number N, and all that belongs to it.

CONFLICTS=0 NONE_AT=0

# SPOOL: the directory of the newest claim; older ones were finished, and the crash came before they were removed.
find_spool() {
  CLAIM=0
  for spool in "$SLOT_DIR"/*; do
    number=${spool##*/}
    if is_number "$number" && [ "$number" -gt "$CLAIM" ]; then CLAIM=$number; fi
  done
  for spool in "$SLOT_DIR"/*; do
    if [ -d "$spool" ] && [ "$spool" != "$SLOT_DIR/$CLAIM" ]; then forget_spool "$spool"; fi
  done
  [ "$CLAIM" -gt 0 ] || CLAIM=1
  open_spool
}

open_spool() {
  SPOOL=$SLOT_DIR/$CLAIM
  mkdir -p "$SPOOL" || die "cannot make $SPOOL"
}

# The work directory first: a spool that is left says, at the next start, what else is left.
forget_spool() {
  work=''
  [ -f "$1/work" ] && IFS= read -r work <"$1/work"
  case $work in /*/attempt-*) remove_work "$work" ;; esac
  rm -rf "$1"
}

# What another user owns is first removed as that user: not every rm is safe from one who puts links into its way.
remove_work() {
  [ -d "$1" ] || return 0
  [ -z "$RUN_AS" ] || empty_work "$1"
  rm -rf "$1" 2>/dev/null || empty_work "$1"
  [ ! -d "$1" ] || say "cannot remove $1 (another user may own files in it): remove it by hand"
}

# A job may have made directories that may not be written in (go's module cache): rm cannot empty them.
# shellcheck disable=SC2016 # for the other shell
empty_work() {
  (
    cd "${1%/*}" && shelter sh -c 'rm -rf "$0" && exit
find "$0" -type d ! -perm -700 -exec chmod u+rwx {} \;
chmod -R u+rwX "$0"
rm -rf "$0"' "$1"
  ) </dev/null >/dev/null 2>&1
}

# Removing a large build takes a while: the next claim does not wait for it.
next_spool() {
  ended=$SPOOL
  CLAIM=$((CLAIM + 1))
  open_spool
  forget_spool "$ended" &
}

# An agent that was killed leaves its long poll behind, which would take a job and write it into this directory.
end_orphan() {
  orphan='' born=''
  [ -f "$SLOT_DIR/client-pid" ] && read -r orphan born <"$SLOT_DIR/client-pid"
  if ! is_number "$orphan" || [ "$orphan" -le 1 ]; then return 0; fi
  # Where the host cannot tell births, some clients name in their arguments what they ask for.
  if [ -n "$born" ]; then
    alive_as "$orphan" "$born" || return 0
  else
    ps -o args= -p "$orphan" 2>/dev/null | grep -F /agent/v1/claim >/dev/null || return 0
  fi
  kill -s KILL "$orphan" 2>/dev/null
}

# True when SPOOL/claim holds a job. Otherwise it has waited as long as is right before the next try.
claim_job() {
  write_claim >"$SPOOL/ask"
  in_query "$INSTANCE"
  if post "/agent/v1/claim?instance=$QUERY&slot=$SLOT&claim=$CLAIM&wait=$POLL" "$SPOOL/ask" "$SPOOL/claim" $((POLL + 10)); then
    hear_claim
  elif leaving; then
    return 1
  else
    delay_after 60
    why_no_answer
    [ "$FAILS" != 1 ] || say "no answer from the farm$WHY; trying on"
    pause "$DELAY"
    return 1
  fi
}

hear_claim() {
  case $ERR in
    '') FAILS=0 CONFLICTS=0 ;;
    409)
      conflict
      return 1
      ;;
    426)
      if [ "$SLOT" = 1 ]; then
        hear_offer
        update_is_due && return 1
        say "the farm takes no agent like this ($ERR_TEXT); taking no jobs"
      fi
      pause 60000
      return 1
      ;;
    *)
      [ "$ERR" = 401 ] || say "the farm did not take our claim: $ERR_TEXT"
      delay_after 60
      pause "$DELAY"
      return 1
      ;;
  esac
  if is_name "$A_attempt" && is_name "$A_lease"; then return 0; fi
  rest_after_none
  return 1
}

# Another instance has taken over, which hello tells; or the farm has given this slot a job of which we never heard, its answer was
# lost and then its lease, or our directory is an old copy: the farm names that claim, and we go on after it.
conflict() {
  if is_number "$A_claim" && [ "$A_claim" -ge "$CLAIM" ]; then
    CLAIM=$A_claim
    next_spool
    return 0
  fi
  if [ "$SLOT" = 1 ]; then say_hello || return 0; fi
  CONFLICTS=$((CONFLICTS + 1)) FAILS=$CONFLICTS
  backoff 60
  pause "$DELAY"
}

rest_after_none() {
  number_or "$A_none" 1
  now
  # An answer at once, again and again, would be a busy loop.
  if [ "$NUMBER" = 0 ] && [ $((NOW - NONE_AT)) -le 1 ]; then NUMBER=1; fi
  NONE_AT=$NOW
  if [ -n "$REFUSED" ] && [ "$NUMBER" -lt 5 ]; then NUMBER=5; fi
  if [ "$NUMBER" -gt 0 ]; then pause $((NUMBER * 1000)); fi
}

write_claim() {
  refuse_if_unable
  [ -z "$FREE_MB" ] || put_line "disk_mb $FREE_MB"
  [ -z "$REFUSED" ] || put_line "refuse $REFUSED"
  echo end
}

refuse_if_unable() {
  REFUSED=''
  [ -d "$WORK_DIR" ] || mkdir -p "$WORK_DIR" 2>/dev/null
  free_mb "$WORK_DIR"
  if [ ! -w "$WORK_DIR" ]; then
    REFUSED="no-work-dir cannot write in $WORK_DIR"
  elif [ -n "$FREE_MB" ] && [ "$FREE_MB" -lt "$DISK_FLOOR" ]; then
    REFUSED="disk-full $FREE_MB MB free in $WORK_DIR, $DISK_FLOOR MB wanted"
  elif [ -n "$CONF_WRONG$NO_SHELTER" ]; then
    REFUSED="host-conf $CONF_WRONG$NO_SHELTER"
  elif ! in_hours; then
    REFUSED="hours its owner allows: "`put_line "$HOURS" | tr '\n' ' '`
  fi
}
