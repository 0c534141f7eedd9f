import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { releaseOf } from '../../agent-release/release.ts'
import { localBus } from '../../events/bus.ts'
import type { Services } from '../../services.ts'
import { agentPlugin } from './plugin.ts'

const script = Buffer.from("AGENT_VERSION=1.0.0\nFARM_URL='@FARM_URL@'\n")

async function fetchScript(host: string, publicUrl?: string): Promise<string> {
  const agentRelease = async () => releaseOf(script)
  const services = { config: { publicUrl }, farm: { hosts: {} }, bus: localBus(), agentRelease } as unknown as Services
  const app = Fastify()
  await app.register(agentPlugin(services))
  const answer = await app.inject({ url: '/agent.sh', headers: { host } })
  await app.close()
  return answer.body
}

test.each([
  ['build_farm:8080', undefined, 'http://build_farm:8080'],
  ['[::1]:8080', undefined, 'http://[::1]:8080'],
  ['192.0.2.1', undefined, 'http://192.0.2.1'],
  ['build_farm:8080', 'https://farm.example/ci', 'https://farm.example/ci'],
])('an agent script from the address %s (PUBLIC_URL %s) sends its requests to %s', async (host, publicUrl, url) => {
  expect(await fetchScript(host, publicUrl)).toBe(`AGENT_VERSION=1.0.0\nFARM_URL='${url}'\n`)
})
