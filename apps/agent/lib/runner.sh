# The runner: a separate process that unpacks the sources and runs the steps, also while no agent runs. It reports
# through files: `steps` gets a line for each ended step, `end` the reason for the end. Readers ignore an incomplete
# last line.

run_job() {
	trap : TERM INT HUP
	SPOOL=$1 SLOT_DIR=${1%/*} DIR=${1%/slot-*/*}
	PRIVATE=$DIR/private
	read_tools "$SLOT_DIR/tools"
	if [ -n "$SIGNED" ]; then read_key; fi
	umask "$JOB_UMASK"
	read -r ATTEMPT LEASE SOURCES <"$SPOOL/job"
	IFS= read -r WORK <"$SPOOL/work"
	if [ "$SOURCES" -gt 0 ]; then start_download 1; fi # early: the client takes 10 ms to start
	read_start_time "$$"
	put_line "$$ $START_TIME" >"$SPOOL/runner"
	init_unpack
	set -- LC_ALL=C # so that logs and sort orders are the same on every host, unless the farm or the owner sets another
	while IFS= read -r line; do
		case $line in
			'env '*=*) if has_key "${line#env }"; then set -- "$@" "${line#env }"; fi ;;
			*) unpack_line ;;
		esac
	done <"$SPOOL/claim"
	exec 3>&-
	set -- "$@" "FARM_WORK=$WORK" "FARM_JOBS=$JOBS"
	call_with_env "$ARCH" run_with_env "$@"
}

run_with_env() {
	create_work
	prepare_step_files "$@"
	fetch_sources
	if [ -n "$CACHE_PATHS" ]; then
		place_cache
		set -- "$@" "FARM_CACHE=${HITS% }"
	fi
	: >"$SPOOL/begun"
	: >"$SPOOL/errors" # forget errors of the downloads
	[ -z "$TEST_RUNNER" ] || test_runner "$@"
	run_steps "$@"
	end_job exit
}

# STEP_FILES: the directory of the steps' texts. Another user, or a process inside a wrapper, sees only the work
# directory. When another user owns it, the agent writes nothing there: that user could put a link there.
prepare_step_files() {
	STEP_FILES=$SPOOL TEST_RUNNER=''
	case " $*" in *\ FARM_RUN=?*) [ ! -s "$DIR/arches/$ARCH" ] || TEST_RUNNER=yes ;; esac
	[ -n "$RUN_AS$WRAPPER$TEST_RUNNER" ] || return 0
	STEP_FILES=$WORK/.step
	{
		mkdir "$STEP_FILES" && cp "$SPOOL"/step-* "$STEP_FILES" &&
			{ [ -z "$TEST_RUNNER" ] || { cp "$DIR/arches/$ARCH" "$STEP_FILES/try" && put_line '$FARM_RUN "$FARM_WORK/.step/try"' >"$STEP_FILES/step-0"; }; } &&
			chmod -R a+rx "$STEP_FILES" &&
			{ [ -z "$RUN_AS" ] || chown "$RUN_UID:$RUN_GID" "$WORK"/* "$WORK"; }
	} 2>"$SPOOL/errors" || fail_job "cannot prepare $WORK"
}

# If the `runner` of host.conf is broken, each test of a cross build would fail, hours later.
test_runner() {
	(cd "$WORK" && exec_step "$STEP_FILES/step-0" "$@") </dev/null >"$SPOOL/errors" 2>&1 ||
		fail_job "the runner for $ARCH does not work"
}

# Writes the reason $1 and the detail $2, then wakes the agent. Another process with its pid would ignore URG.
end_job() {
	print_reason "$1" "${2-}" >"$SPOOL/end"
	wake_agent
	exit 0
}

wake_agent() {
	agent=''
	read -r agent 2>/dev/null <"$SPOOL/agent"
	if is_number "$agent" && [ "$agent" -gt 1 ]; then kill -s URG "$agent" 2>/dev/null; fi
}

stop_requested() { [ -f "$SPOOL/stop" ]; }

init_unpack() {
	ARCH='' STEPS=0 STEPS_DIR='' SOURCE_COUNT=0 SOURCE_NAMES=''
	exec 3>/dev/null
}

unpack_line() {
	case $line in
		'| '*) put_line "${line#"| "}" >&3 ;;
		'|') put_line '' >&3 ;;
		'step '*)
			STEPS=$((STEPS + 1))
			exec 3>"$SPOOL/step-$STEPS"
			;;
		'source '*) record_source "${line#source }" ;;
		'dir '*) STEPS_DIR=${line#dir } ;;
		'arch '*) ARCH=${line#arch } ;;
	esac
}

record_source() {
	SOURCE_COUNT=$((SOURCE_COUNT + 1))
	is_name "${1%% *}" || end_job broken "the farm sent an invalid source name: $1"
	SOURCE_NAMES="$SOURCE_NAMES ${1%% *}"
	put_line "$1" >"$SPOOL/source-$SOURCE_COUNT"
}

# One process makes all directories. First removes those of a runner that ended before its first step.
create_work() {
	case "/$STEPS_DIR/" in */../* | //*/) end_job broken "the steps' directory is not below the work directory: $STEPS_DIR" ;; esac
	[ ! -d "$WORK" ] || remove_work "$WORK"
	# shellcheck disable=SC2086 # names have no blanks
	set -- $SOURCE_NAMES
	for name in ${1+"$@"}; do
		shift
		set -- ${1+"$@"} "$WORK/$name"
	done
	# Without -p, mkdir fails if another user has made the directory.
	{ mkdir -p "${WORK%/*}" && mkdir "$WORK" && take_cache && { [ "$#" = 0 ] || mkdir "$@"; }; } 2>"$SPOOL/errors" || fail_job "cannot make the work directory $WORK"
}

fail_job() {
	read_last_error "$SPOOL/errors"
	end_job broken "$1${LAST_ERROR:+: $LAST_ERROR}"
}
