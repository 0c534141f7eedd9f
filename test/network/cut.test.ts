// The link of a host fails during a job, for longer than the lease, in several ways.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scriptProject, type TestFarm } from '../support/farm-fixture.ts'
import { sharedFarm } from '../support/farm-test.ts'
import { eventually } from '../support/waiting.ts'
import { Cable } from './cable.ts'
import { expectUnbroken, saysMore, talking } from './jobs.ts'

const leaseSeconds = 5
const linesPerSecond = 10

const cuts: Record<string, (cable: Cable) => Promise<void>> = {
  'is disconnected': cable => cable.cut(),
  'drops every packet': cable => cable.lose(100, 'to the farm', 'to the host'),
  'drops every answer': cable => cable.lose(100, 'to the host'),
  'drops every request': cable => cable.lose(100, 'to the farm'),
}

const names = Object.keys(cuts).map((_, index) => `cut-${index}`)
const projects = Object.fromEntries([...names, 'flaps'].map(name => [name, scriptProject({ hosts: [name] })]))

const farm = sharedFarm({
  queues: 'postgres',
  environment: { HOST: '0.0.0.0', LEASE_SECONDS: String(leaseSeconds) },
  projects,
})

/** On a host with its own link, starts a job that prints lines, and waits until the farm has the first bytes. */
export async function talkingJob(farm: TestFarm, name: string) {
  const cable = new Cable()
  const host = await farm.host(name, { cable })
  const files = { copy: join(farm.directory, `${name}.copy`), stop: join(farm.directory, `${name}.stop`) }
  const job = await (await farm.push(talking(files), name)).job(name)
  await job.logged('of process')
  return { cable, host, job, copy: files.copy, end: () => writeFileSync(files.stop, '') }
}

const leaseIsOver = (job: number) =>
  eventually(`the lease of job ${job} to run out`, async () => {
    const [attempt] = await farm().sql<{ over: boolean }>(
      `SELECT "leaseUntil" < now() AS "over" FROM "Attempt" WHERE "jobId" = ${job}`,
    )
    return attempt?.over || undefined
  })

describe.concurrent('a job continues while the link of its only host is broken, and its log is byte-exact', () => {
  test.each(Object.entries(cuts))('the job continues while the link %s for longer than the lease', async (how, cut) => {
    const { cable, host, job, copy, end } = await talkingJob(farm(), names[Object.keys(cuts).indexOf(how)] ?? '')
    await cut(cable)
    await leaseIsOver(job.id)
    await host.hears(/no answer from the farm/, 60_000)
    await saysMore(copy, linesPerSecond)
    await cable.heal()
    await host.hears(/the farm answers again/, 60_000)
    end()
    const { verdict, attempts } = await job.finished()
    expect([verdict, attempts.length]).toEqual(['passed', 1])
    await expectUnbroken(job, copy)
  })

  test('the job continues while the link of its host breaks and returns every second', async () => {
    const { cable, job, copy, end } = await talkingJob(farm(), 'flaps')
    for (let cut = 0; cut < 8; cut++) {
      await (cut % 2 === 0 ? cable.cut() : cable.lose(100, 'to the farm', 'to the host'))
      await saysMore(copy, linesPerSecond / 2)
      await cable.heal()
      await saysMore(copy, linesPerSecond / 2)
    }
    end()
    const { verdict, attempts } = await job.finished()
    expect([verdict, attempts.length]).toEqual(['passed', 1])
    await expectUnbroken(job, copy)
  })
})
