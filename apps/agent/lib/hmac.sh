# Signed plain HTTP, for hosts without TLS 1.2: each request and each answer has an HMAC-SHA256, see "Signed requests"
# in docs/agent-protocol.md. Any HTTP client can carry the signature: it is in the query, or a line of the answer.

SIGNED='' SHA256_COMMAND='' PROCESS_NONCE='' CLOCK_OFFSET=0 REQUEST_COUNT=0 EMPTY_SHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

choose_sha() {
	for SHA256_COMMAND in sha256sum 'shasum -a 256' sha256 'openssl dgst -sha256' 'digest -a sha256' 'cksum -a sha256' \
		sha_of_perl 'sha_of_python python3' 'sha_of_python python'; do
		digest x 2>/dev/null
		case $DIGEST in 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881) return 0 ;; esac
	done
	die 'no program for SHA-256 works here; install OpenSSL 0.9.8 or newer, or perl with Digest::SHA'
}

sha_of_perl() { perl -MDigest::SHA -e 'print Digest::SHA->new(256)->addfile(*STDIN)->hexdigest'; }
sha_of_python() {
	"$1" -c 'import hashlib, sys; print(hashlib.sha256(getattr(sys.stdin, "buffer", sys.stdin).read()).hexdigest())'
}

# DIGEST of text $1. Some programs print a name before or after it.
digest() {
	DIGEST=`put_text "$1" | $SHA256_COMMAND`
	cut_digest
}

digest_of_file() {
	DIGEST=`$SHA256_COMMAND <"$1"`
	cut_digest
}

cut_digest() {
	DIGEST=${DIGEST##*= }
	DIGEST=${DIGEST%% *}
}

put_text() {
	case $PUT in
		printf) printf %s "$1" ;;
		print) print -rn -- "$1" ;;
		*) put_line "$1" | tr -d '\012' ;;
	esac
}

# A key is 32 bytes, written as 64 letters from a to p. Its XOR with HMAC's pads is printable: tr computes it once, and
# shell variables can hold it. (\134 is a backslash.)
set_key() {
	IPAD=`put_line "$1" | tr 0123456789abdefc 'WTURSPQ^_\134]ZXYF['`
	OPAD=`put_line "$1" | tr 0123456789abcdef '=>?89:;45670123,'`
}

# MAC: the HMAC of line $1, and of the answer in file $2 if one is given.
mac() {
	DIGEST=`{ put_line "$IPAD$1"; [ -z "${2-}" ] || signed_lines "$2"; } | $SHA256_COMMAND`
	cut_digest
	to_octal
	DIGEST=`{ put_text "$OPAD"; put_octal; } | $SHA256_COMMAND`
	cut_digest
	MAC=$DIGEST
}

# Prints the signed lines exactly as the agent has read them.
signed_lines() {
	if [ "$PUT" = cat ]; then
		sed '/^sig /,$d' "$1"
		return
	fi
	while IFS= read -r line; do
		case $line in 'sig '*) break ;; esac
		put_line "$line"
	done <"$1"
}

# OCTAL: DIGEST as escapes, without a process for each byte. print needs \0ooo, printf \ooo.
to_octal() {
	OCTAL='' lead=''
	[ "$PUT" != print ] || lead=0
	while [ -n "$DIGEST" ]; do
		rest=${DIGEST#??}
		byte=$((0x${DIGEST%"$rest"}))
		OCTAL=$OCTAL\\$lead$((byte / 64))$((byte / 8 % 8))$((byte % 8)) DIGEST=$rest
	done
}

put_octal() {
	# shellcheck disable=SC2059 # only escapes
	case $PUT in print) print -n -- "$OCTAL" ;; *) printf "$OCTAL" ;; esac
}

# REQUEST_PATH: path $2, signed for method $1 and the body in file $3. The nonce names this process and counts its
# requests. While a job runs, the supervision keeps NOW recent.
sign_request() {
	[ -n "$PROCESS_NONCE" ] || PROCESS_NONCE=`random_name`
	REQUEST_COUNT=$((REQUEST_COUNT + 1)) REQUEST_NONCE=$PROCESS_NONCE.$REQUEST_COUNT
	[ -z "$IDLE" ] || now
	case $2 in *\?*) REQUEST_PATH="$2&" ;; *) REQUEST_PATH=$2\? ;; esac
	REQUEST_PATH="${REQUEST_PATH}by=$BY&time=$((NOW + CLOCK_OFFSET))&nonce=$REQUEST_NONCE"
	DIGEST=$EMPTY_SHA256
	if [ -s "$3" ]; then digest_of_file "$3"; fi
	mac "$1 $REQUEST_PATH
$DIGEST"
	REQUEST_PATH="$REQUEST_PATH&sig=$MAC"
}

# True if file $1 is the farm's answer to the last signed request. The agent ignores any other answer.
verify_answer() {
	if read_answer "$1" && [ -n "$A_sig" ]; then
		mac "answer $REQUEST_NONCE" "$1"
		if [ "$MAC" = "$A_sig" ]; then
			adjust_clock
			return 0
		fi
	fi
	clear_answer
	[ ! -s "$1" ] || put_line 'the answer is not signed by the farm: it was changed, or the farm no longer knows this host' >"$SLOT_DIR/client-errors"
	return 1
}

# Old hosts have wrong clocks: use the farm's time. It has ten digits, one more than is_number allows.
adjust_clock() {
	case $ERR_TEXT in '401 clock '[1-9]*) ;; *) return 0 ;; esac
	case ${ERR_TEXT##* } in *[!0-9]* | ???????????*) return 0 ;; esac
	now
	CLOCK_OFFSET=$((${ERR_TEXT##* } - NOW))
	put_line "$CLOCK_OFFSET" >"$PRIVATE/skew"
}

# Sends a signed request as `post` does, and once more if the farm refuses its time or its nonce.
post_signed() {
	for _ in 1 2; do
		sign_request POST "$1" "$2"
		: >"$3.new"
		send_request "$REQUEST_PATH" "$2" "$3.new" "$4"
		verify_answer "$3.new" || return 1
		case $ERR_TEXT in '401 clock '* | '401 replay') ;; *) break ;; esac
	done
	# The file gets its name only now, because the next start resumes the job in it.
	case $1 in */claim*) mv "$3.new" "$3" ;; esac
}

# The invitation gives a public name and a key. Neither reveals the other, nor the invitation.
set_invitation_key() {
	digest "$1"
	BY=$DIGEST
	digest "rumpfarm key $1"
	set_key "$DIGEST"
}

# The farm derives the same key from the same nonce: no key crosses the network.
save_host_key() {
	mac "host $NONCE"
	set_key "$MAC"
	BY=$A_host
	put_line "$BY
$IPAD
$OPAD" >"$PRIVATE/key.new"
	mv "$PRIVATE/key.new" "$PRIVATE/key"
}

read_key() {
	{ IFS= read -r BY && IFS= read -r IPAD && IFS= read -r OPAD; } 2>/dev/null <"$PRIVATE/key" ||
		die "the host in $DIR does not sign its requests; enrol it again from $FARM"
	[ ! -f "$PRIVATE/skew" ] || read -r CLOCK_OFFSET <"$PRIVATE/skew"
}
