# Signed plain HTTP, for hosts without TLS 1.2: HMAC-SHA256 over every request and every answer, both ways; see "Signed
# requests" in docs/agent-protocol.md. The client knows nothing of it: a signature is a part of the path, or a line.

SIGNED='' SHA='' RUN='' SKEW=0 COUNT=0 NOTHING_SUM=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

# SHA: the words of a command.
choose_sha() {
  for SHA in sha256sum 'shasum -a 256' sha256 'openssl dgst -sha256' 'digest -a sha256' 'cksum -a sha256' \
    sha_of_perl 'sha_of_python python3' 'sha_of_python python'; do
    digest x 2>/dev/null
    case $DIGEST in 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881) return 0 ;; esac
  done
  die 'nothing here can do SHA-256: install OpenSSL 0.9.8, or perl with Digest::SHA'
}

sha_of_perl() { perl -MDigest::SHA -e 'print Digest::SHA->new(256)->addfile(*STDIN)->hexdigest'; }
sha_of_python() {
  "$1" -c 'import hashlib, sys; print(hashlib.sha256(getattr(sys.stdin, "buffer", sys.stdin).read()).hexdigest())'
}

# DIGEST of text $1; some print a name before it, some after.
digest() {
  DIGEST=`put_text "$1" | $SHA`
  only_digest
}

digest_of_file() {
  DIGEST=`$SHA <"$1"`
  only_digest
}

only_digest() {
  DIGEST=${DIGEST##*= }
  DIGEST=${DIGEST%% *}
}

put_text() {
  # shellcheck disable=SC3045 # print only where it was found
  case $PUT in
    printf) printf %s "$1" ;;
    print) print -rn -- "$1" ;;
    *) put_line "$1" | tr -d '\012' ;;
  esac
}

# A key is 32 bytes, written with the letters a to p. Xored with HMAC's pads each letter is printable, so that the pads are
# made from the hexadecimal digits by tr, once, and can be held in variables. (\134 is a backslash.)
set_key() {
  IPAD=`put_line "$1" | tr 0123456789abdefc 'WTURSPQ^_\134]ZXYF['`
  OPAD=`put_line "$1" | tr 0123456789abcdef '=>?89:;45670123,'`
}

# MAC: the HMAC of line $1, and of the lines of the answer in file $2, if one is named.
mac() {
  DIGEST=`{ put_line "$IPAD$1"; [ -z "${2-}" ] || signed_lines "$2"; } | $SHA`
  only_digest
  to_octal
  DIGEST=`{ put_text "$OPAD"; put_octal; } | $SHA`
  only_digest
  MAC=$DIGEST
}

# Without a process, if the shell can print without one. They are the lines as this shell reads them: what it will go by.
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

# Bytes without a process for each of them: print wants \0ooo, printf \ooo.
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
  # shellcheck disable=SC2059,SC3045 # nothing but escapes
  case $PUT in print) print -n -- "$OCTAL" ;; *) printf "$OCTAL" ;; esac
}

# TARGET: path $2, signed for method $1 and the body in file $3. The nonce names this process and counts its requests.
# While a job is watched, the clock was looked at a moment ago.
sign_request() {
  [ -n "$RUN" ] || RUN=`random_name`
  COUNT=$((COUNT + 1)) TICKET=$RUN.$COUNT
  [ -z "$IDLE" ] || now
  case $2 in *\?*) TARGET="$2&" ;; *) TARGET=$2\? ;; esac
  TARGET="${TARGET}by=$BY&time=$((NOW + SKEW))&nonce=$TICKET"
  DIGEST=$NOTHING_SUM
  if [ -s "$3" ]; then digest_of_file "$3"; fi
  mac "$1 $TARGET
$DIGEST"
  TARGET="$TARGET&sig=$MAC"
}

# True if file $1 is an answer of the farm to the request that was signed last. Nothing of another one is believed.
believe() {
  if read_answer "$1" && [ -n "$A_sig" ]; then
    mac "answer $TICKET" "$1"
    if [ "$MAC" = "$A_sig" ]; then
      learn_clock
      return 0
    fi
  fi
  forget_answer
  [ ! -s "$1" ] || put_line 'not signed by the farm: changed on its way, or this host is no longer known' >"$SLOT_DIR/client-said"
  return 1
}

# Old hosts have wrong clocks. Ten digits: the farm's word, but no number of the protocol's.
learn_clock() {
  case $ERR_TEXT in '401 clock '[1-9]*) ;; *) return 0 ;; esac
  case ${ERR_TEXT##* } in *[!0-9]* | ???????????*) return 0 ;; esac
  now
  SKEW=$((${ERR_TEXT##* } - NOW))
  put_line "$SKEW" >"$PRIVATE/skew"
}

# post, signed. Refused for its time or its number, it is sent once more with better ones.
post_signed() {
  for _ in 1 2; do
    sign_request POST "$1" "$2"
    : >"$3.new"
    ask "$TARGET" "$2" "$3.new" "$4"
    believe "$3.new" || return 1
    case $ERR_TEXT in '401 clock '* | '401 replay') ;; *) break ;; esac
  done
  # An agent that was killed finds no job that nobody has looked at.
  case $1 in */claim*) mv "$3.new" "$3" ;; esac
}

# From an invitation: its public name, and a key. Neither tells of the other, nor of the invitation.
use_invitation() {
  digest "$1"
  BY=$DIGEST
  digest "rumpfarm key $1"
  set_key "$DIGEST"
}

# The host's key is made on both sides.
keep_key() {
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
    die "the host in $DIR does not sign its requests; enrol it anew from $FARM"
  [ ! -f "$PRIVATE/skew" ] || read -r SKEW <"$PRIVATE/skew"
}
