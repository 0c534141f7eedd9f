import { parseAttemptName } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import type { FarmEvent, Offer } from '../src/index.ts'
import { countedMax, gaugeQuery } from '../src/metrics/gauge-query.ts'
import { commitOf, farmTest } from './farm-test.ts'
import { rowsRead } from './rows-read.ts'

const eventsOf = <Kind extends FarmEvent['kind']>(events: readonly FarmEvent[], kind: Kind) =>
  events.filter((event): event is Extract<FarmEvent, { kind: Kind }> => event.kind === kind)

farmTest('the gauges count jobs, hosts and projects of the whole farm', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.host('alpha')
  await farm.build(commitOf('a'))
  await vax.claim(1)
  farm.wait(60)

  const gauges = await farm.metrics.gauges()
  expect(gauges).toMatchObject({
    projects: ['sample'],
    jobs: { waiting: 0, queued: 1, running: 1 },
    buildsPreparing: 0,
    deliveries: [
      { kind: 'notification', pending: 0 },
      { kind: 'commit-status', pending: 0 },
    ],
    farmFileErrors: false,
  })
  expect(gauges.states.online).toEqual({ hosts: 2, slots: 4, queued: 1, oldestSeconds: 60 })
  expect(gauges.databaseBytes).toBeGreaterThan(1_000_000)
  await farm.hosts.remove('alpha')
  expect((await farm.metrics.gauges()).states.online).toMatchObject({ hosts: 1, queued: 0 })
})

farmTest('the event of an ended attempt says how long it waited and ran', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  farm.wait(30)
  const offer = (await vax.claim(1)) as Offer
  farm.wait(2)
  await farm.say(vax, offer, 'start\n')
  farm.wait(20)
  await farm.end(vax, offer, { exits: [0, 0, 0], log: 'start\n' })

  const ended = eventsOf(farm.events, 'attempt').filter(({ verdict }) => verdict !== undefined)
  expect(ended).toMatchObject([{ verdict: 'passed', seconds: { waited: 30, ran: 20 } }])
  expect(eventsOf(farm.events, 'log')).toMatchObject([{ projectName: 'sample', bytes: 6, added: 6 }])
  expect(eventsOf(farm.events, 'build-created')).toEqual([{ kind: 'build-created', buildId: 1 }])
  expect(eventsOf(farm.events, 'sources-prepared')).toEqual([{ kind: 'sources-prepared', buildId: 1, ok: true }])

  const times = await farm.metrics.attemptTimes(parseAttemptName(offer.attempt) ?? { jobId: 0, number: 0 })
  expect(times).toMatchObject({ host: 'vax', verdict: 'passed', project: 'sample', buildId: 1 })
  expect(times?.steps).toHaveLength(3)
  expect(await farm.metrics.attemptTimes({ jobId: 99, number: 1 })).toBeUndefined()
})

farmTest('an attempt that no host claimed has no wait and no duration', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.builds.cancel(1)
  const [ended] = eventsOf(farm.events, 'attempt').filter(({ verdict }) => verdict !== undefined)
  expect(ended).toMatchObject({ verdict: 'cancelled', seconds: { waited: null, ran: null } })
})

farmTest('the query of the gauges reads few rows, whatever the history of the farm', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const add = async (from: number, to: number, status: string, table: string, columns: string, values: string) => {
    await farm.sql(`INSERT INTO "Job" ("id", "buildId", "projectName", "hostId", "arch", "variant", "recipeHash", "status")
      SELECT n, "buildId", "projectName", "hostId", 'arch-' || n, "variant", "recipeHash", '${status}' FROM "Job", generate_series(${from}, ${to}) n WHERE "id" = 1`)
    await farm.sql(`INSERT INTO "${table}" ("jobId", "number", "hostId", "queuedAt", ${columns}, "projectName", "buildId")
      SELECT n, 1, ${vax.id}, now(), ${values}, 'sample', 1 FROM generate_series(${from}, ${to}) n`)
    await farm.sql('ANALYZE')
  }
  await add(1_001, 21_000, 'passed', 'FinishedAttempt', '"verdict", "finishedAt"', `'passed', now()`)
  expect(await rowsRead(farm, gaugeQuery)).toBeLessThan(50)
  await add(30_001, 30_000 + countedMax + 5_000, 'open', 'OpenAttempt', '"state"', `'queued'`)
  expect((await farm.metrics.gauges()).jobs.queued).toBe(countedMax)
})
