// `try` against a real server in this process. test/start/try-command.test.ts runs it with a real host.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { serverTest, type TestHost, type TestServer } from '../../../server/src/server.fixture.ts'
import { cliOf } from '../cli.fixture.ts'

/** Waits until the try has made its build, and makes its jobs claimable. */
async function prepared({ farm }: TestServer) {
  const build = await vi.waitFor(async () => {
    const [newest] = await farm.builds.list({ limit: 1 })
    if (newest?.sources !== 'pending') throw new Error('the try has no build yet')
    return newest
  }, 20_000)
  await farm.builds.markSourcesReady(build.id, { sources: [] })
  return farm.builds.listJobs({ buildId: build.id, limit: 9 })
}

async function work(host: TestHost, attempt: string, log: string, exits: number[]): Promise<void> {
  const offer = await host.take(attempt)
  await host.say(offer, log)
  await host.end(offer, { exits, log })
}

serverTest('try prints the logs of several jobs with their hosts, and exits with the verdict', async ({ server }) => {
  await server.configure()
  const hosts = { vax: await server.host('vax'), sun: await server.host('sun') }
  const { run, url } = await cliOf(server)
  const { directory } = server.repository
  appendFileSync(join(directory, 'a.c'), 'int changed;\n')
  const running = run('try sample', { directory })
  for (const { host, attempt } of await prepared(server))
    await work(hosts[host as keyof typeof hosts], attempt, `one on ${host}\ntwo`, host === 'sun' ? [2] : [0, 0])
  const { exit, lines, notes } = await running
  expect([exit, lines[0], lines[1]]).toEqual([1, 'build 1: try of sample', `${url}/builds/1`])
  expect(lines.slice(2).sort()).toEqual([
    'Build 1 failed: 1 failed, 1 passed',
    'sun amd64 | one on sun',
    'sun amd64 | two',
    'vax amd64 | one on vax',
    'vax amd64 | two',
  ])
  expect(notes).toMatch(/^1 files?, 1 kB packed\n$/)
  expect((await run('build 1 --json')).json()).toMatchObject({ kind: 'try', subject: '1 changed file on main' })
})

serverTest('Ctrl-C cancels the try', async ({ server }) => {
  await server.configure()
  await server.host('vax')
  const { run } = await cliOf(server)
  const interrupted = new AbortController()
  const running = run('try sample', { directory: server.repository.directory, signal: interrupted.signal })
  await prepared(server)
  interrupted.abort()
  expect(await running).toMatchObject({ exit: 130, notes: expect.stringContaining('the try is cancelled\n') })
  expect((await server.farm.builds.listJobs({ limit: 9 })).map(({ verdict }) => verdict)).toEqual(['cancelled'])
})

serverTest('try finds the project by the remote of the clone, and says what is missing', async ({ server }) => {
  await server.configure({ repository: 'https://forge.example/Team/hello.git' })
  const { run } = await cliOf(server)
  const { directory, git } = server.repository
  expect(await run('try', { directory })).toMatchObject({
    exit: 2,
    notes: expect.stringContaining('this clone has no remote); name the project'),
  })
  git('remote', 'add', 'origin', 'git@forge.example:team/hello')
  const { token } = (await server.post('/api/v1/tokens', { name: 'nightly' })).json<{ token: string }>()
  expect(await run('try', { directory, env: { RUMPFARM_TOKEN: token } })).toMatchObject({
    exit: 3,
    notes: expect.stringContaining(
      'the token nightly may only start builds; this request needs the scope try or admin',
    ),
  })
  expect(await run('try sample')).toMatchObject({ exit: 3, notes: expect.stringContaining('does not exist') })
})
