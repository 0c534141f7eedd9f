import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { Refusal } from '../../../http/problems.ts'
import { serverTest } from '../../../server.fixture.ts'
import { logSearches, SearchLimit, searchesMax } from './search-limit.ts'

const client = () => ({ raw: new EventEmitter() as never })

/** A search that ends when the test ends it. */
function openSearch(limit: SearchLimit) {
  let end = () => {}
  const ended = limit.run(
    client(),
    () =>
      new Promise<void>(resolve => {
        end = resolve
      }),
  )
  return { ended, end }
}

test('a server runs only a limited number of searches at a time', async () => {
  const limit = new SearchLimit(2)
  const [one, other] = [openSearch(limit), openSearch(limit)]
  const refused = await limit.run(client(), async () => 'found').catch(error => error)
  expect(refused).toBeInstanceOf(Refusal)
  expect(refused).toMatchObject({ statusCode: 429, retryAfterSeconds: 2 })
  one.end()
  await one.ended
  expect(await limit.run(client(), async () => 'found')).toBe('found')
  other.end()
  await other.ended
  await expect(limit.run(client(), () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk')
  expect(limit.running).toBe(0)
})

test('a search ends when its client is gone', async () => {
  const raw = new EventEmitter()
  const search = new SearchLimit().run({ raw: raw as never }, async signal => {
    raw.emit('close')
    return signal.aborted
  })
  expect(await search).toBe(true)
  expect(raw.listenerCount('close')).toBe(0)
})

serverTest('the page and the API answer 429 while too many searches run', async ({ server }) => {
  await server.configure()
  const vax = await server.host('vax')
  await server.build()
  const offer = await vax.take('1.1')
  await vax.say(offer, 'one\ntwo\n')
  const open = Array.from({ length: searchesMax }, () => openSearch(logSearches))
  const api = await server.ask('/api/v1/jobs/1/log/search?find=two')
  expect([api.statusCode, api.headers['retry-after'], api.json().type]).toEqual([
    429,
    '2',
    'urn:rumpfarm:problem:too-many-requests',
  ])
  const page = await server.ask('/jobs/1?find=two')
  expect([page.statusCode, page.headers['retry-after']]).toEqual([429, '2'])
  expect(page.body).toContain('already searches in 4 logs')
  expect((await server.ask('/jobs/1')).statusCode).toBe(200)
  for (const search of open) search.end()
  await Promise.all(open.map(({ ended }) => ended))
  expect((await server.ask('/jobs/1?find=two')).statusCode).toBe(200)
  expect((await server.ask('/api/v1/jobs/1/log/search?find=two')).json()).toMatchObject({ lines: [2] })
})
