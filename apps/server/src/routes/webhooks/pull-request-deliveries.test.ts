import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../server.fixture.ts'
import { handle } from './webhooks.fixture.ts'

/** A commit that only the ref of pull request 7 has, as a forge shows the commit of a fork. */
function commitOfFork({ repository }: TestServer, subject: string): string {
  const commit = repository.commit(subject)
  repository.git('update-ref', 'refs/pull/7/head', commit)
  repository.git('reset', '--quiet', '--hard', 'HEAD~1')
  return commit
}

/** The event of GitHub about pull request 7. */
const pullOf = ({ repository: { directory } }: TestServer, commit: string, action = 'opened', fork = true) => ({
  action,
  number: 7,
  pull_request: {
    title: 'Fix it',
    html_url: 'https://forge.example/sample/pull/7',
    user: { login: 'eve' },
    merged: false,
    head: { ref: 'topic', sha: commit, repo: { id: fork ? 2 : 1, clone_url: directory } },
    base: { ref: 'main', sha: commit, repo: { id: 1, clone_url: directory } },
  },
  repository: { id: 1, clone_url: directory },
})

const enabled = { pullRequests: { fromForks: 'approve' as const, hosts: ['*'], build: 'head' as const } }

serverTest('the delivery of a pull request says for each project what the farm did, and why', async ({ server }) => {
  await server.configure(enabled, { name: 'other' })
  await server.host('vax')
  const commit = commitOfFork(server, 'From a fork')
  let deliveries = 0
  const receive = async (body: object) => {
    const { id, outcome, results } = await handle(server, body, { event: 'pull_request', id: `d${++deliveries}` })
    return { id, outcome, of: Object.fromEntries(results.map(result => [result.project, result])) }
  }

  const waiting = await receive(pullOf(server, commit))
  const short = commit.slice(0, 12)
  const waits = `commit ${short} of pull request 7 waits for the approval of an administrator`
  expect(waiting).toMatchObject({
    outcome: 'handled',
    of: {
      sample: { outcome: 'handled', why: waits, commit },
      other: { outcome: 'ignored', why: expect.stringContaining('builds no pull requests') },
    },
  })
  expect((await server.ask('/deliveries')).body).toContain(`sample: ${waits}`)
  expect((await server.ask(`/deliveries/${waiting.id}`)).body).toContain(waits)

  await server.post('/api/v1/projects/sample/pull-requests/7/refuse', { commit })
  expect((await receive(pullOf(server, commit, 'synchronize'))).of.sample).toMatchObject({
    outcome: 'ignored',
    why: `commit ${short} of pull request 7 was refused`,
  })

  const next = commitOfFork(server, 'A second one')
  server.repository.git('branch', 'topic', next)
  expect(await receive(pullOf(server, next, 'synchronize', false))).toMatchObject({
    outcome: 'built',
    of: { sample: { outcome: 'built', commit: next, buildId: 1, created: true } },
  })
  expect((await receive(pullOf(server, next, 'synchronize', false))).of.sample).toMatchObject({
    outcome: 'built',
    buildId: 1,
    created: false,
  })
  expect((await receive(pullOf(server, next, 'labeled', false))).of.sample).toMatchObject({
    outcome: 'handled',
    why: 'pull request 7 has no new commit, so there is nothing to build',
  })
  expect((await receive(pullOf(server, next, 'closed', false))).of.sample).toMatchObject({
    outcome: 'handled',
    why: 'pull request 7 is closed; the farm builds it no more',
  })
  expect((await receive(pullOf(server, next, 'synchronize', false))).of.sample).toMatchObject({
    outcome: 'ignored',
    why: 'the request is closed',
  })

  server.repository.git('update-ref', '-d', 'refs/pull/7/head')
  server.repository.git('branch', '-D', 'topic')
  expect((await receive(pullOf(server, next, 'reopened'))).of.sample).toMatchObject({
    outcome: 'handled',
    why: expect.stringContaining('the farm cannot read pull request 7 yet, and tries again: '),
  })
})
