import { parseArgs } from 'node:util'
import { type FarmClient, farmClient } from '@rumpfarm/client'
import { expect } from 'vitest'
import { adminToken, serverTest, type TestServer } from '../server.fixture.ts'
import { commands } from './commands.ts'

/** A client whose requests reach the server without a network. */
const apiOf = (server: TestServer): FarmClient =>
  farmClient({
    url: 'http://localhost:80',
    token: adminToken,
    fetch: async request => {
      const payload = await request.text()
      const url = request.url.slice('http://localhost'.length)
      const method = request.method as 'GET' | 'POST' | 'DELETE'
      const answer = await server.ask({ method, url, headers: Object.fromEntries(request.headers), payload })
      const body = answer.statusCode === 204 ? null : answer.body
      return new Response(body, { status: answer.statusCode, headers: answer.headers as Record<string, string> })
    },
  })

serverTest('the command line lists tokens and revokes them', async ({ server }) => {
  const token = (...args: string[]) => commands.token?.run(apiOf(server), args, {})
  for (let number = 10; number < 130; number++) await server.farm.access.createToken(`ci-${number}`, 'trigger')
  expect(await token('revoke', 'ci-10')).toEqual([
    'The token ci-10 is permanently revoked, with its login links and browser sessions.',
  ])
  const listed = (await token('list')) ?? []
  const at = '2024-05-06T07:08:09.000Z'
  expect(listed).toHaveLength(121)
  expect(listed.slice(0, 3)).toEqual([
    `admin  admin  last used ${at}`,
    `ci-10  trigger  revoked ${at}`,
    'ci-100  trigger  last used never',
  ])
  for (const args of [[], ['list', 'x'], ['revoke'], ['delete', 'x']]) expect(await token(...args)).toBeUndefined()
})

serverTest(
  'the command line builds a commit again with --again, and accepts HEAD and refs/heads/main',
  async ({ server }) => {
    await server.configure()
    const commit = server.repository.git('rev-parse', 'HEAD')
    const trigger = (ref: string, values = {}) => commands.trigger?.run(apiOf(server), ['sample', ref], values)
    const built = (id: number, note = '') => [
      `build ${id}: sample at ${commit.slice(0, 12)}${note}`,
      `http://localhost:80/builds/${id}`,
    ]
    const already = ' (already built with this recipe; --again builds it again)'
    expect(await trigger('refs/heads/main')).toEqual(built(1))
    expect(await trigger('HEAD')).toEqual(built(1, already))
    expect(await trigger(commit)).toEqual(built(1, already))
    const { values } = parseArgs({ args: ['--again'], options: commands.trigger?.options ?? {} })
    const [first = '', url = ''] = (await trigger(commit, values)) ?? []
    const id = Number(url.split('/').at(-1))
    expect(id).toBeGreaterThan(1)
    expect(first).toBe(built(id)[0])
    expect(await server.stored()).toBe(2)
  },
)
