#!/bin/sh
# own-network.sh COMMAND…: runs it in a network of its own, which has no way out and ends with it, and in which it may set
# links up and down: as root, or as anybody where user namespaces are allowed. Nothing outside is touched.
set -eu
if [ "$(id -u)" = 0 ]; then own=--net; else own='--map-current-user --net --keep-caps'; fi
# shellcheck disable=SC2086,SC2016 # options without blanks; the inner shell's arguments
exec unshare $own sh -c 'ip link set lo up && exec "$@"' sh "$@"
