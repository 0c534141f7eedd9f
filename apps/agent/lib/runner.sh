# The runner: a process of its own that unpacks the sources and runs the steps, whether the agent lives or not.
# What it has done is in files: `steps` gets a line for each ended step, `end` says how the job ended. Their readers
# ignore a last line that is not whole, so a line that is one write is atomic enough.

run_job() {
  trap : TERM INT HUP
  SPOOL=$1 SLOT_DIR=${1%/*} DIR=${1%/slot-*/*}
  PRIVATE=$DIR/private
  read_tools "$SLOT_DIR/tools"
  if [ -n "$SIGNED" ]; then read_key; fi
  umask "$JOB_UMASK"
  read -r ATTEMPT LEASE SOURCES <"$SPOOL/job"
  IFS= read -r WORK <"$SPOOL/work"
  if [ "$SOURCES" -gt 0 ]; then start_download 1; fi # the client needs ten milliseconds to start: use them
  birth_of "$$"
  put_line "$$ $BIRTH" >"$SPOOL/runner"
  begin_claim
  set -- LC_ALL=C # logs and sort orders are the same on every host, unless somebody sets another
  while IFS= read -r line; do
    case $line in
      'env '*=*) if is_key_of_pair "${line#env }"; then set -- "$@" "${line#env }"; fi ;;
      *) unpack_line ;;
    esac
  done <"$SPOOL/claim"
  exec 3>&-
  set -- "$@" "FARM_WORK=$WORK" "FARM_JOBS=$JOBS"
  with_pairs "$ARCH" do_job "$@"
}

do_job() {
  make_work
  share_steps "$@"
  fetch_sources
  : >"$SPOOL/begun"
  : >"$SPOOL/trouble" # what the downloads said is over
  [ -z "$TRIED" ] || try_runner "$@"
  run_steps "$@"
  end_job exit
}

# STEP_PLACE: where the steps' texts are. Another user, or what a wrapper leads into, sees only the work directory; and once that
# belongs to another user, nothing of ours is written there, who might have put a link in its place.
share_steps() {
  STEP_PLACE=$SPOOL TRIED=''
  case " $*" in *\ FARM_RUN=?*) [ ! -s "$DIR/arches/$ARCH" ] || TRIED=yes ;; esac
  [ -n "$RUN_AS$WRAPPER$TRIED" ] || return 0
  STEP_PLACE=$WORK/.step
  # shellcheck disable=SC2016 # the step's shell expands it
  {
    mkdir "$STEP_PLACE" && cp "$SPOOL"/step-* "$STEP_PLACE" &&
      { [ -z "$TRIED" ] || { cp "$DIR/arches/$ARCH" "$STEP_PLACE/try" && put_line '$FARM_RUN "$FARM_WORK/.step/try"' >"$STEP_PLACE/step-0"; }; } &&
      chmod -R a+rx "$STEP_PLACE" &&
      { [ -z "$RUN_AS" ] || chown "$RUN_UID:$RUN_GID" "$WORK"/* "$WORK"; }
  } 2>"$SPOOL/trouble" || end_in_trouble "cannot prepare $WORK"
}

# Without its runner a cross build's every test would fail, hours later.
try_runner() {
  (cd "$WORK" && as_step "$STEP_PLACE/step-0" "$@") </dev/null >"$SPOOL/trouble" 2>&1 ||
    end_in_trouble "the runner for $ARCH does not work"
}

# How it ended, then a word for a person; then the agent is woken. URG does nothing to a process that does not wait for it,
# should the agent's pid be somebody else's by now.
end_job() {
  put_reason "$1" "${2-}" >"$SPOOL/end"
  wake_agent
  exit 0
}

wake_agent() {
  agent=''
  read -r agent 2>/dev/null <"$SPOOL/agent"
  if is_number "$agent" && [ "$agent" -gt 1 ]; then kill -s URG "$agent" 2>/dev/null; fi
}

told_to_stop() { [ -f "$SPOOL/stop" ]; }

is_key_of_pair() { is_key "${1%%=*}"; }

begin_claim() {
  ARCH='' STEPS=0 STEPS_DIR='' SOURCE_COUNT=0 SOURCE_NAMES=''
  exec 3>/dev/null
}

# Each step's text becomes a file; arch, sources and the directory are noted.
unpack_line() {
  case $line in
    '| '*) put_line "${line#"| "}" >&3 ;;
    '|') put_line '' >&3 ;;
    'step '*)
      STEPS=$((STEPS + 1))
      exec 3>"$SPOOL/step-$STEPS"
      ;;
    'source '*) note_source "${line#source }" ;;
    'dir '*) STEPS_DIR=${line#dir } ;;
    'arch '*) ARCH=${line#arch } ;;
  esac
}

note_source() {
  SOURCE_COUNT=$((SOURCE_COUNT + 1))
  is_name "${1%% *}" || end_job broken "the farm named a source strangely: $1"
  SOURCE_NAMES="$SOURCE_NAMES ${1%% *}"
  put_line "$1" >"$SPOOL/source-$SOURCE_COUNT"
}

# One process makes all directories. Left-overs of a runner that died before its first step go first.
make_work() {
  case "/$STEPS_DIR/" in */../* | //*/) end_job broken "the steps' directory is not below the work directory: $STEPS_DIR" ;; esac
  [ ! -d "$WORK" ] || remove_work "$WORK"
  # shellcheck disable=SC2086 # names have no blanks
  set -- $SOURCE_NAMES
  for name in ${1+"$@"}; do
    shift
    set -- ${1+"$@"} "$WORK/$name"
  done
  # No -p for a directory that somebody else may have made.
  { mkdir -p "${WORK%/*}" && mkdir "$WORK" && { [ "$#" = 0 ] || mkdir "$@"; }; } 2>"$SPOOL/trouble" || end_in_trouble "cannot make the work directory $WORK"
}

end_in_trouble() {
  last_words "$SPOOL/trouble"
  end_job broken "$1${LAST_WORDS:+: $LAST_WORDS}"
}

run_steps() {
  [ -d "$WORK/$STEPS_DIR" ] || end_job broken "the directory $STEPS_DIR is not in the sources"
  step=0
  stamp
  while [ "$step" -lt "$STEPS" ]; do
    if told_to_stop; then break; fi
    step=$((step + 1))
    began_s=$STAMP_S began_ms=$STAMP_MS
    run_step "$@"
    code=$?
    note_step_end
    [ "$code" = 0 ] || break
  done
}

# The agent is not woken for the last step: the end of the job follows at once.
note_step_end() {
  stamp
  since_stamp "$began_s" "$began_ms"
  size_of "$SPOOL/log"
  put_line "$code:$MS:$SIZE" >>"$SPOOL/steps"
  if [ "$code" = 0 ] && [ "$step" -lt "$STEPS" ]; then wake_agent; fi
}

# A step writes into a pipe: what it opens again as /dev/stderr is that pipe, and no file that would be cut off. Its code is
# the step's own. A process that the step left behind keeps the pipe open: after a second the next step begins all the same,
# and the reader goes on with what that process writes.
run_step() {
  OUTPUT=$SPOOL/log
  if mkfifo "$SPOOL/pipe-$step" 2>/dev/null; then read_pipe; fi
  write_step "$@"
  code=$?
  [ "$OUTPUT" = "$SPOOL/log" ] || await_reader
  return "$code"
}

# The reader ends at the end of the pipe, by no signal but KILL: what a step says when it is ended belongs to the log. The
# pipe itself may be opened by the user that the steps run as; its directory lets no other in. It has a name only until both its
# ends are open: a backup that is made of this directory would stumble over it.
read_pipe() {
  OUTPUT=$SPOOL/pipe-$step
  chmod 622 "$OUTPUT"
  (
    trap '' TERM INT HUP
    exec <"$OUTPUT"
    rm -f "$OUTPUT"
    cat >>"$SPOOL/log"
    : >"$OUTPUT.read"
  ) &
}

# A reader is done within a millisecond or two of the last writer's end, which a thousand looks take; then it is looked for less often.
await_reader() {
  looks=0 slept=0
  until [ -f "$OUTPUT.read" ] || [ "$slept" -ge 1000 ]; do
    looks=$((looks + 1))
    [ "$looks" -gt 1000 ] || continue
    pause 20
    slept=$((slept + SLEPT))
  done
  rm -f "$OUTPUT.read"
}

# env(1) sets what the shell could not: UID and the like are read-only in some. The pipe first: its reader waits for it.
write_step() (
  exec </dev/null >>"$OUTPUT" 2>&1
  cd "$WORK/$STEPS_DIR" || exit 126
  as_step "$STEP_PLACE/step-$step" "$@"
)
