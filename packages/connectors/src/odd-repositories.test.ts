import { rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openMirrors } from './mirrors.ts'
import { smartHttp, startForge } from './support/forge.ts'
import { makeRepository, quietEnvironment, type Repository, temporaryDirectory } from './support/repository.ts'

function mirrors() {
  const opened = openMirrors({ directory: temporaryDirectory(), environment: quietEnvironment() })
  onTestFinished(() => opened.close())
  return opened
}

const parts = ({ directory }: Repository) => ({ root: dirname(directory), name: basename(directory) })

test.each([
  ['a path', 'sha1', 'sha256'],
  ['a path', 'sha256', 'sha1'],
  ['smart http', 'sha1', 'sha256'],
  ['smart http', 'sha256', 'sha1'],
] as const)(
  'the farm builds from a repository that was created again with another hash (%s, %s, then %s)',
  async (way, first, now) => {
    const own = makeRepository({ a: 'b' }, first)
    const { root, name } = parts(own)
    const forge = await startForge(smartHttp(root))
    const repository = way === 'a path' ? own.directory : `${forge.url}/${name}/.git`
    const { resolve, tarball, history } = mirrors()
    expect(await resolve({ repository })).toMatchObject({ kind: 'commit' })
    expect(await history({ repository, branch: 'main' })).toMatchObject({ kind: 'history' })

    rmSync(join(own.directory, '.git'), { recursive: true })
    own.git('init', '--quiet', '--initial-branch=main', `--object-format=${now}`)
    const commit = own.commit('Again')
    expect(await tarball({ repository, commit, leaveOut: [] })).toMatchObject({ kind: 'tarball' })
    expect(await resolve({ repository, ref: commit.slice(0, 10) })).toMatchObject({ commit, subject: 'Again' })
    expect(await history({ repository, branch: 'main' })).toMatchObject({ commits: [{ commit }] })
  },
)

test('a request for a commit with a SHA-256 name does not change the mirror of a SHA-1 repository', async () => {
  const own = makeRepository()
  const { resolve } = mirrors()
  const repository = own.directory
  expect(await resolve({ repository, ref: 'a'.repeat(64) })).toMatchObject({ kind: 'problem', absent: true })
  expect(await resolve({ repository })).toMatchObject({ kind: 'commit', subject: 'First' })
})

test('if HEAD is detached, the answer is the commit of HEAD, without a branch', async () => {
  const own = makeRepository()
  own.git('switch', '--quiet', '--detach')
  const commit = own.commit('Apart')
  const resolved = await mirrors().resolve({ repository: own.directory, ref: 'HEAD' })
  expect(resolved).toMatchObject({ kind: 'commit', commit })
  expect(resolved).not.toHaveProperty('branch')
})

test('the error for a HEAD without a branch lists the branches', async () => {
  const own = makeRepository()
  own.git('branch', 'next')
  own.git('symbolic-ref', 'HEAD', 'refs/heads/gone')
  expect(await mirrors().resolve({ repository: own.directory, ref: 'HEAD' })).toEqual({
    kind: 'problem',
    absent: true,
    problem: `HEAD of ${own.directory} names a branch that does not exist: trigger one of its branches, main, next`,
  })
})

test('the error for an empty repository says that it has no commit', async () => {
  const own = makeRepository()
  own.git('update-ref', '-d', 'refs/heads/main')
  expect(await mirrors().resolve({ repository: own.directory })).toMatchObject({
    absent: true,
    problem: expect.stringMatching(/ has no commit yet$/),
  })
})
