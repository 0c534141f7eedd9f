import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { handle, pushOf } from '../routes/webhooks/webhooks.fixture.ts'
import { adminToken, serverTest, type TestServer } from '../server.fixture.ts'

const builds = '/api/v1/projects/sample/builds'

serverTest('a trigger without a ref builds the newest commit of the first branch', async ({ server }) => {
  await server.configure()
  await server.host('vax')
  const commit = server.repository.commit('Second')
  const made = await server.post(builds)

  const answer = { id: 1, url: 'http://localhost:80/builds/1', project: 'sample', commit, created: true, jobsAdded: 1 }
  expect(made.json()).toEqual({ ...answer, problem: null, hint: null })
  expect(made.statusCode).toBe(201)
  expect(made.headers.location).toBe('/api/v1/builds/1')
  const build = (await server.ask('/api/v1/builds/1')).json()
  expect(build).toMatchObject({ commit, branch: 'main', subject: 'Second', author: 'Ada', counts: { waiting: 1 } })
  const job = (await server.ask('/api/v1/jobs/1')).json()
  expect(job).toMatchObject({ id: 1, host: 'vax', state: 'waiting', verdict: null, lastGood: null })
})

serverTest('a branch, a tag, a full commit and a short commit start the same build', async ({ server }) => {
  await server.configure()
  const { git } = server.repository
  const commit = git('rev-parse', 'HEAD')
  git('tag', 'v1')
  expect((await server.post(builds, { ref: commit })).statusCode).toBe(201)

  for (const ref of ['main', 'v1', commit, commit.slice(0, 8)]) {
    const again = await server.post(builds, { ref })
    expect(again.statusCode).toBe(200)
    expect(again.headers.location).toBeUndefined()
    expect(again.json()).toMatchObject({ id: 1, commit, created: false })
    expect(again.json().hint).toContain('POST /api/v1/builds/1/retry')
  }
  expect(await server.stored()).toBe(1)
})

/** Receives pull request 7 from a fork, as the webhook and the task do. */
async function receiveFork({ farm }: TestServer, commit: string): Promise<void> {
  const received = await farm.pullRequests.receive({
    ...{ project: 'sample', action: 'opened', number: 7, title: 'Fix', author: 'eve', base: { branch: 'main' } },
    ...{ head: { ref: 'topic', commit, urls: [] }, fork: true, url: null, headRef: 'refs/pull/7/head', mergeRef: null },
  })
  const request = await farm.pullRequests.findToExamine(received.kind === 'recorded' ? received.id : 0)
  if (!request) throw new Error('nothing to examine')
  await farm.pullRequests.recordHead(request, { commit, fork: true })
}

serverTest('a commit of a fork is built only by its pull request, until a branch has it', async ({ server }) => {
  await server.configure({ pullRequests: { fromForks: 'approve', hosts: ['*'], build: 'merge' } })
  const { git } = server.repository
  git('checkout', '--quiet', '-b', 'topic')
  const commit = server.repository.commit('From a fork')
  git('checkout', '--quiet', 'main')
  git('update-ref', 'refs/pull/7/head', commit)
  git('branch', '-D', 'topic')
  await receiveFork(server, commit)
  const refused = await server.post(builds, { ref: commit })
  expect([refused.statusCode, refused.json().type]).toEqual([422, 'urn:rumpfarm:problem:fork-commit'])
  expect(refused.json().detail).toBe(
    `commit ${commit.slice(0, 12)} is from a fork: only its pull request 7 can build it`,
  )
  const hint = { ...pushOf(server, commit), head_commit: null }
  const { outcome, reason } = await handle(server, hint)
  expect([outcome, reason]).toEqual(['ignored', `sample: ${refused.json().detail}`])
  expect(await server.stored()).toBe(0)
  git('update-ref', 'refs/heads/main', commit)
  expect((await server.post(builds, { ref: commit })).statusCode).toBe(201)
})

serverTest('a trigger accepts HEAD and the full names of a branch and a tag', async ({ server }) => {
  await server.configure()
  const { git } = server.repository
  const commit = git('rev-parse', 'HEAD')
  git('tag', 'v1')
  for (const ref of ['refs/heads/main', 'refs/tags/v1', 'HEAD'])
    expect([ref, (await server.post(builds, { ref })).json()]).toMatchObject([ref, { id: 1, commit }])
  expect((await server.ask('/api/v1/builds/1')).json()).toMatchObject({ commit, branch: 'main' })
})

serverTest('the farm builds commits of a SHA-256 repository', async ({ server }) => {
  const sha256 = join(dirname(server.repository.directory), 'sha256')
  execFileSync('git', ['init', '--quiet', '--object-format=sha256', '--initial-branch=main', sha256])
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false']
  const git = (...args: string[]) => execFileSync('git', [...identity, '-C', sha256, ...args], { encoding: 'utf8' })
  git('commit', '--quiet', '--allow-empty', '--message', 'First')
  const commit = git('rev-parse', 'HEAD').trim()
  expect(commit).toMatch(/^[0-9a-f]{64}$/)
  await server.configure({ repository: sha256 }, { name: 'gone', repository: '/nonexistent/gone.git' })

  for (const ref of [commit, commit.slice(0, 9), 'main'])
    expect([ref, (await server.post(builds, { ref })).json()]).toMatchObject([ref, { id: 1, commit, problem: null }])
  const unseen = await server.post('/api/v1/projects/gone/builds', { ref: commit })
  expect([unseen.statusCode, unseen.json()]).toMatchObject([201, { commit, problem: expect.any(String) }])
  const other = await server.post(builds, { ref: 'f'.repeat(64) })
  expect([other.statusCode, other.json().type]).toEqual([422, 'urn:rumpfarm:problem:no-such-commit'])
})

serverTest('the farm builds a commit again on request, or when the recipe has changed', async ({ server }) => {
  await server.configure()
  const commit = server.repository.git('rev-parse', 'HEAD')
  const ask = async (body: object) => (await server.post(builds, { ref: commit, ...body })).json()
  expect(await ask({})).toMatchObject({ id: 1, created: true })
  expect(await ask({ again: false })).toMatchObject({ id: 1, created: false })
  const again = await ask({ again: true })
  expect(again).toMatchObject({ created: true, commit })
  expect(again.id).not.toBe(1)

  await server.configure({ steps: [{ name: 'all', run: 'make all' }] })
  expect(await ask({})).toMatchObject({ created: true, commit })
  expect(await server.stored()).toBe(3)
})

serverTest(
  'the farm builds the default branch if the repository has none of the project’s branches',
  async ({ server }) => {
    server.repository.git('branch', '--move', 'main', 'trunk')
    await server.configure({ branches: ['main', 'master'] })

    expect((await server.post(builds)).json()).toMatchObject({ created: true, problem: null })
  },
)

serverTest(
  'a second request with the same Idempotency-Key makes no second build, even if the branch has moved',
  async ({ server }) => {
    await server.configure()
    const first = server.repository.git('rev-parse', 'HEAD')
    const key = { 'idempotency-key': 'tuesday' }
    const ask = (ref: string) => server.post(builds, { ref }, key)
    expect((await ask('main')).statusCode).toBe(201)
    const second = server.repository.commit('Second')

    expect((await ask('main')).json()).toMatchObject({ id: 1, commit: first, created: false })
    const other = await ask(second)
    expect(other.statusCode).toBe(422)
    expect(other.json().type).toBe('urn:rumpfarm:problem:key-used-before')
    expect(await server.stored()).toBe(1)
  },
)

serverTest('the farm refuses an impossible build, gives the reason and stores nothing', async ({ server }) => {
  await server.configure({}, { name: 'gone', repository: '/nonexistent/gone.git' })
  server.repository.git('branch', 'feature')
  const head = server.repository.git('rev-parse', 'HEAD')
  const refused = async (project: string, body: unknown, status: number, kind: string, detail: RegExp) => {
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' }
    const payload = typeof body === 'string' ? body : JSON.stringify(body)
    const answer = await server.ask({ method: 'POST', url: `/api/v1/projects/${project}/builds`, payload, headers })
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect({ ...answer.json(), at: answer.statusCode }).toMatchObject({
      type: `urn:rumpfarm:problem:${kind}`,
      status,
      at: status,
      instance: `/api/v1/projects/${project}/builds`,
      detail: expect.stringMatching(detail),
    })
    return answer.json()
  }

  const unknown = await refused(
    'smaple',
    {},
    404,
    'unknown-project',
    /there is no project smaple; the farm has: gone, sample/,
  )
  expect(unknown.known).toEqual(['gone', 'sample'])
  await refused('sample', { ref: 'f'.repeat(40) }, 422, 'no-such-commit', /has no commit f+; newest of main is/)
  await refused('sample', { ref: 'nope' }, 422, 'no-such-commit', /has no branch, tag or commit nope/)
  await refused(
    'sample',
    { ref: 'feature' },
    422,
    'branch-not-built',
    new RegExp(`only the branches main, release/\\*.*${head}`),
  )
  await refused(
    'sample',
    { ref: '--upload-pack=x' },
    422,
    'repository-problem',
    /is not a name of a branch, a tag or a commit/,
  )
  await refused('gone', { ref: 'main' }, 422, 'repository-problem', /nonexistent/)
  await refused('gone', {}, 422, 'repository-problem', /nonexistent/)
  const misspelt = await refused('sample', { rev: 'main' }, 400, 'invalid', /^\/body\/rev: unknown key/)
  expect(misspelt.errors).toEqual([
    { where: '/body/rev', problem: 'unknown key "rev"; allowed: ref, again, hosts, arches, variants' },
  ])
  await refused('sample', { ref: 7 }, 400, 'invalid', /^\/body\/ref must be string/)
  await refused('sample', '{"ref": nope}', 400, 'malformed', /not JSON at line 1, column 9/)
  await refused('sample', '[]', 400, 'invalid', /^\/body/)
  await refused('sample', `{"ref": "${'x'.repeat(300_000)}"}`, 413, 'body-too-large', /at most 262144 bytes/)
  expect(await server.stored()).toBe(0)
})

serverTest(
  'the farm accepts a full commit of an unreachable repository, and the answer contains a warning',
  async ({ server }) => {
    await server.configure({ repository: '/nonexistent/gone.git' })
    const made = await server.post(builds, { ref: 'a'.repeat(40) })

    expect(made.statusCode).toBe(201)
    expect(made.json()).toMatchObject({ created: true, problem: expect.stringContaining('/nonexistent/gone.git') })
  },
)

serverTest('the farm refuses a body that is not JSON', async ({ server }) => {
  await server.configure()
  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'text/plain' }
  const answer = await server.ask({ method: 'POST', url: builds, payload: 'main', headers })

  expect(answer.statusCode).toBe(415)
  expect(answer.json().type).toBe('urn:rumpfarm:problem:unsupported-type')
})
