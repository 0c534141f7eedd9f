# nc: plain HTTP only, and there are many. What one does when its input ends is found by what it knows.

# Nobody listens on port 1, and an nc that works ends with 1; one for another machine, or a stub, does not.
nc_usable() {
  ! is_https || return 1
  for CLIENT_TOOL in nc 'busybox nc'; do
    $CLIENT_TOOL -w 2 127.0.0.1 1 </dev/null >/dev/null 2>&1
    [ "$?" != 1 ] || return 0
  done
  return 1
}

# Those that know -N (OpenBSD, FreeBSD) do not close their half when the input ends, and keep to -w to the last byte.
# Others do close it (busybox, macOS), at which servers drop a long poll: they get an input that does not end.
nc_prepare() {
  if $CLIENT_TOOL -N 2>&1 </dev/null | grep option >/dev/null; then WATCHED=yes; fi
  raw_prepare "$1"
}

nc_talk() {
  if [ -n "$WATCHED" ] && mkfifo "$request" 2>/dev/null; then
    exec 3<>"$request"
    rm -f "$request"
    cat <&4 >&3 &
    # shellcheck disable=SC2086 # one word or two, here and below
    exec $CLIENT_TOOL -w "$1" "$HOST" "$PORT" <&3 3>&- 4<&-
  fi
  # shellcheck disable=SC2086
  exec $CLIENT_TOOL -w "$1" "$HOST" "$PORT" <&4 4<&-
}
