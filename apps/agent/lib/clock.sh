# Clock: seconds since 1970, the milliseconds of a step, and pauses that a signal ends.

WOKEN='' SLEEP_PID='' FRACTIONS='' BOOTED='' JITTER=$(($$ % 32749))

# After the first call, adds /proc/uptime to BOOTED: this needs no process, and setting the clock does not end a job.
# `date` of Solaris 10 has no %s, but perl has the time.
now() {
	uptime=''
	{ read -r uptime _ </proc/uptime; } 2>/dev/null
	uptime=${uptime%.*}
	if [ -n "$BOOTED" ] && is_number "$uptime"; then
		NOW=$((BOOTED + uptime))
		return 0
	fi
	NOW=`date +%s`
	case $NOW in
		*[!0-9]*) NOW=`perl -e 'print time' 2>/dev/null || awk 'BEGIN { srand(); print srand() }'` ;;
	esac
	if is_number "$uptime"; then BOOTED=$((NOW - uptime)); fi
}

# STAMP_S: seconds. STAMP_MS: milliseconds after a 1, because a leading 0 means octal. Only GNU date has %N.
read_timestamp() {
	moment=`date +%s%N`
	case $moment in
		*[!0-9]*) now; STAMP_S=$NOW STAMP_MS=1000 ;;
		*)
			STAMP_S=${moment%?????????}
			moment=1${moment#"$STAMP_S"}
			STAMP_MS=${moment%??????}
			;;
	esac
}

# MS: milliseconds since the timestamp $1 $2, or 0 if the clock was set back.
elapsed_since() {
	MS=$(((STAMP_S - $1) * 1000 + STAMP_MS - $2))
	[ "$MS" -ge 0 ] || MS=0
	[ "$MS" -le 999999999 ] || MS=999999999
}

probe_sleep() { if sleep 0.01 2>/dev/null; then FRACTIONS=yes; fi; }

# Waits for $1 milliseconds, or until a trap kills the sleep. SLEPT: the approximate wait.
pause() {
	SLEPT=$1
	if [ -n "$FRACTIONS" ]; then
		fraction=$((1000 + $1 % 1000))
		fraction=$(($1 / 1000)).${fraction#1}
	else
		fraction=$((($1 + 999) / 1000))
		SLEPT=$((fraction * 1000))
	fi
	exec sleep "$fraction" &
	SLEEP_PID=$!
	# A trap may have run before SLEEP_PID had its value.
	if [ -n "$WOKEN" ] || { [ -n "$IDLE" ] && is_stopping; }; then kill_at_once "$SLEEP_PID"; fi
	await "$SLEEP_PID"
	[ -z "$WOKEN" ] || SLEPT=20 # about the time of one check: many signals must not delay the limits
	SLEEP_PID='' WOKEN=''
}

# A trapped signal ends `wait` early. The exit status of ksh93 does not show this: check that the child is gone.
await() {
	wait "$1" 2>/dev/null
	AWAITED=$?
	while kill -0 "$1" 2>/dev/null; do
		wait "$1" 2>/dev/null
		AWAITED=$?
	done
}

# DELAY: milliseconds until the next try. It doubles from 1 s up to $1 s, plus or minus a random quarter.
backoff() {
	FAILS=$((FAILS + 1))
	DELAY=1 tries=1
	while [ "$tries" -lt "$FAILS" ] && [ "$DELAY" -lt "$1" ]; do
		DELAY=$((DELAY * 2)) tries=$((tries + 1))
	done
	[ "$DELAY" -le "$1" ] || DELAY=$1
	next_jitter
	DELAY=$((DELAY * (750 + JITTER % 500)))
}

next_jitter() { JITTER=$(((JITTER * 1103 + 12345) % 32749)); }
