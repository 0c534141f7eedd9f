import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agentTest } from './support/agent-test.ts'
import { tarball } from './support/tarball.ts'

const folder = mkdtempSync(join(tmpdir(), 'rumpfarm-unpack-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A path as bytes: latin1 gives each byte its own character. */
const bytes = (path: string) => Buffer.from(path, 'latin1')
const below = (directory: string, path: string) => Buffer.concat([Buffer.from(`${directory}/`), bytes(path)])

const files: Record<string, [string, number]> = {
  plain: ['x', 0o644],
  'run.sh': ['#!/bin/sh\n', 0o755],
  empty: ['', 0o644],
  big: ['z'.repeat(100_000), 0o644],
  'a b/c  d': ['blanks', 0o644],
  ' first': ['blank', 0o644],
  'last ': ['blank', 0o644],
  'new\nline/x\ny': ['newlines', 0o755],
  'tab\t\u0001\u007f': ['control characters', 0o644],
  '\u00ff\u00fe/\u00e9': ['not UTF-8', 0o644],
  '\u00c3\u00a4/\u00e2\u0082\u00ac': ['UTF-8', 0o644],
  'q\'"\\$`;*?[x]': ['signs of the shell', 0o644],
  '-rf': ['an option', 0o644],
  '.hidden/.x': ['hidden', 0o644],
  // The longest names without a pax header: 100 bytes, a slash, and 154 bytes before it. A directory's name has at most 99.
  [`${'p'.repeat(99)}/${'r'.repeat(54)}/${'q'.repeat(100)}`]: ['255 bytes', 0o755],
  ['n'.repeat(100)]: ['100 bytes', 0o644],
}
const links: Record<string, string> = {
  link: 'plain',
  up: '../outside',
  absolute: '/etc/passwd',
  dangling: 'nowhere',
  directory: 'a b',
  'l\u00ff': '\u00ff\n\u00fe',
  long: 't'.repeat(100),
  through: 'a b/../plain',
}

/** Every file and link below a directory. */
function entriesOf(directory: string): Record<string, string> {
  const found: Record<string, string> = {}
  const walk = (prefix: string) => {
    for (const name of readdirSync(below(directory, prefix || '.'), { encoding: 'latin1' })) {
      if (name === '.git') continue
      const path = prefix ? `${prefix}/${name}` : name
      const at = below(directory, path)
      const status = lstatSync(at)
      if (status.isDirectory()) walk(path)
      else if (status.isSymbolicLink()) found[path] = `-> ${readlinkSync(at, { encoding: 'latin1' })}`
      else found[path] = `${(status.mode & 0o7777).toString(8)} ${readFileSync(at, 'latin1')}`
    }
  }
  walk('')
  return found
}

const wanted = {
  ...Object.fromEntries(Object.entries(files).map(([path, [text, mode]]) => [path, `${mode.toString(8)} ${text}`])),
  ...Object.fromEntries(Object.entries(links).map(([path, target]) => [path, `-> ${target}`])),
}

let archive: Buffer
beforeAll(() => {
  archive = archiveOf('odd', files, links)
})

/** An archive like those of the farm. */
function archiveOf(name: string, contents: typeof files, targets: typeof links): Buffer {
  const repository = join(folder, name)
  for (const [path, [text, mode]] of Object.entries(contents)) {
    mkdirSync(directoryOf(repository, path), { recursive: true })
    writeFileSync(below(repository, path), text)
    chmodSync(below(repository, path), mode)
  }
  for (const [path, target] of Object.entries(targets)) symlinkSync(bytes(target), below(repository, path))
  const git = (...words: string[]) => execFileSync('git', ['-C', repository, ...words], { maxBuffer: 1e9 })
  git('init', '-q')
  git('add', '-A')
  git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '-m', 'odd names')
  return gzipSync(git('-c', 'tar.umask=0022', 'archive', '--format=tar', 'HEAD').subarray(1024)) // without the global header
}

const directoryOf = (repository: string, path: string): Buffer => {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? Buffer.from(repository) : below(repository, path.slice(0, slash))
}

/** The tar programs of GNU, busybox, FreeBSD and macOS, MirBSD (as on OpenBSD and NetBSD), and Android. */
const programs = ['tar', 'busybox tar', 'bsdtar', 'paxtar', 'toybox tar']

for (const program of programs) {
  const [command = '', ...words] = program.split(' ')
  const sentence = `${program} unpacks modes, links, odd names and the longest names exactly`
  if (spawnSync(command, [...words, '--help']).error) {
    test.skip(`${sentence} (${command} is not installed)`, () => {})
    continue
  }
  const bin = join(folder, program.replace(' ', '-'))
  mkdirSync(bin)
  const real = execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim()
  writeFileSync(join(bin, 'tar'), `#!/bin/sh\nexec ${[real, ...words].join(' ')} "$@"\n`, { mode: 0o755 })
  agentTest(
    sentence,
    async ({ farm, host, enrolled }) => {
      await enrolled()
      const copy = join(host.folder, 'copy')
      const attempt = farm.queue({ archives: [archive], steps: { copy: `cp -RPp . ${copy}` } })
      await farm.finished(attempt)
      expect(attempt.finishes[0]).toMatchObject({ reason: 'exit', steps: expect.stringMatching(/^0:/) })
      expect(entriesOf(copy)).toEqual(wanted)
    },
    { env: { PATH: `${bin}:${process.env.PATH}` } },
  )
}

const longName = 'n'.repeat(101)
const longTest = spawnSync('cpio', ['--version']).error
  ? (sentence: string) => test.skip(`${sentence} (cpio is not installed)`, () => {})
  : agentTest
const oldBin = join(folder, 'old')
mkdirSync(oldBin)
// cpio ignores pax headers, like a tar from before 2001.
writeFileSync(join(oldBin, 'tar'), '#!/bin/sh\nexec cpio -idmu --quiet\n', { mode: 0o755 })
longTest(
  'if the tar of the host is too old for a long name, the job ends as broken',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    const steps = { look: 'ls' }
    const long = farm.queue({ archives: [archiveOf('long', { [longName]: ['x', 0o644] }, {})], steps })
    await farm.finished(long)
    expect(long.finishes[0]).toMatchObject({
      reason: 'broken',
      detail: expect.stringMatching(/^the tar of this host cannot unpack a path above 255 bytes.*: install GNU tar/),
    })
    const short = farm.queue({ archives: [archive], steps: { copy: `cp -RPp . ${host.folder}/copy` } })
    await farm.finished(short)
    expect(entriesOf(join(host.folder, 'copy'))).toEqual(wanted)
  },
  { env: { PATH: `${oldBin}:${process.env.PATH}` } },
)

agentTest(
  'if a file cannot be unpacked on the host, the job ends as broken and names the file',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    const archives = [tarball({ first: 'a file', [`first/${'x'.repeat(80)}`]: 'below a file' })]
    const attempt = farm.queue({ archives, steps: { none: ':' } })
    await farm.finished(attempt)
    expect(attempt.finishes[0]).toMatchObject({
      reason: 'broken',
      detail: expect.stringMatching(/^cannot unpack source src: .*first\/x{80}/),
    })
    expect(host.said()).not.toContain('passed')
  },
)
