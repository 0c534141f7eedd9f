# Main: what the owner may ask for.

APPLIED=none STOP='' DRAIN='' IDLE=yes GAVE_UP='' RUNNER='' REFUSED='' FAILS=0

# KILL for what we wait for: a child that has not come to its exec yet may lose a TERM in dash, for it still has our trap.
# TERM ends the job and leaves, HUP leaves after the job, URG says that the runner has news. In parentheses what has variables of its own.
watch_signals() {
  trap 'STOP=yes; WOKEN=yes; kill_waits; (pass_on TERM)' TERM INT
  trap 'DRAIN=yes; [ -z "$IDLE" ] || kill_waits; (pass_on HUP)' HUP
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
  [ "$#" = 0 ] || "${CLIENT}_prepare" "$1"
  choose_sum
  choose_launcher
  count_cpus
  probe_sleep
  probe_processes
  choose_reset
  STEP_SHELL=`command -v sh`
}

# What the runner and further slots must know and need not find out again.
write_tools() {
  JOBS=$((NCPU / SLOTS))
  [ "$JOBS" -gt 0 ] || JOBS=1
  for key in URL SIGNED TUNNEL SHA CLIENT CLIENT_TOOL WATCHED CA_FILE CR LAUNCHER AGENT_SHELL SUM_TOOL NCPU JOBS ENV_OPTION RESET STEP_SHELL JOB_UMASK FRACTIONS PUT SHELTER HIDING RUN_AS RUN_UID RUN_GID RUN_HOME WRAPPER NICE PASS; do
    eval "val=\$$key"
    put_line "$key $val"
  done >"$SLOT_DIR/tools"
}

# Our own words, and nothing in a value is evaluated.
read_tools() {
  while read -r key val; do eval "$key=\$val"; done <"$1"
  use_client
}

# What the owner has said since the last look holds for the next job.
apply_conf() {
  read_conf
  [ "$CONF_TEXT" != "$APPLIED" ] || return 0
  choose_shelter
  write_tools
  APPLIED=$CONF_TEXT
  if [ "$SLOT" = 1 ]; then say "`tell_shelter`"; fi
}

open_state() {
  LOG=${RUMPFARM_LOG-}
  # A job that runs an agent of its own must not find this one's directory.
  unset RUMPFARM_DIR RUMPFARM_SHELL RUMPFARM_CLIENT RUMPFARM_LAUNCHER RUMPFARM_LOG
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
  keep_log_small
  choose_tools "$CREDENTIAL"
  CREDENTIAL=''
  use_slot 1
  choose_instance
  watch_signals
  say "host $HOST_NAME, farm $FARM, client $CLIENT, launcher $LAUNCHER"
  apply_conf
  end_orphan
  find_spool
  start_slots
  take_up_attempt
  if ! leaving && say_hello; then serve; fi
  await_slots
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
  [ "$SLOT" -gt 1 ] || say 'waiting for jobs'
  while ! leaving; do
    apply_conf
    if slot_is_over; then break; fi
    if [ "$SLOT" = 1 ]; then
      keep_log_small
      if ! take_update || hello_is_due; then say_hello || break; fi
      start_slots
    fi
    if claim_job; then
      do_attempt
      [ -z "$DROPPED" ] || next_spool
    fi
  done
}

# For the owner: what is here, and what would happen.
check() {
  open_state
  choose_tools
  choose_shelter
  try_arches 2>/dev/null
  refuse_if_unable
  put_line "host $HOST_NAME
farm $FARM
directory $DIR
client $CLIENT
checksum $SUM_TOOL
launcher $LAUNCHER
shell $AGENT_SHELL
cpus $NCPU
tunnel ${TUNNEL:-none}
slots $SLOTS
free_mb ${FREE_MB:-unknown}
disk_floor_mb $DISK_FLOOR
work_dir $WORK_DIR
$ARCH_LINES`tell_shelter`"
  [ -z "$CA_FILE" ] || put_line "ca_file $CA_FILE"
  warn_of_client
  [ -z "$WRAPPER" ] || put_line "each step is run as: $WRAPPER sh -e FILE"
  put_line "takes ${REFUSED:+NO }jobs now${REFUSED:+: $REFUSED}"
  put_line "${RULES:-every project may run: host.conf has neither allow nor deny}"
  if [ -n "$1" ]; then
    not='NOT '
    if may_run "$1" "$2"; then not=''; fi
    put_line "would ${not}run $1 $2: $WHY"
  fi
  tell_running
  refused=$REFUSED
  if ask_aside /agent/v1/service; then put_line 'the farm answers'; else put_line "the farm does NOT answer: $WHY"; fi
  rm -rf "$DIR"
  [ -z "$refused$WHY" ]
}

# True if an agent runs in this directory.
tell_running() {
  highest_lock
  lock_owner
  if alive_as "$OWNER" "$OWNER_BIRTH"; then
    put_line "an agent runs, as process $OWNER"
  else
    put_line "no agent runs; start it: $AGENT_SHELL $DIR/agent.sh run"
    return 1
  fi
}

status() {
  open_state
  put_line "host $HOST_NAME, farm $FARM, directory $DIR"
  tell_running || return 1
  for work in "$DIR"/slot-*/*/work; do
    if [ -f "$work" ]; then IFS= read -r place <"$work" && put_line "it runs ${place##*/}"; fi
  done
}

# TERM ends the job too; --after-job lets it end first, however long that takes.
stop() {
  case ${1-} in
    --after-job) signal=HUP ;;
    '') signal=TERM ;;
    *) refuse_word "$1" ;;
  esac
  open_state
  tell_running || return 0
  kill -s "$signal" "$OWNER" || die "process $OWNER belongs to another user: stop it as that user"
  say "process $OWNER was asked to stop${1:+ after its job}"
  waited=0
  while alive_as "$OWNER" "$OWNER_BIRTH"; do
    if [ "$signal" = TERM ] && [ "$waited" -ge 60 ]; then die "process $OWNER still runs after a minute: look at its log, or kill -KILL $OWNER"; fi
    sleep 1
    waited=$((waited + 1))
  done
  say "process $OWNER has stopped"
}

# What is not known may have been meant to change all that follows.
refuse_word() {
  say "unknown: $1"
  usage >&2
  exit 2
}

# The command $2 with at most $1 words, and no options.
plain_words() {
  most=$1 words=$#
  shift 2
  for word in ${1+"$@"}; do case $word in -*) refuse_word "$word" ;; esac; done
  [ $((words - 2)) -le "$most" ] || refuse_word "$word"
}

usage() {
  cat <<EOF
usage: agent.sh [--url URL] [--ca FILE] enroll [--paused] INVITATION   make this machine a host of the farm, and run
       agent.sh run                             run an enrolled host (TERM: stop, HUP: stop after the job)
       agent.sh check [PROJECT [BRANCH]]        explain what the agent found here, whether the farm answers, and what would run
       agent.sh status                          whether an agent runs, and which jobs it runs
       agent.sh stop [--after-job]              end its jobs and stop it; or stop it after its jobs
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
  PRIVATE=$DIR/private SLOT_DIR=$DIR
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
      shift
      enroll ${1+"$@"}
      ;;
    run) plain_words 0 "$@" && run_agent ;;
    trial) trial ;;
    install | uninstall) run_service "$@" ;;
    check) plain_words 2 "$@" && check "${2-}" "${3-}" ;;
    status) plain_words 0 "$@" && status ;;
    stop)
      [ "$#" -le 2 ] || refuse_word "$3"
      stop "${2-}"
      ;;
    slot)
      shift
      run_slot "$@"
      ;;
    version) echo "$AGENT_VERSION" ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
}

# The last line, so that a script that is still coming through a pipe does nothing.
main ${1+"$@"}
