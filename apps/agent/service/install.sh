#!/bin/sh
# Makes the agent of a directory start at boot, or undoes that. `agent.sh install` downloads this script from the farm and runs it:
# DIRECTORY SHELL install|uninstall [KIND] [--user]. bundle.sh puts the templates into the function `template`.
set -u
umask 022

say() { printf 'rumpfarm: %s\n' "$*"; }

die() {
  say "$*" >&2
  exit 1
}

has_command() { command -v "$1" >/dev/null 2>&1; }

kinds='systemd freebsd netbsd openbsd dragonfly smf launchd cron termux'

read_arguments() {
  DIR=$1 SHELL_PATH=`command -v "$2"` VERB=$3 KIND='' USER_SERVICE=''
  shift 3
  for word in ${1+"$@"}; do
    case " $kinds --user " in
      *" $word "*) if [ "$word" = --user ]; then USER_SERVICE=yes; else KIND=$word; fi ;;
      *) die "usage: agent.sh $VERB [`echo "$kinds" | tr ' ' '|'`] [--user]" ;;
    esac
  done
}

# The values for the templates. Service files give blanks, percent signs and angle brackets a meaning of their own.
read_host() {
  # shellcheck disable=SC2012 # one directory
  OWNER=`ls -ld "$DIR" | awk '{ print $3 }'`
  ROOT=''
  [ "`id -u`" != 0 ] || ROOT=yes
  [ -n "$ROOT" ] || USER_SERVICE=yes
  for word in "$DIR" "$SHELL_PATH" "$OWNER"; do
    case $word in '' | *[!A-Za-z0-9/._+@-]*) die "a service file cannot contain this: $word" ;; esac
  done
  if [ -n "$ROOT" ]; then eval "HOME_OF=~$OWNER"; else HOME_OF=$HOME; fi
  case $HOME_OF in /*[!A-Za-z0-9/._+@-]* | [!/]* | '') HOME_OF=/ ;; esac
  case $PATH in *[!A-Za-z0-9/._+@:-]*) PATH_OF=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin ;; *) PATH_OF=$PATH ;; esac
}

# Detects the service manager by its commands, not by the system's name. Without root, chooses only a manager
# that an ordinary user can use.
detect_kind() {
  if has_command termux-wake-lock; then KIND=termux
  elif systemd_runs; then KIND=systemd
  elif has_command launchctl; then KIND=launchd
  elif [ -z "$ROOT" ]; then KIND=cron
  elif has_command svccfg && has_command svcadm; then KIND=smf
  elif [ -f /etc/rc.d/rc.subr ]; then KIND=openbsd
  elif has_command rcorder && [ -f /etc/rc.subr ]; then
    if [ ! -x /usr/sbin/daemon ]; then KIND=netbsd; elif has_command rcenable; then KIND=dragonfly; else KIND=freebsd; fi
  else KIND=cron
  fi
}

systemd_runs() {
  [ -d /run/systemd/system ] && has_command systemctl || return 1
  if [ -n "$USER_SERVICE" ]; then systemctl --user show-environment >/dev/null 2>&1; fi
}

# FILE, its TEMPLATE and MODE, and the commands to ENABLE, START, STOP and DISABLE the service and to show its LOG. The commands are
# shell text, because no name in them needs quotes.
describe_kind() {
  TEMPLATE=$KIND.rc MODE=755 ENABLE=: DISABLE=: AFTER=: LOG="tail -f $DIR/agent.log" HINT='' WITHOUT_ROOT=''
  case $KIND in
    systemd) describe_systemd ;;
    launchd) describe_launchd ;;
    freebsd | dragonfly)
      TEMPLATE=freebsd.rc FILE=/usr/local/etc/rc.d/rumpfarm
      START="$FILE start" STOP="$FILE stop"
      ;;
    netbsd)
      FILE=/etc/rc.d/rumpfarm
      START="$FILE start" STOP="$FILE stop"
      ;;
    openbsd)
      FILE=/etc/rc.d/rumpfarm
      START="$FILE start" STOP="$FILE stop"
      if has_command rcctl; then ENABLE='rcctl enable rumpfarm' DISABLE='rcctl disable rumpfarm'
      else HINT="to start at boot, add rumpfarm to pkg_scripts in /etc/rc.conf.local"; fi
      ;;
    smf)
      FILE=/var/svc/manifest/site/rumpfarm.xml TEMPLATE=smf.xml MODE=644
      ENABLE="svccfg import $FILE" DISABLE='svccfg delete -f site/rumpfarm'
      START='svcadm enable site/rumpfarm' STOP='svcadm disable -s site/rumpfarm'
      LOG='tail -f /var/svc/log/site-rumpfarm:default.log'
      ;;
    termux)
      FILE=$HOME/.termux/boot/rumpfarm TEMPLATE=termux.boot MODE=700 WITHOUT_ROOT=yes
      START="sh $FILE" STOP="sh $DIR/agent.sh stop"
      HINT='to start at boot, install the app Termux:Boot and open it once'
      ;;
  esac
}

describe_systemd() {
  MODE=644 WITHOUT_ROOT=$USER_SERVICE ctl=systemctl
  FILE=/etc/systemd/system/rumpfarm.service TEMPLATE=systemd.service LOG='journalctl -fu rumpfarm'
  if [ -n "$USER_SERVICE" ]; then
    ctl='systemctl --user' TEMPLATE=systemd-user.service LOG='journalctl --user -fu rumpfarm'
    FILE=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/rumpfarm.service
    HINT="to run also while you are logged out: loginctl enable-linger $OWNER"
  fi
  ENABLE="$ctl daemon-reload && $ctl enable rumpfarm" DISABLE="$ctl disable rumpfarm" AFTER="$ctl daemon-reload"
  START="$ctl start rumpfarm" STOP="$ctl stop rumpfarm"
}

describe_launchd() {
  TEMPLATE=launchd.plist MODE=644 WITHOUT_ROOT=$USER_SERVICE
  FILE=/Library/LaunchDaemons/org.rumpfarm.agent.plist
  [ -z "$USER_SERVICE" ] || FILE=$HOME/Library/LaunchAgents/org.rumpfarm.agent.plist
  START="launchctl load -w $FILE" STOP="launchctl unload -w $FILE"
}

template() {
  case $1 in
    @TEMPLATES@
  esac
}

fill_template() {
  template "$TEMPLATE" | sed -e "s|@DIR@|$DIR|g" -e "s|@SHELL@|$SHELL_PATH|g" -e "s|@USER@|$OWNER|g" -e "s|@HOME@|$HOME_OF|g" \
    -e "s|@PATH@|$PATH_OF|g" | if [ "$KIND$USER_SERVICE" = launchdyes ]; then sed '/UserName/{N;d;}'; else cat; fi
}

# Prints a command and runs it.
run() {
  [ "$1" != : ] || return 0
  say "    $1"
  sh -c "$1" </dev/null
}

is_ours() { grep -F "Rumpfarm agent of $DIR, made by" "$1" >/dev/null 2>&1; }

check_file() {
  case $FILE in *[!A-Za-z0-9/._+@-]*) die "the path $FILE has characters that a command cannot contain; write the file manually" ;; esac
  if [ -z "$ROOT$WITHOUT_ROOT" ]; then die "$FILE needs root: run this as root, or choose: agent.sh $VERB cron"; fi
  if [ -n "$ROOT$WITHOUT_ROOT" ] && [ -z "$ROOT" ] && [ "`id -un`" != "$OWNER" ]; then die "$DIR belongs to $OWNER: run this as $OWNER"; fi
  if [ -f "$FILE" ] && ! is_ours "$FILE"; then die "$FILE exists and is not from the agent in $DIR: remove it if you want to replace it"; fi
}

write_file() {
  mkdir -p "${FILE%/*}" || die "cannot make ${FILE%/*}"
  new=${FILE%/*}/.rumpfarm.$$
  fill_template >"$new" || die "cannot write in ${FILE%/*}"
  chmod "$MODE" "$new"
  if cmp "$new" "$FILE" >/dev/null 2>&1; then
    rm -f "$new"
    say "$FILE is up to date"
  else
    mv "$new" "$FILE" || die "cannot write $FILE"
    say "wrote $FILE"
  fi
}

# RUNNING: the pid of the agent, if it runs.
find_running_agent() {
  RUNNING=''
  for lock in "$DIR"/lock.*; do
    pid=''
    [ -f "$lock" ] && read -r pid _ <"$lock"
    case $pid in '' | *[!0-9]* | 0 | 1) ;; *) if ps -p "$pid" -o args= 2>/dev/null | grep 'agent.sh' >/dev/null; then RUNNING=$pid; fi ;; esac
  done
}

install_file() {
  describe_kind
  check_file
  write_file
  run "$ENABLE" || die "this command failed; to undo: sh $DIR/agent.sh uninstall $KIND"
  find_running_agent
  if [ -n "$RUNNING" ]; then
    say "an agent already runs as process $RUNNING. To run it as a service: kill -HUP $RUNNING (it stops after its job), then: $START"
  else
    run "$START" || die "this command failed; read the log: $LOG"
  fi
  say "start: $START"
  say "stop:  $STOP"
  say "log:   $LOG"
  say "undo:  sh $DIR/agent.sh uninstall $KIND"
  [ -z "$HINT" ] || say "note:  $HINT"
}

uninstall_file() {
  describe_kind
  check_file
  if [ ! -f "$FILE" ]; then say "nothing is installed: there is no $FILE" && exit 0; fi
  run "$STOP"
  run "$DISABLE"
  rm -f "$FILE" && say "removed $FILE"
  run "$AFTER"
}

# A user's crontab. These functions must run as that user, and do not change other lines.
other_lines() { crontab -l 2>/dev/null | grep -v -F "# Rumpfarm agent of $DIR, made by"; }

need_cron() {
  has_command crontab || die 'no crontab and no known service manager here: start the agent manually'
  [ "`id -un`" = "$OWNER" ] || die "$DIR belongs to $OWNER: run this as $OWNER, for that user's crontab"
}

install_cron() {
  need_cron
  TEMPLATE=cron.line known=''
  if has_line; then known=yes; fi
  { other_lines; fill_template; } | crontab - || die 'crontab rejects the line; start the agent manually'
  if [ -n "$known" ]; then say "the line in $OWNER's crontab is up to date"
  else say "added to $OWNER's crontab: `fill_template`"; fi
  find_running_agent
  if [ -n "$RUNNING" ]; then say "the agent already runs as process $RUNNING"
  else start_as_cron; fi
  say "stop:  sh $DIR/agent.sh stop"
  say "log:   tail -f $DIR/agent.log"
  say "undo:  sh $DIR/agent.sh uninstall cron"
}

# Starts the agent as the next boot does.
start_as_cron() {
  sh -c "`fill_template | sed 's/^@reboot //'`" &
  say 'started the agent; it also starts at each boot'
}

has_line() { crontab -l 2>/dev/null | grep -F "# Rumpfarm agent of $DIR, made by" >/dev/null; }

uninstall_cron() {
  has_command crontab || { say 'nothing is installed: there is no crontab here' && exit 0; }
  need_cron
  if ! has_line; then say "nothing is installed: $OWNER's crontab has no line for $DIR" && exit 0; fi
  other_lines | crontab - && say "removed the line of $DIR from $OWNER's crontab"
}

read_arguments "$@"
read_host
[ -n "$KIND" ] || detect_kind
say "$VERB: $KIND"
if [ "$KIND" = cron ]; then "${VERB}_cron"; else "${VERB}_file"; fi
