# Text: messages to the owner, and checks of numbers, names and keys.

say() { put_line "rumpfarm: $*" >&2; }

die() {
	say "$*"
	stop_tunnel
	exit 1
}

has_command() { command -v "$1" >/dev/null 2>&1; }

# FOUND: the path of program $1. `command -v` prints no path if the program is also built into the shell.
find_in_path() {
	rest=$PATH:
	while [ -n "$rest" ]; do
		FOUND=${rest%%:*} rest=${rest#*:}
		FOUND=${FOUND:-.}/$1
		if [ -f "$FOUND" ] && [ -x "$FOUND" ]; then return 0; fi
	done
	return 1
}

# At most nine digits, because mksh counts in 32 bits. No leading zero, which means octal.
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

has_key() { is_key "${1%%=*}"; }

# LAST_ERROR: the last line of file $1, which a client or a shell wrote before it failed. Ignores the lines of openssl
# and curl after their reason, and GNU tar's last line.
read_last_error() {
	LAST_ERROR=''
	[ -f "$1" ] || return 0
	while IFS= read -r line || [ -n "$line" ]; do
		case $LAST_ERROR in 'verify error'* | 'curl: ('*) break ;; esac
		case $line in '' | *'Exiting with failure'*) ;; *) LAST_ERROR=$line ;; esac
	done <"$1"
}

# One line of printable ASCII, at most 200 characters.
printable_line() { tr -cd ' -~\n' | sed -n '1{s/^\(.\{1,200\}\).*/\1/;p;}'; }

# A "+" in a query means a blank.
escape_query() {
	QUERY=$1
	while :; do
		case $QUERY in *+*) QUERY=${QUERY%%+*}%2B${QUERY#*+} ;; *) return 0 ;; esac
	done
}

random_name() {
	od -An -N16 -tx1 /dev/urandom 2>/dev/null | tr -d ' \t\n' | grep . ||
		{ date; ps -ef 2>/dev/null; printf '%s' "$$"; } | cksum | tr ' ' '-'
}

# mksh and posh have no built-in printf: the program is slow, and shows a credential in its arguments.
put_line() {
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
