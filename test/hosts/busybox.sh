#!/bin/sh
# busybox.sh SOURCE TRIPLET OUTPUT: builds busybox for a processor without Debian packages. The build has the settings
# of Debian's busybox-static, so it lacks the same applets (cksum, for example). SOURCE is the directory of an unpacked
# Debian source package.
set -eu
source=$1 triplet=$2 output=$3
work=$(mktemp -d "${output%/*}/busybox.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

cp -R "$source/." "$work"
cd "$work"
cp debian/config/pkg/static .config
{
  yes '' | make oldconfig
  make -j"$(getconf _NPROCESSORS_ONLN)" CROSS_COMPILE="$triplet-" busybox
} >"$output.log" 2>&1 </dev/null || {
  tail -n 20 "$output.log" >&2
  exit 1
}
mv busybox "$output"
