# host.conf: the owner's own words about this host, read as lines, never evaluated.

# For a try with another client or launcher the environment wins; jobs do not inherit it.
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
    read_conf_line
  done <"$DIR/host.conf"
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
    *) bad_conf 'expected arch NAME native|cross, env NAME KEY=VALUE, runner NAME COMMAND, allow|deny PROJECT [BRANCH...], hours 22:00-06:00 [mon-fri], slots 1-59, nice 0-19, run_as USER, wrapper COMMAND, hide|updates yes|no, pass [NAME...], disk_floor_mb MB, work_dir|ca_file /PATH, client, launcher, tunnel, tunnel_key' ;;
  esac
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
