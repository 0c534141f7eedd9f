# host.conf: the owner's configuration. The agent evaluates nothing in it.

# For tests, the environment overrides client and launcher.
CARRIAGE_RETURN=`printf '\r'` BYTE_ORDER_MARK=`printf '\357\273\277'`
ENV_CLIENT=${RUMPFARM_CLIENT-} ENV_LAUNCHER=${RUMPFARM_LAUNCHER-} CONF_REPORTED=''

write_conf() {
	if [ -f "$DIR/host.conf" ]; then
		[ -n "$CONF_ARCHES" ] || put_line "arch $1 native" >>"$DIR/host.conf"
		return 0
	fi
	cat >"$DIR/host.conf" <<EOF
# What this host builds for, and what the farm may do here. The agent reads this file before each job.
# docs/hosts.md describes every line. For example, a cross compiler:
#   arch arm cross
#   env arm CC=arm-linux-gnueabihf-gcc
arch $1 native
disk_floor_mb 500
# Without a line \`allow forks\`, no code from people who cannot push to a project's repository runs here (deny forks).
# \`cache 2g\` lets projects keep files here from one job to the next.
EOF
}

read_conf() {
	CONF_ARCHES='' CONF_CLIENT=$ENV_CLIENT CONF_LAUNCHER=$ENV_LAUNCHER CONF_TEXT='' CONF_ERROR=''
	DISK_FLOOR=500 WORK_DIR=$DIR/work RULES='' HOURS='' SLOTS=1 RUN_AS='' WRAPPER='' HIDE=yes PASS='' NICE='' UPDATES=yes
	FORKS='' CACHE_MB=''
	TUNNEL='' TUNNEL_KEY='' CA_FILE=$DIR/ca.pem
	[ -f "$CA_FILE" ] || CA_FILE=''
	[ -f "$DIR/host.conf" ] || return 0
	line_number=0
	while IFS= read -r line || [ -n "$line" ]; do
		line_number=$((line_number + 1))
		trim_line
		read_conf_line
	done <"$DIR/host.conf"
}

# Removes bytes that the owner cannot see in an editor: blanks, the CR of a CR LF, and a byte order mark.
trim_line() {
	line=${line#"$BYTE_ORDER_MARK"}
	while :; do
		case $line in [" 	"]*) line=${line#?} ;; *) break ;; esac
	done
	while :; do
		case $line in *[!" 	$CARRIAGE_RETURN"] | '') return 0 ;; esac
		line=${line%?}
	done
}

read_conf_line() {
	case $line in '#'* | '') return 0 ;; esac
	CONF_TEXT="$CONF_TEXT|$line"
	value=${line#* }
	case $line in
		'arch '*' native' | 'arch '*' cross') conf_arch "$value" ;;
		'env '*' '*=*) has_key "${value#* }" || report_conf_error "the name may have only letters, digits and _" ;;
		'runner '*' '*) ;; # call_with_env reads it from the file, like env
		'allow forks') FORKS=${FORKS:-yes} ;;
		'deny forks') FORKS=no ;;
		'allow forks '* | 'deny forks '*) report_conf_error 'expected allow forks (a project with this name: fork?)' ;;
		'allow '?* | 'deny '?*)
			RULES="$RULES$line
"
			;;
		'hours '[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]*) conf_hours ;;
		'slots '[1-9] | 'slots '[1-5][0-9]) SLOTS=$value ;;
		'nice '[0-9] | 'nice 1'[0-9]) NICE=$value ;;
		'run_as '[!-]*) RUN_AS=$value ;;
		'wrapper '*) WRAPPER=$value ;;
		'cache no') CACHE_MB='' ;;
		'cache '[1-9]*[mg]) conf_cache ;;
		'hide yes' | 'hide no') HIDE=$value ;;
		pass | 'pass '*) conf_pass ;;
		'disk_floor_mb '*) if is_number "$value"; then DISK_FLOOR=$value; else report_conf_error 'expected MB'; fi ;;
		'work_dir /'*) WORK_DIR=$value ;;
		'tunnel '?*) TUNNEL=$value ;; # even a wrong value is kept, so that no request goes around the tunnel
		'tunnel_key '?*) TUNNEL_KEY=$value ;;
		'updates yes' | 'updates no') UPDATES=$value ;;
		'client '*) [ -n "$ENV_CLIENT" ] || CONF_CLIENT=$value ;;
		'ca_file /'*) if [ -r "$value" ]; then CA_FILE=$value; else report_conf_error 'cannot be read'; fi ;;
		'launcher '*) [ -n "$ENV_LAUNCHER" ] || CONF_LAUNCHER=$value ;;
		*) explain_conf_error ;;
	esac
}

# The keys of host.conf and their forms.
CONF_FORMS='arch NAME native, or NAME cross
env ARCH KEY=VALUE
runner ARCH COMMAND
allow PROJECT [BRANCH...]
deny PROJECT [BRANCH...]
hours 22:00-06:00 [mon-fri]
slots 1 to 59
nice 0 to 19
run_as USER
wrapper COMMAND
hide yes, or no
pass [NAME...]
cache no, or a size such as 500m or 2g
disk_floor_mb MB
work_dir /PATH
tunnel WORDS
tunnel_key WORDS
updates yes, or no
client COMMAND
ca_file /PATH
launcher COMMAND'

explain_conf_error() {
	key=${line%%[ 	]*} mistake=''
	while read -r known form; do
		if [ "$key" = "$known" ]; then
			mistake="expected $key $form"
		elif [ -z "$mistake" ] && is_similar "$key" "$known"; then
			mistake="unknown key $key; did you mean $known? (docs/hosts.md describes every line)"
		fi
	done <<EOF
$CONF_FORMS
EOF
	report_conf_error "${mistake:-unknown key $key (docs/hosts.md describes every line)}"
}

# True if one letter is added, missing or different, or if two have changed places.
is_similar() {
	one=$1 other=$2
	while [ -n "$one$other" ]; do
		rest=${one#?} other_rest=${other#?}
		if [ "$rest" = "$other" ] || [ "$one" = "$other_rest" ] || [ "$rest" = "$other_rest" ]; then return 0; fi
		first=${one%"$rest"} other_first=${other%"$other_rest"}
		if [ "$first" != "$other_first" ]; then
			[ "$first${rest#?}" = "$other_rest" ] && [ "$other_first${other_rest#?}" = "$rest" ]
			return
		fi
		one=$rest other=$other_rest
	done
	return 1
}

# PASS: the variables that jobs inherit, if host.conf has a line `pass`.
conf_pass() {
	PASS=${PASS:-LOGNAME USER HOME TMPDIR TZ PATH RUMPFARM_MARK}
	for key in ${line#pass}; do
		if is_key "$key"; then PASS="$PASS $key"; elif [ -n "$key" ]; then report_conf_error 'not the name of a variable'; fi
	done
}

conf_cache() {
	CACHE_MB=${value%?}
	if is_number "$CACHE_MB" && [ "$CACHE_MB" -le 999999 ]; then
		case $value in *g) CACHE_MB=$((CACHE_MB * 1024)) ;; esac
	else
		explain_conf_error
	fi
}

conf_arch() {
	if is_name "${1% *}"; then CONF_ARCHES="$CONF_ARCHES $1"; else report_conf_error 'not a name'; fi
}

# Reports each error once. Until the line is fixed, the host takes no job: the line may be a misspelt deny.
report_conf_error() {
	CONF_ERROR="line $line_number: $1; found: $line"
	case $CONF_REPORTED in *"|$line_number $line|"*) return 0 ;; esac
	CONF_REPORTED="$CONF_REPORTED|$line_number $line|"
	say "$DIR/host.conf $CONF_ERROR"
}

# Calls $2 with the following words, and the variables of host.conf for jobs of arch $1.
# FARM_RUN is empty for a native arch, and unset if this host cannot run programs of the arch.
call_with_env() {
	arch=$1 next=$2
	shift 2
	while IFS= read -r line || [ -n "$line" ]; do
		trim_line
		case $line in
			"arch $arch native") set -- FARM_RUN= "$@" ;;
			"runner $arch "*) set -- "$@" "FARM_RUN=${line#"runner $arch "}" ;;
			"env $arch "*=*)
				line=${line#"env $arch "}
				if has_key "$line"; then set -- "$@" "$line"; fi
				;;
		esac
	done 2>/dev/null <"$DIR/host.conf"
	"$next" "$@"
}
