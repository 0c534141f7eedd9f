#!/bin/sh
# own-network.sh COMMAND…: runs the command in a separate network, where it may make and change links. This network has
# no connection to others, and the kernel removes it after the command. The script needs root or user namespaces.
set -eu
if [ "$(id -u)" = 0 ]; then own=--net; else own='--map-current-user --net --keep-caps'; fi
# shellcheck disable=SC2086,SC2016 # options without blanks; the inner shell's arguments
exec unshare $own sh -c 'ip link set lo up && exec "$@"' sh "$@"
