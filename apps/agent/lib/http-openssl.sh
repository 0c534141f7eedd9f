# openssl s_client: HTTPS only. It does not check the server's name unless it is told to, which old ones do not know.

openssl_usable() {
  is_https && openssl version >/dev/null || return 1
  openssl s_client -help 2>&1 </dev/null | grep -e -verify_hostname >/dev/null && return 0
  NO_CLIENT="$NO_CLIENT; this openssl cannot check a server's name (-verify_hostname, since 1.0.2)"
  return 1
}

openssl_prepare() {
  WATCHED=yes
  raw_prepare "$1"
}

openssl_talk() {
  place=$HOST:$PORT
  case $HOST in
    *:*) set -- -verify_ip "$HOST" && place="[$HOST]:$PORT" ;;
    *[!0-9.]*) set -- -verify_hostname "$HOST" -servername "$HOST" ;;
    *) set -- -verify_ip "$HOST" ;;
  esac
  [ -z "$CA_FILE" ] || set -- "$@" -CAfile "$CA_FILE"
  exec openssl s_client -quiet -verify_return_error "$@" -connect "$place" <&4 4<&-
}
