// Runs the text of the script with sh, git and git-lfs, in an empty directory.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { JobView } from '@rumpfarm/farm'
import { expect, onTestFinished, test } from 'vitest'
import { reproduceScript } from './reproduce-script.ts'

type Source = JobView['preparedSources'][number]

/** git takes submodules from other directories only with this setting. */
const env = {
  PATH: process.env.PATH,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'protocol.file.allow',
  GIT_CONFIG_VALUE_0: 'always',
}

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'reproduce-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

function repository() {
  const directory = temporary()
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', directory, '-c', 'user.name=Ada', '-c', 'user.email=ada@localhost', ...args], {
      encoding: 'utf8',
      env: { ...env, HOME: directory },
    }).trim()
  git('init', '--quiet', '--initial-branch=main')
  const commit = (files: Record<string, string>): string => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true })
      writeFileSync(join(directory, name), text)
    }
    git('add', '--all')
    git('commit', '--quiet', '--allow-empty', '--message', 'Change')
    return git('rev-parse', 'HEAD')
  }
  return { directory, git, commit }
}

const sourceOf = (changes: Partial<Source>): Source => ({
  ...{ name: 'sample', repository: '', commit: '', path: null, leaveOut: [], bytes: 1, crc: '1', sha256: '', md5: '' },
  ...changes,
})

/** Runs the script of a job, whose only step prints what it finds. */
function reproduce(
  run: string,
  source: Source,
  changes: Partial<JobView> = {},
  more: Record<string, string> = {},
): string {
  const work = temporary()
  const job = {
    ...{ id: 7, buildId: 12, project: 'sample', arch: 'amd64', variant: 'default', kind: 'branch', branch: 'main' },
    ...{ tag: null, pullRequest: null, commit: source.commit },
    recipe: { steps: [{ name: 'print', run }], env: {} },
    preparedSources: [source],
    ...changes,
  } as unknown as JobView
  const marked = reproduceScript(job).replace('# print', 'echo "=== steps"')
  const out = execFileSync('sh', ['-c', marked], {
    cwd: work,
    encoding: 'utf8',
    env: { ...env, HOME: work, ...more },
    stdio: 'pipe',
  })
  return out.split('=== steps\n')[1] ?? out
}

test('of a tag: the step has its name, and the files of its commit without those of leave-out', () => {
  const { directory, commit } = repository()
  const tagged = commit({ 'a.txt': 'one\n', 'docs/b.txt': 'two\n' })
  commit({ 'a.txt': 'later\n' })
  const source = sourceOf({ repository: directory, commit: tagged, leaveOut: ['docs'] })
  const printed = reproduce('echo "$FARM_TAG,$FARM_BRANCH"; ls; cat a.txt', source, {
    kind: 'tag',
    tag: 'v1',
    branch: null,
  })
  expect(printed).toBe('v1,\na.txt\none\n')
})

test('of a directory of the repository', () => {
  const { directory, commit } = repository()
  const source = sourceOf({ repository: directory, commit: commit({ 'sub dir/a.txt': 'one\n' }), path: 'sub dir' })
  expect(reproduce('ls', source)).toBe('a.txt\n')
})

/** A pull request whose commit only a ref of the forge has. */
function pullRequest() {
  const { directory, git, commit } = repository()
  commit({ 'a.txt': 'a\n', '.gitattributes': '' })
  git('switch', '--quiet', '--create', 'topic')
  const head = commit({ 'topic.txt': 'topic\n' })
  git('update-ref', 'refs/pull/7/head', head)
  git('switch', '--quiet', 'main')
  git('branch', '--quiet', '-D', 'topic')
  const base = commit({ 'main.txt': 'main\n' })
  return sourceOf({ repository: directory, commit: '0'.repeat(40), merged: { head, base, by: 'farm' } })
}

test.each([{}, { submodules: true }])('of a pull request: it makes the merge again, with the keys %j', contents => {
  const source = { ...pullRequest(), ...contents }
  const request = { kind: 'pull-request', branch: null, pullRequest: 7, commit: source.merged?.head ?? '' } as const
  const printed = reproduce('echo "$FARM_PULL_REQUEST,$FARM_COMMIT"; ls', source, request)
  expect(printed).toBe(`7,${source.merged?.head}\na.txt\nmain.txt\ntopic.txt\n`)
})

test('of a try: it takes the files from the directory TREE, and says so without it', () => {
  const tree = temporary()
  writeFileSync(join(tree, 'uncommitted.txt'), 'new\n')
  const source = sourceOf({ repository: 'uploaded tree 6f0e3c1e-0000-4000-8000-000000000000', commit: 'a'.repeat(40) })
  const tried = { kind: 'try', branch: null } as const
  expect(reproduce('cat uncommitted.txt', source, tried, { TREE: tree })).toBe('new\n')
  expect(() => reproduce('true', source, tried)).toThrow('set TREE to the directory with the files of the try')
})

test('with submodules, also those of submodules', () => {
  const [inner, middle, outer] = [repository(), repository(), repository()]
  inner.commit({ 'deep.txt': 'deep\n' })
  middle.commit({ 'm.txt': 'm\n' })
  middle.git('submodule', '--quiet', 'add', inner.directory, 'inner')
  middle.commit({})
  outer.git('submodule', '--quiet', 'add', middle.directory, 'lib/middle')
  const commit = outer.commit({ 'a.txt': 'a\n' })
  const source = sourceOf({ repository: outer.directory, commit, submodules: true })
  expect(reproduce('cat lib/middle/inner/deep.txt lib/middle/m.txt a.txt', source)).toBe('deep\nm\na\n')
  expect(reproduce('cat middle/m.txt', { ...source, path: 'lib' })).toBe('m\n')
})

const hasLfs = (() => {
  try {
    return execFileSync('git', ['lfs', 'version'], { encoding: 'utf8' }) !== ''
  } catch {
    return false
  }
})()

test.skipIf(!hasLfs)('with git LFS: the files have their content', () => {
  const { directory, git, commit } = repository()
  git('lfs', 'install', '--local')
  git('lfs', 'track', '*.bin')
  const content = 'x'.repeat(1000)
  const source = sourceOf({ repository: directory, commit: commit({ 'a.bin': content }), lfs: true })
  expect(git('cat-file', '-p', 'HEAD:a.bin')).toContain('git-lfs')
  expect(reproduce('wc -c <a.bin', source).trim()).toBe('1000')
  expect(readFileSync(join(directory, 'a.bin'), 'utf8')).toBe(content)
})
