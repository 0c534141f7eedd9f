import { execFileSync, spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openMirrors } from '../src/mirrors.ts'
import { quietEnvironment, temporaryDirectory } from '../src/support/repository.ts'
import { unpacked } from '../src/support/unpacked.ts'

function mirrors() {
  const opened = openMirrors({ directory: temporaryDirectory(), environment: quietEnvironment() })
  onTestFinished(() => opened.close())
  return opened
}

const has = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
if (!has('hg')) console.warn('skipped: the tests of Mercurial need the package mercurial')
if (!has('cvs')) console.warn('skipped: the tests of CVS need the package cvs')

test.runIf(has('hg'))('a repository of Mercurial: branches, commits, and the files of a commit', async () => {
  const directory = temporaryDirectory()
  const hg = (...args: string[]) =>
    execFileSync('hg', args, {
      cwd: directory,
      encoding: 'utf8',
      env: { ...quietEnvironment(), HGUSER: 'Ada <a@b.c>' },
    }).trim()
  hg('init')
  writeFileSync(join(directory, 'a b.c'), 'int a;\n')
  hg('commit', '--addremove', '-m', 'First')
  const first = hg('log', '-r', '.', '-T', '{node}')
  writeFileSync(join(directory, 'x.sh'), 'echo\n', { mode: 0o755 })
  hg('branch', 'feature')
  hg('commit', '--addremove', '-m', 'Second')
  const { resolve, tarball } = mirrors()
  const repository = `hg+${directory}`
  const newest = { commit: first, author: 'Ada', subject: 'First', message: 'First' }
  expect(await resolve({ repository })).toEqual({ kind: 'commit', ...newest })
  const second = await resolve({ repository, ref: 'feature' })
  if (second.kind === 'problem') throw new Error(second.problem)
  const made = await tarball({ repository, commit: second.commit, leaveOut: [] })
  expect(unpacked(made)).toEqual({ 'a b.c': 'int a;\n', 'x.sh': 'echo\n' })
  expect(unpacked(await tarball({ repository, commit: first, leaveOut: [] }))).toEqual({ 'a b.c': 'int a;\n' })
  expect(await resolve({ repository, ref: 'nothing' })).toMatchObject({ absent: true })
  rmSync(directory, { recursive: true })
  expect(await resolve({ repository, ref: first })).toMatchObject({ commit: first })
  expect(await resolve({ repository })).toMatchObject({ kind: 'problem' })
})

test.runIf(has('cvs'))('a module of CVS: the same files give the same commit, and a change another one', async () => {
  const root = temporaryDirectory()
  const work = temporaryDirectory()
  const cvs = (...args: string[]) =>
    execFileSync('cvs', ['-f', '-Q', '-d', root, ...args], {
      cwd: work,
      stdio: 'pipe',
      env: quietEnvironment({ USER: 'ada', LOGNAME: 'ada' }),
    })
  cvs('init')
  writeFileSync(join(work, 'a.c'), 'int a;\n')
  cvs('import', '-m', 'First', 'src/lib', 'vendor', 'start')
  const { resolve, tarball } = mirrors()
  const wanted = { repository: `cvs+${root}`, module: 'src/lib' }
  const first = await resolve(wanted)
  if (first.kind === 'problem') throw new Error(first.problem)
  expect(await resolve(wanted)).toEqual(first)
  rmSync(join(work, 'a.c'))
  cvs('checkout', '-d', 'lib', 'src/lib')
  writeFileSync(join(work, 'lib/a.c'), 'int changed;\n')
  execFileSync('cvs', ['-f', '-Q', 'commit', '-m', 'Second'], {
    cwd: join(work, 'lib'),
    stdio: 'pipe',
    env: quietEnvironment({ USER: 'ada', LOGNAME: 'ada', CVSROOT: root }),
  })
  const second = await resolve(wanted)
  if (second.kind === 'problem') throw new Error(second.problem)
  expect(second.commit).not.toBe(first.commit)
  expect(unpacked(await tarball({ ...wanted, commit: first.commit, leaveOut: [] }))).toEqual({ 'a.c': 'int a;\n' })
  expect(unpacked(await tarball({ ...wanted, commit: second.commit, leaveOut: [] }))).toEqual({
    'a.c': 'int changed;\n',
  })
  expect(await resolve({ ...wanted, ref: 'start' })).toMatchObject({ kind: 'commit' })
  expect(await resolve({ ...wanted, ref: 'nothing' })).toMatchObject({ kind: 'problem' })
})
