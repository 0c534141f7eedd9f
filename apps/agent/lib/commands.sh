check() {
	load_state
	choose_tools
	choose_isolation
	test_arches 2>/dev/null
	check_refusal
	put_line "host $HOST_NAME
farm $FARM
directory $DIR
client $CLIENT
checksum $CHECKSUM_TOOL
launcher $LAUNCHER
shell $AGENT_SHELL
cpus $NCPU
tunnel ${TUNNEL:-none}
slots $SLOTS
free_mb ${FREE_MB:-unknown}
disk_floor_mb $DISK_FLOOR
work_dir $WORK_DIR
$ARCH_LINES`describe_isolation`"
	[ -z "$CA_FILE" ] || put_line "ca_file $CA_FILE"
	warn_about_client
	[ -z "$WRAPPER" ] || put_line "each step is run as: $WRAPPER sh -e FILE"
	put_line "takes ${REFUSAL:+NO }jobs now${REFUSAL:+: $REFUSAL}"
	put_line "${RULES:-every project may run: host.conf has neither allow nor deny}"
	if [ "$FORKS" = yes ]; then put_line 'allow forks'; else put_line 'deny forks: host.conf has no line allow forks'; fi
	describe_cache
	if [ -n "$1" ]; then
		not='NOT '
		if may_run "$1" "$2"; then not=''; fi
		put_line "would ${not}run $1 $2: $WHY"
	fi
	print_running
	refused=$REFUSAL
	if request_from_copy /agent/v1/service; then put_line 'the farm answers'; else put_line "the farm does NOT answer: $WHY"; fi
	rm -rf "$DIR"
	[ -z "$refused$WHY" ]
}

print_running() {
	read_lock_owner
	if is_same_process "$OWNER" "$OWNER_START_TIME"; then
		put_line "an agent runs as process $OWNER"
	else
		put_line "no agent runs; start it: $AGENT_SHELL $DIR/agent.sh run"
		return 1
	fi
}

status() {
	load_state
	put_line "host $HOST_NAME, farm $FARM, directory $DIR"
	print_running || return 1
	for work in "$DIR"/slot-*/*/work; do
		if [ -f "$work" ]; then IFS= read -r place <"$work" && put_line "it runs ${place##*/}"; fi
	done
}

# With --after-job the agent stops after its jobs, however long they take.
stop() {
	case ${1-} in
		--after-job) signal=HUP ;;
		'') signal=TERM ;;
		*) reject_argument "$1" ;;
	esac
	load_state
	print_running || return 0
	kill -s "$signal" "$OWNER" || die "process $OWNER belongs to another user: stop it as that user"
	say "process $OWNER was asked to stop${1:+ after its job}"
	waited=0
	while is_same_process "$OWNER" "$OWNER_START_TIME"; do
		if [ "$signal" = TERM ] && [ "$waited" -ge 60 ]; then die "process $OWNER still runs after a minute: read its log, or run kill -KILL $OWNER"; fi
		sleep 1
		waited=$((waited + 1))
	done
	say "process $OWNER has stopped"
}

# An unknown word is an error: it may change the meaning of the words after it.
reject_argument() {
	say "unknown argument: $1"
	usage >&2
	exit 2
}

check_arguments() {
	most=$1 words=$#
	shift 2
	for word in ${1+"$@"}; do case $word in -*) reject_argument "$word" ;; esac; done
	[ $((words - 2)) -le "$most" ] || reject_argument "$word"
}

usage() {
	cat <<EOF
usage: agent.sh [--url URL] [--ca FILE] enroll [--paused] INVITATION   make this machine a host of the farm, and run
       agent.sh run                        run an enrolled host (TERM: stop, HUP: stop after the job)
       agent.sh check [PROJECT [BRANCH]]   show what the agent found here, whether the farm answers, and what would run
       agent.sh status                     show whether an agent runs, and its jobs
       agent.sh stop [--after-job]         end its jobs and stop it, or stop it after its jobs
       agent.sh install|uninstall [KIND] [--user]   start it at boot (systemd, rc.d, SMF, launchd, cron), or undo that
       agent.sh version
The directory is \$RUMPFARM_DIR, else that of the enrolled script, else \$HOME/.rumpfarm.
EOF
}
