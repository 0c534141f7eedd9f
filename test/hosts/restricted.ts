import { chmodSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Restricted, Uname } from './machines.ts'

/** The POSIX utilities that every restricted host has. */
const everywhere = [
  ...[
    'awk',
    'basename',
    'cat',
    'chmod',
    'cksum',
    'cmp',
    'cp',
    'cut',
    'date',
    'dd',
    'df',
    'dirname',
    'du',
    'env',
    'expr',
  ],
  ...[
    'false',
    'find',
    'fold',
    'getconf',
    'grep',
    'gzip',
    'head',
    'id',
    'kill',
    'ln',
    'ls',
    'mkdir',
    'mkfifo',
    'mv',
    'nice',
  ],
  ...[
    'nohup',
    'od',
    'printf',
    'pwd',
    'rm',
    'rmdir',
    'sed',
    'sleep',
    'sort',
    'tail',
    'tar',
    'tee',
    'test',
    'touch',
    'tr',
  ],
  ...['true', 'tty', 'uniq', 'wc', 'xargs'],
]

/**
 * Makes a disk with links to programs of the real machine. enter.sh shows the whole real machine below /native. The
 * disk itself has only the programs of the represented host.
 */
export function restrict(directory: string, disk: Restricted): void {
  const bin = join(directory, 'bin')
  for (const name of ['bin', 'usr']) mkdirSync(join(directory, name))
  for (const name of ['lib', 'lib64']) symlinkSync(`/native/usr/${name}`, join(directory, name))
  for (const name of ['lib', 'lib64', 'share']) symlinkSync(`/native/usr/${name}`, join(directory, 'usr', name))
  symlinkSync('../bin', join(directory, 'usr/bin'))
  symlinkSync('/native/etc/ssl', join(directory, 'etc/ssl'))
  for (const tool of [...everywhere, ...disk.tools]) linkTool(bin, tool, tool)
  linkTool(bin, 'sh', disk.sh)
  if (disk.kornShell) {
    mkdirSync(join(directory, 'usr/xpg4/bin'), { recursive: true })
    linkTool(join(directory, 'usr/xpg4/bin'), 'sh', disk.kornShell)
  }
  for (const [name, text] of Object.entries(scripts(disk))) writeScript(join(bin, name), text)
}

/** The first program of the disk that the real machine lacks. */
export const missingTool = ({ sh, kornShell, tools, standIns = [] }: Restricted): string | undefined => {
  const standIn = standIns.length > 0 ? ['curl'] : []
  return [sh, kornShell ?? sh, ...tools, ...standIn, 'unshare', 'ps'].find(tool => placeOf(tool) === undefined)
}

/** Makes a link with this name. It leads to the program itself, and not to another link. */
function linkTool(bin: string, name: string, tool: string): void {
  const found = placeOf(tool)
  if (found === undefined) throw new Error(`${tool} is not installed here: looked in ${places.join(', ')}`)
  symlinkSync(`/native${realpathSync(found)}`, join(bin, name))
}

function placeOf(tool: string): string | undefined {
  return places.map(place => join(place, tool)).find(file => existsSync(file))
}

const places = ['/usr/bin', '/bin', '/usr/sbin', '/sbin']

function writeScript(file: string, text: string): void {
  rmSync(file, { force: true }) // so that the write does not follow a link
  writeFileSync(file, `#!/bin/sh\n${text}`)
  chmodSync(file, 0o755)
}

const scripts = ({ uname, hasProc, standIns = [], quirks = [] }: Restricted): Record<string, string> => ({
  uname: unameScript(uname),
  ps: hasProc ? 'exec /native/usr/bin/ps "$@"\n' : psScript,
  ...Object.fromEntries(standIns.map(name => [name, standIn])),
  ...(quirks.includes('date-without-seconds') ? { date: dateScript } : {}),
})

const unameScript = (uname: Uname): string => {
  const answers = Object.entries(uname).map(([key, value]) => `  -${key}) echo '${value}' ;;`)
  return [`case \${1--s} in`, ...answers, `  *) echo '${Object.values(uname).join(' ')}' ;;`, 'esac', ''].join('\n')
}

/**
 * A ps for a machine without /proc. On the real system, ps gets its data directly from the kernel. This script gives a
 * /proc to ps, and to no other program.
 */
const psScript = `exec /native/usr/bin/unshare --mount /native/bin/sh -c \\
  '/native/bin/mount -t proc proc /proc && exec /native/usr/bin/ps "$@"' ps "$@"
`

/** A date that prints unknown formats unchanged, like the date of Solaris 10. */
const dateScript = `case $* in
  +%s*) printf '%s\\n' "\${1#+}" ;;
  *) exec /native/bin/date "$@" ;;
esac
`

/** A script that replaces a download program: fetch of FreeBSD, or ftp of the BSDs. The URL is the last argument. */
const standIn = `for url; do :; done
exec /native/usr/bin/curl -fsS "$url"
`
