# curl: reads the credential from a file, so that no argument shows it.

curl_usable() { if is_https; then curl --version | grep -w https; else curl --version; fi >/dev/null; }

curl_prepare() {
	{
		put_line 'silent
show-error
fail
connect-timeout = 10
header = "Expect:"
header = "Accept: text/plain"
header = "Content-Type: application/octet-stream"'
		[ -z "$CA_FILE" ] || put_line "cacert = \"$CA_FILE\""
		[ -z "$1" ] || put_line "header = \"Authorization: Bearer $1\""
	} >"$PRIVATE/client-rc"
}

curl_post() { exec curl -q -K "$PRIVATE/client-rc" -m "$4" -o "$3" --data-binary @"$2" "$URL$1"; }

# A download has no time limit while bytes arrive.
curl_get() { exec curl -q -K "$PRIVATE/client-rc" --speed-limit 1 --speed-time "$3" -o "$2" "$URL$1"; }
