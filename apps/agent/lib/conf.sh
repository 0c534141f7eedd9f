# host.conf: the owner's own words about this host, read as lines, never evaluated.

# For a try with another client or launcher the environment wins; jobs do not inherit it.
OWN_CLIENT=${RUMPFARM_CLIENT-} OWN_LAUNCHER=${RUMPFARM_LAUNCHER-} CONF_COMPLAINTS=''

write_conf() {
  if [ -f "$DIR/host.conf" ]; then
    [ -n "$CONF_ARCHES" ] || put_line "arch $1 native" >>"$DIR/host.conf"
    return 0
  fi
  cat >"$DIR/host.conf" <<EOF
# What this host builds for, and how. The agent reads this file before each job; nothing in it is evaluated by a shell.
#
# arch NAME native|cross       an architecture this host builds for; repeat the line for more
# env NAME KEY=VALUE           exported to jobs for that architecture; wins over the farm's own
# disk_floor_mb MB             take no job below this much free space
# work_dir PATH                where jobs build; the default is $DIR/work
# client NAME                  use only this HTTP client: curl, wget, perl, python, nc, openssl or bbwget
# ca_file PATH                 trust these authorities (PEM); the default is $DIR/ca.pem if it is there, else the system's
# tunnel USER@GATEWAY[:PORT] [KEYFILE]       reach the farm through an ssh that the agent keeps
# tunnel_key ssh-ed25519 KEY   the gateway's own key
# updates yes|no               whether to take another agent from the farm; the default is yes
# launcher setsid|perl|python3|monitor       use only this way to start a job's process group
#
# A cross compiler, for example:
#   arch arm cross
#   env arm CC=arm-linux-gnueabihf-gcc
arch $1 native
disk_floor_mb 500
EOF
}

read_conf() {
  CONF_ARCHES='' CONF_CLIENT=$OWN_CLIENT CONF_LAUNCHER=$OWN_LAUNCHER CONF_TEXT=''
  UPDATES=yes DISK_FLOOR=500 WORK_DIR=$DIR/work TUNNEL='' TUNNEL_KEY='' CA_FILE=$DIR/ca.pem
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
  case $line in
    'arch '*' native' | 'arch '*' cross') conf_arch "${line#arch }" ;;
    'env '*' '*=*) is_key_of_env "${line#env }" || bad_conf "the key may have only letters, digits and _" ;;
    'disk_floor_mb '*) if is_number "${line#* }"; then DISK_FLOOR=${line#* }; else bad_conf 'not a number'; fi ;;
    'work_dir /'*) WORK_DIR=${line#* } ;;
    'tunnel '?*) TUNNEL=${line#* } ;; # whatever is wrong with it, nothing then goes another way
    'tunnel_key '?*) TUNNEL_KEY=${line#* } ;;
    'updates yes' | 'updates no') UPDATES=${line#* } ;;
    'client '*) [ -n "$OWN_CLIENT" ] || CONF_CLIENT=${line#* } ;;
    'ca_file /'*) if [ -r "${line#* }" ]; then CA_FILE=${line#* }; else bad_conf 'cannot be read'; fi ;;
    'launcher '*) [ -n "$OWN_LAUNCHER" ] || CONF_LAUNCHER=${line#* } ;;
    *) bad_conf 'expected arch NAME native|cross, env NAME KEY=VALUE, disk_floor_mb, work_dir /PATH, client, ca_file /PATH, launcher, updates yes|no, tunnel USER@GATEWAY[:PORT] [KEYFILE], tunnel_key TYPE KEY' ;;
  esac
}

is_key_of_env() {
  key=${1#* }
  is_key "${key%%=*}"
}

conf_arch() {
  if is_name "${1% *}"; then CONF_ARCHES="$CONF_ARCHES $1"; else bad_conf 'not a name'; fi
}

# Said once for each state of the file, not before every job.
bad_conf() {
  case $CONF_COMPLAINTS in *"|$line_number $line|"*) return 0 ;; esac
  CONF_COMPLAINTS="$CONF_COMPLAINTS|$line_number $line|"
  say "$DIR/host.conf line $line_number: $1; found: $line"
}

# CONF_VALUE: what host.conf gives arch $1 for key $2.
conf_env() {
  CONF_VALUE=''
  [ -f "$DIR/host.conf" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in "env $1 $2="*) CONF_VALUE=${line#*=} ;; esac
  done <"$DIR/host.conf"
}
