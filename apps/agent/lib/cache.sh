# Cache: directories of a project that survive its jobs. CACHE_DIR/SLOT/PROJECT/ARCH has the directory `data`, and the file
# `info` with the user and the size in MB. Data move only by rename. While a job runs, they are in its work directory: if
# the job does not end by itself, they are removed with that directory. Only the job's user follows paths inside of it.

CACHE_MB='' CACHE_DIR=''

# SPOOL/cache: the place of the job's cache, and the paths. Code from a fork gets no cache.
choose_cache() {
	rm -f "$SPOOL/cache"
	if [ -z "$CACHE_DIR" ] || [ -n "$A_fork" ] || ! is_name "$A_project" || ! is_name "$A_arch"; then return 0; fi
	paths=''
	set -f
	for path in $A_cache; do
		case /$path/ in */./* | */../* | *//* | */-* | *[!A-Za-z0-9._+/-]*) ;; *) paths="$paths $path" ;; esac
	done
	set +f
	[ -z "$paths" ] || put_line "$CACHE_DIR/$SLOT/$A_project/$A_arch
$paths" >"$SPOOL/cache"
}

# For the runner, while only the agent's user can write in WORK.
take_cache() {
	CACHE_PATHS='' user=''
	[ -f "$SPOOL/cache" ] || return 0
	{ IFS= read -r place && read -r CACHE_PATHS; } <"$SPOOL/cache"
	[ -d "$place/data" ] && [ -f "$place/info" ] && read -r user _ <"$place/info"
	if [ "$user" = "$RUN_UID" ]; then mv "$place/data" "$WORK/.farm-cache"; fi
	return 0
}

# HITS: the paths that the cache had. A path in the sources is not replaced, and not cached.
place_cache() {
	HITS='' usable=''
	for path in $CACHE_PATHS; do [ -e "$WORK/$STEPS_DIR/$path" ] || usable="$usable $path"; done
	if [ -d "$WORK/.farm-cache" ]; then
		# shellcheck disable=SC2086 # paths without blanks
		HITS=`cd "$WORK" && isolate sh -c 'cd "./$1" && shift && for path in "$@"; do
[ -e "$0/$path" ] && mkdir -p "./$path" && rmdir "./$path" && mv "$0/$path" "./$path" && echo "$path"
done' "$WORK/.farm-cache" "$STEPS_DIR" $usable 2>/dev/null </dev/null | tr '\n' ' '`
	fi
	put_line "${HITS:+hit}
$usable" >"$SPOOL/cache-used"
}

# For the agent, after the job. If a job fails with a cache, the cache may be the cause: the next job starts without it.
save_cache() {
	[ -f "$SPOOL/cache-used" ] && [ "$REASON" = exit ] && [ -z "$GAVE_UP" ] || return 0
	{ read -r hit; read -r usable; } <"$SPOOL/cache-used"
	case $hit:${STEPS##*,} in hit:0:* | :*) ;; *) return 0 ;; esac
	IFS= read -r work <"$SPOOL/work"
	IFS= read -r place <"$SPOOL/cache"
	case ${CACHE_DIR:+$place} in "$CACHE_DIR"/*) ;; *) return 0 ;; esac
	# shellcheck disable=SC2086 # paths without blanks
	(
		cd "$work" && isolate sh -c 'rm -rf "$0"; mkdir "$0" && cd "./$1" && shift && for path in "$@"; do
[ -e "./$path" ] && [ ! -h "./$path" ] && mkdir -p "$0/$path" && rmdir "$0/$path" && mv "./$path" "$0/$path"
done' "$work/.farm-cache" "`sed -n 's/^dir //p' "$SPOOL/claim"`" $usable
	) </dev/null >/dev/null 2>&1
	rmdir "$work/.farm-cache" 2>/dev/null && return
	remove_cache "$place"
	mkdir -p "$place" && put_line "$RUN_UID 1" >"$place/info" && [ ! -e "$place/data" ] && mv "$work/.farm-cache" "$place/data" || return 0
	{
		size=`du -sk "$place/data" 2>/dev/null`
		size=${size%%[!0-9]*}
		is_number "$size" || size=999999999
		[ ! -d "$place/data" ] || put_line "$RUN_UID $((size / 1024 + 1))" >"$place/info"
		trim_cache "$CACHE_MB"
	} &
}

remove_cache() {
	trash=${1%/*/*/*/*}/attempt-0.$$.$CLAIM
	mv "$1/data" "$trash" 2>/dev/null && remove_work "$trash"
	rm -f "$1/info"
	rmdir "$1" "${1%/*}" 2>/dev/null
}

# Removes the caches that were not used for the longest time, until the others have at most $1 MB.
trim_cache() {
	used=0
	ls -t "$CACHE_DIR"/*/*/*/info 2>/dev/null | while IFS= read -r info; do
		place=${info%/info} size=''
		[ ! -d "$place/data" ] || read -r _ size <"$info"
		is_number "$size" || continue
		[ "$size" -gt "$1" ] || used=$((used + size))
		if [ "$size" -gt "$1" ] || [ "$used" -gt "$1" ]; then
			say "removing the cache ${place#"$CACHE_DIR"/} ($size MB): the limit is $1 MB"
			remove_cache "$place"
		fi
	done
}

# Removes the caches of projects that the farm's answer to hello does not list.
remove_old_caches() {
	if [ -z "$CACHE_DIR" ] || [ -z "$A_caches" ]; then return 0; fi
	for place in "$CACHE_DIR"/*/*/*; do
		project=${place%/*}
		grep -Fx "cache ${project##*/}" "$DIR/answer" >/dev/null || remove_cache "$place"
	done
}

# If host.conf moved the cache or no longer has a line for it, removes the old one.
use_cache_dir() {
	old=''
	[ -f "$DIR/cache-dir" ] && IFS= read -r old <"$DIR/cache-dir"
	case $old in
		"$CACHE_DIR") ;;
		/*/rumpfarm-cache)
			for place in "$old"/*/*/*; do remove_cache "$place"; done
			rm -rf "$old"
			;;
	esac
	put_line "$CACHE_DIR" >"$DIR/cache-dir"
	if [ -n "$CACHE_DIR" ] && mkdir -p "$CACHE_DIR"; then trim_cache "$CACHE_MB"; fi
}

describe_cache() {
	if [ -z "$CACHE_MB" ]; then
		put_line 'cache no'
	elif [ -z "$CACHE_DIR" ]; then
		put_line 'cache no: code from forks could change it; set run_as'
	else
		used=0
		for place in "$CACHE_DIR"/*/*/*; do
			if [ -d "$place/data" ] && read -r _ size <"$place/info"; then used=$((used + size)); fi
		done
		put_line "cache $CACHE_MB MB in $CACHE_DIR, $used MB used"
	fi
}
