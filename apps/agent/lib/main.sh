# Main: what the owner may ask for.

STOP='' DRAIN='' IDLE=yes GAVE_UP='' RUNNER='' REFUSED='' FAILS=0

# KILL for what we wait for: a child that has not come to its exec yet may lose a TERM in dash, for it still has our trap.
# TERM ends the job and leaves, HUP leaves after the job, URG says that the runner has news.
watch_signals() {
  trap 'STOP=yes; WOKEN=yes; kill_waits' TERM INT
  trap 'DRAIN=yes; [ -z "$IDLE" ] || kill_waits' HUP
  trap 'WOKEN=yes; [ -z "$SLEEPER" ] || kill -s KILL "$SLEEPER" 2>/dev/null' URG
}

kill_waits() {
  [ -z "$SLEEPER" ] || kill -s KILL "$SLEEPER" 2>/dev/null
  [ -z "$CLIENT_PID" ] || kill -s KILL "$CLIENT_PID" 2>/dev/null
}

leaving() { [ -n "$STOP$DRAIN" ]; }

choose_tools() {
  # By its path, for a busybox that runs "sh" (its setsid, say) takes its own, which need not be this one.
  case $AGENT_SHELL in */*) ;; *) AGENT_SHELL=`command -v "$AGENT_SHELL"` ;; esac
  [ -z "$SIGNED" ] || choose_sha
  choose_client || die "no HTTP client here that can speak to $URL (looked for ${CONF_CLIENT:-$CLIENTS}$NO_CLIENT); install curl or GNU wget"
  "${CLIENT}_prepare" "$1"
  choose_sum
  choose_launcher
  count_cpus
  probe_sleep
  probe_processes
  ENV_OPTION=''
  if env --default-signal true 2>/dev/null; then ENV_OPTION=--default-signal; fi
  STEP_SHELL=`command -v sh`
}

# What the runner must know and need not find out again.
write_tools() {
  put_line "url $URL
signed $SIGNED
tunnel $TUNNEL
sha $SHA
client $CLIENT
client_tool $CLIENT_TOOL
watched $WATCHED
ca $CA_FILE
cr $CR
sum $SUM_TOOL
ncpu $NCPU
env_option $ENV_OPTION
step_shell $STEP_SHELL
umask $JOB_UMASK
fractions $FRACTIONS
put $PUT" >"$DIR/tools"
}

read_tools() {
  while IFS= read -r line; do
    value=${line#* }
    case $line in
      'url '*) URL=$value ;;
      'signed '*) SIGNED=$value ;;
      'tunnel '*) TUNNEL=$value ;;
      'sha '*) SHA=$value ;;
      'client '*) CLIENT=$value; use_client ;;
      'client_tool '*) CLIENT_TOOL=$value ;;
      'watched '*) WATCHED=$value ;;
      'ca '*) CA_FILE=$value ;;
      'cr '*) CR=$value ;;
      'sum '*) SUM_TOOL=$value ;;
      'ncpu '*) NCPU=$value ;;
      'env_option '*) ENV_OPTION=$value ;;
      'step_shell '*) STEP_SHELL=$value ;;
      'umask '*) JOB_UMASK=$value ;;
      'fractions '*) FRACTIONS=$value ;;
      'put '*) PUT=$value ;;
    esac
  done <"$DIR/tools"
}

open_state() {
  # Older agents kept it beside the rest.
  if [ -f "$DIR/credential" ]; then mkdir -p "$PRIVATE" && mv "$DIR/credential" "$PRIVATE/credential" && rm -f "$DIR/client-rc"; fi
  { [ -f "$PRIVATE/credential" ] && [ -f "$DIR/farm" ]; } ||
    die "no host is enrolled in $DIR; enrol it: agent.sh enroll INVITATION (another directory: RUMPFARM_DIR)"
  read -r CREDENTIAL <"$PRIVATE/credential"
  read -r saved_url HOST_NAME <"$DIR/farm"
  is_name "$CREDENTIAL" || die "the credential in $PRIVATE/credential is damaged; enrol this host anew"
  use_url "${URL_OPTION:-$saved_url}"
  if [ -n "$SIGNED" ]; then CREDENTIAL='' && read_key; fi
  read_conf
}

run_agent() {
  open_state
  take_lock
  LOG=${RUMPFARM_LOG-}
  keep_log_small
  # A job that runs an agent of its own must not find this one's directory.
  unset RUMPFARM_DIR RUMPFARM_SHELL RUMPFARM_CLIENT RUMPFARM_LAUNCHER RUMPFARM_LOG
  choose_tools "$CREDENTIAL"
  CREDENTIAL=''
  write_tools
  choose_instance
  watch_signals
  say "host $HOST_NAME, farm $FARM, client $CLIENT, launcher $LAUNCHER"
  end_orphan
  find_spool
  take_up_attempt
  if ! leaving && say_hello; then serve; fi
  # An update that the owner has stopped before the farm had answered gets its start again.
  trap - 0
  if [ -f "$DIR/update.begun" ]; then mv "$DIR/update.begun" "$DIR/update.swapped"; fi
  say_bye
}

# A job from before comes first: its lease may be short, and it needs no hello.
take_up_attempt() {
  if read_answer "$SPOOL/claim" && [ -z "$ERR" ] && is_name "$A_attempt"; then
    do_attempt
    if [ -n "$DROPPED" ]; then next_spool; fi
  fi
}

serve() {
  say 'waiting for jobs'
  while ! leaving; do
    read_conf
    keep_log_small
    take_update || say_hello
    if claim_job; then
      do_attempt
      [ -z "$DROPPED" ] || next_spool
    else
      if ! leaving && hello_is_due; then say_hello; fi
    fi
  done
}

check() {
  open_state
  choose_tools "$CREDENTIAL"
  free_mb "$DIR"
  put_line "host $HOST_NAME
farm $FARM
directory $DIR
client $CLIENT
checksum $SUM_TOOL
launcher $LAUNCHER
shell $AGENT_SHELL
cpus $NCPU
tunnel ${TUNNEL:-none}
free_mb ${FREE_MB:-unknown}
disk_floor_mb $DISK_FLOOR
work_dir $WORK_DIR"
  [ -z "$CA_FILE" ] || put_line "ca_file $CA_FILE"
  tell_arches
  warn_of_client
}

usage() {
  cat <<EOF
usage: agent.sh [--url URL] [--ca FILE] enroll INVITATION   make this machine a host of the farm, and run
       agent.sh run                             run an enrolled host (TERM: stop, HUP: stop after the job)
       agent.sh check                           print what the agent found here
       agent.sh install|uninstall [KIND] [--user]   let it start with the machine, by systemd, rc.d, SMF, launchd, cron
       agent.sh version
The directory is \$RUMPFARM_DIR, else that of the enrolled script, else \$HOME/.rumpfarm.
EOF
}

# DIR, AGENT_FILE and PRIVATE, all absolute. In PRIVATE is what no job may read.
find_places() {
  AGENT_FILE='' DIR=${RUMPFARM_DIR-}
  here=''
  case $0 in */*) here=`cd "${0%/*}" 2>/dev/null && pwd` ;; *) if [ -f "$0" ]; then here=`pwd`; fi ;; esac
  if [ -n "$here" ]; then AGENT_FILE=$here/${0##*/}; fi
  if [ -z "$DIR" ] && { [ -f "$here/private/credential" ] || [ -f "$here/credential" ]; }; then DIR=$here; fi
  [ -n "$DIR" ] || DIR=${HOME:?is not set; name a directory with RUMPFARM_DIR}/.rumpfarm
  case $DIR in /*) ;; *) DIR=`pwd`/$DIR ;; esac
  PRIVATE=$DIR/private
}

main() {
  # The way of the runner is short: each process before a job's first command is a millisecond or more.
  if [ "${1-}" = job ]; then run_job "$2"; fi
  choose_put
  JOB_UMASK=`umask`
  umask 077
  URL_OPTION='' CA_OPTION=''
  while :; do
    case ${1-} in
      --url) URL_OPTION=${2-} ;;
      --ca) CA_OPTION=${2-} ;;
      *) break ;;
    esac
    [ "$#" -lt 2 ] || shift
    shift
  done
  find_places
  case ${1-} in
    enroll)
      use_url "${URL_OPTION:-$FARM_URL}"
      enroll "${2-}"
      ;;
    run) run_agent ;;
    trial) trial ;;
    install | uninstall) run_service "$@" ;;
    check) check ;;
    version) echo "$AGENT_VERSION" ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
}

# The last line, so that a script that is still coming through a pipe does nothing.
main ${1+"$@"}
