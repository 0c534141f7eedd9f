# Hello and bye: the agent tells the farm that it is there, what it is, and that it leaves.

POLL=50 LEASE_SECONDS=90 CHUNK=65536 CHUNK_MAX=65536 HELLO_AT=0 HELLO_CONF='' INSTANCE=''

# Made anew at each start. One that no hello has confirmed is used again, else `previous` would name one the farm never heard.
choose_instance() {
  PREVIOUS=''
  [ -f "$DIR/instance" ] && read -r PREVIOUS <"$DIR/instance"
  [ -f "$DIR/instance.next" ] && read -r INSTANCE <"$DIR/instance.next"
  is_name "$INSTANCE" || INSTANCE=`random_name`
  put_line "$INSTANCE" >"$DIR/instance.next"
}

confirm_instance() {
  PREVIOUS=''
  if [ -f "$DIR/instance.next" ]; then mv "$DIR/instance.next" "$DIR/instance"; fi
}

write_hello() {
  tell_facts
  put_line "instance $INSTANCE"
  if is_name "$PREVIOUS"; then put_line "previous $PREVIOUS"; fi
  put_line "slots $SLOTS"
  tell_update
  put_line "$ARCH_LINES
$RULES" | grep .
  echo end
}

# Until the farm has said ok, or the owner stops us.
say_hello() {
  FAILS=0
  read_conf
  try_arches
  until hello_once; do
    leaving && return 1
    pause "$DELAY"
    leaving && return 1
  done
  FAILS=0
}

hello_once() {
  read_conf
  write_hello >"$DIR/facts"
  if post /agent/v1/hello "$DIR/facts" "$DIR/answer" 20; then
    case $ERR in
      '' | 426) heard_hello; return 0 ;; # 426 comes again with the claim
      401 | 429 | 503) ;;
      409) say "another agent runs as this host ($ERR_TEXT); asking again in $LEASE_SECONDS s"; DELAY=$((LEASE_SECONDS * 1000)); return 1 ;;
      *) say "the farm refuses our hello: $ERR_TEXT" ;;
    esac
  elif ! leaving; then
    why_no_answer
    [ $((FAILS % 8)) -gt 0 ] || say "no answer from the farm at $URL$WHY; trying on"
  fi
  delay_after 60
  return 1
}

heard_hello() {
  [ "$FAILS" = 0 ] || say 'the farm answers again'
  number_or "$A_poll" 50
  POLL=$NUMBER
  [ "$POLL" -le 50 ] || POLL=50
  number_or "$A_lease" 90
  LEASE_SECONDS=$NUMBER
  number_or "$A_chunk" 65536
  CHUNK=$NUMBER
  [ "$CHUNK" -gt 0 ] || CHUNK=65536
  CHUNK_MAX=$CHUNK
  confirm_instance
  hear_offer
  now
  HELLO_AT=$NOW HELLO_CONF=$CONF_TEXT
}

# Again every hour, and when the owner has changed host.conf.
hello_is_due() { [ "$CONF_TEXT" != "$HELLO_CONF" ] || [ $((NOW - HELLO_AT)) -ge 3600 ]; }

say_bye() {
  IDLE=''
  echo end >"$DIR/facts"
  in_query "$INSTANCE"
  post "/agent/v1/bye?instance=$QUERY" "$DIR/facts" "$DIR/answer" 3
  end_tunnel
  say bye
}
