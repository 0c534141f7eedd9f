# Sources: fetched, checked by length and sum, unpacked. Wrong bytes three times end the job; silence does not.

fetch_sources() {
  K=0 FAILS=0
  while [ "$K" -lt "$SOURCES" ]; do
    K=$((K + 1))
    IFS= read -r SOURCE <"$SPOOL/source-$K"
    SOURCE_FILE=$WORK/.source-$K # no source has a name with a leading dot
    fetch_source
    unpack_source
    rm -f "$SOURCE_FILE" &
  done
}

fetch_source() {
  wrong=0
  in_query "$A_lease"
  until fetch_once; do
    if told_to_stop; then end_job exit; fi
    [ "$wrong" -lt 3 ] || end_job broken "source ${SOURCE%% *} came wrong three times: $what_was_wrong"
    pause "$DELAY"
    if told_to_stop; then end_job exit; fi
  done
}

fetch_once() {
  DELAY=1000 what_was_wrong=''
  rm -f "$SOURCE_FILE" # not truncated: a client that fails must leave no file
  if ("${CLIENT}_get" "/agent/v1/attempts/$ATTEMPT/sources/$K?lease=$QUERY" "$SOURCE_FILE" 60) </dev/null >/dev/null 2>"$SPOOL/trouble" &&
    [ -f "$SOURCE_FILE" ]; then
    measure "$SOURCE_FILE"
    source_is_right && return 0
    hear_source_error
  else
    ERR=''
    delay_after 10
  fi
  return 1
}

# The sum that this host can tell, among those that the farm named.
source_is_right() {
  # shellcheck disable=SC2086 # words without blanks
  set -f -- $SOURCE
  what_was_wrong="$LEN bytes, $2 expected"
  [ "$LEN" = "$2" ] || return 1
  what_was_wrong="its checksum is $SUM"
  shift 2
  for sum in ${1+"$@"}; do
    case $sum in "${SUM%%:*}":*) [ "$sum" = "$SUM" ]; return ;; esac
  done
}

# An err is a text; the farm's not being able to answer now is no wrong download.
hear_source_error() {
  wrong=$((wrong + 1))
  IFS= read -r first 2>/dev/null <"$SOURCE_FILE" || return 0
  case $first in
    'err 503 '* | 'err 429 '*)
      wrong=$((wrong - 1))
      DELAY=5000
      ;;
    'err 404 '* | 'err 410 '*) end_job broken "${first#err }" ;;
    'err '*) what_was_wrong=$first ;;
  esac
}

# -o: the archive's owner means nothing here, and root's tar would keep it.
unpack_source() {
  (cd "$WORK/${SOURCE%% *}" && gzip -dc <"$SOURCE_FILE" | tar xof -) 2>"$SPOOL/trouble" ||
    end_in_trouble "cannot unpack source ${SOURCE%% *}"
}
