# HTTP: which client this host has, and one request with it.
# A client NAME is NAME_usable, NAME_prepare CREDENTIAL, NAME_post PATH BODY ANSWER SECONDS, NAME_get PATH FILE SECONDS; or, where
# all it can do is carry bytes to the farm and back, NAME_usable and NAME_talk SECONDS: http-raw.sh does the rest.

CLIENTS='curl wget perl python nc openssl bbwget'
CLIENT_PID='' CLIENT_TOOL='' CA_FILE='' WATCHED='' CR='' NO_CLIENT=''

choose_client() {
  for CLIENT in ${CONF_CLIENT:-$CLIENTS}; do
    case " $CLIENTS " in *" $CLIENT "*) "${CLIENT}_usable" 2>/dev/null && use_client && return 0 ;; esac
  done
  CLIENT=''
  return 1
}

# RAW is also how the file with a raw answer ends.
use_client() {
  SPEAKER=$CLIENT RAW=''
  case $CLIENT in perl | python | nc | openssl) SPEAKER=raw RAW=.raw ;; esac
}

is_https() { case $URL in https:*) ;; *) return 1 ;; esac; }

# The owner's url becomes an argument and a line of the saved script: only what a url of a farm needs. FARM is as it was given.
use_url() {
  FARM=${1%/} URL=${1%/} SIGNED=''
  case $URL in signed+http://*) SIGNED=yes URL=${URL#signed+} ;; esac
  case $URL in
    '' | @*) die "no farm's address in this copy; name it: --url http://farm.example:8080" ;;
    *[!][A-Za-z0-9.:/_~%-]*) die "the farm's address has characters that no address needs: $URL" ;;
    http://?* | https://?*) ;;
    *) die "not a farm's address: $URL; expected is something like http://farm.example:8080" ;;
  esac
}

# Sends file $2 to path $1; true if a whole answer is in file $3. Waits in the background, so that traps run at once.
post() {
  : >"$3"
  forget_answer
  keep_tunnel || return 1
  if [ -n "$SIGNED" ]; then post_signed "$@"; return; fi
  ask "$@"
  read_answer "$3"
}

ask() {
  : >"$3$RAW"
  "${SPEAKER}_post" "$@" </dev/null >/dev/null 2>"$SLOT_DIR/client-said" &
  CLIENT_PID=$!
  if [ -n "$IDLE" ]; then
    birth_of "$CLIENT_PID"
    put_line "$CLIENT_PID $BIRTH" >"$SLOT_DIR/client-pid"
  fi
  if [ -n "$IDLE" ] && leaving; then kill -s KILL "$CLIENT_PID" 2>/dev/null; else watch "$CLIENT_PID" "$4" "$3$RAW"; fi
  await "$CLIENT_PID"
  CLIENT_PID=''
  end_watch
  [ -z "$RAW" ] || strip_header "$3" 2>>"$SLOT_DIR/client-said"
}

# TARGET: path $1 as `get` wants it. Before its process begins: a signature counts.
aim_at() {
  TARGET=$1
  [ -z "$SIGNED" ] || sign_request GET "$1" /dev/null
}

# Fetches path $1 into file $2, and gives up when no byte came for $3 seconds. For a process of its own, which it may become.
get() {
  keep_tunnel || return 1
  [ -n "$RAW$WATCHED" ] || "${SPEAKER}_get" "$@" # execs
  : >"$2$RAW"
  "${SPEAKER}_get" "$@" &
  client=$!
  watch "$client" "$3" "$2$RAW"
  await "$client"
  end_watch
  if [ -n "$RAW" ]; then strip_header "$2"; else return "$AWAITED"; fi
}

# For clients that know no time limit: ends process $1 when file $3 has not grown for $2 seconds. There is no timeout(1) everywhere.
# Braces: of `( ) &` yash's $! is a shell in between.
watch() {
  WATCH=''
  [ -n "$WATCHED" ] || return 0
  birth_of "$1"
  {
    born=$BIRTH sleeper='' seen='' over=''
    trap 'over=yes; [ -z "$sleeper" ] || kill -s KILL "$sleeper"' TERM
    while [ -z "$over" ] && size_of "$3" && [ "$SIZE" != "$seen" ]; do
      seen=$SIZE
      exec sleep "$2" &
      sleeper=$!
      # The TERM may have come before the trap, where dash loses it, or before the sleeper had a name.
      if [ -n "$over" ] || ! alive_as "$1" "$born"; then over=yes; kill -s KILL "$sleeper"; fi
      await "$sleeper"
    done
    if [ -z "$over" ] && alive_as "$1" "$born"; then kill -s KILL "$1"; fi
  } </dev/null >/dev/null 2>&1 &
  WATCH=$!
}

end_watch() { [ -z "$WATCH" ] || kill -s TERM "$WATCH" 2>/dev/null; }
