#!/bin/sh
# Makes the agent of a directory start with the machine, or undoes that. `agent.sh install` fetches this from the farm, with the
# templates beside it put where the mark in `template` is, and runs it: DIRECTORY SHELL install|uninstall [KIND] [--user].
set -u
umask 022

say() { printf 'rumpfarm: %s\n' "$*"; }

die() {
  say "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

kinds='systemd freebsd netbsd openbsd dragonfly smf launchd cron termux'

read_words() {
  DIR=$1 SHELL_PATH=`command -v "$2"` VERB=$3 KIND='' USERLY=''
  shift 3
  for word in ${1+"$@"}; do
    case " $kinds --user " in
      *" $word "*) if [ "$word" = --user ]; then USERLY=yes; else KIND=$word; fi ;;
      *) die "usage: agent.sh $VERB [`echo "$kinds" | tr ' ' '|'`] [--user]" ;;
    esac
  done
}

# What goes into the files. A service file has its own idea of blanks, percent signs and angle brackets.
gather_facts() {
  # shellcheck disable=SC2012 # one directory
  OWNER=`ls -ld "$DIR" | awk '{ print $3 }'`
  ROOT=''
  [ "`id -u`" != 0 ] || ROOT=yes
  [ -n "$ROOT" ] || USERLY=yes
  for word in "$DIR" "$SHELL_PATH" "$OWNER"; do
    case $word in '' | *[!A-Za-z0-9/._+@-]*) die "a service file cannot name this: $word" ;; esac
  done
  if [ -n "$ROOT" ]; then eval "HOME_OF=~$OWNER"; else HOME_OF=$HOME; fi
  case $HOME_OF in /*[!A-Za-z0-9/._+@-]* | [!/]* | '') HOME_OF=/ ;; esac
  case $PATH in *[!A-Za-z0-9/._+@:-]*) PATH_OF=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin ;; *) PATH_OF=$PATH ;; esac
}

# By what is there, never by the system's name. Without root's rights only what a user may have.
probe_kind() {
  if have termux-wake-lock; then KIND=termux
  elif systemd_runs; then KIND=systemd
  elif have launchctl; then KIND=launchd
  elif [ -z "$ROOT" ]; then KIND=cron
  elif have svccfg && have svcadm; then KIND=smf
  elif [ -f /etc/rc.d/rc.subr ]; then KIND=openbsd
  elif have rcorder && [ -f /etc/rc.subr ]; then
    if [ ! -x /usr/sbin/daemon ]; then KIND=netbsd; elif have rcenable; then KIND=dragonfly; else KIND=freebsd; fi
  else KIND=cron
  fi
}

systemd_runs() {
  [ -d /run/systemd/system ] && have systemctl || return 1
  if [ -n "$USERLY" ]; then systemctl --user show-environment >/dev/null 2>&1; fi
}

# FILE, its TEMPLATE and MODE; the commands (shell text: all names are plain) to ENABLE, START, STOP and DISABLE; where it LOGS.
describe_kind() {
  TEMPLATE=$KIND.rc MODE=755 ENABLE=: DISABLE=: AFTER=: LOG="tail -f $DIR/agent.log" HINT='' FOR_USER=''
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
      if have rcctl; then ENABLE='rcctl enable rumpfarm' DISABLE='rcctl disable rumpfarm'
      else HINT="at boot this needs rumpfarm among the pkg_scripts of /etc/rc.conf.local"; fi
      ;;
    smf)
      FILE=/var/svc/manifest/site/rumpfarm.xml TEMPLATE=smf.xml MODE=644
      ENABLE="svccfg import $FILE" DISABLE='svccfg delete -f site/rumpfarm'
      START='svcadm enable site/rumpfarm' STOP='svcadm disable -s site/rumpfarm'
      LOG='tail -f /var/svc/log/site-rumpfarm:default.log'
      ;;
    termux)
      FILE=$HOME/.termux/boot/rumpfarm TEMPLATE=termux.boot MODE=700 FOR_USER=yes
      START="sh $FILE" STOP="sh $DIR/agent.sh stop"
      HINT='at boot this needs the app Termux:Boot, opened once'
      ;;
  esac
}

describe_systemd() {
  MODE=644 FOR_USER=$USERLY ctl=systemctl
  FILE=/etc/systemd/system/rumpfarm.service TEMPLATE=systemd.service LOG='journalctl -fu rumpfarm'
  if [ -n "$USERLY" ]; then
    ctl='systemctl --user' TEMPLATE=systemd-user.service LOG='journalctl --user -fu rumpfarm'
    FILE=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/rumpfarm.service
    HINT="without this it runs only while you are logged in: loginctl enable-linger $OWNER"
  fi
  ENABLE="$ctl daemon-reload && $ctl enable rumpfarm" DISABLE="$ctl disable rumpfarm" AFTER="$ctl daemon-reload"
  START="$ctl start rumpfarm" STOP="$ctl stop rumpfarm"
}

describe_launchd() {
  TEMPLATE=launchd.plist MODE=644 FOR_USER=$USERLY
  FILE=/Library/LaunchDaemons/org.rumpfarm.agent.plist
  [ -z "$USERLY" ] || FILE=$HOME/Library/LaunchAgents/org.rumpfarm.agent.plist
  START="launchctl load -w $FILE" STOP="launchctl unload -w $FILE"
}

template() {
  case $1 in
    @TEMPLATES@
  esac
}

fill_template() {
  template "$TEMPLATE" | sed -e "s|@DIR@|$DIR|g" -e "s|@SHELL@|$SHELL_PATH|g" -e "s|@USER@|$OWNER|g" -e "s|@HOME@|$HOME_OF|g" \
    -e "s|@PATH@|$PATH_OF|g" | if [ "$KIND$USERLY" = launchdyes ]; then sed '/UserName/{N;d;}'; else cat; fi
}

# A command that is printed and run.
act() {
  [ "$1" != : ] || return 0
  say "    $1"
  sh -c "$1" </dev/null
}

ours() { grep -F "Rumpfarm agent of $DIR, made by" "$1" >/dev/null 2>&1; }

refuse_strangers() {
  case $FILE in *[!A-Za-z0-9/._+@-]*) die "the name of $FILE has characters that a command cannot hold; write it by hand" ;; esac
  if [ -z "$ROOT$FOR_USER" ]; then die "$FILE needs root's rights: run this as root, or choose: agent.sh $VERB cron"; fi
  if [ -n "$ROOT$FOR_USER" ] && [ -z "$ROOT" ] && [ "`id -un`" != "$OWNER" ]; then die "$DIR is $OWNER's: run this as $OWNER"; fi
  if [ -f "$FILE" ] && ! ours "$FILE"; then die "$FILE is there and not of this agent ($DIR): look at it, and remove it if you want another"; fi
}

write_file() {
  mkdir -p "${FILE%/*}" || die "cannot make ${FILE%/*}"
  new=${FILE%/*}/.rumpfarm.$$
  fill_template >"$new" || die "cannot write in ${FILE%/*}"
  chmod "$MODE" "$new"
  if cmp "$new" "$FILE" >/dev/null 2>&1; then
    rm -f "$new"
    say "$FILE is as it should be"
  else
    mv "$new" "$FILE" || die "cannot write $FILE"
    say "wrote $FILE"
  fi
}

# RUNNING: the process of the agent that runs now.
running_agent() {
  RUNNING=''
  for lock in "$DIR"/lock.*; do
    pid=''
    [ -f "$lock" ] && read -r pid _ <"$lock"
    case $pid in '' | *[!0-9]* | 0 | 1) ;; *) if ps -p "$pid" -o args= 2>/dev/null | grep 'agent.sh' >/dev/null; then RUNNING=$pid; fi ;; esac
  done
}

install_file() {
  describe_kind
  refuse_strangers
  write_file
  act "$ENABLE" || die "that failed; undo it: sh $DIR/agent.sh uninstall $KIND"
  running_agent
  if [ -n "$RUNNING" ]; then
    say "an agent runs already, as process $RUNNING. To let the service have it: kill -HUP $RUNNING (it ends after its job), then: $START"
  else
    act "$START" || die "that failed; look at: $LOG"
  fi
  say "start: $START"
  say "stop:  $STOP"
  say "log:   $LOG"
  say "undo:  sh $DIR/agent.sh uninstall $KIND"
  [ -z "$HINT" ] || say "note:  $HINT"
}

uninstall_file() {
  describe_kind
  refuse_strangers
  if [ ! -f "$FILE" ]; then say "nothing is installed: there is no $FILE" && exit 0; fi
  act "$STOP"
  act "$DISABLE"
  rm -f "$FILE" && say "removed $FILE"
  act "$AFTER"
}

# cron's table is the user's own, so it is done as that user; nothing else of it is touched.
other_lines() { crontab -l 2>/dev/null | grep -v -F "# Rumpfarm agent of $DIR, made by"; }

need_cron() {
  have crontab || die 'there is no crontab here, nor a service manager that this knows: start the agent by hand'
  [ "`id -un`" = "$OWNER" ] || die "$DIR is $OWNER's: run this as $OWNER, whose crontab it is"
}

install_cron() {
  need_cron
  TEMPLATE=cron.line known=''
  if has_line; then known=yes; fi
  { other_lines; fill_template; } | crontab - || die 'crontab does not take the line; start the agent by hand'
  if [ -n "$known" ]; then say "its line was in $OWNER's crontab, and is as it should be"
  else say "put into $OWNER's crontab: `fill_template`"; fi
  running_agent
  if [ -n "$RUNNING" ]; then say "the agent runs already, as process $RUNNING"
  else start_as_cron; fi
  say "stop:  sh $DIR/agent.sh stop"
  say "log:   tail -f $DIR/agent.log"
  say "undo:  sh $DIR/agent.sh uninstall cron"
}

# As the next boot will.
start_as_cron() {
  sh -c "`fill_template | sed 's/^@reboot //'`" &
  say 'started the agent; it starts with each boot, too'
}

has_line() { crontab -l 2>/dev/null | grep -F "# Rumpfarm agent of $DIR, made by" >/dev/null; }

uninstall_cron() {
  have crontab || { say 'nothing is installed: there is no crontab here' && exit 0; }
  need_cron
  if ! has_line; then say "nothing is installed: $OWNER's crontab has no line for $DIR" && exit 0; fi
  other_lines | crontab - && say "removed the line of $DIR from $OWNER's crontab"
}

read_words "$@"
gather_facts
[ -n "$KIND" ] || probe_kind
say "$VERB: $KIND"
if [ "$KIND" = cron ]; then "${VERB}_cron"; else "${VERB}_file"; fi
