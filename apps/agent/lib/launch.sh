# Launchers: start a process as the leader of its own process group, so that it outlives the agent.

# LAUNCHER: the first that makes a new group with the id $!.
choose_launcher() {
	for LAUNCHER in ${CONF_LAUNCHER:-setsid perl python3 python setpgrp monitor}; do
		if [ "$LAUNCHER" != monitor ]; then has_command "$LAUNCHER" || continue; fi
		makes_group && return 0
	done
	LAUNCHER=plain
}

makes_group() {
	: >"$DIR/group"
	launch "$AGENT_SHELL" -c \
		'sed "s/.*) [A-Z] [0-9]* \([0-9]*\) .*/\1/" /proc/$$/stat >"$1" 2>/dev/null || ps -o pgid= -p $$ >"$1" 2>/dev/null; :' \
		sh "$DIR/group" 2>/dev/null
	await "$LAUNCHED"
	group=''
	read -r group <"$DIR/group"
	rm -f "$DIR/group"
	[ "$group" = "$LAUNCHED" ]
}

# `exec`: otherwise the $! of yash is another shell's pid.
launch() {
	case $LAUNCHER in
		perl) exec perl -e 'use POSIX; $SIG{INT} = $SIG{QUIT} = "DEFAULT"; POSIX::setsid(); exec @ARGV; die "exec: $!"' "$@" </dev/null & ;;
		python | python3) exec "$LAUNCHER" -c 'import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])' "$@" </dev/null & ;;
		monitor) launch_monitored "$@" ;;
		plain) exec "$@" </dev/null & ;;
		*) exec "$LAUNCHER" "$@" </dev/null & ;;
	esac
	LAUNCHED=$!
}

# `set -m` without a terminal ends yash, posh and zsh: try it in a subshell.
launch_monitored() {
	if (set -m) 2>/dev/null; then set -m; fi
	exec "$@" </dev/null &
	LAUNCHED=$!
	set +m 2>/dev/null
}
