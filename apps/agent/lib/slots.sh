# Slots: a host may run several jobs at once. Slot 1 is the agent itself; each further one is a process of its own, which claims,
# watches and sends for its own directory slot-N, and leaves hello and bye to the agent.

SLOT=1 SLOT_DIR='' MAIN='' SLOT_PIDS='' VERSION_OF='' VERSION_AT=0

use_slot() {
  SLOT=$1 SLOT_DIR=$DIR/slot-$1
  mkdir -p "$SLOT_DIR" || die "cannot make $SLOT_DIR"
}

# Those that host.conf wants, and those that have a job from before.
start_slots() {
  for slot in "$DIR"/slot-*; do
    number=${slot##*-}
    if is_number "$number" && [ "$number" -gt "$SLOTS" ] && ls "$slot"/*/runner >/dev/null 2>&1; then start_slot "$number"; fi
  done
  number=1
  while [ "$number" -lt "$SLOTS" ]; do
    number=$((number + 1))
    start_slot "$number"
  done
}

# One that an agent left which was killed has another's instance, and the same job to watch: it goes, its job stays.
# No child of ours: bash 5.2 loses a child that ends just as a trapped signal comes (a runner's end does both), and then waits for
# it until it has no other child.
start_slot() {
  if slot_lives "$1"; then
    case "$SLOT_PIDS " in *" $loop "*) return 0 ;; esac
    kill -s KILL "$loop"
  fi
  mkdir -p "$DIR/slot-$1"
  (
    exec env "RUMPFARM_DIR=$DIR" "RUMPFARM_SHELL=$AGENT_SHELL" "$AGENT_SHELL" "$AGENT_FILE" slot "$1" "$INSTANCE" "$POLL" "$LEASE_SECONDS" "$CHUNK" "$$" </dev/null &
    birth_of "$!"
    put_line "$! $BIRTH" >"$DIR/slot-$1/loop"
  )
  slot_lives "$1"
  SLOT_PIDS="$SLOT_PIDS $loop"
}

# Slot 1 has none: asked first, for posh crashes now and then over a file that is not there, when it has run a trap before.
slot_lives() { [ -f "$DIR/slot-$1/loop" ] && read -r loop born <"$DIR/slot-$1/loop" && alive_as "$loop" "$born"; }

pass_on() {
  [ -n "$SLOT_PIDS" ] || return 0
  for slot in "$DIR"/slot-*; do
    if slot_lives "${slot##*-}"; then kill -s "$1" "$loop" 2>/dev/null; fi
  done
}

# The agent's end, or its exchange for a newer one, waits for the jobs of all slots: HUP and TERM were passed on.
await_slots() {
  for slot in ${SLOT_PIDS:+"$DIR"/slot-*}; do
    while slot_lives "${slot##*-}"; do
      if [ -n "$STOP" ]; then kill -s TERM "$loop"; else kill -s HUP "$loop"; fi 2>/dev/null # it may have missed the first
      sleep 1
    done
  done
  SLOT_PIDS=''
}

run_slot() {
  open_state
  CREDENTIAL=''
  use_slot "$1"
  read_tools "$DIR/slot-1/tools"
  INSTANCE=$2 POLL=$3 LEASE_SECONDS=$4 CHUNK=$5 MAIN=$6
  watch_signals
  apply_conf
  end_orphan
  find_spool
  take_up_attempt
  leaving || serve
}

# Slots beyond the first go with the agent, and when host.conf wants fewer.
slot_is_over() { [ "$SLOT" -gt 1 ] && { [ "$SLOT" -gt "$SLOTS" ] || ! kill -0 "$MAIN" 2>/dev/null; }; }
