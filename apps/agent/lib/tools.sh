# Tools and state: what this host can do, and what an earlier start has saved.

APPLIED=none

choose_tools() {
	# Uses the shell's path: for the word `sh`, busybox runs its own ash, which may differ.
	case $AGENT_SHELL in */*) ;; *) AGENT_SHELL=`command -v "$AGENT_SHELL"` ;; esac
	[ -z "$SIGNED" ] || choose_sha
	choose_client || die "no HTTP client here can reach $URL (tried: ${CONF_CLIENT:-$CLIENTS}$NO_CLIENT); install curl or GNU wget"
	[ "$#" = 0 ] || "${CLIENT}_prepare" "$1"
	choose_checksum
	choose_launcher
	count_cpus
	probe_sleep
	probe_processes
	choose_signal_reset
	STEP_SHELL=`command -v sh`
}

# Saves the results of the tests for the runner and the further slots.
write_tools() {
	JOBS=$((NCPU / SLOTS))
	[ "$JOBS" -gt 0 ] || JOBS=1
	for key in URL SIGNED TUNNEL SHA256_COMMAND CLIENT CLIENT_TOOL NEEDS_TIMEOUT CA_FILE CR LAUNCHER AGENT_SHELL CHECKSUM_TOOL NCPU JOBS ENV_OPTION SIGNAL_RESET STEP_SHELL JOB_UMASK FRACTIONS PUT ISOLATION HIDES_PRIVATE RUN_AS RUN_UID RUN_GID RUN_HOME WRAPPER NICE PASS CACHE_DIR; do
		eval "val=\$$key"
		put_line "$key $val"
	done >"$SLOT_DIR/tools"
}

# The agent wrote the names, and eval does not expand the values.
read_tools() {
	while read -r key val; do eval "$key=\$val"; done <"$1"
	use_client
}

# A change of host.conf takes effect before the next job.
apply_conf() {
	read_conf
	[ "$CONF_TEXT" != "$APPLIED" ] || return 0
	choose_isolation
	write_tools
	APPLIED=$CONF_TEXT
	if [ "$SLOT" = 1 ]; then
		say "`describe_isolation`"
		use_cache_dir
	fi
}

load_state() {
	LOG=${RUMPFARM_LOG-}
	# A job may run another agent, which must not get this directory.
	unset RUMPFARM_DIR RUMPFARM_SHELL RUMPFARM_CLIENT RUMPFARM_LAUNCHER RUMPFARM_LOG
	# Older agents had the credential in DIR.
	if [ -f "$DIR/credential" ]; then mkdir -p "$PRIVATE" && mv "$DIR/credential" "$PRIVATE/credential" && rm -f "$DIR/client-rc"; fi
	{ [ -f "$PRIVATE/credential" ] && [ -f "$DIR/farm" ]; } ||
		die "no host is enrolled in $DIR; enrol it with: agent.sh enroll INVITATION (for another directory set RUMPFARM_DIR)"
	read -r CREDENTIAL <"$PRIVATE/credential"
	read -r saved_url HOST_NAME <"$DIR/farm"
	is_name "$CREDENTIAL" || die "the credential in $PRIVATE/credential is damaged; enrol this host again"
	set_url "${URL_OPTION:-$saved_url}"
	if [ -n "$SIGNED" ]; then CREDENTIAL='' && read_key; fi
	read_conf
}

# Keeps a log for service managers that keep none.
rotate_log() {
	[ -n "$LOG" ] || return 0
	if [ -f "$LOG" ]; then size_of "$LOG"; else SIZE=0; fi
	[ "$SIZE" -le 1000000 ] || mv "$LOG" "$LOG.old"
	exec 2>>"$LOG"
}
