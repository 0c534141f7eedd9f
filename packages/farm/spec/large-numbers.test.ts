import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import { commitOf, farmTest, type TestFarm } from './farm-test.ts'

/** More than 32 bits. */
const first = 3_000_000_001

const laterJobs = (farm: TestFarm) => farm.sql(`ALTER SEQUENCE "Job_id_seq" RESTART WITH ${first}`)

farmTest('a job whose number has more than 32 bits runs, fails, runs again and is listed', async ({ farm }) => {
  await farm.configure()
  await laterJobs(farm)
  const vax = await farm.host('vax')
  const old = await farm.build(commitOf('a'))
  await farm.end(vax, (await vax.claim(1)) as Offer)
  const buildId = await farm.build(commitOf('b'))
  const offer = (await vax.claim(2)) as Offer
  expect(offer.jobId).toBe(first + 1)
  expect(await farm.say(vax, offer, 'error: no\n', { steps: [] })).toMatchObject({ kind: 'ok' })
  expect(await farm.end(vax, offer, { exits: [1], log: 'error: no\n' })).toMatchObject({ kind: 'finished' })
  expect(await farm.failures.listExaminations()).toEqual([`${first + 1}.1`])
  await farm.failures.examine({ jobId: first + 1, number: 1 })
  expect((await farm.failures.find({ jobId: first + 1, number: 1 }))?.message).toBe('error: no')

  const page = await farm.builds.findJob(first + 1)
  expect(page).toMatchObject({ id: first + 1, lastGood: { buildId: old, jobId: first } })
  for (const filter of [{}, { buildId }, { project: 'sample', status: 'active' }, { before: first + 2 }])
    expect((await farm.builds.listJobs({ ...filter, limit: 1 })).map(({ id }) => id)).toEqual([first + 1])
  expect(await farm.builds.cancelJob(first + 1)).toMatchObject({ kind: 'cancelled' })
  expect(await farm.builds.retryJob(first + 1)).toMatchObject({ kind: 'queued' })
  expect(await farm.builds.findJob(999_999_999_999_999)).toBeUndefined()
})
