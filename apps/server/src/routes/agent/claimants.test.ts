// The fixture publishes no message about a removed host. So these servers are in the state after such a message was lost.
import { expect, vi } from 'vitest'
import { rareRequestsPerMinuteMax } from '../../http/rate-limits.ts'
import { serverTest, type TestHost, type TestServer } from '../../server.fixture.ts'

const refused = /^err 401 this credential is not known/

/** A server that counts its look-ups of credentials, and sends the claims of hosts to itself. */
async function openCounting(server: TestServer) {
  const findByCredentials = vi.fn(server.farm.hosts.findByCredentials)
  const app = await server.open({ farm: { ...server.farm, hosts: { ...server.farm.hosts, findByCredentials } } })
  const claim = async ({ name, credential }: Pick<TestHost, 'name' | 'credential'>, remoteAddress = '127.0.0.1') => {
    const url = `/agent/v1/claim?instance=${name}-1&slot=1&claim=1&wait=0`
    const headers = { authorization: `Bearer ${credential}` }
    return (await app.inject({ method: 'POST', url, headers, remoteAddress })).body
  }
  return { app, claim, findByCredentials }
}

serverTest('the claims of an idle host need one look-up of its credential', async ({ server }) => {
  const vax = await server.host('vax')
  const { app, claim, findByCredentials } = await openCounting(server)
  const now = vi.spyOn(Date, 'now')
  for (let minute = 0; minute < 5; minute++) {
    now.mockReturnValue(Date.parse('2024-05-06T07:00:00Z') + minute * 60_000)
    expect(await claim(vax)).toBe('ok\nnone 0\nend\n')
  }
  now.mockRestore()
  expect(findByCredentials).toHaveBeenCalledTimes(1)
  await app.close()
})

serverTest('a claim of a removed host is refused at once, even if no message says so', async ({ server }) => {
  const vax = await server.host('vax')
  const { app, claim } = await openCounting(server)
  expect(await claim(vax)).toMatch(/^ok/)
  await server.farm.hosts.remove('vax')
  expect(await claim(vax)).toMatch(refused)

  const again = await server.host('vax')
  expect(again.id).toBe(vax.id)
  expect(await claim(again)).toMatch(/^ok/)
  expect(await claim(vax)).toMatch(refused)
  await app.close()
})

serverTest('the limit of requests without a known credential counts claims of removed hosts', async ({ server }) => {
  const vax = await server.host('vax')
  const { app, claim } = await openCounting(server)
  expect(await claim(vax, '192.0.2.1')).toMatch(/^ok/)
  await server.farm.hosts.remove('vax')
  for (let times = 0; times < rareRequestsPerMinuteMax; times++) expect(await claim(vax, '192.0.2.1')).toMatch(refused)
  expect(await claim(vax, '192.0.2.1')).toMatch(/^err 429 /)
  await app.close()
})
