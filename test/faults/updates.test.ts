// Tests of agents whose version differs from the farm's, or is older than AGENT_VERSION_MIN.
import { execFileSync } from 'node:child_process'
import { cksum, lineValue } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { TestFarm } from '../support/farm-fixture.ts'
import { farmTest } from '../support/farm-test.ts'
import { pageText } from '../support/patient-api.ts'
import { eventually } from '../support/waiting.ts'

interface HostAnswer {
  agentVersion: string
  agentOffered: string | null
  updateFailed: string | null
  refusal: string | null
}

const hostOf = (farm: TestFarm, name: string) => farm.api().get<HostAnswer>(`/api/v1/hosts/${name}`)
const pageOf = (farm: TestFarm, path: string) => pageText(`${farm.url}${path}`)
const asVersion = (version: string) => (text: string) => text.replace(/^AGENT_VERSION=.*$/m, `AGENT_VERSION=${version}`)

const idle = { queues: 'postgres' } as const
const floor = { ...idle, environment: { AGENT_VERSION_MIN: '1.1.0' } }

const becomes = (farm: TestFarm, name: string, what: string, holds: (host: HostAnswer) => boolean) =>
  eventually(what, async () => {
    const host = await hostOf(farm, name)
    return holds(host) ? host : undefined
  })

farmTest(
  'a host with another version of the agent updates itself to the version of the farm, and runs jobs',
  idle,
  async farm => {
    const host = await farm.host('vax')
    expect(await hostOf(farm, 'vax')).toMatchObject({ agentOffered: null, updateFailed: null })
    const { agentVersion } = await hostOf(farm, 'vax')
    await host.stop()
    host.changeAgent(asVersion('0.9.0+1'))
    await host.start()
    await host.hears(/^rumpfarm: the farm offers agent .*; this is 0\.9\.0\+1$/)
    await host.hears(new RegExp(`^rumpfarm: updated to ${agentVersion.replaceAll(/[.+]/g, '\\$&')}$`))

    expect(await hostOf(farm, 'vax')).toMatchObject({ agentVersion, agentOffered: null, updateFailed: null })
    const job = await (await farm.push('echo hello')).job('vax')
    expect((await job.finished()).verdict).toBe('passed')
  },
)

farmTest('the page of a host and the API show the result of an update', idle, async farm => {
  const host = await farm.host('vax')
  const { agentVersion } = await hostOf(farm, 'vax')
  await host.stop()
  // The agent of this host rejects every update, although the agent that the farm offers is valid.
  host.changeAgent(text =>
    asVersion('0.9.0+1')(text).replace(/^test_update\(\) \{$/m, 'test_update() {\nWHY="no room"; return 1'),
  )
  await host.start()
  const words = `${agentVersion} no room`
  await becomes(farm, 'vax', 'the failed update', ({ updateFailed }) => updateFailed === words)
  expect(await hostOf(farm, 'vax')).toMatchObject({ agentVersion: '0.9.0+1', agentOffered: agentVersion })
  expect(await pageOf(farm, '/hosts/vax')).toMatch(/Available agent<.*Update failed<.*no room</s)

  await host.stop()
  host.configure('arch amd64 native\nupdates no\n')
  await host.start()
  await eventually('the refusal on the page', async () => {
    const page = await pageOf(farm, '/hosts/vax')
    return page.includes('host.conf turns updates off') || undefined
  })
})

farmTest(
  'if an agent is older than AGENT_VERSION_MIN, it finishes its job, and gets no other job before an update',
  floor,
  async farm => {
    const host = await farm.host('vax')
    const first = await (await farm.push('echo up; until test -f "$HOME/go"; do sleep 0.1; done; echo down')).job('vax')
    await first.logged('up')
    await host.kill9()
    host.changeAgent(asVersion('1.0.0'))
    host.configure('arch amd64 native\nupdates no\n')
    await host.start()
    const second = await (await farm.push('echo second')).job('vax')
    await host.run('touch "$HOME/go"')

    expect((await first.finished()).verdict).toBe('passed')
    expect((await first.log()).toString()).toBe('up\ndown\n')
    const words = 'agent too old (1.0.0, needs 1.1.0): gets no jobs'
    await becomes(farm, 'vax', 'the refusal of the old agent', ({ refusal }) => refusal === words)
    await host.hears(
      /the farm rejects this version of the agent \(426 agent too old \(1\.0\.0, needs 1\.1\.0\): gets no jobs\)/,
    )
    for (const path of ['/hosts/vax', '/hosts', '/?view=detailed']) expect(await pageOf(farm, path)).toContain(words)
    expect(await pageOf(farm, `/jobs/${second.id}`)).toContain('The agent of vax is too old (1.0.0, needs 1.1.0).')
    expect(await farm.api().get('/api/v1/matrix')).toMatchObject({ hosts: [{ name: 'vax', refusal: words }] })
    expect((await second.view()).state).toBe('queued')

    await host.stop()
    host.configure('arch amd64 native\n')
    await host.start()
    expect((await second.finished()).verdict).toBe('passed')
    expect(await hostOf(farm, 'vax')).toMatchObject({ refusal: null, agentOffered: null })
  },
)

farmTest(
  'if an agent is older than AGENT_VERSION_MIN, the farm accepts its progress and finish messages, and offers an update',
  floor,
  async farm => {
    const host = await farm.wireHost('vax', ['amd64'])
    expect(await host.claim(1)).toMatchObject({ code: 426, text: 'agent too old (1.0.0, needs 1.1.0): gets no jobs' })
    host.version = '1.1.0+1'
    expect(await host.hello(['amd64'])).toMatchObject({ code: 0 })
    await farm.push()
    const offer = await host.job(1)
    host.version = '1.0.9+1'
    const hello = await host.hello(['amd64'])
    expect(hello).toMatchObject({ code: 426, text: 'agent too old (1.0.9, needs 1.1.0): gets no jobs' })
    expect(lineValue(hello.lines, 'poll')).toBe('50')

    expect(await host.claim(1)).toMatchObject({ code: 0 }) // a repeated claim returns the job that the host has
    expect(await host.progress(offer, 'log\n')).toMatchObject({ code: 0 })
    expect(await host.finish(offer, 'log\n')).toMatchObject({ code: 0, lines: [['verdict', 'passed']] })
    const claim = await host.claim(2)
    expect(claim.code).toBe(426)
    const bytes = Buffer.from(await (await host.ask('GET', '/agent/v1/agent')).arrayBuffer())
    const version = /^AGENT_VERSION=(.*)$/m.exec(bytes.toString())?.[1]
    for (const answer of [hello, claim]) {
      expect(lineValue(answer.lines, 'update')).toMatch(
        new RegExp(
          `^${version?.replace('+', '\\+')} ${bytes.length} crc:${cksum(bytes)} sha256:[0-9a-f]{64} md5:[0-9a-f]{32}$`,
        ),
      )
    }
    host.credential = 'rfh-nobody'
    expect(await (await host.ask('GET', '/agent/v1/agent')).text()).toMatch(/^err 401 /)
  },
)

farmTest('only hosts of the farm can download the installer of service files', idle, async farm => {
  const host = await farm.wireHost('vax')
  const { code, lines } = await host.post('/agent/v1/service', [])
  expect(code).toBe(0)
  const text = lines.map(([, line]) => `${line}\n`).join('')
  for (const words of ['uninstall_cron() {', 'ExecStart=@SHELL@ @DIR@/agent.sh run', '<service_bundle', '/etc/rc.subr'])
    expect(text).toContain(words)
  execFileSync('sh', ['-n'], { input: text })
  host.credential = 'rfh-nobody'
  expect(await host.post('/agent/v1/service', [])).toMatchObject({ code: 401 })
})

test('if AGENT_VERSION_MIN is newer than the agent that a server offers, this server does not start', async () => {
  const farm = await TestFarm.prepare({
    databaseUrl: 'postgresql://nobody@127.0.0.1:1/none',
    environment: { AGENT_VERSION_MIN: '999' },
  })
  try {
    await expect(farm.start()).rejects.toThrow(/AGENT_VERSION_MIN is 999, but the agent that this farm serves is 1\./)
  } finally {
    await farm.close()
  }
})
