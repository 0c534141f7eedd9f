import { expect, test } from 'vitest'
import { commitLine } from './commits.ts'
import { buildAges } from './timeline.ts'
import { demoYear } from './year.ts'

const now = new Date('2026-11-29T18:00:00Z')
const small = { seed: 1, now, jobs: 3000 }
const jobsOf = (year: ReturnType<typeof demoYear>) => [...year.builds()].flatMap(({ jobs }) => jobs)

test('the same seed and the same present give the same year', () => {
  const text = () => JSON.stringify([...demoYear(small).builds()])
  expect(text()).toBe(text())
  expect(JSON.stringify([...demoYear({ ...small, seed: 2 }).builds()])).not.toBe(text())
})

test('a farm of the usual size has 60 hosts of ten systems, and about as many jobs as wanted', () => {
  const year = demoYear({ seed: 1, now, jobs: 100_000 })
  expect(year.hosts).toHaveLength(60)
  expect(new Set(year.hosts.map(({ arches }) => arches.length)).size).toBeGreaterThan(5)
  expect(Math.max(...year.hosts.map(({ name }) => name.length))).toBe(40)
  expect(new Set(year.hosts.flatMap(({ arches }) => arches.map(({ arch }) => arch))).size).toBe(20)
  let jobs = 0
  for (const build of year.builds()) jobs += build.jobs.length
  expect(jobs).toBeGreaterThan(90_000)
  expect(jobs).toBeLessThan(115_000)
})

test('two attempts never use one slot of a host at the same time', () => {
  const busy = new Map<string, number>()
  for (const job of jobsOf(demoYear(small))) {
    for (const { claimed, end } of job.attempts) {
      if (!claimed) continue
      const slot = `${job.hostId}.${claimed.slot}`
      expect(claimed.at.getTime()).toBeGreaterThanOrEqual(busy.get(slot) ?? 0)
      busy.set(slot, end ? end.at.getTime() : Number.POSITIVE_INFINITY)
    }
  }
})

test('nothing happens after the present', () => {
  const times = jobsOf(demoYear(small)).flatMap(({ attempts }) =>
    attempts.flatMap(({ queuedAt, claimed, end }) => [queuedAt, claimed?.at, end?.at]),
  )
  expect(Math.max(...times.map(time => time?.getTime() ?? 0))).toBeLessThanOrEqual(now.getTime())
})

test('a log ends where its last step ends', () => {
  for (const job of jobsOf(demoYear(small)).filter(({ attempts }) => attempts[0]?.claimed?.log)) {
    const [attempt] = job.attempts
    const { steps = [], log } = attempt?.claimed ?? {}
    if (attempt?.end?.reason === 'exit') expect(steps.at(-1)?.logBytes).toBe(log?.length)
  }
})

test('the builds of a project are nightly at the end, and reach back for two years', () => {
  const ages = buildAges(48, 0)
  expect(ages.slice(-4)).toEqual([81, 57, 33, 9])
  expect(ages).toHaveLength(48)
  expect(ages[0]).toBeGreaterThan(24 * 730)
  expect(ages[0]).toBeLessThan(24 * 900)
})

test('a commit has the name that git gives to it', () => {
  const [commit] = commitLine({
    ...{ seed: 1, project: 'base', line: 'main', parent: null, times: [new Date('2026-01-02T03:04:05Z')] },
    stories: new Map([[0, { author: 'Zoë Lindqvist', subject: 'vfs: fix it' }]]),
  })
  // git commit-tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904, with this author and date
  expect(commit?.commit).toBe('bfbf4163b1ef60a2c56f1a992d7eddd53e9a67d1')
})
