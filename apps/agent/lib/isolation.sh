# Isolation: the user that runs the steps, and ways to hide PRIVATE and CACHE_DIR from them. The agent tests a way first.

# Replaces this process.
isolate() {
	case $ISOLATION in
		setpriv) set -- setpriv --reuid "$RUN_UID" --regid "$RUN_GID" --init-groups "$@" ;;
		chroot) set -- chroot -u "$RUN_AS" / sh -c 'cd "$0" && exec "$@"' "$PWD" "$@" ;; # only the BSDs have -u
		perl) set -- perl -e 'use POSIX; $) = "@ARGV[1, 1]"; setgid($ARGV[1]); setuid($ARGV[0]); exec @ARGV[2 .. $#ARGV]' "$RUN_UID" "$RUN_GID" "$@" ;;
		su) set -- su -s /bin/sh "$RUN_AS" -c 'exec "$0" "$@"' -- "$@" ;;
		# The second unshare takes rights from the job: it can neither unmount the tmpfs nor use the agent's /proc/PID/root.
		userns) exec unshare -rm sh -c "$HIDE_PRIVATE" "$PRIVATE" "$MOUNT_MARK${RUMPFARM_MARK-}" "$CACHE_DIR" unshare -U "--map-user=$RUN_UID" "--map-group=$RUN_GID" "$@" ;;
		mount) ;;
		*)
			[ -n "$RUN_AS" ] || exec "$@"
			say "cannot run this as $RUN_AS" # never run it as root instead
			return 1
			;;
	esac
	[ -z "$HIDES_PRIVATE" ] || exec unshare -m sh -c "$HIDE_PRIVATE" "$PRIVATE" "$MOUNT_MARK${RUMPFARM_MARK-}" "$CACHE_DIR" "$@"
	exec "$@"
}

# The mount's name is the attempt's mark, so each process of the job, even without an environment, has the mark in its
# list of mounts.
HIDE_PRIVATE='mount -t tmpfs -o ro "$1" "$0" && { [ ! -d "$2" ] || mount -t tmpfs -o ro "$1" "$2"; } && shift 2 && exec "$@"' MOUNT_MARK=rumpfarm-

# ISOLATION: the first way by which a process has the right user, can work in WORK_DIR, and cannot read the credential.
choose_isolation() {
	ISOLATION_ERROR='' RUN_HOME='' HIDES_PRIVATE='' ways='' OWN_UID=`id -u`
	RUN_UID=`id -u ${RUN_AS:+"$RUN_AS"} 2>/dev/null`
	RUN_GID=`id -g ${RUN_AS:+"$RUN_AS"} 2>/dev/null`
	CACHE_DIR=${CACHE_MB:+$WORK_DIR/rumpfarm-cache}
	mkdir -p "$WORK_DIR" 2>/dev/null
	if [ -n "$RUN_AS" ]; then
		RUN_HOME=`{ getent passwd "$RUN_AS" || grep "^$RUN_AS:" /etc/passwd; } 2>/dev/null | cut -d: -f6`
		# RUN_AS can read nothing in these directories, but must reach its work directory.
		chmod a+x "$DIR" "$WORK_DIR"
		ways='setpriv chroot perl su'
		if [ "$HIDE" = yes ] && [ "$OWN_UID" = 0 ] && can_hide; then HIDES_PRIVATE=yes; fi
		WORK_DIR_ERROR='is not accessible to that user (chmod a+x its parents, or set another work_dir)'
	elif [ "$HIDE" = yes ]; then
		if [ "$OWN_UID" = 0 ]; then ways=mount HIDES_PRIVATE=yes; else ways=userns; fi
	fi
	for ISOLATION in $ways; do
		if is_isolated; then protect_cache && return; fi
	done
	ISOLATION='' HIDES_PRIVATE=''
	protect_cache
	[ -z "$RUN_AS" ] || ISOLATION_ERROR="steps cannot run as $RUN_AS: no such user, or the agent is not root, or $WORK_DIR $WORK_DIR_ERROR"
}

# Code from forks must not reach the caches.
protect_cache() { case $FORKS$ISOLATION in yes | yesmount) CACHE_DIR='' ;; esac; }

can_hide() { unshare -m sh -c "$HIDE_PRIVATE" "$PRIVATE" "$MOUNT_MARK" '' true 2>/dev/null && is_visible_here; }

# If an old unshare has mounted for the whole machine, unmounts and fails.
is_visible_here() {
	[ -r "$PRIVATE/credential" ] && return 0
	umount "$PRIVATE" ${CACHE_DIR:+"$CACHE_DIR"} 2>/dev/null
	return 1
}

is_isolated() {
	seen=`cd "$WORK_DIR" && isolate sh -c 'cd "$1" && { test -r "$0" || id -u; }; test -z "$2" || test ! -w . || echo open' "$PRIVATE/credential" "$WORK_DIR" "$RUN_AS" 2>/dev/null </dev/null`
	case $seen in *open) WORK_DIR_ERROR='is writable by that user: chown it to root, or set another work_dir' ;; esac
	is_visible_here && [ -n "$seen" ] && [ "$seen" = "$RUN_UID" ]
}

describe_isolation() {
	case $ISOLATION in
		mount) put_line 'steps run as root, who can find the credential although it is hidden: set run_as' ;;
		userns) put_line "steps run as user $OWN_UID, like the agent; a namespace hides the credential" ;;
		?*) put_line "steps run as $RUN_AS (by $ISOLATION) and cannot read the credential" ;;
		*) put_line "${ISOLATION_ERROR:-steps run as user $OWN_UID, like the agent, and CAN READ the credential in $PRIVATE: set a wrapper, or run the agent as root with run_as}" ;;
	esac
}

# Finds a way to give a step the default signals: sh ignores INT and QUIT in a background command, and python ignores
# PIPE. No shell can undo this. GNU env since 8.31, perl and python can.
choose_signal_reset() {
	ENV_OPTION='' SIGNAL_RESET=''
	if env --default-signal true 2>/dev/null; then
		ENV_OPTION=--default-signal
		return 0
	fi
	for SIGNAL_RESET in perl python3 python; do
		if "$SIGNAL_RESET" -c 0 </dev/null >/dev/null 2>&1 || "$SIGNAL_RESET" -e 0 </dev/null >/dev/null 2>&1; then return 0; fi
	done
	SIGNAL_RESET=''
}

# Runs `sh -e $1` as a step, with the variables $2 and so on. Replaces this process.
exec_step() {
	file=$1
	shift
	if [ -n "$RUN_HOME" ]; then set -- "HOME=$RUN_HOME" "USER=$RUN_AS" "LOGNAME=$RUN_AS" "$@"; fi
	if [ -n "$PASS" ]; then
		for key in $PASS; do
			eval "val=\${$key-}" # conf_pass has checked that it is a name
			[ -z "$val" ] || set -- "$key=$val" "$@"
		done
		ENV_OPTION="$ENV_OPTION -i"
	fi
	[ -z "$WRAPPER" ] || STEP_SHELL='sh' # its path may differ inside the wrapper
	set -f
	# shellcheck disable=SC2086 # ENV_OPTION and WRAPPER are split into words
	set -- ${NICE:+nice -n "$NICE"} env $ENV_OPTION "$@" $WRAPPER "$STEP_SHELL" -e "$file"
	case $SIGNAL_RESET in
		perl) set -- perl -e '$SIG{$_} = "DEFAULT" for qw(INT QUIT PIPE); exec @ARGV; die "exec: $!"' "$@" ;;
		python*) set -- "$SIGNAL_RESET" -c 'import os, signal, sys
for s in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE): signal.signal(s, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$@" ;;
	esac
	isolate "$@"
}
