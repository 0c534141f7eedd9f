#!/bin/sh
# Prints the agent as the one file that the farm serves at /agent.sh: the parts in order, without comments and indentation and
# with short names (compact.mjs), together two fifths, which a host of 16 MB would parse at every start for nothing.
# `bundle.sh --readable` prints the same program as it is written in lib/, which the farm serves at /agent-readable.sh;
# `bundle.sh --into DIRECTORY` writes all that there, each whole or not at all: somebody may be reading it.
# The version gets the checksum of the code: any change is another version, which the farm offers to its hosts.
# What lies within quotes or a here-document is kept as it is. The first two lines tell the agent its own file.
# `bundle.sh --service` prints the installer of service files, with the templates in service/, which the agent fetches when it is wanted.
set -eu
case ${2-} in /*) into=$2 ;; *) into=$PWD/${2-} ;; esac
cd "$(dirname "$0")/lib"

put() {
  sh ../bundle.sh ${2+"$2"} >"$into/$1.$$"
  mv "$into/$1.$$" "$into/$1"
}

if [ "${1-}" = --into ]; then
  mkdir -p "$into"
  put agent.sh
  put agent-readable.sh --readable
  put service.sh --service
  exit 0
fi

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

parts='start words clock process strays launch sums http http-curl http-wget http-bbwget http-raw http-perl http-python http-nc
  http-openssl tunnel hmac answer conf owner shelter trial facts lock enroll hello claim sources runner limits progress artifacts
  attempt finish slots update service main'

print_readable() {
  for part in $parts; do cat "$part.sh"; done
  echo '# end of agent.sh'
}

print_stripped() {
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

stripped=$(print_stripped)
sum=$(printf '%s\n' "$stripped" | cksum)
sum=${sum%% *}
if [ "${1-}" = --readable ]; then print_readable; else printf '%s\n' "$stripped" | node ../compact.mjs; fi |
  sed "s/^\(AGENT_VERSION=[0-9.]*\)\( #.*\)*\$/\1+$sum/"
