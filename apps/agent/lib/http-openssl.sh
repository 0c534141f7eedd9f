# openssl s_client: HTTPS only. It checks the server's name only with an option, which old versions lack.

openssl_usable() {
	is_https && openssl version >/dev/null || return 1
	openssl s_client -help 2>&1 </dev/null | grep -e -verify_hostname >/dev/null && return 0
	NO_CLIENT="$NO_CLIENT; this openssl cannot check a server's name (-verify_hostname, since 1.0.2)"
	return 1
}

openssl_prepare() {
	NEEDS_TIMEOUT=yes
	raw_prepare "$1"
}

openssl_exchange() {
	address=$HOST:$PORT
	case $HOST in
		*:*) set -- -verify_ip "$HOST" && address="[$HOST]:$PORT" ;;
		*[!0-9.]*) set -- -verify_hostname "$HOST" -servername "$HOST" ;;
		*) set -- -verify_ip "$HOST" ;;
	esac
	[ -z "$CA_FILE" ] || set -- "$@" -CAfile "$CA_FILE"
	exec openssl s_client -quiet -verify_return_error "$@" -connect "$address" <&4 4<&-
}
