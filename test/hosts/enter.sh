#!/bin/sh
# enter.sh YARD…: the first process of a machine's namespaces, in a directory that becomes the machine's own. It puts the disk of the
# machine together in ./root and hands on to YARD, which runs what the test says. The environment says what the machine is:
#   MACHINE_DISK    a directory; what is in it is shared with other machines, and read-only
#   MACHINE_BINFMT  how the kernel knows this machine's programs and their emulator, in the form of binfmt_misc
#   MACHINE_PROC    no: there is no /proc, as on a BSD
# All of it is private: nothing of the real machine is changed, and nothing is left when the last process here has ended.
set -eu

know_programs() {
  [ -n "${MACHINE_BINFMT-}" ] || return 0
  binfmt=/proc/sys/fs/binfmt_misc
  mount -t binfmt_misc binfmt_misc "$binfmt" || {
    echo 'enter.sh: no binfmt_misc of our own; that needs Linux 6.7 or newer' >&2
    exit 1
  }
  printf '%s' "$MACHINE_BINFMT" >"$binfmt/register"
}

lay_out_disk() {
  mkdir "$MACHINE_ROOT"
  mount -t tmpfs tmpfs "$MACHINE_ROOT"
  for entry in "$MACHINE_DISK"/*; do
    place=$MACHINE_ROOT/${entry##*/}
    if [ -h "$entry" ]; then
      cp -P "$entry" "$place"
    elif [ -d "$entry" ]; then
      mkdir "$place"
      mount --bind -o ro "$entry" "$place"
    fi
  done
}

add_devices() {
  mkdir "$MACHINE_ROOT/dev" "$MACHINE_ROOT/proc" "$MACHINE_ROOT/tmp"
  chmod 1777 "$MACHINE_ROOT/tmp"
  for device in null zero random urandom; do
    : >"$MACHINE_ROOT/dev/$device"
    mount --bind "/dev/$device" "$MACHINE_ROOT/dev/$device"
  done
  [ "${MACHINE_PROC-}" = no ] || mount -t proc proc "$MACHINE_ROOT/proc"
}

# A disk of symbolic links to this machine's programs needs to see them.
show_native() {
  [ "${MACHINE_NATIVE-}" = yes ] || return 0
  mkdir "$MACHINE_ROOT/native"
  mount --rbind / "$MACHINE_ROOT/native"
}

# By the same name inside and outside: what the machine writes there is looked at from here.
share_directory() {
  mkdir -p "$MACHINE_ROOT$PWD"
  mount --bind "$PWD" "$MACHINE_ROOT$PWD"
}

MACHINE_ROOT=$PWD/root
export MACHINE_ROOT
know_programs
lay_out_disk
add_devices
show_native
share_directory
exec "$@"
