# Sources: download, check and unpack them. Three wrong downloads end the job; a missing answer does not.

fetch_sources() {
	K=0 FAILS=0
	while [ "$K" -lt "$SOURCE_COUNT" ]; do
		K=$((K + 1))
		IFS= read -r SOURCE <"$SPOOL/source-$K"
		[ "$K" = 1 ] || start_download "$K"
		fetch_source
		unpack_source
		if [ "$LEN" -gt 1000000 ]; then rm -f "$SOURCE_FILE" & fi # a small file is removed with the spool
	done
}

start_download() {
	SOURCE_FILE=$SPOOL/source-$1.tar.gz
	set_request_path "/agent/v1/attempts/$ATTEMPT/sources/$1?lease=$LEASE"
	get "$REQUEST_PATH" "$SOURCE_FILE" 60 </dev/null >/dev/null 2>"$SPOOL/download-errors" &
	DOWNLOAD=$!
}

fetch_source() {
	wrong=0
	until download_is_valid; do
		if stop_requested; then end_job exit; fi
		[ "$wrong" -lt 3 ] || end_job broken "three downloads of source ${SOURCE%% *} were wrong: $download_error"
		pause "$DELAY"
		if stop_requested; then end_job exit; fi
		rm -f "$SOURCE_FILE" # removed, not emptied: a client that fails may make no file
		start_download "$K"
	done
}

download_is_valid() {
	DELAY=1000 download_error=''
	await "$DOWNLOAD"
	if [ "$AWAITED" = 0 ] && [ -f "$SOURCE_FILE" ]; then
		measure_download "$SOURCE_FILE"
		source_is_valid && return 0
		handle_source_error
	else
		ERR=''
		set_delay 10
	fi
	return 1
}

# One of the farm's checksums that this host can compute must match.
source_is_valid() {
	# shellcheck disable=SC2086 # words without blanks
	set -- $SOURCE
	download_error="it has $LEN bytes instead of $2"
	[ "$LEN" = "$2" ] || return 1
	download_error="its checksum is $SUM"
	shift 2
	for sum in ${1+"$@"}; do
		case $sum in "${SUM%%:*}":*) [ "$sum" = "$SUM" ]; return ;; esac
	done
	[ -z "$SIGNED" ]
}

# The farm's errors are text. A 503, 429 or 401 is no wrong download.
handle_source_error() {
	wrong=$((wrong + 1))
	IFS= read -r first 2>/dev/null <"$SOURCE_FILE" || return 0
	if [ -n "$SIGNED" ] && ! verify_answer "$SOURCE_FILE"; then return 0; fi
	case $first in
		'err 503 '* | 'err 429 '* | 'err 401 '*)
			wrong=$((wrong - 1))
			DELAY=5000
			;;
		'err 404 '* | 'err 410 '*) end_job broken "${first#err }" ;;
		'err '*) download_error=$first ;;
	esac
}

# -o: root's tar would keep the archive's owner.
unpack_source() {
	(cd "$WORK/${SOURCE%% *}" && gzip -dc <"$SOURCE_FILE" | (isolate tar xof -)) 2>"$SPOOL/errors" ||
		fail_job "cannot unpack source ${SOURCE%% *}"
	check_long_paths "$WORK/${SOURCE%% *}"
	clamp_file_times "$WORK/${SOURCE%% *}"
}

# A tar may unpack pax headers as files, or ignore them. git chose these names and targets.
check_long_paths() {
	set -- "`find "$1" \( -name '????????????????????????????????????????*.data' -o -type l \( -size 54c -o -size 78c \) \) -exec ls -ld {} \;`"
	[ -n "$1" ] && put_line "$1" | grep '[0-9a-f]\{40\}\.[dp]a[tx][ah]' >/dev/null || return 0
	path=`gzip -dc <"$SOURCE_FILE" | tr -c ' -~' '\n' | sed -n '/^[1-9][0-9]* [linkp]*ath=/{s///;p;q;}'`
	[ -z "$path" ] || end_job broken "the tar of this host cannot unpack long names and link targets, so install GNU tar or bsdtar: $path"
}

# A commit's date may be after this host's clock, and configure and make reject files from the future. All files of a
# commit have the same time, so the check reads one. touch gives all files one time, because make compares times.
# touch runs as the job's user: as root it would follow a link.
clamp_file_times() {
	for one in "$1"/* "$1"/.[!.]*; do
		if [ ! -h "$one" ] && { [ -f "$one" ] || [ -d "$one" ]; }; then break; fi
	done
	if [ -n "`find "$one" -prune -newer "$SPOOL/runner" 2>/dev/null`" ]; then
		moment=`TZ=UTC0 date +%Y%m%d%H%M.%S`
		(cd "$1" && isolate env TZ=UTC0 find . ! -type l -exec touch -c -t "$moment" {} \;) 2>/dev/null
	fi
}
