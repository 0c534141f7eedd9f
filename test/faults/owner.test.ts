// The farm obeys the rules of a host's owner, and the real agent checks the same rules again.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { TestFarm } from '../support/farm-fixture.ts'
import { farmTest } from '../support/farm-test.ts'
import { pageText } from '../support/patient-api.ts'
import { eventually } from '../support/waiting.ts'

const idle = { queues: 'postgres' } as const
const native = 'arch amd64 native\n'
const pageOf = (farm: TestFarm, path: string) => pageText(`${farm.url}${path}`)

interface HostAnswer {
  slots: number
  rules: { verb: string; project: string; branches: string[] }[]
  arches: { arch: string; unable: string | null }[]
}
const hostBecomes = (farm: TestFarm, name: string, what: string, holds: (host: HostAnswer) => boolean) =>
  eventually(what, async () => {
    const host = await farm.api().get<HostAnswer>(`/api/v1/hosts/${name}`)
    return holds(host) ? host : undefined
  })

farmTest(
  'if an owner forbids a project, the farm cancels the waiting job, plans no new job, and pages show the reason',
  idle,
  async farm => {
    const host = await farm.host('vax', { conf: native })
    const go = join(farm.directory, 'go')
    const running = await (await farm.push(`until [ -e ${go} ]; do sleep 0.1; done`)).job('vax')
    await running.running()
    const waiting = await (await farm.push('echo two')).job('vax')
    host.configure(`${native}deny sample\n`)
    writeFileSync(go, '')

    expect((await running.finished()).verdict).toBe('passed')
    expect(await waiting.finished()).toMatchObject({
      verdict: 'cancelled',
      attempts: [{ reason: 'refused', detail: "the host's owner does not allow it" }],
    })
    const third = await farm.push('echo three')
    expect((await third.view()).jobs).toEqual([])
    expect(await pageOf(farm, '/?view=detailed')).toContain('not allowed by the host&#39;s owner')
    expect(await pageOf(farm, '/hosts/vax')).toMatch(/Owner's rules<.*deny sample/s)
    expect(await pageOf(farm, '/api/v1/matrix?format=text')).toContain("not allowed by the host's owner")
  },
)

farmTest('an agent refuses a job that its owner forbids, even if the farm offers the job', idle, async farm => {
  const host = await farm.host('vax', { conf: `${native}allow other\n` })
  await hostBecomes(farm, 'vax', 'the rules at the farm', ({ rules }) => rules.length === 1)
  await farm.sql(`UPDATE "Host" SET "rules" = '[]'`)
  const ran = join(farm.directory, 'ran')
  const job = await (await farm.push(`touch ${ran}`)).job('vax')
  expect(await job.finished()).toMatchObject({
    verdict: 'broken',
    failedStep: null,
    attempts: [{ reason: 'refused', detail: "the host's owner does not allow sample: no line names it" }],
  })
  await host.hears(/attempt .*: refused: the host's owner does not allow sample/)
  expect(() => writeFileSync(ran, '', { flag: 'wx' })).not.toThrow() // fails if the job has made this file
  expect(await pageOf(farm, `/jobs/${job.id}`)).toContain('does not allow sample')
})

farmTest(
  'a host with two slots runs two jobs at once, and pages show an arch whose compiler fails',
  idle,
  async farm => {
    await farm.host('vax', { conf: `${native}slots 2\narch arm cross\nenv arm CC=/no/such-gcc\n` })
    await hostBecomes(farm, 'vax', 'two slots', ({ slots }) => slots === 2)
    const [here, there] = ['here', 'there'].map(name => join(farm.directory, name))
    const meet = (mine?: string, other?: string) => `touch ${mine}; until [ -e ${other} ]; do sleep 0.1; done`
    const first = await (await farm.push(meet(here, there))).job('vax')
    const second = await (await farm.push(meet(there, here))).job('vax')
    expect((await first.finished()).verdict).toBe('passed')
    expect((await second.finished()).verdict).toBe('passed')

    const { arches } = await farm.api().get<HostAnswer>('/api/v1/hosts/vax')
    const words = /^\/no\/such-gcc cannot build a program: .*not found$/
    expect(arches).toMatchObject([
      { arch: 'amd64', unable: null },
      { arch: 'arm', unable: expect.stringMatching(words) },
    ])
    expect(await pageOf(farm, '/hosts/vax')).toMatch(/cannot build: \/no\/such-gcc/)
    expect(await pageOf(farm, '/?view=detailed')).toMatch(/the host cannot build for this arch: \/no\/such-gcc/)
    const view = (await first.view()) as unknown as { attempts: { compiler: string | null }[] }
    expect(view.attempts[0]?.compiler).toMatch(/cc/)
    expect(await pageOf(farm, `/jobs/${first.id}`)).toContain('Compiler: ')
  },
)
