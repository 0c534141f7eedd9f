#!/bin/sh
# inside.sh ARGUMENT…: runs the shell of an emulated machine with these arguments. The shell gets only the environment
# that the machine would have. qemu reads two variables: QEMU_UNAME, the kernel release that uname prints, and QEMU_CPU.
chroot=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
exec env -i HOME="$HOME" PATH="$MACHINE_PATH" RUMPFARM_DIR="$RUMPFARM_DIR" \
  ${MACHINE_CLIENT:+"RUMPFARM_CLIENT=$MACHINE_CLIENT"} ${QEMU_UNAME:+"QEMU_UNAME=$QEMU_UNAME"} ${QEMU_CPU:+"QEMU_CPU=$QEMU_CPU"} \
  "$chroot" "$MACHINE_ROOT" "$MACHINE_SHELL" "$@"
