# Host facts, for hello and enrolment. The farm needs none of them: a fact whose tool is missing is left out.

print_fact() {
	read -r value || return 0
	[ -z "$value" ] || put_line "$1 $value"
}

print_facts() {
	put_line "protocol $PROTOCOL"
	put_line "version $AGENT_VERSION"
	for part in s r m p v; do uname -"$part" 2>/dev/null | printable_line | print_fact "uname_$part"; done
	put_line "ncpu $NCPU"
	memory_mb | print_fact mem_mb
	free_mb "$DIR"
	[ -z "$FREE_MB" ] || put_line "disk_mb $FREE_MB"
	for tool in cc gcc clang make gmake git; do
		if has_command "$tool"; then "$tool" --version 2>/dev/null </dev/null | printable_line | print_fact "tool_$tool"; fi
	done
	print_libc
	print_left_over
	put_line "client $CLIENT"
	put_line "shell ${AGENT_SHELL##*/}"
	put_line "launcher $LAUNCHER"
	put_line "sum $CHECKSUM_TOOL"
}

# The C library of a Linux host: its loader or getconf prints the version. On other systems, uname_r says it.
print_libc() {
	libc=`getconf GNU_LIBC_VERSION 2>/dev/null`
	case $libc in 'glibc '*) put_line "$libc" | printable_line | print_fact libc; return 0 ;; esac
	for loader in "${LOADERS:-/lib}"/ld-musl-*.so.1; do
		[ ! -x "$loader" ] || "$loader" 2>&1 </dev/null | sed -n 's/^Version /musl /p' | printable_line | print_fact libc
	done | sed 1q
}

# NCPU: the number of processors for this process. Only nproc respects CPU affinity.
count_cpus() {
	for count in 'env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc' nproc 'getconf _NPROCESSORS_ONLN' 'getconf NPROCESSORS_ONLN' 'sysctl -n hw.ncpuonline' 'sysctl -n hw.ncpu'; do
		# shellcheck disable=SC2086 # a command and its words
		NCPU=`$count 2>/dev/null`
		if is_number "$NCPU" && [ "$NCPU" -gt 0 ]; then break; fi
		NCPU=1
	done
	apply_cpu_quota /sys/fs/cgroup
}

# Reduces NCPU to the quota of the control group (version 2, then 1), rounded up.
apply_cpu_quota() {
	groups=$1 own=''
	[ -r /proc/self/cgroup ] && own=`sed -n 's/^0:://p' /proc/self/cgroup 2>/dev/null`
	quota='' period=''
	for file in "$groups$own/cpu.max" "$groups/cpu.max"; do
		if [ -r "$file" ] && read -r quota period <"$file"; then break; fi
	done 2>/dev/null
	if [ -z "$quota" ] && [ -r "$groups/cpu/cpu.cfs_quota_us" ]; then
		read -r quota <"$groups/cpu/cpu.cfs_quota_us"
		read -r period <"$groups/cpu/cpu.cfs_period_us"
	fi
	if is_number "$quota" && is_number "$period" && [ "$period" -gt 0 ]; then
		quota=$(((quota + period - 1) / period))
		if [ "$quota" -gt 0 ] && [ "$quota" -lt "$NCPU" ]; then NCPU=$quota; fi
	fi
}

memory_mb() {
	if [ -r /proc/meminfo ]; then
		sed -n 's/^MemTotal: *\([0-9]*\)[0-9]\{3\} kB$/\1/p' /proc/meminfo # KiB / 1000 is close enough, and does not overflow
	elif has_command prtconf; then
		prtconf 2>/dev/null | sed -n 's/^Memory size: \([0-9]*\) Mega.*/\1/p'
	else
		for name in hw.memsize hw.physmem64 hw.physmem; do
			bytes=`sysctl -n "$name" 2>/dev/null`
			case $bytes in '' | *[!0-9]*) ;; *) put_line "$bytes / 1048576" | bc 2>/dev/null && return 0 ;; esac
		done
	fi
}

# FREE_MB of the disk at $1. Cuts digits, because a division overflows 32 bits. If df fails (in a bare chroot), FREE_MB
# is empty, which counts as enough.
free_mb() {
	FREE_MB=`df -Pk "$1" 2>/dev/null | { IFS= read -r _ && read -r _ _ _ free _ && put_line "$free"; }`
	case $FREE_MB in
		'' | *[!0-9]*) FREE_MB='' ;;
		????*) FREE_MB=${FREE_MB%???} ;;
		*) FREE_MB=0 ;;
	esac
	is_number "${FREE_MB:-0}" || FREE_MB=999999999
}

print_left_over() {
	for left in "${WORK_DIR:-$DIR/work}"/attempt-*; do
		if [ -d "$left" ] && ! grep -Fxq "$left" "$DIR"/slot-*/*/work 2>/dev/null; then put_line "left_over $left"; fi
	done | sed 1q
}
