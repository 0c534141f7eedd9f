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

serverTest('the command line builds only the cells that its options name', async ({ server }) => {
  await server.configure()
  for (const name of ['vax', 'sun']) await server.host(name, ['amd64', 'arm'])
  const options = commands.trigger?.options ?? {}
  const trigger = (...args: string[]) => {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    return commands.trigger?.run(apiOf(server), positionals, values)
  }
  await trigger('sample', 'main', '--host', 'v*', '--arch', 'arm', '--arch', 'none')
  const { items } = (await server.ask('/api/v1/jobs')).json()
  expect(items.map(({ host, arch }: { host: string; arch: string }) => `${host} ${arch}`)).toEqual(['vax arm'])
})

serverTest('the command line adds, lists and ends acknowledgements', async ({ server }) => {
  await server.configure()
  const vax = await server.host('vax')
  await server.build()
  await vax.end(await vax.take('1.1'), { exits: [0, 2] })
  const options = commands.acknowledge?.options ?? {}
  const acknowledge = (...args: string[]) => {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    return commands.acknowledge?.run(apiOf(server), positionals, values)
  }
  const cell = ['add', 'sample', 'main', 'vax', 'amd64', 'default']
  const why = ['--note', 'known bug', '--owner', 'ada', '--link', 'https://bugs.example/1', '--days', '10']
  expect(await acknowledge(...cell, ...why)).toEqual([
    'Acknowledgement 1 is active until 2024-05-16. To end it earlier: ./farm acknowledge end 1',
  ])
  const line = '1  main vax amd64 default  until 2024-05-16  ada: known bug https://bugs.example/1'
  expect(await acknowledge('list', 'sample')).toEqual([line])
  expect(await acknowledge('end', '1')).toEqual(['Acknowledgement 1 has ended. The failure counts again.'])
  expect(await acknowledge('list', 'sample')).toEqual([])
  await expect(acknowledge('end', '1')).rejects.toThrow('there is no acknowledgement 1')
  await expect(acknowledge('add', 'sample', 'x', ...why)).rejects.toThrow('/body/fingerprint must match ^[0-9a-f]{32}$')
  for (const args of [
    [],
    cell,
    [...cell, '--note', 'x'],
    ['list'],
    ['end', 'x'],
    ['add', 'sample', 'main', 'vax', ...why],
  ])
    expect(await acknowledge(...args)).toBeUndefined()
})

serverTest(
  'the command line shows the price of a bisection, starts it, and looks inside a merge',
  async ({ server }) => {
    await server.configure({ confirm: 0 })
    const vax = await server.host('vax')
    const result = async (commit: string, exits: number[]) => {
      const build = await server.build(commit)
      const { jobs = [] } = (await server.farm.builds.find(build)) ?? {}
      await vax.end(await vax.take(`${jobs[0]?.id}.1`), { exits })
    }
    const commits = [server.repository.git('rev-parse', 'HEAD'), ...['Second', 'Third'].map(server.repository.commit)]
    await result(commits[0] ?? '', [0, 0])
    await result(commits[2] ?? '', [1])
    const newestFirst = [...commits].reverse()
    await server.farm.matrix.applyHistory({ project: 'sample', branch: 'main', commits: newestFirst, complete: true })
    const options = commands.bisect?.options ?? {}
    const bisect = (...args: string[]) => {
      const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
      return commands.bisect?.run(apiOf(server), positionals, values)
    }
    const cell = ['sample', 'vax', 'amd64']
    const [price, next] = (await bisect(...cell, 'default', '--branch', 'main')) ?? []
    expect(price).toMatch(/^(about \d+ probes, \d+ s on vax|price unknown: .*)$/)
    expect(next).toBe('Add --start to start the bisection.')
    expect(await server.farm.bisections.list({ limit: 10 })).toEqual([])

    expect(await bisect(...cell, '--start')).toEqual([`bisection 1: ${price}`, 'http://localhost:80/bisections/1'])
    const again = ['bisection 1 already searches this failure', 'http://localhost:80/bisections/1']
    expect(await bisect(...cell, '--start')).toEqual(again)
    await expect(bisect('sample', 'pdp', 'amd64')).rejects.toThrow(/pdp/)
    await expect(bisect('--inside-merge', '1')).rejects.toThrow('the answer of bisection 1 is not a merge')
    for (const args of [
      [],
      ['sample', 'vax'],
      [...cell, 'default', 'x'],
      ['--inside-merge', 'x'],
      [...cell, '--inside-merge', '1'],
    ])
      expect(await bisect(...args)).toBeUndefined()

    await server.farm.bisections.storeRange(1, {
      kind: 'range',
      base: commits[0] ?? '',
      commits: [{ commit: commits[2] ?? '', author: 'Ada', subject: 'Merge', isMerge: true, files: [] }],
    })
    // The answer of a whole search is in the tests of packages/farm.
    await server.farm.bisections.cancel(1)
    await server.sql(`UPDATE "Bisection" SET "outcome" = 'confirmed', "low" = 0, "high" = 1 WHERE "id" = 1`)
    expect(await bisect('--inside-merge', '1')).toEqual([
      `bisection 2 looks inside the merge ${commits[2]?.slice(0, 12)}`,
    ])
    expect(await bisect('--inside-merge', '1')).toEqual([
      `bisection 2 looks inside the merge ${commits[2]?.slice(0, 12)}`,
    ])
    const page = await server.ask('/bisections/2')
    expect(page.body.replace(/<[^>]*>/g, '')).toMatch(/searches inside the merge that bisection 1 found/)
  },
)
