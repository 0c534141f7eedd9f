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

const wantedOf = (contents: typeof files, targets: typeof links) => ({
  ...Object.fromEntries(Object.entries(contents).map(([path, [text, mode]]) => [path, `${mode.toString(8)} ${text}`])),
  ...Object.fromEntries(Object.entries(targets).map(([path, target]) => [path, `-> ${target}`])),
})
const wanted = wantedOf(files, links)

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

// The names of its directories are short enough for ustar.
const longName = `${'d d'.repeat(18)}/${'e'.repeat(99)}/${'n'.repeat(101)}`
const longTarget = `nowhere/${'t'.repeat(101)}`
/** `blind` programs ignore pax headers of these kinds, and give a link or a file another name. */
const blindness = [
  // cpio unpacks the header as a file, like a tar from before 2001.
  { program: 'cpio', command: 'cpio -idmu --quiet', blind: ['path', 'linkpath'] },
  // toybox up to 0.8.9 reads `path`, but not `linkpath`. busybox without FEATURE_TAR_SELINUX skips the whole header.
  { program: 'toybox', command: 'toybox tar xof -', blind: ['linkpath'] },
  { program: 'busybox', command: 'busybox tar xof -', blind: [] },
  { program: 'bsdtar', command: 'bsdtar xof -', blind: [] },
]
for (const { program, command, blind } of blindness) {
  const missing = spawnSync(program, ['--version']).error !== undefined
  const bin = join(folder, `blind-${program}`)
  mkdirSync(bin)
  writeFileSync(join(bin, 'tar'), `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 })
  for (const [kind, contents, targets, named] of [
    ['path', { [longName]: ['x', 0o644] }, {}, longName],
    ['linkpath', { 'a b/c': ['x', 0o644] }, { 'a b/link': longTarget }, longTarget],
  ] as [string, typeof files, typeof links, string][]) {
    const ignores = blind.includes(kind)
    const sentence = ignores
      ? `${program} ignores a long ${kind}, so the job ends as broken and names it`
      : `${program} unpacks a long ${kind} exactly`
    if (missing) test.skip(`${sentence} (${program} is not installed)`, () => {})
    else
      agentTest(
        sentence,
        async ({ farm, host, enrolled }) => {
          await enrolled()
          const copy = join(host.folder, 'copy')
          const queued = farm.queue({
            archives: [archiveOf(`${program}-${kind}`, contents, targets)],
            steps: { copy: `cp -RPp . ${copy}` },
          })
          await farm.finished(queued)
          if (ignores)
            expect(queued.finishes[0]).toMatchObject({
              reason: 'broken',
              detail: `the tar of this host cannot unpack long names and link targets, so install GNU tar or bsdtar: ${named}`,
            })
          else expect(entriesOf(copy)).toEqual(wantedOf(contents, targets))
        },
        { env: { PATH: `${bin}:${process.env.PATH}` } },
      )
  }
}

const cpioTest = spawnSync('cpio', ['--version']).error ? undefined : agentTest
cpioTest?.(
  'a tar that ignores pax headers still unpacks sources without long names exactly',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    const short = farm.queue({ archives: [archive], steps: { copy: `cp -RPp . ${host.folder}/copy` } })
    await farm.finished(short)
    expect(entriesOf(join(host.folder, 'copy'))).toEqual(wanted)
  },
  { env: { PATH: `${join(folder, 'blind-cpio')}:${process.env.PATH}` } },
)

agentTest('files with names like those of pax headers are unpacked if the sources have no long name', async setup => {
  const { farm, host, enrolled } = setup
  await enrolled()
  const [hash, copy] = ['0123456789'.repeat(4), join(host.folder, 'copy')]
  const contents: typeof files = { [`${hash}.data`]: ['x', 0o644], 'b.paxheader': ['x', 0o644] }
  const targets = { link: `see ${hash}.paxheader` }
  const queued = farm.queue({
    archives: [archiveOf('alike', contents, targets)],
    steps: { copy: `cp -RPp . ${copy}` },
  })
  await farm.finished(queued)
  expect(entriesOf(copy)).toEqual(wantedOf(contents, targets))
})

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
