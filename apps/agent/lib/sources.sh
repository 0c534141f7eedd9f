# Sources: fetched, checked by length and sum, unpacked. Wrong bytes three times end the job; silence does not.

fetch_sources() {
  K=0 FAILS=0
  while [ "$K" -lt "$SOURCE_COUNT" ]; do
    K=$((K + 1))
    IFS= read -r SOURCE <"$SPOOL/source-$K"
    [ "$K" = 1 ] || start_download "$K"
    fetch_source
    unpack_source
    if [ "$LEN" -gt 1000000 ]; then rm -f "$SOURCE_FILE" & fi # a small one goes with the spool
  done
}

start_download() {
  SOURCE_FILE=$SPOOL/source-$1.tar.gz
  aim_at "/agent/v1/attempts/$ATTEMPT/sources/$1?lease=$LEASE"
  get "$TARGET" "$SOURCE_FILE" 60 </dev/null >/dev/null 2>"$SPOOL/fetching" &
  DOWNLOAD=$!
}

fetch_source() {
  wrong=0
  until download_is_right; do
    if told_to_stop; then end_job exit; fi
    [ "$wrong" -lt 3 ] || end_job broken "source ${SOURCE%% *} came wrong three times: $what_was_wrong"
    pause "$DELAY"
    if told_to_stop; then end_job exit; fi
    rm -f "$SOURCE_FILE" # not truncated: a client that fails may leave no file
    start_download "$K"
  done
}

download_is_right() {
  DELAY=1000 what_was_wrong=''
  await "$DOWNLOAD"
  if [ "$AWAITED" = 0 ] && [ -f "$SOURCE_FILE" ]; then
    measure "$SOURCE_FILE"
    if [ -n "$SIGNED" ]; then digest_of_file "$SOURCE_FILE" && SUM=sha256:$DIGEST; fi
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
  set -- $SOURCE
  what_was_wrong="$LEN bytes, $2 expected"
  [ "$LEN" = "$2" ] || return 1
  what_was_wrong="its checksum is $SUM"
  shift 2
  for sum in ${1+"$@"}; do
    case $sum in "${SUM%%:*}":*) [ "$sum" = "$SUM" ]; return ;; esac
  done
  [ -z "$SIGNED" ]
}

# An err is a text; the farm's not being able to answer now is no wrong download.
hear_source_error() {
  wrong=$((wrong + 1))
  IFS= read -r first 2>/dev/null <"$SOURCE_FILE" || return 0
  if [ -n "$SIGNED" ] && ! believe "$SOURCE_FILE"; then return 0; fi
  case $first in
    'err 503 '* | 'err 429 '* | 'err 401 '*)
      wrong=$((wrong - 1))
      DELAY=5000
      ;;
    'err 404 '* | 'err 410 '*) end_job broken "${first#err }" ;;
    'err '*) what_was_wrong=$first ;;
  esac
}

# -o: the archive's owner means nothing here, and root's tar would keep it.
unpack_source() {
  (cd "$WORK/${SOURCE%% *}" && gzip -dc <"$SOURCE_FILE" | (shelter tar xof -)) 2>"$SPOOL/trouble" ||
    end_in_trouble "cannot unpack source ${SOURCE%% *}"
  leave_no_future "$WORK/${SOURCE%% *}"
}

# A commit's date may be ahead of this host's clock, and configure and make refuse files that are newer than now. All files of a
# commit have one time, so that the first one tells; and they keep one time, for make compares them. Here, as elsewhere, only
# the job's user writes in a directory that is that user's: root would follow a link.
leave_no_future() {
  for one in "$1"/* "$1"/.[!.]*; do
    if [ ! -h "$one" ] && { [ -f "$one" ] || [ -d "$one" ]; }; then break; fi
  done
  if [ -n "`find "$one" -prune -newer "$SPOOL/runner" 2>/dev/null`" ]; then
    moment=`TZ=UTC0 date +%Y%m%d%H%M.%S`
    (cd "$1" && shelter env TZ=UTC0 find . ! -type l -exec touch -c -t "$moment" {} \;) 2>/dev/null
  fi
}
