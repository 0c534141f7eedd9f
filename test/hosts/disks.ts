import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { output, runs } from './command.ts'
import { Debian, unpack } from './debian.ts'
import type { Disk, Machine } from './machines.ts'
import { missingTool, restrict } from './restricted.ts'

/** Disks stay here, because some take minutes to build. `rm -rf .farm/hosts` deletes all disks. */
export const cache = fileURLToPath(new URL('../../.farm/hosts', import.meta.url))

/** Increase this number after each change of the code that makes disks. The next run then makes all disks again. */
const edition = 1

export const emulatorOf = (qemu: string): string => `/usr/bin/qemu-${qemu}-static`

/** Returns the disk directory of the machine. Makes the disk if it is missing or its description has changed. */
export async function diskOf({ name, disk, qemu }: Machine): Promise<string> {
  const directory = join(cache, 'disks', name)
  const label = JSON.stringify({ edition, disk })
  if (existsSync(`${directory}.made`) && readFileSync(`${directory}.made`, 'utf8') === label) return directory
  const fresh = `${directory}.new`
  for (const old of [fresh, directory]) rmSync(old, { recursive: true, force: true })
  mkdirSync(join(fresh, 'etc'), { recursive: true })
  writeFileSync(join(fresh, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(fresh, 'etc/group'), 'root:x:0:\n')
  await fill(fresh, disk, qemu)
  renameSync(fresh, directory)
  writeFileSync(`${directory}.made`, label)
  return directory
}

/** A program that somebody must install on this machine first; undefined if there is none. */
export async function missingFor({ disk, qemu }: Machine): Promise<string | undefined> {
  if (!(await runs('unshare', '-Ur', '--mount', 'true'))) return 'user namespaces (unshare -Ur --mount true)'
  if (qemu !== undefined && !isExecutable(emulatorOf(qemu))) return `${emulatorOf(qemu)} (Debian: qemu-user-static)`
  if (
    disk.kind === 'built' &&
    !existsSync(builtBusybox(disk.triplet)) &&
    !(await runs(`${disk.triplet}-gcc`, '--version'))
  )
    return `${disk.triplet}-gcc (Debian: gcc-${disk.triplet})`
  if (disk.kind !== 'restricted' && !(await runs('apt-get', '--version')))
    return 'apt-get: machines are made of Debian’s packages'
  return disk.kind === 'restricted' ? missingTool(disk) : undefined
}

async function fill(directory: string, disk: Disk, qemu: string | undefined): Promise<void> {
  switch (disk.kind) {
    case 'busybox':
      return installDebiansBusybox(directory, disk, qemu)
    case 'built':
      return installBusybox(directory, await buildBusybox(disk.triplet), qemu)
    case 'packages':
      return installPackages(directory, disk)
    case 'restricted':
      return restrict(directory, disk)
  }
}

/**
 * `disk.shell` is for Android. The shell of Android is mksh, and owners install a busybox, because the tools of Android
 * are limited.
 */
async function installDebiansBusybox(
  directory: string,
  disk: Disk & { kind: 'busybox' },
  qemu?: string,
): Promise<void> {
  const debian = new Debian(join(cache, 'debian'), disk.architecture)
  const unpacked = join(directory, 'unpacked')
  mkdirSync(unpacked)
  await unpack([await debian.package('busybox-static')], unpacked)
  await installBusybox(directory, join(unpacked, 'bin/busybox'), qemu)
  if (disk.shell) {
    await unpack([await debian.package(disk.shell.package)], unpacked)
    rmSync(join(directory, 'bin/sh'))
    copyFileSync(join(unpacked, disk.shell.file), join(directory, 'bin/sh'))
  }
  rmSync(unpacked, { recursive: true })
}

async function installPackages(
  directory: string,
  { architecture, packages, links }: Disk & { kind: 'packages' },
): Promise<void> {
  for (const name of ['bin', 'sbin', 'lib']) {
    mkdirSync(join(directory, 'usr', name), { recursive: true })
    symlinkSync(`usr/${name}`, join(directory, name))
  }
  await unpack(await new Debian(join(cache, 'debian'), architecture).closure(packages), directory)
  for (const [name, to] of Object.entries(links)) symlinkSync(to, join(directory, 'usr/bin', name))
}

/** Writes the program and a link for each applet, like `busybox --install`. */
async function installBusybox(directory: string, program: string, qemu: string | undefined): Promise<void> {
  mkdirSync(join(directory, 'bin'))
  copyFileSync(program, join(directory, 'bin/busybox'))
  chmodSync(join(directory, 'bin/busybox'), 0o755)
  const list = [join(directory, 'bin/busybox'), '--list']
  const applets = await (qemu === undefined ? output(list[0] ?? '', ['--list']) : output(emulatorOf(qemu), list))
  for (const applet of applets.trim().split('\n'))
    if (applet !== 'busybox') symlinkSync('busybox', join(directory, 'bin', basename(applet)))
}

const builtBusybox = (triplet: string): string => join(cache, 'busybox', triplet)

async function buildBusybox(triplet: string): Promise<string> {
  const program = builtBusybox(triplet)
  if (existsSync(program)) return program
  mkdirSync(join(cache, 'busybox'), { recursive: true })
  const source = await new Debian(join(cache, 'debian'), 'source').source('busybox')
  await output('sh', [fileURLToPath(new URL('busybox.sh', import.meta.url)), source, triplet, program])
  return program
}

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
