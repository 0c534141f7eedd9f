import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { smartHttp, startForge } from '../../support/forge.ts'
import { startDaemon } from '../../support/git-daemon.ts'
import { makeRepository, quietEnvironment, type Repository, temporaryDirectory } from '../../support/repository.ts'
import { openGit } from '../git.ts'
import { defaultGitLimits, type GitLimits } from '../git-runner.ts'
import { fetchOne, type Mirror, openMirror } from '../mirror.ts'

function git(environment: Record<string, string> = {}, limits: Partial<GitLimits> = {}) {
  const opened = openGit(quietEnvironment(environment), { ...defaultGitLimits, ...limits })
  onTestFinished(() => opened.close())
  return opened
}

const parts = ({ directory }: Repository) => ({ root: dirname(directory), name: basename(directory) })

async function served(own: Repository, way: 'git daemon' | 'git http-backend') {
  const { root, name } = parts(own)
  const { url } = await (way === 'git daemon' ? startDaemon(root) : startForge(smartHttp(root)))
  return `${url}/${name}/.git`
}

async function mirrorOf(opened: ReturnType<typeof git>, repository: string): Promise<Mirror> {
  const mirror = await openMirror(opened, temporaryDirectory(), repository)
  if ('problem' in mirror) throw new Error(mirror.problem)
  return mirror
}

/** The output of git in the mirror. */
const inMirror = ({ directory }: Mirror, ...args: string[]) =>
  execFileSync('git', args, { cwd: directory, env: quietEnvironment({ GIT_DIR: directory }), encoding: 'utf8' }).trim()

describe.each(['git daemon', 'git http-backend'] as const)('over %s', way => {
  test('the farm lists the wanted refs, HEAD and the commits of annotated tags', async () => {
    const own = makeRepository()
    own.git('tag', '--annotate', '--message', 'One', 'v1')
    own.git('branch', 'other')
    const commit = own.git('rev-parse', 'HEAD')
    const { wire } = git()
    const repository = await served(own, way)
    expect(await wire.listRefs(repository, ['refs/heads/main', 'refs/tags/*'])).toEqual({
      kind: 'refs',
      defaultBranch: 'main',
      head: commit,
      commits: new Map([
        ['HEAD', commit],
        ['refs/heads/main', commit],
        ['refs/tags/v1', commit],
      ]),
    })
  })

  test('a list after a push shows the new commit, although the connection before is still open', async () => {
    const own = makeRepository()
    const { wire } = git()
    const repository = await served(own, way)
    await wire.listRefs(repository, ['refs/heads/main'])
    const pushed = own.commit('Next', { 'b.txt': 'b' })
    const listed = await wire.listRefs(repository, ['refs/heads/main'])
    expect(listed.kind === 'refs' && listed.commits.get('refs/heads/main')).toBe(pushed)
  })

  test('the farm fetches single commits, and git finds each of them complete and without parents', async () => {
    const own = makeRepository({ 'a.txt': 'a\n'.repeat(1000) })
    const opened = git()
    const mirror = await mirrorOf(opened, await served(own, way))
    const commits = [own.git('rev-parse', 'HEAD')]
    for (const text of ['b', 'c', 'd']) commits.push(own.commit(text, { 'a.txt': `${text}${'a\n'.repeat(1000)}` }))
    for (const commit of [...commits].reverse()) {
      expect(await opened.wire.fetchCommit(mirror, commit)).toEqual({ kind: 'fetched' })
      expect(inMirror(mirror, 'rev-parse', `refs/farm/${commit}`)).toBe(commit)
    }
    expect(inMirror(mirror, 'fsck', '--full', '--no-dangling')).toBe('')
    expect(inMirror(mirror, 'rev-list', '--count', '--all')).toBe('4')
    expect(await opened.wire.fetchCommit(mirror, commits[0] ?? '')).toEqual({ kind: 'fetched' })
  })

  test('a commit with more than 100 files arrives as a pack', async () => {
    const files = Object.fromEntries(Array.from({ length: 150 }, (_, number) => [`f${number}`, `${number}\n`]))
    const own = makeRepository(files)
    const opened = git()
    const mirror = await mirrorOf(opened, await served(own, way))
    expect(await opened.wire.fetchCommit(mirror, own.git('rev-parse', 'HEAD'))).toEqual({ kind: 'fetched' })
    expect(inMirror(mirror, 'fsck', '--full')).toBe('')
    expect(inMirror(mirror, 'count-objects', '-v')).toMatch(/^packs: 1$/m)
  })

  test('after git fetched into the mirror, the farm fetches on', async () => {
    const own = makeRepository()
    const opened = git()
    const mirror = await mirrorOf(opened, await served(own, way))
    const args = ['fetch', '--quiet', mirror.repository, '+refs/heads/main:refs/heads/main']
    expect(
      await opened.text({ args, seconds: 20, cwd: mirror.directory, also: { GIT_DIR: mirror.directory } }),
    ).toMatchObject({
      kind: 'ok',
    })
    const next = own.commit('Next', { 'b.txt': 'b' })
    expect(await opened.wire.fetchCommit(mirror, next)).toEqual({ kind: 'fetched' })
    expect(inMirror(mirror, 'show', `${next}:b.txt`)).toBe('b')
  })

  test('the answer for a commit that the repository does not have is "absent"', async () => {
    const own = makeRepository()
    const opened = git()
    const mirror = await mirrorOf(opened, await served(own, way))
    expect(await opened.wire.fetchCommit(mirror, '1'.repeat(40))).toEqual({ kind: 'absent' })
  })

  test('a repository with SHA-256', async () => {
    const own = makeRepository({ a: 'x' }, 'sha256')
    const opened = git()
    const mirror = await mirrorOf(opened, await served(own, way))
    expect(await opened.wire.fetchCommit(mirror, own.git('rev-parse', 'HEAD'))).toEqual({ kind: 'fetched' })
  })
})

test('a fetch continues the connection of the list before it', async () => {
  const own = makeRepository()
  const { root, name } = parts(own)
  const daemon = await startDaemon(root)
  const repository = `${daemon.url}/${name}/.git`
  const opened = git()
  const mirror = await mirrorOf(opened, repository)
  await opened.wire.listRefs(repository, ['refs/heads/main'])
  await daemon.stop() // the process of the open connection continues without it
  expect(await opened.wire.fetchCommit(mirror, own.git('rev-parse', 'HEAD'))).toEqual({ kind: 'fetched' })
})

test.each<[string, Record<string, string>, string]>([
  ['a proxy', { https_proxy: 'http://127.0.0.1:1' }, ''],
  ['a setting of http', {}, '[http]\n\tsslVerify = false\n'],
  ['another address', {}, '[url "http://127.0.0.1:1/"]\n\tinsteadOf = https://forge.example/\n'],
])('with %s, git connects', async (_, environment, config) => {
  const file = join(temporaryDirectory(), 'gitconfig')
  writeFileSync(file, config)
  const { wire } = git({ ...environment, GIT_CONFIG_GLOBAL: file })
  expect(await wire.listRefs('https://forge.example/x.git', [])).toEqual({ kind: 'use-git' })
})

test.each(['ssh://git@forge.example/x', 'git@forge.example:x', '/srv/x', 'https://ada:secret@forge.example/x'])(
  'for %s, git connects',
  async repository => {
    expect(await git().wire.listRefs(repository, [])).toEqual({ kind: 'use-git' })
  },
)

test.each([
  [
    'the status 401',
    (_: unknown, response: { writeHead: (status: number) => { end: () => void } }) => response.writeHead(401).end(),
  ],
  ['a page', (_: unknown, response: { end: (text: string) => void }) => response.end('<html>')],
])('after %s, git asks the server, and reports what is wrong', async (_, answer) => {
  const forge = await startForge(answer as never)
  const { wire } = git()
  expect(await wire.listRefs(`${forge.url}/x`, [])).toEqual({ kind: 'use-git' })
  expect(await wire.listRefs(`${forge.url}/x`, [])).toEqual({ kind: 'use-git' })
  expect(forge.asked).toHaveLength(1)
})

test('a server that does not answer is a problem after the time limit', async () => {
  const forge = await startForge(() => undefined)
  const { wire } = git({}, { listSeconds: 0.2 })
  expect(await wire.listRefs(`${forge.url}/x`, [])).toMatchObject({
    kind: 'problem',
    problem: expect.stringContaining('no answer within 0.2 s (the forge does not answer'),
  })
})

test('while another process changes the mirror, git fetches', async () => {
  const own = makeRepository()
  const opened = git()
  const mirror = await mirrorOf(opened, await served(own, 'git daemon'))
  own.commit('Next')
  const commit = own.git('rev-parse', 'HEAD')
  writeFileSync(join(mirror.directory, 'shallow.lock'), '')
  expect(await opened.wire.fetchCommit(mirror, commit)).toEqual({ kind: 'use-git' })
  expect(existsSync(join(mirror.directory, 'refs/farm', commit))).toBe(false)
})

test('the process that waits for the next fetch ends with the server', async () => {
  const own = makeRepository()
  const opened = git()
  const mirror = await mirrorOf(opened, await served(own, 'git daemon'))
  expect(await fetchOne(opened, mirror, own.git('rev-parse', 'HEAD'))).toEqual({ kind: 'fetched' })
  expect(await opened.readers.of(mirror.directory)).toMatchObject({ isClosed: false })
  opened.close()
  await expect.poll(() => processesIn(mirror.directory), { timeout: 20_000 }).toEqual([])
})

/** The numbers of the git processes that work in this directory (Linux). */
function processesIn(directory: string): string[] {
  const listed = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n')
  return listed
    .filter(line => / git (cat-file|unpack-objects)/.test(line))
    .map(line => line.trim().split(' ')[0] ?? '')
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`GIT_DIR=${directory}`)
      } catch {
        return false
      }
    })
}
