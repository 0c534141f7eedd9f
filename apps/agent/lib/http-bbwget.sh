# busybox wget: plain HTTP only. Its arguments show the credential to other users of the host, so it is the last choice.

bbwget_usable() {
	! is_https || return 1
	for CLIENT_TOOL in 'busybox wget' wget; do
		$CLIENT_TOOL --help 2>&1 </dev/null | grep 'post-file FILE' >/dev/null && return 0
	done
	return 1
}

# Debian's busybox wget crashes on -T.
bbwget_prepare() {
	NEEDS_TIMEOUT=yes
	put_line "$1" >"$PRIVATE/client-rc"
}

bbwget_post() { bbwget_get "$1" "$3" "$4" --post-file "$2"; }

bbwget_get() {
	url_path=$1 out=$2
	shift 3
	set -- ${1+"$@"} --header 'Content-Type: application/octet-stream' # posh stops at an empty "$@"
	bearer=''
	read -r bearer <"$PRIVATE/client-rc"
	[ -z "$bearer" ] || set -- "$@" --header "Authorization: Bearer $bearer"
	# shellcheck disable=SC2086 # one word or two
	exec $CLIENT_TOOL -q -O "$out" "$@" "$URL$url_path"
}

# busybox wget ends a body at its first NUL. If file $1 (LEN bytes) has a NUL, sends it as hexadecimal; ENC shows this.
encode_body() {
	ENC=''
	if [ "$CLIENT" != bbwget ] || [ "$LEN" = 0 ] || [ $((`tr -d '\000' <"$1" | wc -c`)) = "$LEN" ]; then return 0; fi
	ENC='&enc=hex'
	in_hex <"$1" >"$1.hex"
	mv "$1.hex" "$1"
}

# Some versions of od have no -A and -t. All print octal.
in_hex() {
	if od -An -tx1 </dev/null >/dev/null 2>&1; then
		od -An -v -tx1 | tr -d ' \t\n'
	else
		od -v -b | awk '{ for (i = 2; i <= NF; i++) printf "%02x", substr($i, 1, 1) * 64 + substr($i, 2, 1) * 8 + substr($i, 3) }'
	fi
}
