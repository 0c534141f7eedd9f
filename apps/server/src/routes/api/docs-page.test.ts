// This test runs every shell block of docs/api.md, and compares every answer that the page shows.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { adminToken, serverTest, type TestHost, type TestServer } from '../../server.fixture.ts'

const run = promisify(execFile)
const page = readFileSync(new URL('../../../../../docs/api.md', import.meta.url), 'utf8')

interface Example {
  shell: string
  /** The answer that the page shows. */
  answer: unknown
}

const examples = (text: string): Example[] =>
  [...text.matchAll(/^```sh\n(.*?)^```\n(?:```json\n(.*?)^```)?/gms)].map(([, shell = '', json]) => ({
    shell,
    answer: json === undefined ? undefined : JSON.parse(json),
  }))

/** Checks that the answer has each member of the example, with the same type. */
function compare(shown: unknown, answered: unknown, where: string): void {
  if (Array.isArray(shown)) compare(shown[0], (answered as unknown[])[0], `${where}/0`)
  else if (shown !== null && typeof shown === 'object')
    for (const [name, value] of Object.entries(shown)) {
      expect(answered, where).toHaveProperty(name)
      compare(value, (answered as Record<string, unknown>)[name], `${where}/${name}`)
    }
  else expect([where, typeof answered]).toEqual([where, typeof shown])
}

/** Does the work of a forge and of a host between two examples. */
async function meanwhile(server: TestServer, vax: TestHost, shell: string): Promise<void> {
  if (shell.includes('"ref": "main"')) {
    await server.farm.builds.markSourcesReady(1, { sources: [] })
    const { commit = '' } = (await server.farm.builds.find(1)) ?? {}
    const of = { kind: 'branch', branch: 'feature/parser' } as const
    const request = { project: 'sample', commit, of, cause: 'push', source: 'test', deliveryId: 'parser' } as const
    await server.farm.builds.request(request)
  }
  if (!shell.includes('/jobs/1/retry')) return
  const offer = await vax.take('1.2')
  const log = 'cc -O2 -c hello.c\n'
  await vax.say(offer, log)
  await vax.end(offer, { log, artifacts: { 'dist/hello-1.0.tar.gz': Buffer.from('a file') } })
}

serverTest('every example of docs/api.md works unchanged', { timeout: 120_000 }, async ({ server }) => {
  await server.configure({ artifacts: ['dist'], branches: ['main', 'feature/*'] })
  const vax = await server.host('vax')
  const farm = await server.app.listen({ host: '127.0.0.1', port: 0 })
  const env = { PATH: process.env.PATH, FARM: farm, TOKEN: adminToken, SECRET: server.config.secrets.webhooks[0] }
  const [first, ...others] = examples(page)
  expect(others.length).toBeGreaterThan(10)
  for (const { shell, answer } of others) {
    const { stdout } = await run('sh', ['-euc', `${first?.shell}${shell}`], { env, cwd: server.repository.directory })
    if (answer !== undefined) compare(answer, JSON.parse(stdout), shell)
    await meanwhile(server, vax, shell)
  }
})
