#!/bin/sh
# inside.sh WORDS…: the machine's own shell with these words, and with nothing of our environment but what the machine would have.
# QEMU_UNAME and QEMU_CPU are read by qemu: the kernel's release that uname tells, and the processor.
chroot=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
exec env -i HOME="$HOME" PATH="$MACHINE_PATH" RUMPFARM_DIR="$RUMPFARM_DIR" \
  ${MACHINE_CLIENT:+"RUMPFARM_CLIENT=$MACHINE_CLIENT"} ${QEMU_UNAME:+"QEMU_UNAME=$QEMU_UNAME"} ${QEMU_CPU:+"QEMU_CPU=$QEMU_CPU"} \
  "$chroot" "$MACHINE_ROOT" "$MACHINE_SHELL" "$@"
