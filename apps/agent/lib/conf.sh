# host.conf: the owner's own words about this host, read as lines, never evaluated.

# For a try with another client or launcher the environment wins; jobs do not inherit it.
CARRIAGE_RETURN=`printf '\r'` BYTE_ORDER_MARK=`printf '\357\273\277'`
OWN_CLIENT=${RUMPFARM_CLIENT-} OWN_LAUNCHER=${RUMPFARM_LAUNCHER-} CONF_COMPLAINTS=''

write_conf() {
  if [ -f "$DIR/host.conf" ]; then
    [ -n "$CONF_ARCHES" ] || put_line "arch $1 native" >>"$DIR/host.conf"
    return 0
  fi
  cat >"$DIR/host.conf" <<EOF
# What this host builds for, and what the farm may do here: lines that no shell evaluates, read before each job.
# docs/hosts.md has all of them. A cross compiler, for example:
#   arch arm cross
#   env arm CC=arm-linux-gnueabihf-gcc
arch $1 native
disk_floor_mb 500
EOF
}

read_conf() {
  CONF_ARCHES='' CONF_CLIENT=$OWN_CLIENT CONF_LAUNCHER=$OWN_LAUNCHER CONF_TEXT='' CONF_WRONG=''
  DISK_FLOOR=500 WORK_DIR=$DIR/work RULES='' HOURS='' SLOTS=1 RUN_AS='' WRAPPER='' HIDE=yes PASS='' NICE='' UPDATES=yes
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

# An editor of another system ends lines with CR LF, or begins a file with a mark, and blanks around a line are seen by nobody.
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
    'env '*' '*=*) is_key_of_env "$value" || bad_conf "the key may have only letters, digits and _" ;;
    'runner '*' '*) ;; # with_pairs takes it from the file, like env
    'allow '?* | 'deny '?*)
      RULES="$RULES$line
"
      ;;
    'hours '[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]*) conf_hours ;;
    'slots '[1-9] | 'slots '[1-5][0-9]) SLOTS=$value ;;
    'nice '[0-9] | 'nice 1'[0-9]) NICE=$value ;;
    'run_as '[!-]*) RUN_AS=$value ;;
    'wrapper '*) WRAPPER=$value ;;
    'hide yes' | 'hide no') HIDE=$value ;;
    pass | 'pass '*) conf_pass ;;
    'disk_floor_mb '*) if is_number "$value"; then DISK_FLOOR=$value; else bad_conf 'expected MB'; fi ;;
    'work_dir /'*) WORK_DIR=$value ;;
    'tunnel '?*) TUNNEL=$value ;; # whatever is wrong with it, nothing then goes another way
    'tunnel_key '?*) TUNNEL_KEY=$value ;;
    'updates yes' | 'updates no') UPDATES=$value ;;
    'client '*) [ -n "$OWN_CLIENT" ] || CONF_CLIENT=$value ;;
    'ca_file /'*) if [ -r "$value" ]; then CA_FILE=$value; else bad_conf 'cannot be read'; fi ;;
    'launcher '*) [ -n "$OWN_LAUNCHER" ] || CONF_LAUNCHER=$value ;;
    *) explain_conf ;;
  esac
}

CONF_WORDS='arch env runner allow deny hours slots nice run_as wrapper hide pass disk_floor_mb work_dir tunnel tunnel_key updates client ca_file launcher'

explain_conf() {
  word=${line%%[ 	]*} form=''
  case $word in
    arch) form='NAME native, or NAME cross' ;;
    env) form='ARCH KEY=VALUE' ;;
    runner) form='ARCH COMMAND' ;;
    allow | deny) form='PROJECT [BRANCH...]' ;;
    hours) form='22:00-06:00 [mon-fri]' ;;
    slots) form='1 to 59' ;;
    nice) form='0 to 19' ;;
    run_as) form=USER ;;
    wrapper | launcher | client) form=COMMAND ;;
    hide | updates) form='yes, or no' ;;
    disk_floor_mb) form=MB ;;
    work_dir | ca_file) form=/PATH ;;
    tunnel | tunnel_key) form='WORDS' ;;
  esac
  if [ -n "$form" ]; then
    bad_conf "expected $word $form"
  else
    MEANT=''
    for known in $CONF_WORDS; do if nearly "$word" "$known"; then MEANT=$known; fi; done
    bad_conf "unknown word $word${MEANT:+; did you mean $MEANT?} (docs/hosts.md has all of them)"
  fi
}

# One letter too many, too few, or another; or two that have changed places.
nearly() {
  before='' one=$1 other=$2
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

# PASS: what a job inherits, if there is a line.
conf_pass() {
  PASS=${PASS:-LOGNAME USER HOME TMPDIR TZ PATH RUMPFARM_MARK}
  for key in ${line#pass}; do
    if is_key "$key"; then PASS="$PASS $key"; elif [ -n "$key" ]; then bad_conf 'not the name of a variable'; fi
  done
}

is_key_of_env() {
  key=${1#* }
  is_key "${key%%=*}"
}

conf_arch() {
  if is_name "${1% *}"; then CONF_ARCHES="$CONF_ARCHES $1"; else bad_conf 'not a name'; fi
}

# Said once for each state of the file, not before every job. A line that nobody understands may have been a deny.
bad_conf() {
  CONF_WRONG="line $line_number: $1; found: $line"
  case $CONF_COMPLAINTS in *"|$line_number $line|"*) return 0 ;; esac
  CONF_COMPLAINTS="$CONF_COMPLAINTS|$line_number $line|"
  say "$DIR/host.conf $CONF_WRONG"
}

# Calls $2 with the words that follow, and then with what host.conf exports to jobs for arch $1.
# FARM_RUN is empty where programs run as they are, and unset where nothing can run them.
with_pairs() {
  arch=$1 next=$2
  shift 2
  while IFS= read -r line || [ -n "$line" ]; do
    trim_line
    case $line in
      "arch $arch native") set -- FARM_RUN= "$@" ;;
      "runner $arch "*) set -- "$@" "FARM_RUN=${line#"runner $arch "}" ;;
      "env $arch "*=*)
        line=${line#"env $arch "}
        if is_key "${line%%=*}"; then set -- "$@" "$line"; fi
        ;;
    esac
  done 2>/dev/null <"$DIR/host.conf"
  "$next" "$@"
}
