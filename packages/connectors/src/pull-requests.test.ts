import { execFileSync } from 'node:child_process'
import { basename, dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { allowForkAddress } from './git/fork-address.ts'
import { openGit } from './git/git.ts'
import { mergeWithIndex } from './git/merge.ts'
import { openMirrors } from './mirrors.ts'
import { makeGuard } from './notifiers/guard.ts'
import { smartHttp, startForge } from './support/forge.ts'
import { makeRepository, quietEnvironment, type Repository, temporaryDirectory } from './support/repository.ts'

function mirrors({ allowPrivate = true } = {}) {
  const opened = openMirrors({ directory: temporaryDirectory(), environment: quietEnvironment(), allowPrivate })
  onTestFinished(() => opened.close())
  return opened
}

const place = (changes: object = {}) => ({
  headRef: 'refs/pull/7/head',
  headBranch: 'topic',
  headUrls: [] as string[],
  fork: true,
  ...changes,
})

/** A repository with a branch `topic` that changes another file than main. */
function withTopic(): { own: Repository; base: string; head: string } {
  const own = makeRepository({ 'a.c': 'one\n', 'b.c': 'one\n' })
  own.git('switch', '--quiet', '--create', 'topic')
  const head = own.commit('Change b', { 'b.c': 'two\n' })
  own.git('switch', '--quiet', 'main')
  const base = own.commit('Change a', { 'a.c': 'two\n' })
  return { own, base, head }
}

async function serve(...repositories: Repository[]): Promise<string[]> {
  return Promise.all(
    repositories.map(async ({ directory }) => {
      const forge = await startForge(smartHttp(dirname(directory)))
      return `${forge.url}/${basename(directory)}/.git`
    }),
  )
}

const contentOf = (file: string, name: string) => execFileSync('tar', ['-xzOf', file, name], { encoding: 'utf8' })

describe('the newest commit', () => {
  test.each(['a path', 'smart http'])(
    'comes from the ref of the request, and counts as code of a fork: %s',
    async way => {
      const { own, head } = withTopic()
      own.git('update-ref', 'refs/pull/7/head', head)
      own.git('branch', '--delete', '--force', 'topic')
      const repository = way === 'a path' ? own.directory : ((await serve(own))[0] as string)
      expect(await mirrors().pullRequestHead({ repository, place: place() })).toEqual({
        kind: 'head',
        commit: head,
        fork: true,
      })
    },
  )

  test('counts as own code only if it is the tip of the branch in the configured repository', async () => {
    const { own, head } = withTopic()
    own.git('update-ref', 'refs/pull/7/head', head)
    const [repository = ''] = await serve(own)
    const { pullRequestHead } = mirrors()
    const read = (changes: object) => pullRequestHead({ repository, place: place(changes) })
    expect(await read({ fork: false })).toEqual({ kind: 'head', commit: head, fork: false })
    expect(await read({ fork: true })).toEqual({ kind: 'head', commit: head, fork: true })
    expect(await read({ fork: false, headBranch: 'gone' })).toEqual({ kind: 'head', commit: head, fork: true })
  })

  test('comes from the repository of the fork if the configured repository has no ref for the request', async () => {
    const { own } = withTopic()
    const fork = makeRepository()
    fork.git('switch', '--quiet', '--create', 'topic')
    const commit = fork.commit('From a fork', { 'c.c': 'three\n' })
    const [repository = '', url = ''] = await serve(own, fork)
    expect(await mirrors().pullRequestHead({ repository, place: place({ headUrls: [url] }) })).toEqual({
      kind: 'head',
      commit,
      fork: true,
    })
    const missing = place({ headUrls: [url], headBranch: 'gone' })
    expect(await mirrors().pullRequestHead({ repository, place: missing })).toMatchObject({
      kind: 'problem',
      absent: true,
    })
  })

  test('is the tip of the branch if the forge names no ref', async () => {
    const { own, head } = withTopic()
    const answer = await mirrors().pullRequestHead({
      repository: own.directory,
      place: place({ headRef: null, fork: false }),
    })
    expect(answer).toEqual({ kind: 'head', commit: head, fork: false })
  })

  test('is not read from a private address', async () => {
    const { own } = withTopic()
    const [repository = '', url = ''] = await serve(own, makeRepository())
    const { pullRequestHead } = mirrors({ allowPrivate: false })
    const answer = await pullRequestHead({ repository, place: place({ headUrls: [url] }) })
    expect(answer).toMatchObject({
      kind: 'problem',
      problem: expect.stringMatching(/refs\/pull\/7\/head.*address is private/),
    })
  })

  test.each([[['ssh://git@example.org/fork', '/srv/git/fork', 'https://user:password@example.org/x']], [[]]])(
    'is not read from the addresses %j',
    async headUrls => {
      const { own } = withTopic()
      const answer = await mirrors().pullRequestHead({ repository: own.directory, place: place({ headUrls }) })
      expect(answer).toMatchObject({ problem: expect.stringContaining('no http or https address') })
    },
  )

  test('a name that is an option of git is refused', async () => {
    const { own } = withTopic()
    for (const changes of [{ headRef: '--upload-pack=x' }, { headBranch: '-x' }])
      expect(await mirrors().pullRequestHead({ repository: own.directory, place: place(changes) })).toMatchObject({
        kind: 'problem',
      })
  })
})

describe('the address of a fork', () => {
  const resolvesTo = (address: string) =>
    makeGuard({
      allowPrivate: false,
      resolve: ((_: string, __: object, done: (error: null, found: object[]) => void) =>
        done(null, [{ address, family: 4 }])) as never,
    })

  test('git connects to the checked address only, without redirects and passwords', async () => {
    const guard = resolvesTo('192.0.66.2')
    const allowed = await allowForkAddress(['https://forge.example/fork.git'], 'https://other.example/x', guard)
    expect(allowed).toMatchObject({
      address: 'https://forge.example/fork.git',
      options: expect.arrayContaining([
        'http.curloptResolve=forge.example:443:192.0.66.2',
        'http.followRedirects=false',
        'credential.helper=',
      ]),
      also: { HOME: '/nonexistent', GIT_ALLOW_PROTOCOL: 'https:http' },
    })
  })

  test('the host of the configured repository may be private', async () => {
    const guard = resolvesTo('10.0.0.1')
    const urls = ['ssh://git@git.example/fork', 'https://git.example/fork']
    expect(await allowForkAddress(urls, 'https://git.example/own', guard)).toMatchObject({
      address: urls[1],
      options: [],
    })
    expect(await allowForkAddress(urls, 'https://elsewhere.example/own', guard)).toMatchObject({
      problem: expect.stringContaining('private'),
    })
  })
})

describe('the merge', () => {
  const wanted = (head: string, changes: object = {}) => ({
    place: place(),
    commit: head,
    number: 7,
    baseBranch: 'main',
    mergeRef: 'refs/pull/7/merge' as string | null,
    ...changes,
  })

  test.each(['a path', 'smart http'])('is the one of the forge, if it merges exactly this commit: %s', async way => {
    const { own, base, head } = withTopic()
    own.git('update-ref', 'refs/pull/7/head', head)
    own.git('switch', '--quiet', '--detach', 'main')
    own.git('merge', '--quiet', '--no-ff', '--no-edit', 'topic')
    const merge = own.git('rev-parse', 'HEAD')
    own.git('update-ref', 'refs/pull/7/merge', merge)
    own.git('switch', '--quiet', 'main')
    own.git('branch', '--delete', '--force', 'topic')
    const repository = way === 'a path' ? own.directory : ((await serve(own))[0] as string)
    const { mergePullRequest, tarball } = mirrors()
    expect(await mergePullRequest({ repository, ...wanted(head) })).toEqual({
      kind: 'merge',
      commit: merge,
      base,
      by: 'forge',
    })
    const made = await tarball({ repository, commit: merge, leaveOut: [] })
    expect(made.kind === 'tarball' && [contentOf(made.file, 'a.c'), contentOf(made.file, 'b.c')]).toEqual([
      'two\n',
      'two\n',
    ])
  })

  test.each(['a path', 'smart http'])(
    'is made by the farm, if the forge merged another commit or none: %s',
    async way => {
      const { own, base, head } = withTopic()
      own.git('update-ref', 'refs/pull/7/head', head)
      // The author pushed again after the farm had read the request, and the forge merged the new commit.
      own.git('switch', '--quiet', 'topic')
      const newer = own.commit('Read secrets', { 'c.c': 'evil\n' })
      own.git('switch', '--quiet', '--detach', 'main')
      own.git('merge', '--quiet', '--no-ff', '--no-edit', newer)
      own.git('update-ref', 'refs/pull/7/merge', 'HEAD')
      own.git('switch', '--quiet', 'main')
      const repository = way === 'a path' ? own.directory : ((await serve(own))[0] as string)
      const { mergePullRequest, tarball } = mirrors()
      const merge = await mergePullRequest({ repository, ...wanted(head) })
      expect(merge).toMatchObject({ kind: 'merge', base, by: 'farm' })
      const { commit } = merge as { commit: string }
      const made = await tarball({ repository, commit, leaveOut: [] })
      if (made.kind !== 'tarball') throw new Error(made.problem)
      expect([contentOf(made.file, 'a.c'), contentOf(made.file, 'b.c')]).toEqual(['two\n', 'two\n'])
      expect(execFileSync('tar', ['-tzf', made.file], { encoding: 'utf8' })).not.toContain('c.c')
      // The same two commits give the same merge.
      expect(await mergePullRequest({ repository, ...wanted(head, { mergeRef: null }) })).toMatchObject({ commit })
    },
  )

  test('with a commit of a fork needs the history of both, and the farm fetches as much as it needs', async () => {
    const own = makeRepository({ 'a.c': 'one\n' })
    const fork = temporaryDirectory()
    execFileSync('git', ['clone', '--quiet', own.directory, join(fork, 'clone')], { env: quietEnvironment() })
    for (let index = 0; index < 70; index++)
      own.git('commit', '--quiet', '--allow-empty', '--message', `Commit ${index}`)
    const base = own.commit('Change a', { 'a.c': 'two\n' })
    const identity = ['-c', 'user.name=Eve', '-c', 'user.email=eve@example.org']
    const git = (...args: string[]) =>
      execFileSync('git', [...identity, '-C', join(fork, 'clone'), ...args], {
        env: quietEnvironment(),
        encoding: 'utf8',
      }).trim()
    git('switch', '--quiet', '--create', 'topic')
    git('commit', '--quiet', '--allow-empty', '--message', 'From a fork')
    const head = git('rev-parse', 'HEAD')
    const [repository = ''] = await serve(own)
    const forge = await startForge(smartHttp(fork))
    const from = place({ headUrls: [`${forge.url}/clone/.git`] })
    const merge = await mirrors().mergePullRequest({ repository, ...wanted(head, { place: from, mergeRef: null }) })
    expect(merge).toMatchObject({ kind: 'merge', base, by: 'farm' })
  })

  test('names the files of a conflict, and says what to do', async () => {
    const own = makeRepository({ 'a.c': 'one\n' })
    own.git('switch', '--quiet', '--create', 'topic')
    const head = own.commit('Topic', { 'a.c': 'topic\n' })
    own.git('switch', '--quiet', 'main')
    const base = own.commit('Main', { 'a.c': 'main\n' })
    const answer = await mirrors().mergePullRequest({ repository: own.directory, ...wanted(head, { mergeRef: null }) })
    expect(answer).toEqual({
      kind: 'problem',
      problem:
        'pull request 7 conflicts with main in a.c: merge main into the pull request and push, then the farm builds it',
      conflictsWith: 'main',
    })
    const git = openGit(quietEnvironment(), { listSeconds: 60, fetchSeconds: 60, archiveSeconds: 60 })
    onTestFinished(() => git.close())
    const directory = join(own.directory, '.git')
    expect(await mergeWithIndex(git, directory, { ...wanted(head), base })).toEqual(answer)
  })

  test('git before 2.38 makes the same merge with an index', async () => {
    const { own, base, head } = withTopic()
    const git = openGit(quietEnvironment(), { listSeconds: 60, fetchSeconds: 60, archiveSeconds: 60 })
    onTestFinished(() => git.close())
    const merged = await mergeWithIndex(git, join(own.directory, '.git'), { ...wanted(head), base })
    const expected = own.git('merge-tree', '--write-tree', 'main', 'topic')
    expect(merged).toEqual({ kind: 'tree', tree: expected })
  })

  test('a base branch that does not exist is named', async () => {
    const { own, head } = withTopic()
    const answer = await mirrors().mergePullRequest({
      repository: own.directory,
      ...wanted(head, { baseBranch: 'release', mergeRef: null }),
    })
    expect(answer).toMatchObject({ absent: true, problem: expect.stringContaining('no branch release') })
  })
})

test('the commit of a fork is fetched without a merge', async () => {
  const { own } = withTopic()
  const fork = makeRepository()
  fork.git('switch', '--quiet', '--create', 'topic')
  const commit = fork.commit('From a fork', { 'c.c': 'three\n' })
  const [repository = '', url = ''] = await serve(own, fork)
  const { fetchPullRequest, tarball } = mirrors()
  expect(await fetchPullRequest({ repository, commit, place: place({ headUrls: [url] }) })).toEqual({ kind: 'fetched' })
  const made = await tarball({ repository, commit, leaveOut: [] })
  expect(made.kind === 'tarball' && contentOf(made.file, 'c.c')).toBe('three\n')
  const other = await fetchPullRequest({ repository, commit: 'f'.repeat(40), place: place({ headUrls: [url] }) })
  expect(other).toMatchObject({ problem: expect.stringContaining('ffffffffffff') })
})
