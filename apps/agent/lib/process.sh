# Processes: is that pid still the process we mean, signals to a whole group, and what escaped from it.
# Never `kill -SIG -PGID`: procps' kill 4.0.2 reads "-12345" as "-1" and kills every process; posh has no other kill.
# `kill -s SIG -- -PGID` is right everywhere but in busybox (1.35), which does it, and then fails for the `--`.

AFTER_NAME=') ' # ksh93 cannot read it inside ${##}
DASHES=-- GREP_SEES_NULS=''

probe_processes() {
  if ! kill -s 0 -- "$$" 2>/dev/null && kill -s 0 "$$" 2>/dev/null; then DASHES=''; fi
  if printf 'a\000b' | grep -F b >/dev/null 2>&1; then GREP_SEES_NULS=yes; fi
}

# BIRTH tells a process from a later one with the same pid, also after a reboot; empty where the host cannot tell.
birth_of() {
  BIRTH='' BORN_STATE=''
  # With the dot, for qemu's user mode makes up a /proc/$$/stat of its own, which differs from what others see of us.
  if [ -r "/proc/./$1/stat" ] && IFS= read -r stat 2>/dev/null <"/proc/./$1/stat"; then
    stat_fields "${stat##*"$AFTER_NAME"}" # the command's name may hold blanks and parentheses
    if [ -n "$BIRTH" ] && [ -r /proc/sys/kernel/random/boot_id ]; then
      IFS= read -r boot </proc/sys/kernel/random/boot_id && BIRTH=$boot.$BIRTH
    fi
  else
    BIRTH=`ps -o lstart= -p "$1" 2>/dev/null | tr ' ' _`
  fi
}

stat_fields() {
  # shellcheck disable=SC2086 # the kernel's numbers, split on purpose
  set -- $1
  BORN_STATE=${1-}
  if [ "$#" -ge 20 ]; then shift 19; BIRTH=$1; fi
}

# Is pid $1 alive, and the one that was born as $2? A zombie is not alive.
alive_as() {
  is_number "$1" && [ "$1" -gt 1 ] && kill -0 "$1" 2>/dev/null || return 1
  birth_of "$1"
  case $BORN_STATE in [ZX]) return 1 ;; esac
  [ -z "$BIRTH" ] || [ -z "$2" ] || [ "$BIRTH" = "$2" ]
}

signal_group() {
  if is_number "$2" && [ "$2" -gt 1 ]; then kill -s "$1" $DASHES "-$2" 2>/dev/null; else return 1; fi
}

# Where nothing gives a new group: the descendants of $2, as far as ps knows them, but not $2 itself, which tells their end.
signal_tree() {
  TREE='' generation=$2
  while [ -n "$generation" ]; do
    children=''
    for parent in $generation; do children=$children\ `children_of "$parent"`; done
    generation=${children#"${children%%[! ]*}"}
    TREE="$TREE $generation"
  done
  for process in $TREE; do kill -s "$1" "$process" 2>/dev/null; done
}

# /proc first: it costs no process, and busybox's ps knows neither -A nor all of -o.
children_of() {
  if [ -r /proc/self/stat ]; then
    for stat in /proc/[0-9]*/stat; do
      IFS= read -r stat 2>/dev/null <"$stat" || continue
      case ${stat##*"$AFTER_NAME"} in [A-Za-z]" $1 "*) put_line "${stat%% *}" ;; esac
    done
  else
    ps -A -o pid= -o ppid= 2>/dev/null | while read -r pid ppid; do [ "$ppid" != "$1" ] || put_line "$pid"; done
  fi | tr '\n' ' '
}
