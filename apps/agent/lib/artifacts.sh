# Artifacts: the files that the recipe names, sent as the log is, when no process of the job is left that changes them.

# All of them again when the farm asks for one again: it knows what it has. The list is cut, for the farm takes a hundred.
send_artifacts() {
  : >"$SPOOL/sent"
  : >"$SPOOL/left"
  case ${ARTIFACTS:+$REASON} in '' | cancelled | stopped) return 0 ;; esac
  IFS= read -r TOP 2>/dev/null <"$SPOOL/work" || return 0
  work=`cd "$TOP" 2>/dev/null && pwd -P`
  TOP=$TOP/`sed -n 's/^dir //p' "$SPOOL/claim"`
  TOP=`cd "$TOP" 2>/dev/null && pwd -P` || return 0
  case $TOP/ in "$work"/*) ;; *) return 0 ;; esac # the job has made it a link, to our directory perhaps
  list_artifacts | sort -u | sed 200q >"$SPOOL/files"
  while IFS= read -r file; do
    file=${file#./} ARTIFACT=artifacts/$file
    send_artifact || return 1
  done <"$SPOOL/files"
  ARTIFACT='' OUTGOING=$SPOOL/log
  size_of "$OUTGOING"
  OFFSET=$SIZE
}

# An empty IFS: patterns are expanded, not split. find -type f takes no link and no FIFO, and a directory with all that is in it.
list_artifacts() (
  IFS=''
  cd "$TOP" || exit
  while read -r line; do
    case $line in
      'artifact '*)
        # shellcheck disable=SC2086 # to be expanded
        find ./${line#artifact } -type f 2>/dev/null || put_line "${line#artifact }: not there, or not readable" >>"$SPOOL/left"
        ;;
    esac
  done <"$SPOOL/claim"
)

# SYNCED is empty: the first call has no bytes, it asks for room and for the offset.
send_artifact() {
  OUTGOING=$TOP/$file OFFSET=0 SYNCED='' UNFIT=''
  refuse_artifact
  # The file is read as a step would read it: another job of the same user may make it a link to what is ours.
  if [ -n "$SHELTER" ] && [ -z "$UNFIT" ]; then
    (shelter cat "$OUTGOING") >"$SPOOL/outgoing" 2>/dev/null || UNFIT='not readable'
    OUTGOING=$SPOOL/outgoing
  fi
  if [ -z "$UNFIT" ]; then
    measure "$OUTGOING"
    SIZE=$LEN whole="$LEN $SUM"
    if is_number "$SIZE"; then send_log || return 1; else UNFIT='too large, or not readable'; fi
  fi
  if [ -z "$UNFIT" ]; then
    put_line "artifact $file $whole" >>"$SPOOL/sent"
  else
    put_line "$file: $UNFIT" >>"$SPOOL/left"
  fi
}

# A job may have put links where the recipe has directories: none leads to what is not the job's.
refuse_artifact() {
  case /$file in */[.-]* | *[!A-Za-z0-9._+/-]*) UNFIT='no name that the farm takes' ;; esac
  [ "${#file}" -le 128 ] || UNFIT='too long a name'
  case `cd "${OUTGOING%/*}" && pwd -P`/ in "$TOP"/*) ;; *) UNFIT='behind a link' ;; esac
}

# What was sent, and in words what was not.
tell_artifacts() {
  [ -n "$ARTIFACTS" ] || return 0
  cat "$SPOOL/sent"
  tr -cd ' -~\n' <"$SPOOL/left" | sed -n '1,50s/^\(.\{1,200\}\).*/left \1/p'
}
