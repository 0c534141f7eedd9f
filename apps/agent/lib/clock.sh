# Time: seconds since the epoch, milliseconds of a step, and waits that a signal ends.

WOKEN='' SLEEPER='' FRACTIONS='' BOOTED='' JITTER=$(($$ % 32749))

# Where the kernel tells how long it has run that is added to the first answer: no process, and no job ends because a clock was set.
# Solaris 10's date has no %s, perl is part of it.
now() {
  uptime=''
  { read -r uptime _ </proc/uptime; } 2>/dev/null
  uptime=${uptime%.*}
  if [ -n "$BOOTED" ] && is_number "$uptime"; then
    NOW=$((BOOTED + uptime))
    return 0
  fi
  NOW=`date +%s`
  case $NOW in
    *[!0-9]*) NOW=`perl -e 'print time' 2>/dev/null || awk 'BEGIN { srand(); print srand() }'` ;;
  esac
  if is_number "$uptime"; then BOOTED=$((NOW - uptime)); fi
}

# Seconds and milliseconds (as 1mmm, never octal) of the wall clock; date has %N only where it is GNU's.
stamp() {
  moment=`date +%s%N`
  case $moment in
    *[!0-9]*) now; STAMP_S=$NOW STAMP_MS=1000 ;;
    *)
      STAMP_S=${moment%?????????}
      moment=1${moment#"$STAMP_S"}
      STAMP_MS=${moment%??????}
      ;;
  esac
}

# MS: milliseconds from stamp $1 $2 to the newest one; a clock that was set back counts as no time.
since_stamp() {
  MS=$(((STAMP_S - $1) * 1000 + STAMP_MS - $2))
  [ "$MS" -ge 0 ] || MS=0
  [ "$MS" -le 999999999 ] || MS=999999999
}

probe_sleep() { if sleep 0.01 2>/dev/null; then FRACTIONS=yes; fi; }

# Waits so many milliseconds, or until a trap kills the sleeper. SLEPT says how many it will have been.
pause() {
  SLEPT=$1
  if [ -n "$FRACTIONS" ]; then
    fraction=$((1000 + $1 % 1000))
    fraction=$(($1 / 1000)).${fraction#1}
  else
    fraction=$((($1 + 999) / 1000))
    SLEPT=$((fraction * 1000))
  fi
  exec sleep "$fraction" &
  SLEEPER=$!
  # A trap that ran before SLEEPER was set could not end the sleep.
  if [ -n "$WOKEN" ] || { [ -n "$IDLE" ] && leaving; }; then kill -s KILL "$SLEEPER" 2>/dev/null; fi
  await "$SLEEPER"
  [ -z "$WOKEN" ] || SLEPT=20 # about what a look around costs, so that even a storm of signals does not stop the time
  SLEEPER='' WOKEN=''
}

# A trapped signal ends wait early, and ksh93 does not say so in the status: ask whether the child is still there.
await() {
  wait "$1" 2>/dev/null
  AWAITED=$?
  while kill -0 "$1" 2>/dev/null; do
    wait "$1" 2>/dev/null
    AWAITED=$?
  done
}

# DELAY: milliseconds until the next try, doubling from one second up to $1 seconds, with a quarter of jitter either way.
backoff() {
  FAILS=$((FAILS + 1))
  DELAY=1 tries=1
  while [ "$tries" -lt "$FAILS" ] && [ "$DELAY" -lt "$1" ]; do
    DELAY=$((DELAY * 2)) tries=$((tries + 1))
  done
  [ "$DELAY" -le "$1" ] || DELAY=$1
  JITTER=$(((JITTER * 1103 + 12345) % 32749))
  DELAY=$((DELAY * (750 + JITTER % 500)))
}
