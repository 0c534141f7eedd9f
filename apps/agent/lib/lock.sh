# One agent for each directory. A lock is a file lock.N with the owner's pid and birth; only the highest N counts.
# It is never removed by its owner, only overtaken: `ln` to N+1 has one winner, and a latecomer who linked a number that
# was already overtaken sees the higher one when it looks again. So kill -9, reboots and reused pids cannot wedge it.

highest_lock() {
  HIGHEST=0
  for file in "$DIR"/lock.*; do
    number=${file##*.}
    if is_number "$number" && [ "$number" -gt "$HIGHEST" ]; then HIGHEST=$number; fi
  done
}

lock_owner() {
  OWNER='' OWNER_BIRTH=''
  [ "$HIGHEST" -gt 0 ] && read -r OWNER OWNER_BIRTH 2>/dev/null <"$DIR/lock.$HIGHEST"
}

take_lock() {
  birth_of "$$"
  own_birth=$BIRTH
  { put_line "$$ $own_birth" >"$DIR/mine.$$"; } 2>/dev/null || die "cannot write in $DIR"
  tries=0
  until try_lock; do
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || die "cannot get the lock in $DIR; if no agent runs there, remove its lock.* files"
  done
  rm -f "$DIR/mine.$$"
  KEEPER=yes
}

try_lock() {
  highest_lock
  lock_owner
  [ "$OWNER" != "$$" ] || [ "$OWNER_BIRTH" != "$own_birth" ] || return 0 # enroll went on as run
  if alive_as "$OWNER" "$OWNER_BIRTH"; then
    rm -f "$DIR/mine.$$"
    die "an agent runs already in $DIR, as process $OWNER; stop it with: kill $OWNER"
  fi
  mine=$((HIGHEST + 1))
  ln "$DIR/mine.$$" "$DIR/lock.$mine" 2>/dev/null || return 1
  highest_lock
  if [ "$HIGHEST" != "$mine" ]; then
    rm -f "$DIR/lock.$mine"
    return 1
  fi
  forget_lower_locks
}

forget_lower_locks() {
  for file in "$DIR"/lock.*; do
    number=${file##*.}
    if is_number "$number" && [ "$number" -lt "$mine" ]; then rm -f "$file"; fi
  done
}
