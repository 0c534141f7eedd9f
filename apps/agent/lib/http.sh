# HTTP: which client this host has, and one request with it.
# A client NAME is NAME_usable, NAME_prepare CREDENTIAL, NAME_post PATH BODY ANSWER SECONDS, NAME_get PATH FILE SECONDS.

CLIENTS='curl wget'
CLIENT_PID=''

choose_client() {
  for CLIENT in ${CONF_CLIENT:-$CLIENTS}; do
    case " $CLIENTS " in *" $CLIENT "*) "${CLIENT}_usable" && return 0 ;; esac
  done
  CLIENT=''
  return 1
}

# The owner's url becomes an argument and a line of the saved script: only what a url of a farm needs.
use_url() {
  URL=${1%/}
  case $URL in
    '' | @*) die "no farm's address in this copy; name it: --url http://farm.example:8080" ;;
    *[!A-Za-z0-9.:/_~%-]*) die "the farm's address has characters that no address needs: $URL" ;;
    http://?* | https://?*) ;;
    *) die "not a farm's address: $URL; expected is something like http://farm.example:8080" ;;
  esac
}

# Sends file $2 to path $1; true if a whole answer is in file $3. Waits in the background, so that traps run at once.
post() {
  : >"$3"
  "${CLIENT}_post" "$@" </dev/null >/dev/null 2>"$DIR/client-said" &
  CLIENT_PID=$!
  [ -z "$IDLE" ] || put_line "$CLIENT_PID" >"$DIR/client-pid"
  if [ -n "$IDLE" ] && leaving; then kill -s KILL "$CLIENT_PID" 2>/dev/null; fi
  await "$CLIENT_PID"
  CLIENT_PID=''
  read_answer "$3"
}
