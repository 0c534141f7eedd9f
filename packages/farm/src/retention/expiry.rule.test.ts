import type { ProjectKeep } from '@rumpfarm/contracts'
import { describe, expect, test } from 'vitest'
import { expiredWords, hasExpired } from './expired.rule.ts'
import { buildExpires, daysBefore, expiryOf, isHeld, oldestFilesKept, type StoredJob } from './expiry.rule.ts'

const now = new Date('2026-11-30T12:00:00Z')
const daysOld = (days: number) => daysBefore(now, days)
const keep: ProjectKeep = {
  logsDays: 90,
  artifactsDays: 30,
  failedLogsDays: 180,
  failedArtifactsDays: 180,
  buildsDays: 730,
  lastPerCell: 20,
}
const job = (changes: Partial<StoredJob> = {}): StoredJob => ({
  open: false,
  failed: false,
  endedAt: daysOld(100),
  logs: 1,
  logBytes: 1000,
  artifacts: 2,
  artifactBytes: 5000,
  newer: 20,
  milestone: false,
  needed: false,
  ...changes,
})

const [log, artifacts, later] = [true, true, true]
const nothing = { log: false, artifacts: false, later: false }

type Keeps = { [Key in keyof ProjectKeep]?: ProjectKeep[Key] | undefined }

test.each<[string, Partial<StoredJob>, Keeps, Partial<ReturnType<typeof expiryOf>>]>([
  ['an old job loses its log and its artifacts', {}, {}, { log, artifacts }],
  ['a job of exactly 90 days loses its log', { endedAt: daysOld(90) }, {}, { log, artifacts }],
  ['a younger job loses only its artifacts', { endedAt: daysOld(89.9) }, {}, { artifacts, later }],
  ['a young job loses nothing yet', { endedAt: daysOld(29) }, {}, { later }],
  ['a failed job keeps its files for longer', { failed: true }, {}, { later }],
  ['an old failed job loses its files', { failed: true, endedAt: daysOld(180) }, {}, { log, artifacts }],
  ['one of the last 20 results of a cell keeps its files', { newer: 19 }, {}, { later }],
  ['a job that is no result of a cell loses its files', { newer: null }, {}, { log, artifacts }],
  ['with last: 0, the age alone counts', { newer: 0 }, { lastPerCell: 0 }, { log, artifacts }],
  ['a milestone of a cell keeps its files', { milestone: true }, {}, { later }],
  ['a job that a problem or a bisection needs keeps its files', { needed: true }, {}, { later }],
  ['a job that runs again keeps its files', { open: true }, {}, { later }],
  ['a job that never ran has no files', { endedAt: null, logs: 0, artifacts: 0 }, {}, {}],
  ['a job without files has nothing to lose', { logs: 0, artifacts: 0 }, {}, {}],
  ['logs that the farm keeps never expire', {}, { logsDays: undefined }, { artifacts }],
  ['artifacts that the farm keeps never expire', {}, { artifactsDays: undefined }, { log }],
])('%s', (_title, changes, keeps, expected) => {
  const kept = Object.fromEntries(Object.entries({ ...keep, ...keeps }).filter(([, days]) => days !== undefined))
  expect(expiryOf(job(changes), kept as unknown as ProjectKeep, now)).toEqual({ ...nothing, ...expected })
})

describe('a whole build', () => {
  const old = { createdAt: daysOld(800), needed: false }
  const oldJob = job({ endedAt: daysOld(799) })

  test.each<[string, boolean, typeof old, StoredJob[]]>([
    ['expires with all its jobs', true, old, [oldJob, oldJob]],
    ['expires also without jobs', true, old, []],
    ['stays while it is young', false, { ...old, createdAt: daysOld(729) }, []],
    ['stays if one job ran again lately', false, old, [oldJob, job({ endedAt: daysOld(10) })]],
    ['stays if one job is a milestone', false, old, [oldJob, { ...oldJob, milestone: true }]],
    ['stays if one job is among the last of its cell', false, old, [{ ...oldJob, newer: 3 }]],
    ['stays while a job is open', false, old, [{ ...oldJob, open: true }]],
    ['stays if something refers to it', false, { ...old, needed: true }, [oldJob]],
    ['expires although a job never ran', true, old, [{ ...oldJob, endedAt: null }]],
  ])('%s', (_title, expires, build, jobs) => expect(buildExpires(build, jobs, keep, now)).toBe(expires))

  test('stays if the project keeps all builds', () => {
    const { buildsDays: _, ...all } = keep
    expect(buildExpires(old, [oldJob], all, now)).toBe(false)
  })
})

test('a build younger than the shortest time has no file that expires', () => {
  expect(oldestFilesKept(keep, now)).toEqual(daysOld(30))
  expect(oldestFilesKept({ logsDays: 7, lastPerCell: 20 }, now)).toEqual(daysOld(7))
  expect(oldestFilesKept({ lastPerCell: 20 }, now)).toBeUndefined()
})

test('held jobs stay whatever their age is', () => {
  expect(isHeld(job(), keep)).toBe(false)
  expect(isHeld(job({ newer: 0 }), keep)).toBe(true)
})

test('the words name the day and the time for which the farm kept the data', () => {
  expect(expiredWords('the log', { at: now, keptDays: 90 })).toBe('the log expired on 2026-11-30 (kept 90 days)')
  expect(expiredWords('the log', { at: now, keptDays: 1 })).toBe('the log expired on 2026-11-30 (kept 1 day)')
  expect(expiredWords('build 7', { at: now, keptDays: null })).toBe('build 7 expired on 2026-11-30')
})

test('the files of an attempt that ended after the expiry are still there', () => {
  expect(hasExpired(now, daysOld(1))).toBe(true)
  expect(hasExpired(now, new Date(now.getTime() + 1))).toBe(false)
  expect(hasExpired(null, now)).toBe(false)
  expect(hasExpired(now, null)).toBe(false)
})
