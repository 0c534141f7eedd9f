# Strays: what has left the job's process group.

# STRAYS: processes of this user that carry the mark of this attempt, wherever setsid has taken them; not the runner.
find_strays() {
  STRAYS=''
  [ -n "$MARK" ] || return 0 # an empty one would be everybody's
  if [ ! -r /proc/self/environ ]; then
    STRAYS=`strays_of_ps`
    return 0
  fi
  # shellcheck disable=SC2013 # paths without blanks
  for found in `marked_files; marked_mounts`; do
    found=${found#/proc/}
    found=${found%/*}
    case " $STRAYS $RUNNER " in *" $found "*) continue ;; esac
    if is_number "$found" && of_this_user "$found"; then STRAYS="$STRAYS $found"; fi
  done
}

# The BSDs' ps shows the environment of this user's processes; where it can't (Solaris), it says nothing.
strays_of_ps() {
  ps xeww -o pid= -o args= 2>/dev/null | while read -r found line; do
    case $line in *"RUMPFARM_MARK=$MARK"*) [ "$found" = "$RUNNER" ] || put_line "$found" ;; esac
  done
}

# busybox's grep ends a line at its first NUL, and an environment is one line of NULs; most shells leave them out.
marked_files() {
  if [ -n "$GREP_SEES_NULS" ]; then
    grep -Fls "RUMPFARM_MARK=$MARK" /proc/[0-9]*/environ 2>/dev/null
  else
    for file in /proc/[0-9]*/environ; do if [ -r "$file" ] && is_marked 2>/dev/null <"$file"; then put_line "$file"; fi; done 2>/dev/null
  fi
}

# Where an old unshare shares its mounts with all, everybody has the mark, and we too.
marked_mounts() {
  grep -Fs "$SPACE_MARK$MARK" /proc/self/mounts >/dev/null 2>&1 || grep -Fls "$SPACE_MARK$MARK" /proc/[0-9]*/mounts 2>/dev/null
}

is_marked() {
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *"RUMPFARM_MARK=$MARK"*) return 0 ;; esac
  done
  return 1
}

# Root can read everybody's environment, but only its own processes are its business.
of_this_user() {
  # shellcheck disable=SC2012 # one directory, and its name is a number
  owner=`ls -ldn "/proc/$1" 2>/dev/null | { read -r _ _ uid _ && put_line "$uid"; }`
  [ "$owner" = "$RUN_UID" ] || [ "$owner" = "$OWN_UID" ]
}

signal_strays() {
  find_strays
  for stray in $STRAYS; do kill -s "$1" "$stray" 2>/dev/null; done
}

# A process that carries no mark (`setsid env -i`, ssh-agent) and may be the job's is not ended, for it may be a person's: the log
# names it. It is the job's user's, has no parent, began after the job did, and so did its session.
name_left_running() {
  [ -f "$SPOOL/runner" ] && read -r _ born <"$SPOOL/runner" || return 0
  size_of "$SPOOL/log"
  is_number "$SIZE" && [ $((SIZE + 10000)) -lt "$LOG_MAX" ] || return 0
  if [ -r /proc/self/stat ]; then left_of_proc; else left_of_ps; fi 2>/dev/null | sed 50q >"$SPOOL/left-running"
  [ -s "$SPOOL/left-running" ] || return 0
  [ -z "`tail -c 1 "$SPOOL/log" | tr '\000' x`" ] || echo >>"$SPOOL/log"
  while IFS= read -r line; do
    say "attempt $ATTEMPT: left running: $line"
    put_line "left running: $line"
  done <"$SPOOL/left-running" >>"$SPOOL/log"
}

left_of_proc() {
  birth_of "$$"
  case $born in "${BIRTH%.*}".*) ;; *) return 0 ;; esac
  find_reaper
  others_began=`began_beside`
  for file in /proc/[0-9]*/stat; do
    IFS= read -r stat <"$file" || continue
    fields_of "$stat"
    case $PARENT:$SESSION in
      *":$own_session" | *:0) ;;
      1:* | "$REAPER":*) if may_be_left; then put_left; fi ;;
    esac
  done
}

# REAPER: the parent of what has lost its own: a person's systemd, where that has started us, else process 1.
find_reaper() {
  REAPER=$$ own_session=''
  while [ "$REAPER" -gt 1 ] && IFS= read -r stat <"/proc/./$REAPER/stat"; do
    case $stat in *"(systemd) "*) return 0 ;; esac
    fields_of "$stat"
    [ -n "$own_session" ] || own_session=$SESSION
    REAPER=${PARENT:-1}
  done
}

fields_of() {
  # shellcheck disable=SC2086 # the kernel's numbers
  set -- ${1##*"$AFTER_NAME"}
  STATE=${1-} PARENT=${2-} SESSION=${4-} BEGAN=''
  if [ "$#" -ge 20 ]; then shift 19 && BEGAN=$1; fi
}

may_be_left() {
  process=${stat%% *}
  [ "$STATE" != Z ] || return 1
  not_before "$BEGAN" "${born##*.}" || return 1
  for other in $others_began; do if not_before "$BEGAN" "$other"; then return 1; fi; done
  if [ "$SESSION" != "$process" ]; then
    birth_of "$SESSION"
    [ -z "$BIRTH" ] || not_before "${BIRTH##*.}" "${born##*.}" || return 1
  fi
  [ "`sed -n 's/^Uid:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$process/status"`" = "$RUN_UID" ] || return 1
  # A login has a control group of its own, where there are any.
  [ "`cat "/proc/$process/cgroup"`" = "`cat "/proc/$$/cgroup"`" ] || return 1
  ! (MARK='' && [ -r "/proc/$process/environ" ] && is_marked <"/proc/$process/environ") && ! is_our_tunnel "$process"
}

# When the jobs that run in the other slots began: what is younger may be theirs.
began_beside() {
  for file in "$DIR"/slot-*/*/runner; do
    [ "$file" != "$SPOOL/runner" ] && read -r other other_born <"$file" && alive_as "$other" "$other_born" && put_line "${other_born##*.}"
  done | tr '\n' ' '
}

is_our_tunnel() { [ -f "$PRIVATE/tunnel" ] && read -r tunnel _ <"$PRIVATE/tunnel" && [ "$tunnel" = "$1" ]; }

# Clock ticks since the boot have ten digits after a year, and mksh counts in 32 bits: the last two apart.
not_before() {
  this=${1%??} that=${2%??}
  [ "$this" -gt "$that" ] || { [ "$this" = "$that" ] && [ "1${1#"$this"}" -ge "1${2#"$that"}" ]; }
}

put_left() {
  command=`tr '\000' ' ' <"/proc/$process/cmdline" | plain_line | sed 's/^\(.\{1,80\}\).*/\1/; s/ *$//'`
  put_line "pid $process $command"
}

# Without /proc: no session is asked for, which each ps calls otherwise; what has a terminal is a person's.
left_of_ps() {
  now
  span=$((NOW - STARTED))
  [ -z "`began_beside`" ] || return 0
  ps -A -o pid= -o ppid= -o pgid= -o uid= -o tty= -o etime= -o args= | while read -r one parent group uid terminal age words; do
    case "$parent $uid $terminal" in "1 $RUN_UID "[!A-Za-z0-9]*) ;; *) continue ;; esac
    [ "$group" = "$one" ] || continue
    seconds_of "$age"
    [ "$SECONDS_OLD" -gt "$span" ] || is_our_tunnel "$one" || put_line "pid $one $words" | plain_line
  done
}

# Of [[dd-]hh:]mm:ss.
seconds_of() {
  SECONDS_OLD=999999999
  case $1 in *-* | *:*:*:*) return 0 ;; esac
  SECONDS_OLD=0 rest=$1:
  while [ -n "$rest" ]; do
    part=${rest%%:*} rest=${rest#*:}
    part=${part#0}
    SECONDS_OLD=$((SECONDS_OLD * 60 + ${part:-0}))
  done
}
