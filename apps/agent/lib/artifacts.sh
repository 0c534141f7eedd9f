# Artifacts: the agent sends them like the log, after all processes of the job have ended.

# If the farm lacks bytes of a file, the agent offers all files again: the farm answers how many bytes it has of each.
send_artifacts() {
	: >"$SPOOL/sent"
	: >"$SPOOL/left"
	case ${ARTIFACTS:+$REASON} in '' | cancelled | stopped) return 0 ;; esac
	IFS= read -r ARTIFACT_ROOT 2>/dev/null <"$SPOOL/work" || return 0
	work=`cd "$ARTIFACT_ROOT" 2>/dev/null && pwd -P`
	ARTIFACT_ROOT=$ARTIFACT_ROOT/`sed -n 's/^dir //p' "$SPOOL/claim"`
	ARTIFACT_ROOT=`cd "$ARTIFACT_ROOT" 2>/dev/null && pwd -P` || return 0
	case $ARTIFACT_ROOT/ in "$work"/*) ;; *) return 0 ;; esac # the job replaced it by a link
	list_artifacts | sort -u >"$SPOOL/found"
	found=`wc -l <"$SPOOL/found"`
	more=$((found - FILE_MAX))
	if [ "$more" -gt 0 ]; then put_line "$more more files: the patterns match $((found)), the limit is $FILE_MAX" >>"$SPOOL/left"; fi
	sed "${FILE_MAX}q" "$SPOOL/found" >"$SPOOL/files"
	while IFS= read -r file; do
		file=${file#./} ARTIFACT=artifacts/$file
		send_artifact || return 1
	done <"$SPOOL/files"
	ARTIFACT='' OUTGOING=$SPOOL/log
	size_of "$OUTGOING"
	OFFSET=$SIZE
}

# With an empty IFS the shell expands a pattern but does not split it. find -type f skips links and FIFOs.
list_artifacts() (
	IFS=''
	cd "$ARTIFACT_ROOT" || exit
	while read -r line; do
		case $line in
			'artifact '*)
				# shellcheck disable=SC2086 # a pattern, on purpose
				find ./${line#artifact } -type f 2>/dev/null || put_line "${line#artifact }: not found or not readable" >>"$SPOOL/left"
				;;
		esac
	done <"$SPOOL/claim"
)

# First asks whether the farm wants the file, then copies it. Sends the copy, because the file may change.
send_artifact() {
	OUTGOING=$SPOOL/outgoing OFFSET=0 SKIP_REASON=''
	check_artifact_path
	if [ -z "$SKIP_REASON" ]; then offer_artifact || return 1; fi
	[ -n "$SKIP_REASON" ] || copy_artifact
	if [ -z "$SKIP_REASON" ]; then
		measure "$OUTGOING"
		[ "$LEN" = "$SIZE" ] || SYNCED='' # if the size changed, the upload starts again
		SIZE=$LEN whole="$LEN $SUM"
		send_log || return 1
	fi
	if [ -z "$SKIP_REASON" ]; then
		put_line "artifact $file $whole" >>"$SPOOL/sent"
	else
		put_line "$file: $SKIP_REASON" >>"$SPOOL/left"
	fi
}

offer_artifact() {
	listed_size "$ARTIFACT_ROOT/$file"
	SIZE=$LISTED SYNCED=''
	if is_number "$SIZE"; then
		while [ -z "$SYNCED" ]; do send_once || return 1; done
	else
		SKIP_REASON="it has ${SIZE:-unknown} bytes; the limit is 999999999"
	fi
}

# LISTED: the size that ls prints. wc would read every byte of a sparse file, perhaps terabytes.
listed_size() {
	LISTED=`ls -ldn "$1" 2>/dev/null | { read -r _ _ _ _ size _ && put_line "$size"; }`
}

# Copies with the rights of a step: another job of the same user may have replaced the file by a link to a file of the
# agent, or by a FIFO. The file may also grow. So the copy has a maximum size, and ends after 10 s without a new byte.
copy_artifact() {
	rm -f "$SPOOL/copied"
	{
		(
			cd "$ARTIFACT_ROOT" &&
				isolate sh -c '[ -f "$0" ] && [ ! -h "$0" ] && exec dd if="$0" bs=65536 count="$1"' "./$file" "$((SIZE / 65536 + 1))"
		) </dev/null >"$OUTGOING" 2>/dev/null
		put_line "$?" >"$SPOOL/copied"
	} &
	copier=$!
	wait_for_copy
	await "$copier"
	IFS= read -r code 2>/dev/null <"$SPOOL/copied" && [ "$code" = 0 ] || SKIP_REASON=${SKIP_REASON:-not readable}
}

wait_for_copy() {
	checks=0 slept=0 next_check=1000 grown='' still=0
	until [ -s "$SPOOL/copied" ]; do
		checks=$((checks + 1))
		[ "$checks" -gt 1000 ] || continue
		pause 20
		slept=$((slept + SLEPT))
		[ "$slept" -ge "$next_check" ] || continue
		next_check=$((next_check + 1000))
		check_copy
	done
}

check_copy() {
	listed_size "$OUTGOING"
	still=$((still + 1))
	if [ "$LISTED" != "$grown" ]; then grown=$LISTED still=0; fi
	if [ "$still" -ge 10 ] && [ -z "$SKIP_REASON" ]; then
		SKIP_REASON='no data for ten seconds'
		signal_tree KILL "$copier"
	fi
	if [ $((next_check % 15000)) = 0 ]; then SYNCED='' && send_progress; fi
}

check_artifact_path() {
	case /$file in */[.-]* | *[!A-Za-z0-9._+/-]*) SKIP_REASON='the farm does not accept this name' ;; esac
	[ "${#file}" -le 128 ] || SKIP_REASON='the name is too long'
	directory=$ARTIFACT_ROOT/$file
	case `cd "${directory%/*}" && pwd -P`/ in "$ARTIFACT_ROOT"/*) ;; *) SKIP_REASON='it is behind a link' ;; esac
}

print_artifacts() {
	[ -n "$ARTIFACTS" ] || return 0
	cat "$SPOOL/sent"
	more=$((`wc -l <"$SPOOL/left"` - 49))
	shown=50
	if [ "$more" -gt 1 ]; then shown=49; fi
	tr -cd ' -~\n' <"$SPOOL/left" | sed -n "1,${shown}s/^\(.\{1,200\}\).*/left \1/p"
	if [ "$more" -gt 1 ]; then put_line "left $more more files are not listed"; fi
}
