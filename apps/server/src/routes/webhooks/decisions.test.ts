import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { adminToken, serverTest, type TestServer } from '../../server.fixture.ts'
import { testWebhook } from '../../trigger/test-webhook.ts'
import { deliver, handle, pushOf } from './webhooks.fixture.ts'

const headOf = (server: TestServer) => server.repository.git('rev-parse', 'HEAD')

async function handleDue({ deliveryWork }: TestServer): Promise<void> {
  await deliveryWork.continueDue()
  await deliveryWork.idle()
}

/** A commit that the repository does not have yet: a clone made it. */
function commitElsewhere(server: TestServer): { commit: string; arrive(): void } {
  const { directory } = server.repository
  const clone = join(dirname(directory), 'clone')
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', clone, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], {
      encoding: 'utf8',
    }).trim()
  execFileSync('git', ['clone', '--quiet', directory, clone])
  git('commit', '--quiet', '--allow-empty', '--message', 'Late')
  const commit = git('rev-parse', 'HEAD')
  return { commit, arrive: () => void server.repository.git('pull', '--quiet', clone, 'main') }
}

serverTest('a webhook that comes before its commit is tried again until the commit is there', async ({ server }) => {
  await server.configure()
  const { commit, arrive } = commitElsewhere(server)
  const early = await handle(server, pushOf(server, commit))
  expect(early).toMatchObject({ outcome: 'retrying', tries: 1, results: [{ outcome: 'retrying' }] })
  expect(early.reason).toMatch(/^sample: .* has no commit/)
  await server.deliveryWork.continueDue()
  expect(await server.stored()).toBe(0)
  arrive()
  server.wait(3)
  await handleDue(server)
  expect(await server.handled(1)).toMatchObject({ outcome: 'built', tries: 2 })
  expect(await server.farm.builds.find(1)).toMatchObject({ commit, branch: 'main' })
})

serverTest(
  'a commit that never comes is given up after twenty minutes, and a repeated delivery tries it again',
  async ({ server }) => {
    await server.configure()
    const { commit, arrive } = commitElsewhere(server)
    await handle(server, pushOf(server, commit))
    for (let times = 0; times < 5; times++) {
      server.wait(400)
      await handleDue(server)
    }
    expect(await server.handled(1)).toMatchObject({ outcome: 'failed', nextAt: null })
    arrive()
    expect(await handle(server, pushOf(server, commit))).toMatchObject({
      outcome: 'built',
      results: [{ created: true }],
    })
  },
)

serverTest('each project accepts only deliveries that its own secret signed', async ({ server }) => {
  const own = 'a secret of the project sample'
  const namedSecrets = new Map([
    ['WEBHOOK_SAMPLE', own],
    ['WEBHOOK_OLD', 'the old secret of sample'],
  ])
  const app = await server.open({ config: { ...server.config, namedSecrets } })
  const other = { ...server, ask: app.inject.bind(app) } as unknown as TestServer
  await server.configure({ webhookSecrets: ['WEBHOOK_SAMPLE', 'WEBHOOK_OLD'] }, { name: 'open' })
  const body = pushOf(server, headOf(server))
  for (const [id, secret] of [
    ['d1', own],
    ['d2', 'the old secret of sample'],
  ] as const) {
    const { results, signedFor } = await handle(other, body, { id, secret })
    expect([results.map(({ project }) => project), signedFor]).toEqual([['sample'], ['sample']])
  }
  const { results } = await handle(other, body, { id: 'd3' })
  expect(results.map(({ project }) => project)).toEqual(['open'])

  await server.configure({ webhookSecrets: ['WEBHOOK_SAMPLE'] })
  const refused = await deliver(other, body, { id: 'd4' })
  const detail = 'sample accepts only deliveries that are signed with its own secret, the value of $WEBHOOK_SAMPLE'
  expect([refused.statusCode, refused.json().detail]).toEqual([401, detail])
  const wrong = await deliver(other, body, { id: 'd5', secret: 'the old secret of sample' })
  expect([wrong.statusCode, wrong.json().detail]).toEqual([
    401,
    expect.stringMatching(/does not match.*data\/secrets\/github-webhook, or a project has its own/),
  ])
  await app.close()
})

serverTest(
  'a push whose newest commit has [skip ci] in its message builds nothing, unless somebody asks',
  async ({ server }) => {
    await server.configure()
    const commit = server.repository.commit('Fix a typo\n\n[skip ci]')
    const { outcome, reason } = await handle(server, pushOf(server, commit))
    expect([outcome, reason]).toEqual(['ignored', 'sample: the message of the commit has [skip ci]'])
    await server.post('/api/v1/projects/sample/builds', { ref: 'main' })
    expect(await server.stored()).toBe(1)
  },
)

function commitFile(server: TestServer, path: string): string {
  const file = join(server.repository.directory, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${Math.random()}\n`)
  server.repository.git('add', '--all')
  server.repository.git('commit', '--quiet', '--message', `Change ${path}`)
  return headOf(server)
}

serverTest('a push builds only the projects whose paths it changes', async ({ server }) => {
  await server.configure(
    { name: 'small', paths: ['lib/small/**'] },
    { name: 'code', pathsIgnore: ['**/*.md'] },
    { name: 'whole' },
  )
  const first = headOf(server)
  const docs = commitFile(server, 'README.md')
  const built = async (before: string, after: string, id: string) => {
    const { results } = await handle(server, pushOf(server, after, { before }), { id })
    return results.filter(({ outcome }) => outcome === 'built').map(({ project }) => project)
  }
  expect(await built(first, docs, 'd1')).toEqual(['whole'])
  const small = commitFile(server, 'lib/small/a.c')
  expect(await built(docs, small, 'd2')).toEqual(['code', 'small', 'whole'])
  const none = commitFile(server, 'lib/other.c')
  expect(await built(small, none, 'd3')).toEqual(['code', 'whole'])
  const { results } = (await server.farm.deliveries.find(3)) ?? { results: [] }
  expect(results.find(({ project }) => project === 'small')?.why).toBe('no changed file matches the paths lib/small/**')
  // The first push of a branch, and a push over unknown commits.
  expect(await built('0'.repeat(40), docs, 'd4')).toContain('small')
  expect(await built('e'.repeat(40), docs, 'd5')).toContain('small')
})

serverTest(
  'a push to a source with trigger: true builds the newest commit of the project again',
  async ({ server }) => {
    const directory = join(dirname(server.repository.directory), 'lib')
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', directory, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], {
        encoding: 'utf8',
      }).trim()
    execFileSync('git', ['init', '--quiet', '--initial-branch=trunk', directory])
    const commitLib = () => {
      git('commit', '--quiet', '--allow-empty', '--message', 'Next')
      return git('rev-parse', 'HEAD')
    }
    const source = { name: 'lib', repository: directory, branch: 'trunk', trigger: true, leaveOut: [] }
    await server.configure({ sources: [source] }, { name: 'other', sources: [{ ...source, trigger: false }] })
    await server.build()
    const pushed = (after: string, ref = 'refs/heads/trunk') => ({
      ...pushOf(server, after, { ref }),
      repository: { clone_url: directory },
    })
    const lib = commitLib()
    const { results } = await handle(server, pushed(lib))
    expect(results).toMatchObject([
      {
        project: 'sample',
        ref: 'lib refs/heads/trunk',
        outcome: 'built',
        buildId: 2,
        created: true,
        commit: headOf(server),
      },
    ])
    const causeDetail = `lib moved to ${lib.slice(0, 10)}`
    expect(await server.farm.builds.find(2)).toMatchObject({ cause: 'source', causeDetail, branch: 'main' })
    expect((await handle(server, pushed(lib), { id: 'd2' })).results).toMatchObject([{ buildId: 2, created: false }])
    expect((await handle(server, pushed(commitLib()), { id: 'd3' })).results).toMatchObject([{ buildId: 3 }])
    const elsewhere = await handle(server, pushed(lib, 'refs/heads/fix'), { id: 'd4' })
    expect([elsewhere.outcome, elsewhere.reason]).toEqual([
      'ignored',
      'sample: source lib follows the branch trunk, not fix',
    ])
  },
)

serverTest(
  'the deliveries page shows outcomes to everybody, and headers and bodies only to administrators',
  async ({ server }) => {
    await server.configure()
    const body = pushOf(server, headOf(server), { note: `<b>${server.config.secrets.githubWebhooks[0]}</b>` })
    await handle(server, body)
    await deliver(server, body, { id: 'd2', signature: 'sha256=x' })
    const list = (await server.ask('/deliveries')).body
    expect(list).toContain('push of main')
    expect(list).not.toContain('Delivery 2')
    const visitor = (await server.ask('/deliveries/1')).body
    expect(visitor).not.toMatch(/x-github-event|&lt;b>|clone_url/)
    expect((await server.ask('/deliveries/2')).statusCode).toBe(404)
    expect((await server.ask('/api/v1/deliveries')).statusCode).toBe(401)

    const headers = { authorization: `Bearer ${adminToken}` }
    const answer = await server.ask({ url: '/api/v1/deliveries/1', headers })
    expect([answer.statusCode, answer.json().detail]).toEqual([200, undefined])
    const details = answer.json()
    expect(details.headers).toMatchObject({
      'x-github-event': 'push',
      'x-hub-signature-256': '(71 characters, not stored)',
    })
    expect(details.body).toContain('<b>***</b>')
    const ids = async (query: string) =>
      (await server.ask({ url: `/api/v1/deliveries?${query}`, headers }))
        .json()
        .items.map(({ id }: { id: number }) => id)
    expect(await ids('limit=10')).toEqual([2, 1])
    expect(await ids('outcome=refused')).toEqual([2])
    expect(await ids('project=sample&sender=github')).toEqual([1])
    expect(await ids('text=HEADS/main')).toEqual([1])
    expect(await ids('text=%25')).toEqual([])
    expect((await server.post('/api/v1/deliveries/2/replay')).statusCode).toBe(404)
  },
)

serverTest('the farm keeps the newest 1,000 deliveries, and the newest 100 that it refused', async ({ server }) => {
  await server.sql(`
    INSERT INTO "Delivery" ("sender", "deliveryId", "event", "receivedAt", "headers", "body", "bodyBytes", "projects",
           "outcome", "state", "since", "nextAt")
    SELECT 'github', CASE kind WHEN 'refused' THEN NULL ELSE kind || n END, 'push', now(), '{}', '', 0, '{}',
           kind, CASE kind WHEN 'waiting' THEN 'pending' ELSE 'done' END, now(), CASE kind WHEN 'waiting' THEN now() END
      FROM generate_series(1, 1700) n, unnest('{refused,built,waiting}'::text[]) kind`)
  while ((await server.farm.deliveries.deleteOld()) > 0);
  expect(await server.sql(`SELECT "outcome", count(*)::int FROM "Delivery" GROUP BY 1 ORDER BY 1`)).toEqual([
    { outcome: 'built', count: 1000 },
    { outcome: 'refused', count: 100 },
    { outcome: 'waiting', count: 1700 },
  ])
  expect(await server.farm.deliveries.list({ refused: true, outcome: 'built', limit: 2000 })).toHaveLength(1000)
})

serverTest('the test of a webhook sends a signed ping through the address of the farm', async ({ server }) => {
  await server.configure()
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 })
  const project = (await server.farm.projects.configs()).get('sample')
  if (!project) throw new Error('no project')
  for (const kind of ['github', 'gitlab', 'gitea', 'forgejo', 'gogs', 'bitbucket', 'generic'] as const)
    expect([kind, await testWebhook(server, project, kind, url)]).toEqual([
      kind,
      {
        works: true,
        url: `${url}/webhooks/${kind}`,
        status: 200,
        answer: expect.any(String),
        milliseconds: expect.any(Number),
      },
    ])
  expect(await testWebhook(server, project, 'sourcehut', url)).toMatchObject({ works: false, status: null })
  const nobody = await testWebhook(server, project, 'github', 'http://farm.invalid')
  expect(nobody).toMatchObject({ works: false, status: null, answer: expect.stringMatching(/farm\.invalid/) })
  const unset = await testWebhook(server, { ...project, webhookSecrets: ['WEBHOOK_X'] }, 'github', url)
  expect(unset).toMatchObject({ works: false, answer: "the server's variable WEBHOOK_X is not set" })
})

serverTest('the example of docs/webhooks.md requests a build', async ({ server }) => {
  await server.configure()
  const farm = await server.app.listen({ host: '127.0.0.1', port: 0 })
  const page = readFileSync(new URL('../../../../../docs/webhooks.md', import.meta.url), 'utf8')
  const example = /```sh\n(SECRET=[\s\S]*?)```/.exec(page)?.[1] ?? ''
  const env = { PATH: process.env.PATH, FARM: farm, SECRET: server.config.secrets.webhooks[0] }
  const { stdout } = await promisify(execFile)('sh', ['-euc', example], { env })
  expect((await server.handled(JSON.parse(stdout).delivery.id)).outcome).toBe('built')
})
