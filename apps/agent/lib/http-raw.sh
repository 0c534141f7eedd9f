# Raw HTTP/1.0, for clients that only carry bytes. The agent removes the request's file before the client starts: the
# file holds the credential. The answer is a file that begins with the header.

raw_prepare() {
	CR=`printf '\r'`
	authority=${URL#*://} bearer=''
	[ -z "$1" ] || bearer="Authorization: Bearer $1$CR
"
	put_line "Host: ${authority%%/*}$CR
Accept: text/plain$CR
Content-Type: application/octet-stream$CR
$bearer$CR" >"$PRIVATE/client-rc"
}

raw_post() { raw_exchange POST "$@"; }
raw_get() { raw_exchange GET "$1" /dev/null "$2" "$3"; }

raw_exchange() {
	HOST=${URL#*://} PORT=80
	HOST=${HOST%%/*}
	BASE=${URL#*"//$HOST"}
	if is_https; then PORT=443; fi
	case $HOST in *:*[!0-9]) ;; *:*) PORT=${HOST##*:} HOST=${HOST%:*} ;; esac # an IPv6 address without a port ends with a bracket
	HOST=${HOST#"["} HOST=${HOST%"]"}
	size_of "$3"
	request=$PRIVATE/request`put_line "${4#"$DIR"}" | tr / -`
	cat - "$PRIVATE/client-rc" "$3" >"$request" <<EOF
$1 $BASE$2 HTTP/1.0$CR
Content-Length: $SIZE$CR
EOF
	exec 4<"$request" >"$4.raw"
	rm -f "$request"
	"${CLIENT}_exchange" "$5"
}

strip_header() {
	{
		IFS= read -r line
		case $line in
			HTTP/1.?' 200'*) ;;
			*)
				[ -z "$line" ] || put_line "${line%"$CR"}" >&2
				return 1
				;;
		esac
		while IFS= read -r line && [ "$line" != "$CR" ]; do :; done
		cat
	} <"$1.raw" >"$1"
	: >"$1.raw"
}
