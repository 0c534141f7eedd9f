# GNU wget: the same through WGETRC. A redirect would carry the credential elsewhere: none is followed.

# One that cannot leave a certificate unchecked is from before 1.10 and checks none.
wget_usable() {
  wget --version </dev/null | grep 'GNU Wget' >/dev/null || return 1
  ! is_https || wget --help | grep -e --no-check-certificate >/dev/null
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

wget_post() {
  WGETRC=$PRIVATE/client-rc
  export WGETRC
  exec wget -nv -t 1 --read-timeout="$4" --connect-timeout=10 --dns-timeout=10 -O "$3" --post-file="$2" "$URL$1"
}

wget_get() {
  WGETRC=$PRIVATE/client-rc
  export WGETRC
  exec wget -nv -t 1 --read-timeout="$3" --connect-timeout=10 --dns-timeout=10 -O "$2" "$URL$1"
}
