import { expect } from 'vitest'
import { commitOf, farmTest, project } from './farm-test.ts'

// PostgreSQL's type text cannot store NUL. Its type jsonb can store neither NUL nor half of a surrogate pair.
const bad = 'a\0b\ud83d'
const good = 'a\uFFFDb\uFFFD'

farmTest('in host facts, the farm replaces characters that PostgreSQL cannot store', async ({ farm }) => {
  const host = await farm.host('vax')
  const request = { hostId: host.id, instance: 'vax-1', slots: 1, version: '1.0.0' }
  const arches = [{ arch: 'vax', kind: 'native', compiler: bad, unable: bad } as const]
  const rules = [{ verb: 'allow' as const, project: '*', branches: [bad] }]
  expect(await farm.hosts.hello({ ...request, facts: { cpu: bad }, arches, rules })).toEqual({ kind: 'welcome' })
  await farm.attempts.checkSlot({ hostId: host.id, instance: 'vax-1', slot: 1, claim: 1 }, { refusal: bad })

  const view = await farm.hosts.find('vax')
  expect(view).toMatchObject({ facts: { cpu: good }, refusal: good, rules: [{ branches: [good] }] })
  expect(view?.arches).toEqual([{ arch: 'vax', kind: 'native', compiler: good, unable: good }])
})

farmTest('an attempt ends even if its texts contain NUL', async ({ farm }) => {
  await farm.configure()
  const host = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = await host.claim(1)
  if (typeof offer === 'string') throw new Error(offer)
  const attempt = { jobId: 1, number: 1, hostId: host.id, lease: offer.lease }
  const ended = { reason: 'broken', steps: [], logBytes: 0, checksum: null } as const
  const texts = { detail: bad, compiler: bad, artifactsLeft: [bad] }
  expect(await farm.attempts.finish({ ...attempt, ...ended, steps: [], ...texts })).toMatchObject({ kind: 'finished' })
  const job = await farm.builds.findJob(1)
  expect(job?.attempts[0]).toMatchObject({ detail: good, compiler: good, artifactNote: good })
})

farmTest('in messages of git, the farm replaces characters that PostgreSQL cannot store', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  for (const letter of ['a', 'b']) await farm.push(commitOf(letter))
  await farm.builds.markSourcesFailed(1, bad)
  await farm.builds.markSourcesReady(2, { sources: [], subject: bad, author: bad })
  expect(await farm.builds.find(1)).toMatchObject({ sources: 'failed', problem: good })
  expect(await farm.builds.find(2)).toMatchObject({ sources: 'ready', subject: good, author: good })
})

farmTest('the farm shortens a long message of git and does not split a character', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.push(commitOf('a'))
  await farm.builds.markSourcesFailed(1, `${'x'.repeat(3999)}😀`)
  expect((await farm.builds.find(1))?.problem).toBe('x'.repeat(3999))
})

farmTest('in farm.yaml and its errors, the farm replaces characters that PostgreSQL cannot store', async ({ farm }) => {
  await farm.configure(project({ steps: [{ name: 'build', run: bad }] }))
  expect((await farm.projects.configs()).get('sample')?.steps).toEqual([{ name: 'build', run: good }])
  await farm.host('vax')
  expect(await farm.push(commitOf('a'))).toMatchObject({ kind: 'built' })
  await farm.projects.rejectConfiguration([bad])
  expect((await farm.projects.configurationState()).problems).toEqual([good])
})

farmTest('a query for a text with NUL finds nothing', async ({ farm }) => {
  expect(await farm.hosts.list({ after: bad, limit: 1 })).toEqual([])
  expect(await farm.builds.listJobs({ project: bad, host: bad, arch: bad, status: bad, limit: 1 })).toEqual([])
  expect(await farm.hosts.find(bad)).toBeUndefined()
  expect(await farm.hosts.setPaused(bad, true)).toBe(false)
  expect(await farm.matrix.load({ project: bad })).toMatchObject({ cells: [] })
  expect(await farm.notifications.sendTest(bad)).toBeUndefined()
})
