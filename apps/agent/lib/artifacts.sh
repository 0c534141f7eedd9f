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
  list_artifacts | sort -u >"$SPOOL/found"
  found=`wc -l <"$SPOOL/found"`
  if [ "$found" -gt 200 ]; then put_line "$((found - 200)) more files: of $((found)) that the patterns match, 200 are looked at" >>"$SPOOL/left"; fi
  sed 200q "$SPOOL/found" >"$SPOOL/files"
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

# The farm is asked first: of a file that it does not keep no byte is read. What is sent is a copy, which nobody changes.
send_artifact() {
  OUTGOING=$SPOOL/outgoing OFFSET=0 UNFIT=''
  refuse_artifact
  if [ -z "$UNFIT" ]; then ask_for_room || return 1; fi
  [ -n "$UNFIT" ] || copy_artifact
  if [ -z "$UNFIT" ]; then
    measure "$OUTGOING"
    [ "$LEN" = "$SIZE" ] || SYNCED='' # another size is another file for the farm
    SIZE=$LEN whole="$LEN $SUM"
    send_log || return 1
  fi
  if [ -z "$UNFIT" ]; then
    put_line "artifact $file $whole" >>"$SPOOL/sent"
  else
    put_line "$file: $UNFIT" >>"$SPOOL/left"
  fi
}

ask_for_room() {
  listed_size "$TOP/$file"
  SIZE=$LISTED SYNCED=''
  if is_number "$SIZE"; then
    while [ -z "$SYNCED" ]; do send_once || return 1; done
  else
    UNFIT="it has ${SIZE:-unknown} bytes, and the farm takes 999999999 at most"
  fi
}

# LISTED: the size as the directory has it. wc would read all of a file that may have holes of terabytes.
listed_size() {
  # shellcheck disable=SC2012 # of one file, by its fifth word
  LISTED=`ls -ldn "$1" 2>/dev/null | { read -r _ _ _ _ size _ && put_line "$size"; }`
}

# As a step would read it: another job of the same user may have made it a link to what is ours. It may have become a FIFO, too,
# or grow: the copy has an end, and one that has not grown for ten seconds is given up. The farm hears from us meanwhile.
copy_artifact() {
  rm -f "$SPOOL/copied"
  {
    # shellcheck disable=SC2016 # for the other shell
    (
      cd "$TOP" &&
        shelter sh -c '[ -f "$0" ] && [ ! -h "$0" ] && exec dd if="$0" bs=65536 count="$1"' "./$file" "$((SIZE / 65536 + 1))"
    ) </dev/null >"$OUTGOING" 2>/dev/null
    put_line "$?" >"$SPOOL/copied"
  } &
  copier=$!
  await_copy
  await "$copier"
  IFS= read -r code 2>/dev/null <"$SPOOL/copied" && [ "$code" = 0 ] || UNFIT=${UNFIT:-not readable}
}

# A small file is there after a few looks.
await_copy() {
  looks=0 slept=0 next_look=1000 grown='' still=0
  until [ -s "$SPOOL/copied" ]; do
    looks=$((looks + 1))
    [ "$looks" -gt 1000 ] || continue
    pause 20
    slept=$((slept + SLEPT))
    [ "$slept" -ge "$next_look" ] || continue
    next_look=$((next_look + 1000))
    look_at_copy
  done
}

# About once a second.
look_at_copy() {
  listed_size "$OUTGOING"
  still=$((still + 1))
  if [ "$LISTED" != "$grown" ]; then grown=$LISTED still=0; fi
  if [ "$still" -ge 10 ] && [ -z "$UNFIT" ]; then
    UNFIT='nothing could be read of it for ten seconds'
    signal_tree KILL "$copier"
  fi
  if [ $((next_look % 15000)) = 0 ]; then SYNCED='' && send_progress; fi
}

# A job may have put links where the recipe has directories: none leads to what is not the job's.
refuse_artifact() {
  case /$file in */[.-]* | *[!A-Za-z0-9._+/-]*) UNFIT='no name that the farm takes' ;; esac
  [ "${#file}" -le 128 ] || UNFIT='too long a name'
  directory=$TOP/$file
  case `cd "${directory%/*}" && pwd -P`/ in "$TOP"/*) ;; *) UNFIT='behind a link' ;; esac
}

# What was sent, and in words what was not: fifty lines, of which the last may say how many there are beside them.
tell_artifacts() {
  [ -n "$ARTIFACTS" ] || return 0
  cat "$SPOOL/sent"
  more=$((`wc -l <"$SPOOL/left"` - 49))
  shown=50
  if [ "$more" -gt 1 ]; then shown=49; fi
  tr -cd ' -~\n' <"$SPOOL/left" | sed -n "1,${shown}s/^\(.\{1,200\}\).*/left \1/p"
  if [ "$more" -gt 1 ]; then put_line "left $more more files, not named here"; fi
}
