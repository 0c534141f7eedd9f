#!/bin/sh
# Prints the agent that the farm serves at /agent.sh: one file with the parts in lib/, in the order of lib/start.sh.
#   bundle.sh                    prints the agent
#   bundle.sh --service          prints the installer of service files, including the templates of service/
#   bundle.sh --into DIRECTORY   writes both there, as agent.sh and service.sh
# The version includes a checksum of the text: each change makes a new version, which the farm offers to its hosts.
set -eu
bytes_max=131072 # dash parses 108 KB in 6 ms, bash in 16 ms: docs/decisions/0021-one-readable-agent.md
case ${2-} in /*) into=$2 ;; *) into=$PWD/${2-} ;; esac
cd "$(dirname "$0")/lib"

# A server may read the file at this moment: writes a new file, then renames it.
write() {
  sh ../bundle.sh ${2+"$2"} >"$into/$1.$$"
  mv "$into/$1.$$" "$into/$1"
}

if [ "${1-}" = --into ]; then
  mkdir -p "$into"
  write agent.sh
  write service.sh --service
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

# Omits the directives for shellcheck, which do not help a reader.
print_agent() {
  cat start.sh
  for part in $(sed -n 's/^#   [a-z].*: //p' start.sh); do
    printf '\n# ==== %s.sh ====\n' "$part"
    cat "$part.sh"
  done | sed '/^[ 	]*# shellcheck /d'
  echo '# end of agent.sh'
}

agent=$(print_agent)
bytes=$(printf '%s\n' "$agent" | wc -c)
if [ "$bytes" -gt "$bytes_max" ]; then
  echo "bundle.sh: the agent has $((bytes)) bytes; the limit is $bytes_max" >&2
  exit 1
fi
sum=$(printf '%s\n' "$agent" | cksum)
printf '%s\n' "$agent" | sed "s/^\(AGENT_VERSION=[0-9.]*\)\( #.*\)*\$/\1+${sum%% *}/"
