#!/bin/sh
# Prints the agent as the one file that the farm serves at /agent.sh: the parts in order, without their comments and
# indentation, which are a quarter of it and which a host of 16 MB parses at every start. The parts stay readable in lib/.
# The version gets the checksum of all that: any change is another version, which the farm offers to its hosts.
# What lies within quotes or a here-document is kept as it is. The first two lines tell the agent its own file.
# `bundle.sh --service` prints the installer of service files, with the templates in service/, which the agent fetches when it is wanted.
# `bundle.sh --commented` prints the parts as they are, for shellcheck and its directives.
set -eu
cd "$(dirname "$0")/lib"

if [ "${1-}" = --service ]; then
  sed '/@TEMPLATES@/,$d' ../service/install.sh
  for file in ../service/*.*; do
    [ "$file" != ../service/install.sh ] || continue
    printf "    %s) cat <<'END_OF_TEMPLATE' ;;\n" "${file##*/}"
    cat "$file"
    echo END_OF_TEMPLATE
  done
  sed '1,/@TEMPLATES@/d' ../service/install.sh
  exit 0
fi

parts='start words clock process launch sums http http-curl http-wget http-bbwget http-raw http-perl http-python http-nc
  http-openssl tunnel hmac answer conf facts lock enroll hello claim sources runner limits progress artifacts attempt finish
  update service main'

if [ "${1-}" = --commented ]; then
  for part in $parts; do cat "$part.sh"; done
  exit 0
fi
print_parts() {
  sed 2q start.sh
  for part in $parts; do print_part "$part"; done
  echo '# end of agent.sh'
}

print_part() {
  awk -v part="$1" '
    BEGIN { quote = ""; SINGLE = sprintf("%c", 39) }

    # Follows the quotes of one line; what is left open goes on in the next line.
    function read_quotes(line,   i, c, before) {
      for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (quote == SINGLE) { if (c == SINGLE) quote = "" }
        else if (c == "\\") i++
        else if (quote == "\"") { if (c == "\"") quote = "" }
        else if (c == SINGLE || c == "\"") quote = c
        else if (c == "#") { before = substr(line, i - 1, 1); if (i == 1 || before ~ /[ \t;]/) return substr(line, 1, i - 1) }
      }
      return line
    }

    here != "" { print; if ($0 == here) here = ""; next }
    quote != "" { print; read_quotes($0); next }
    /^[ \t]*(#.*)?$/ { next }
    {
      line = $0
      sub(/^[ \t]+/, "", line)
      line = read_quotes(line)
      if (quote == "") sub(/[ \t]+$/, "", line)
      print line
      if (match(line, /<<[A-Z]+$/)) here = substr(line, RSTART + 2)
      if (match(line, "<<" SINGLE "[A-Z]+" SINGLE "$")) here = substr(line, RSTART + 3, RLENGTH - 4)
    }
    END { if (quote != "" || here != "") { print part ".sh: a quote or here-document is left open" > "/dev/stderr"; exit 1 } }
  ' "$1.sh"
}

text=$(print_parts)
sum=$(printf '%s\n' "$text" | cksum)
printf '%s\n' "$text" | sed "s/^\(AGENT_VERSION=[0-9.]*\)\$/\1+${sum%% *}/"
