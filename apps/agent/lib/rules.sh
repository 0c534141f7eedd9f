# Rules: the projects, branches and hours that the owner allows.

# True if project $1 may run at branch $2; WHY names the line that decides. A try has the branch :try. Without a branch,
# only an allow line without branches, or with *, allows the build, and each deny line of the project (but :try) refuses.
may_run() {
	WHY='no line names it' verdict=''
	set -f
	while read -r verb project branches; do
		[ "$verb$verdict" != allow ] || verdict=no
		if matches "$1" "$project" && { [ -z "$branches" ] || { [ "$branches" != :try ] && [ "$verb$2" = deny ]; } || matches "$2" "$branches"; }; then
			[ "$verdict" = deny ] || verdict=$verb WHY="the line $verb $project${branches:+ $branches}"
		fi
	done <<EOF
${RULES%?}
EOF
	set +f
	case $verdict in deny | no) return 1 ;; esac
}

# Does one of the patterns in $2 match $1?
matches() {
	for pattern in $2; do
		# shellcheck disable=SC2254 # a pattern, on purpose
		case $1 in $pattern) return 0 ;; esac
	done
	return 1
}

WEEK='sun mon tue wed thu fri sat sun mon tue wed thu fri sat'

conf_hours() {
	HOURS="$HOURS$value
"
	for day in ${value#"${value%% *}"}; do
		# posh adds an empty first word.
		case "$day: $WEEK " in :* | *" ${day%-*} "*"${day#*-} "*) ;; *) report_conf_error 'expected days like mon-fri or sat' ;; esac
	done
}

# May the host take jobs now? A span that begins in the evening belongs to that day, also after midnight.
in_hours() {
	[ -n "$HOURS" ] || return 0
	# shellcheck disable=SC2046 # the day, and the time after a 1, because a leading 0 means octal
	set -- `date '+%a 1%H%M' | tr '[:upper:]' '[:lower:]'`
	yesterday=${WEEK%%" $1"*}
	in_span=1
	while read -r span days; do
		till=${span#*-} from=${span%-*}
		from=1${from%:*}${from#*:} till=1${till%:*}${till#*:}
		if [ "$2" -ge "$from" ]; then
			if [ "$2" -lt "$till" ] || [ "$till" -le "$from" ]; then on_day "$1"; fi
		elif [ "$2" -lt "$till" ] && [ "$till" -le "$from" ]; then
			on_day "${yesterday##* }"
		fi
	done <<EOF
${HOURS%?}
EOF
	return "$in_span"
}

on_day() {
	for day in ${days:-$1}; do
		rest=${WEEK#*"${day%-*}"}
		case $day in
			"$1") in_span=0 ;;
			*-*) case ${day%-*}${rest%%"${day#*-}"*}${day#*-} in *"$1"*) in_span=0 ;; esac ;;
		esac
	done
}
