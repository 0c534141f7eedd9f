# Trials: can this host build for the arches that its owner declared? Each is tried as a job would see it: as the same user,
# through the wrapper, with the same environment.

# The text of a trial's step. Its last line says what is wrong.
try_compiler() {
  cat <<'EOF'
say() { echo "$*: `sed -n '${s/.*try: [line ]*[0-9]*: //;p;}' said`"; exit 1; }
test "$CC" || command -v cc >/dev/null || exit 0
: ${CC:=cc}
$CC --version 2>/dev/null </dev/null | sed 's/^/version /;q'
test -z "$ONLY" || exit 0
echo 'int main(void) { return 0; }' >try.c
$CC $CFLAGS -o try try.c $LDFLAGS >said 2>&1 || say "$CC makes no program"
test -z "${FARM_RUN+x}" || $FARM_RUN ./try >said 2>&1 || say "what $CC makes does not run${FARM_RUN:+ by $FARM_RUN}"
cat try >&3 || :
EOF
}

# Runs that text for arch $1 in TRIAL, for a minute at most. True if it ended well. $2: yes to look only at the version.
try_arch() {
  TRIAL=$WORK_DIR/attempt-0.$$
  end_trial
  { mkdir -p "$TRIAL/.step" && try_compiler >"$TRIAL/.step/try"; } 2>/dev/null || return 1
  chmod -R a+rX "$TRIAL"
  [ -z "$RUN_AS" ] || chown "$RUN_UID" "$TRIAL"
  with_pairs "$1" run_trial "FARM_WORK=$TRIAL" "ONLY=$2"
  [ -f "$TRIAL.ok" ]
}

# What ends the trial ends the sleep that we wait for. A compiler or a runner that hangs must not make the host silent.
run_trial() {
  exec sleep 60 &
  CLIENT_PID=$! # so that a signal which ends the agent ends the wait
  {
    (cd "$TRIAL" && as_step "$TRIAL/.step/try" "$@") </dev/null >>"$TRIAL.said" 2>&1 3>"$TRIAL.try" && : >"$TRIAL.ok"
    : >"$TRIAL.end"
    kill -s KILL "$CLIENT_PID"
  } 2>/dev/null &
  tried=$!
  await "$CLIENT_PID"
  CLIENT_PID=''
  if [ ! -f "$TRIAL.end" ]; then
    signal_tree KILL "$tried"
    kill -s KILL "$tried"
    await "$tried" # some shells have a word about what was killed
    echo 'its trial did not end within a minute' >>"$TRIAL.said"
  fi
}

end_trial() {
  remove_work "$TRIAL"
  rm -f "$TRIAL".*
}

# ARCH_LINES: what hello says of the arches. A program of each stays, to try its runner before each job; so do the words
# about one that this host cannot build for.
try_arches() {
  ARCH_LINES=''
  rm -rf "$DIR/arches"
  mkdir -p "$DIR/arches"
  # shellcheck disable=SC2086 # pairs of names
  set -- $CONF_ARCHES
  while [ "$#" -ge 2 ] && ! leaving; do
    if try_arch "$1" ''; then
      trial_version
      add_arch "arch $1 $2${VERSION:+ $VERSION}"
      mv "$TRIAL.try" "$DIR/arches/$1"
    else
      last_words "$TRIAL.said"
      words=`put_line "$LAST_WORDS" | plain_line`
      words=${words:-it could not be tried in $WORK_DIR}
      put_line "$words" >"$DIR/arches/$1.unable"
      add_arch "unable $1 $2 $words"
      say "cannot build for $1: $words"
    fi
    end_trial
    shift 2
  done
  put_line "$ARCH_LINES" >"$DIR/arch-lines" # for a newer agent's first hello
}

# Only what is ours is read here, and moved: in TRIAL another job of the same user might have put a link.
trial_version() { VERSION=`sed -n '1s/^version //p' "$TRIAL.said" 2>/dev/null | plain_line`; }

add_arch() {
  ARCH_LINES="$ARCH_LINES$1
"
}

# The compiler's version when this job ran. Looked at while it runs, once a minute for jobs of the same arch.
note_compiler() {
  if [ "$A_arch" != "$VERSION_OF" ] || [ $((NOW - VERSION_AT)) -ge 60 ]; then
    try_arch "$A_arch" yes
    trial_version
    end_trial
    VERSION_OF=$A_arch VERSION_AT=$NOW
  fi
  put_line "$VERSION" >"$SPOOL/compiler"
}
