# Enrolment: an invitation becomes a credential, this script a file of its own, and the agent runs on.

PAUSED=''

enroll() {
  invitation=''
  for word in ${1+"$@"}; do
    case $word in
      --paused) PAUSED=yes ;;
      *) [ -z "$invitation" ] || refuse_word "$word"; invitation=$word ;;
    esac
  done
  set -- "$invitation"
  is_name "$1" || die 'usage: agent.sh enroll [--paused] INVITATION; the farm shows the whole line for each new host'
  { mkdir -p "$PRIVATE" && chmod 700 "$DIR" "$PRIVATE"; } 2>/dev/null || die "cannot make $DIR; name another directory with RUMPFARM_DIR"
  [ -z "$SIGNED" ] || is_own_text ||
    die "save $URL/agent.sh, compare its SHA-256 with the one that the farm shows, then run it: plain HTTP brings no script to be trusted"
  take_lock
  [ -z "$CA_OPTION" ] || cp "$CA_OPTION" "$DIR/ca.pem" 2>/dev/null || die "cannot read $CA_OPTION"
  read_conf
  choose_tools ''
  send_invitation "$1"
  keep_credential
  save_script
  write_conf "$A_arch"
  rm -f "$PRIVATE/enrolling"
  say "this host is enrolled as $A_host; its directory is $DIR, what it builds is in $DIR/host.conf"
  tell_found
  say "stop: Ctrl-C or kill $$ (kill -HUP: after the job); run again: $AGENT_SHELL $DIR/agent.sh run"
  if [ -n "$PAUSED" ]; then
    say "this host takes no job until the agent runs: look at $DIR/host.conf first"
    exit 0
  fi
  umask "$JOB_UMASK"
  exec "$AGENT_SHELL" "$DIR/agent.sh" run </dev/null
}

# What was looked for, each by what it does.
tell_found() {
  found='' lacking=''
  for tool in $CLIENTS; do tally "${tool}_usable" "$tool"; done
  for tool in tar gzip; do tally "${tool}_works" "$tool"; done
  for tool in cc make git; do tally have "$tool"; done
  say "found: client $CLIENT, launcher $LAUNCHER, checksum $SUM_TOOL, shell $AGENT_SHELL, and$found; not found, or of no use here:${lacking:- nothing}"
  case "$lacking " in *' tar '* | *' gzip '*) say 'without tar and gzip no job that has sources can run here: install them' ;; esac
  warn_of_client
}

tally() {
  if ("$@") </dev/null >/dev/null 2>&1; then found="$found $2"; else lacking="$lacking $2"; fi
}

tar_works() { cd "$DIR" && tar cf - farm | tar tf - | grep farm; }
gzip_works() { put_line x | gzip -c | gzip -dc | grep x; }

warn_of_client() {
  if [ "$CLIENT" = bbwget ] && [ -z "$SIGNED" ]; then
    say 'busybox wget has the credential in its arguments, where other users of this host can see it: install another client, or use signed requests'
  fi
}

# The same nonce for the same invitation, so that an answer that was lost can be asked for again.
nonce_for() {
  NONCE=''
  [ -f "$PRIVATE/enrolling" ] && read -r invitation nonce <"$PRIVATE/enrolling" && [ "$invitation" = "$1" ] && NONCE=$nonce
  if [ -z "$NONCE" ]; then
    NONCE=`random_name`
    put_line "$1 $NONCE" >"$PRIVATE/enrolling"
  fi
}

send_invitation() {
  nonce_for "$1"
  {
    [ -n "$SIGNED" ] || put_line "token $1"
    put_line "nonce $NONCE"
    tell_facts
    put_line end
  } >"$PRIVATE/facts"
  FAILS=0
  if [ -n "$SIGNED" ]; then use_invitation "$1"; fi
  until post /agent/v1/enroll "$PRIVATE/facts" "$PRIVATE/answer" 20 && [ "$ERR" != 503 ] && [ "$ERR" != 429 ]; do
    why_no_answer
    [ "$FAILS" -lt 3 ] || die "no answer from the farm at $URL$WHY"
    delay_after 60
    pause "$DELAY"
  done
  case $ERR in
    '') ;;
    *) die "the farm refused the enrolment: ${ERR_TEXT#[0-9][0-9][0-9] }" ;;
  esac
  if [ -n "$SIGNED" ]; then A_credential=signed; fi
  if is_name "$A_credential" && is_name "$A_arch" && is_name "$A_host"; then return 0; fi
  die "the farm's answer to the enrolment makes no sense; see $PRIVATE/answer"
}

why_no_answer() {
  last_words "$SLOT_DIR/client-said"
  WHY=${LAST_WORDS:+ ($LAST_WORDS)}
}

keep_credential() {
  if [ -n "$SIGNED" ]; then keep_key; fi
  put_line "$A_credential" >"$PRIVATE/credential.new"
  mv "$PRIVATE/credential.new" "$PRIVATE/credential"
  rm -f "$PRIVATE"/answer* "$PRIVATE/facts" # the token is as good as the credential
  put_line "$FARM $A_host" >"$DIR/farm"
  rm -f "$DIR/instance" "$DIR/instance.next"
}

is_own_text() { sed 2q "$0" 2>/dev/null | grep '^# The Rumpfarm' >/dev/null; }

# Read from a pipe, $0 is the shell and the text is gone: fetch it again. A saved file is copied, with the address in it.
save_script() {
  saved=$DIR/agent.sh
  if is_own_text; then
    cp "$0" "$saved.new"
  else
    (get /agent.sh "$saved.new" 30) </dev/null >/dev/null 2>"$SLOT_DIR/client-said"
  fi
  last_words "$saved.new"
  if [ "$LAST_WORDS" = '# end of agent.sh' ]; then
    fill_address "$saved.new"
    mv "$saved.new" "$saved"
  else
    why_no_answer
    die "the agent's own text did not come whole from $URL/agent.sh$WHY; run the same line again"
  fi
}

fill_address() { sed "s|^FARM_URL='.*|FARM_URL='$FARM'|" "$1" >"$1.filled" && mv "$1.filled" "$1"; }
