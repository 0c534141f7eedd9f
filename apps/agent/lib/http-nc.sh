# nc: plain HTTP only. Versions of nc act differently at the end of their input.

# Port 1 refuses the connection: a working nc exits with 1. An nc built for another processor does not.
nc_usable() {
	! is_https || return 1
	for CLIENT_TOOL in nc 'busybox nc'; do
		$CLIENT_TOOL -w 2 127.0.0.1 1 </dev/null >/dev/null 2>&1
		[ "$?" != 1 ] || return 0
	done
	return 1
}

# An nc with -N (OpenBSD, FreeBSD) keeps its half of the connection open at the end of its input, and limits the time
# with -w. Other versions (busybox, macOS) close it, and servers then end a long poll. These get an endless input.
nc_prepare() {
	if $CLIENT_TOOL -N 2>&1 </dev/null | grep option >/dev/null; then NEEDS_TIMEOUT=yes; fi
	raw_prepare "$1"
}

nc_exchange() {
	if [ -n "$NEEDS_TIMEOUT" ] && mkfifo "$request" 2>/dev/null; then
		exec 3<>"$request"
		rm -f "$request"
		cat <&4 >&3 &
		# shellcheck disable=SC2086 # one word or two, here and below
		exec $CLIENT_TOOL -w "$1" "$HOST" "$PORT" <&3 3>&- 4<&-
	fi
	# shellcheck disable=SC2086
	exec $CLIENT_TOOL -w "$1" "$HOST" "$PORT" <&4 4<&-
}
