// A host loses its link. A stand-in, a second machine made from the backup of the host, runs with the same name.
import { describe, expect, test } from 'vitest'
import type { AgentHost } from '../support/agent-host.ts'
import { scriptProject, type TestFarm } from '../support/farm-fixture.ts'
import { sharedFarm } from '../support/farm-test.ts'
import { eventually } from '../support/waiting.ts'
import { Cable } from './cable.ts'

const names = ['idle', 'old', 'busy', 'fresh', 'early'] as const
type Name = (typeof names)[number]

/** `grace` is long, but a host that has lost its lease must end the job without this grace period. */
const limits = { grace: '5m', 'lost-after': '1s', attempts: 3 }
const patient = { grace: '5m', 'lost-after': '10m', attempts: 3 }

const farm = sharedFarm({
  queues: 'postgres',
  environment: { HOST: '0.0.0.0', LEASE_SECONDS: '5' },
  projects: Object.fromEntries(
    names.map(name => [name, scriptProject({ hosts: [name], limits: name === 'early' ? patient : limits })]),
  ),
})

/** On the first machine, the job and two other processes ignore TERM and never end. On the second, the job passes. */
const script = `
echo "$WHO begins"
if [ "$WHO" = second ]; then echo "$WHO ends"; exit 0; fi
stubborn='trap "" TERM; while :; do sleep 4811; done'
sh -c "$stubborn" & setsid sh -c "$stubborn" &
trap "" TERM
while :; do echo "$WHO goes on"; sleep 0.2; done
`
const secondsLog = 'second begins\nsecond ends\n'

const confOf = (who: string) => `arch amd64 native\nenv amd64 WHO=${who}\n`

async function firstMachine(farm: TestFarm, name: Name) {
  const cable = new Cable()
  const host = await farm.host(name, { cable, conf: confOf('first') })
  return { cable, host }
}

async function begins(farm: TestFarm, name: Name) {
  const job = await (await farm.push(script, name)).job(name)
  await job.logged('first goes on\n')
  return job
}

const standIn = (farm: TestFarm, first: AgentHost, backup: string) =>
  farm.standIn(first, backup, { cable: new Cable(), conf: confOf('second') })

const cutOff = (cable: Cable) => cable.lose(100, 'to the farm', 'to the host')

const becomesLost = (job: Awaited<ReturnType<typeof begins>>) =>
  eventually(
    `job ${job.id} to be lost`,
    async () => (await job.view()).attempts.some(({ verdict }) => verdict === 'lost') || undefined,
  )

const jobsProcesses = async (host: AgentHost) =>
  (await host.processes('sleep 4811'))
    .concat(await host.processes('attempt-'))
    .concat(await host.processes('agent.sh job'))

/** Reconnects the first machine. Its agent then ends the job, and waits until the farm accepts the agent again. */
async function expectFenced({ cable, host }: { cable: Cable; host: AgentHost }) {
  expect(await jobsProcesses(host)).not.toEqual([])
  await cable.heal()
  await host.hears(/lost its lease/, 60_000)
  await eventually(
    'the end of the first machine’s job',
    async () => (await jobsProcesses(host)).length === 0 || undefined,
    10_000,
  )
  await host.hears(/another agent runs as this host/, 30_000)
}

/** The second machine gets the next job, although the first machine also waits for a job. */
async function expectSecondWorks(farm: TestFarm, name: Name, second: AgentHost) {
  const next = await (await farm.push(script, name)).job(name)
  const { verdict, attempts } = await next.finished()
  expect([verdict, attempts.length]).toEqual(['passed', 1])
  expect((await next.log()).toString()).toBe(secondsLog)
  expect(second.said).not.toContain('another agent runs as this host')
}

describe.concurrent('if a host loses its link, a stand-in runs the job, and the first machine later ends its own run of the job', () => {
  test.each<[string, Name]>([
    ['before this job', 'idle'],
    ['before two earlier jobs', 'old'],
    ['during this job', 'busy'],
    ['during this job, without the files of the slot and the instance', 'fresh'],
  ])('a stand-in works with a backup that the owner made %s', async (_, name) => {
    const first = await firstMachine(farm(), name)
    let backup = first.host.backUp()
    if (name === 'old')
      for (const echo of ['echo one', 'echo two']) await (await (await farm().push(echo, name)).job(name)).finished()
    const job = await begins(farm(), name)
    if (name === 'busy' || name === 'fresh') backup = first.host.backUp()
    if (name === 'fresh') await first.host.run(`rm -r ${backup}/slot-1 ${backup}/instance*`)
    await cutOff(first.cable)
    await becomesLost(job)
    const second = await standIn(farm(), first.host, backup)
    expect((await job.finished()).verdict).toBe('passed')
    await expectFenced(first)
    const { verdict, attempts } = await job.view()
    expect([verdict, attempts.map(({ verdict }) => verdict)]).toEqual(['passed', ['passed', 'lost']])
    expect((await job.log()).toString()).toBe(secondsLog)
    await expectSecondWorks(farm(), name, second)
  })
})

test('if a stand-in starts before the job is lost, only the stand-in continues the job', async () => {
  const first = await firstMachine(farm(), 'early')
  const backup = first.host.backUp()
  const job = await begins(farm(), 'early')
  await cutOff(first.cable)
  const second = await standIn(farm(), first.host, backup)
  expect((await job.finished()).verdict).toBe('passed')
  await expectFenced(first)
  const { verdict } = await job.view()
  expect(verdict).toBe('passed')
  expect((await job.log()).toString()).toBe(secondsLog)
  await expectSecondWorks(farm(), 'early', second)
})
