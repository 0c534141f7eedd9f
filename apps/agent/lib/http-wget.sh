# GNU wget: reads the credential from the file WGETRC. It follows no redirect, because the target would
# get the credential.

# Some builds of busybox ash ignore PATH and run their own wget: call GNU wget by its path.
# A wget that cannot skip the check of certificates is older than 1.10, and never checks them.
wget_usable() {
	find_in_path wget || return 1
	CLIENT_TOOL=$FOUND
	"$CLIENT_TOOL" --version </dev/null | grep 'GNU Wget' >/dev/null || return 1
	! is_https || "$CLIENT_TOOL" --help | grep -e --no-check-certificate >/dev/null
}

wget_prepare() {
	{
		put_line 'max_redirect = 0
header = Accept: text/plain
header = Content-Type: application/octet-stream'
		[ -z "$CA_FILE" ] || put_line "ca_certificate = $CA_FILE"
		[ -z "$1" ] || put_line "header = Authorization: Bearer $1"
	} >"$PRIVATE/client-rc"
}

wget_post() { wget_get "$1" "$3" "$4" --post-file="$2"; }

wget_get() {
	url_path=$1 out=$2 seconds=$3
	shift 3
	WGETRC=$PRIVATE/client-rc
	export WGETRC
	exec "$CLIENT_TOOL" -nv -t 1 --read-timeout="$seconds" --connect-timeout=10 --dns-timeout=10 -O "$out" ${1+"$@"} "$URL$url_path"
}
