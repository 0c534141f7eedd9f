# Words: what is said to the owner, and what counts as a number, a name, a key.

say() { put_line "rumpfarm: $*" >&2; }

die() {
  say "$*"
  end_tunnel
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# No leading zero (octal), at most nine digits: mksh counts in 32 bits.
is_number() {
  case $1 in
    '' | *[!0-9]* | 0?* | ??????????*) return 1 ;;
  esac
}

is_name() {
  case $1 in
    '' | [.-]* | *[!A-Za-z0-9._+-]*) return 1 ;;
  esac
  [ "${#1}" -le 128 ]
}

is_key() {
  case $1 in
    '' | [0-9]* | *[!A-Za-z0-9_]*) return 1 ;;
  esac
}

# The last line of a file, if it has one: what a client or a shell said before it gave up. Of openssl and curl what comes after it is no reason.
last_words() {
  LAST_WORDS=''
  [ -f "$1" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    case $LAST_WORDS in 'verify error'* | 'curl: ('*) break ;; esac
    [ -z "$line" ] || LAST_WORDS=$line
  done <"$1"
}

# One line of printable ASCII, short enough for the protocol: versions and messages come in every charset.
plain_line() { tr -cd ' -~\n' | sed -n '1{s/^\(.\{1,200\}\).*/\1/;p;}'; }

# A "+" in a query would arrive as a space.
in_query() {
  QUERY=''
  rest=$1
  while :; do
    case $rest in
      *+*) QUERY=$QUERY${rest%%+*}%2B rest=${rest#*+} ;;
      *) break ;;
    esac
  done
  QUERY=$QUERY$rest
}

random_name() {
  od -An -N16 -tx1 /dev/urandom 2>/dev/null | tr -d ' \t\n' | grep . ||
    { date; ps -ef 2>/dev/null; printf '%s' "$$"; } | cksum | tr ' ' '-'
}

# printf is not built into mksh and posh, where it would be slow, and would show a credential in its arguments.
put_line() {
  # shellcheck disable=SC3045 # print only where it was found
  case $PUT in
    printf) printf '%s\n' "$1" ;;
    print) print -r -- "$1" ;;
    *)
      cat <<EOF
$1
EOF
      ;;
  esac
}

choose_put() {
  PUT='cat'
  for put in print printf; do
    case `command -V "$put" 2>/dev/null` in *built*in*) PUT=$put ;; esac
  done
}
