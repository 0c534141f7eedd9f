# Compilers: can this host build for the arches of host.conf? Each test runs like a step of a job.

print_compiler_test() {
	cat <<'EOF'
fail() { echo "$*: `sed -n '${s/.*try: [line ]*[0-9]*: //;p;}' errors`"; exit 1; }
test "$CC" || command -v cc >/dev/null || exit 0
: ${CC:=cc}
$CC --version 2>/dev/null </dev/null | sed 's/^/version /;q'
test -z "$ONLY" || exit 0
echo 'int main(void) { return 0; }' >try.c
$CC $CFLAGS -o try try.c $LDFLAGS >errors 2>&1 || fail "$CC cannot build a program"
test -z "${FARM_RUN+x}" || $FARM_RUN ./try >errors 2>&1 || fail "a program built by $CC does not run${FARM_RUN:+ with $FARM_RUN}"
cat try >&3 || :
EOF
}

# Runs the test for arch $1 in TEST_DIR, for at most a minute. If $2 is yes, only reads the version.
test_arch() {
	TEST_DIR=$WORK_DIR/attempt-0.$$
	remove_compiler_test
	{ mkdir -p "$TEST_DIR/.step" && print_compiler_test >"$TEST_DIR/.step/try"; } 2>/dev/null || return 1
	chmod -R a+rX "$TEST_DIR"
	[ -z "$RUN_AS" ] || chown "$RUN_UID" "$TEST_DIR"
	call_with_env "$1" run_compiler_test "FARM_WORK=$TEST_DIR" "ONLY=$2"
	[ -f "$TEST_DIR.ok" ]
}

# The sleep is the time limit; the end of the test kills it. A compiler or a runner that hangs must not stop the agent.
run_compiler_test() {
	exec sleep 60 &
	CLIENT_PID=$! # so that kill_waiting ends the wait
	{
		(cd "$TEST_DIR" && exec_step "$TEST_DIR/.step/try" "$@") </dev/null >>"$TEST_DIR.output" 2>&1 3>"$TEST_DIR.try" && : >"$TEST_DIR.ok"
		: >"$TEST_DIR.end"
		kill -s KILL "$CLIENT_PID"
	} 2>/dev/null &
	test_pid=$!
	await_client
	if [ ! -f "$TEST_DIR.end" ]; then
		signal_tree KILL "$test_pid"
		kill -s KILL "$test_pid"
		await "$test_pid" # some shells print a message about a killed child
		echo 'its test did not end within a minute' >>"$TEST_DIR.output"
	fi
}

remove_compiler_test() {
	remove_work "$TEST_DIR"
	rm -f "$TEST_DIR".*
}

# ARCH_LINES: hello's lines about arches. The test programs stay in DIR/arches: with them, each job first tests the
# `runner` of host.conf. A file .unable has the error of an arch that this host cannot build for.
test_arches() {
	ARCH_LINES=''
	rm -rf "$DIR/arches"
	mkdir -p "$DIR/arches"
	# shellcheck disable=SC2086 # pairs of words
	set -- $CONF_ARCHES
	while [ "$#" -ge 2 ] && ! is_stopping; do
		if test_arch "$1" ''; then
			read_compiler_version
			add_arch "arch $1 $2${COMPILER_VERSION:+ $COMPILER_VERSION}"
			mv "$TEST_DIR.try" "$DIR/arches/$1"
		else
			read_last_error "$TEST_DIR.output"
			error=`put_line "$LAST_ERROR" | printable_line`
			error=${error:-it cannot be tested in $WORK_DIR}
			put_line "$error" >"$DIR/arches/$1.unable"
			add_arch "unable $1 $2 $error"
			say "cannot build for $1: $error"
		fi
		remove_compiler_test
		shift 2
	done
	put_line "$ARCH_LINES" >"$DIR/arch-lines" # for the self-test of another version
}

# Reads only files that the agent has made: in TEST_DIR another job of the same user may have made links.
read_compiler_version() { COMPILER_VERSION=`sed -n '1s/^version //p' "$TEST_DIR.output" 2>/dev/null | printable_line`; }

add_arch() {
	ARCH_LINES="$ARCH_LINES$1
"
}

record_compiler() {
	if [ "$A_arch" != "$COMPILER_OF" ] || [ $((NOW - COMPILER_AT)) -ge 60 ]; then
		test_arch "$A_arch" yes
		read_compiler_version
		remove_compiler_test
		COMPILER_OF=$A_arch COMPILER_AT=$NOW
	fi
	put_line "$COMPILER_VERSION" >"$SPOOL/compiler"
}
