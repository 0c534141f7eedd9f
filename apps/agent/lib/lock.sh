# Lock: one agent for each directory. The file lock.N with the highest N has the pid and the start time of the owner. The
# next agent links lock.N+1, and only one `ln` succeeds. So kill -9, a reboot or a reused pid cannot block the directory.

# HIGHEST: the highest N among the files $1N, or 0.
find_highest() {
	HIGHEST=0
	for file in "$1"*; do
		number=${file#"$1"}
		if is_number "$number" && [ "$number" -gt "$HIGHEST" ]; then HIGHEST=$number; fi
	done
}

read_lock_owner() {
	find_highest "$DIR/lock."
	OWNER='' OWNER_START_TIME=''
	[ "$HIGHEST" -gt 0 ] && read -r OWNER OWNER_START_TIME 2>/dev/null <"$DIR/lock.$HIGHEST"
}

take_lock() {
	read_start_time "$$"
	own_start_time=$START_TIME
	{ put_line "$$ $own_start_time" >"$DIR/mine.$$"; } 2>/dev/null || die "cannot write in $DIR"
	tries=0
	until try_lock; do
		tries=$((tries + 1))
		[ "$tries" -lt 20 ] || die "cannot get the lock in $DIR; if no agent runs there, remove the files lock.*"
	done
	rm -f "$DIR/mine.$$"
	OWNS_TUNNEL=yes
}

try_lock() {
	read_lock_owner
	[ "$OWNER" != "$$" ] || [ "$OWNER_START_TIME" != "$own_start_time" ] || return 0 # enroll has become run, in the same process
	if is_same_process "$OWNER" "$OWNER_START_TIME"; then
		rm -f "$DIR/mine.$$"
		die "an agent already runs in $DIR as process $OWNER; stop it with: kill $OWNER"
	fi
	mine=$((HIGHEST + 1))
	ln "$DIR/mine.$$" "$DIR/lock.$mine" 2>/dev/null || return 1
	find_highest "$DIR/lock."
	if [ "$HIGHEST" != "$mine" ]; then
		rm -f "$DIR/lock.$mine"
		return 1
	fi
	remove_lower_locks
}

remove_lower_locks() {
	for file in "$DIR"/lock.*; do
		number=${file##*.}
		if is_number "$number" && [ "$number" -lt "$mine" ]; then rm -f "$file"; fi
	done
}
