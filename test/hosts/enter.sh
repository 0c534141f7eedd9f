#!/bin/sh
# enter.sh COMMAND…: the first process in the namespaces of an emulated machine. It runs in the machine's directory.
# The script makes the machine's disk in ./root, then becomes COMMAND, which runs the commands of the test. Variables:
#   MACHINE_DISK    a directory with the machine's programs; it is read-only, and several machines share it
#   MACHINE_BINFMT  the line that registers the machine's programs and their emulator in binfmt_misc
#   MACHINE_PROC    "no" if the machine has no /proc, like a BSD
#   MACHINE_NATIVE  "yes" if the disk has links to programs of the real machine
# The script changes nothing on the real machine. The kernel removes all mounts after the machine's last process.
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

# If MACHINE_NATIVE is "yes", the disk has links to programs below /native, which is the root of the real machine.
show_native() {
  [ "${MACHINE_NATIVE-}" = yes ] || return 0
  mkdir "$MACHINE_ROOT/native"
  mount --rbind / "$MACHINE_ROOT/native"
}

# The current directory has the same path inside and outside the machine, because the tests read files of the machine.
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
