# The shelter: as whom steps run, through what, and that they do not see PRIVATE. Each way is believed when it was seen to work.

# Replaces this process. On a busy machine of two cores a step began 5 ms later by mount, 6 by userns, 1 by setpriv.
# shellcheck disable=SC2016 # for the shells that are started here
shelter() {
  case $SHELTER in
    setpriv) set -- setpriv --reuid "$RUN_UID" --regid "$RUN_GID" --init-groups "$@" ;;
    chroot) set -- chroot -u "$RUN_AS" / sh -c 'cd "$0" && exec "$@"' "$PWD" "$@" ;; # of the BSDs
    perl) set -- perl -e 'use POSIX; $) = "@ARGV[1, 1]"; setgid($ARGV[1]); setuid($ARGV[0]); exec @ARGV[2 .. $#ARGV]' "$RUN_UID" "$RUN_GID" "$@" ;;
    su) set -- su -s /bin/sh "$RUN_AS" -c 'exec "$0" "$@"' -- "$@" ;;
    # In a user namespace of its own a job of our user has no way back: neither umount nor /proc/PID/root of the agent.
    userns) exec unshare -rm sh -c "$HIDE_PRIVATE" "$PRIVATE" "$SPACE_MARK${RUMPFARM_MARK-}" unshare -U "--map-user=$RUN_UID" "--map-group=$RUN_GID" "$@" ;;
    mount) ;;
    *)
      [ -n "$RUN_AS" ] || exec "$@"
      say "no way to run this as $RUN_AS" # and never as root
      return 1
      ;;
  esac
  [ -z "$HIDING" ] || exec unshare -m sh -c "$HIDE_PRIVATE" "$PRIVATE" "$SPACE_MARK${RUMPFARM_MARK-}" "$@"
  exec "$@"
}
# The name of what is mounted is the mark of the attempt: all its processes have it in their list of mounts, also those that have
# emptied their environment.
# shellcheck disable=SC2016
HIDE_PRIVATE='mount -t tmpfs -o ro "$1" "$0" && shift && exec "$@"' SPACE_MARK=rumpfarm-

# SHELTER: the first way in which a process has the right user, may work in WORK_DIR, and cannot read the credential.
choose_shelter() {
  NO_SHELTER='' RUN_HOME='' HIDING='' ways='' OWN_UID=`id -u`
  RUN_UID=`id -u ${RUN_AS:+"$RUN_AS"} 2>/dev/null`
  RUN_GID=`id -g ${RUN_AS:+"$RUN_AS"} 2>/dev/null`
  mkdir -p "$WORK_DIR" 2>/dev/null
  if [ -n "$RUN_AS" ]; then
    RUN_HOME=`{ getent passwd "$RUN_AS" || grep "^$RUN_AS:" /etc/passwd; } 2>/dev/null | cut -d: -f6`
    # Nothing of ours is readable for others; they may pass to what is theirs.
    chmod a+x "$DIR" "$WORK_DIR"
    ways='setpriv chroot perl su'
    if [ "$HIDE" = yes ] && [ "$OWN_UID" = 0 ] && hiding_works; then HIDING=yes; fi
    CLOSED='is closed to them (chmod a+x above it, or another work_dir)'
  elif [ "$HIDE" = yes ]; then
    if [ "$OWN_UID" = 0 ]; then ways=mount HIDING=yes; else ways=userns; fi
  fi
  for SHELTER in $ways; do
    if is_sheltered; then return 0; fi
  done
  SHELTER='' HIDING=''
  [ -z "$RUN_AS" ] || NO_SHELTER="steps cannot run as $RUN_AS: no such user, an agent that is not root, or $WORK_DIR $CLOSED"
}

hiding_works() { unshare -m sh -c "$HIDE_PRIVATE" "$PRIVATE" "$SPACE_MARK" true 2>/dev/null && hides_from_steps_only; }

# An old unshare shares the mounts with us.
hides_from_steps_only() {
  [ -r "$PRIVATE/credential" ] && return 0
  umount "$PRIVATE" 2>/dev/null
  return 1
}

is_sheltered() {
  # shellcheck disable=SC2016 # for the other shell
  seen=`cd "$WORK_DIR" && shelter sh -c 'cd "$1" && { test -r "$0" || id -u; }; test -z "$2" || test ! -w . || echo open' "$PRIVATE/credential" "$WORK_DIR" "$RUN_AS" 2>/dev/null </dev/null`
  case $seen in *open) CLOSED='may be written in by that user: chown it to root, or name another work_dir' ;; esac
  hides_from_steps_only && [ -n "$seen" ] && [ "$seen" = "$RUN_UID" ]
}

# For the owner.
tell_shelter() {
  case $SHELTER in
    mount) put_line 'steps run as root, who finds the credential though it is hidden: name a user with run_as' ;;
    userns) put_line "steps run as user $OWN_UID, as the agent; a namespace hides the credential" ;;
    ?*) put_line "steps run as $RUN_AS (by $SHELTER), who cannot read the credential" ;;
    *) put_line "${NO_SHELTER:-steps run as user $OWN_UID, as the agent, and CAN READ the credential in $PRIVATE: name a wrapper, or run_as for an agent that is root}" ;;
  esac
}

# What gives a step the default signals. A command that sh runs in the background ignores INT and QUIT, one of python PIPE, and
# no shell can undo that: GNU's env since 8.31, else perl, else python.
choose_reset() {
  ENV_OPTION='' RESET=''
  if env --default-signal true 2>/dev/null; then
    ENV_OPTION=--default-signal
    return 0
  fi
  for RESET in perl python3 python; do
    if "$RESET" -c 0 </dev/null >/dev/null 2>&1 || "$RESET" -e 0 </dev/null >/dev/null 2>&1; then return 0; fi
  done
  RESET=''
}

# Runs sh -e FILE as a step: $1 is the file, then come pairs for its environment. Replaces this process.
as_step() {
  file=$1
  shift
  if [ -n "$RUN_HOME" ]; then set -- "HOME=$RUN_HOME" "USER=$RUN_AS" "LOGNAME=$RUN_AS" "$@"; fi
  if [ -n "$PASS" ]; then
    for key in $PASS; do
      eval "val=\${$key-}" # the owner's word, and known to be a name
      [ -z "$val" ] || set -- "$key=$val" "$@"
    done
    ENV_OPTION="$ENV_OPTION -i"
  fi
  [ -z "$WRAPPER" ] || STEP_SHELL='sh' # which may be elsewhere where that leads
  set -f
  # shellcheck disable=SC2086 # options and words
  set -- ${NICE:+nice -n "$NICE"} env $ENV_OPTION "$@" $WRAPPER "$STEP_SHELL" -e "$file"
  # shellcheck disable=SC2016 # perl's
  case $RESET in
    perl) set -- perl -e '$SIG{$_} = "DEFAULT" for qw(INT QUIT PIPE); exec @ARGV; die "exec: $!"' "$@" ;;
    python*) set -- "$RESET" -c 'import os, signal, sys
for s in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE): signal.signal(s, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$@" ;;
  esac
  shelter "$@"
}
