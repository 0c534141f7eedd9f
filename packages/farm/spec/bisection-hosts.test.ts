import { expect } from 'vitest'
import { built, cell, commitAt, prepare, run, start, storeRange, work } from './bisection-farm.ts'
import { farmTest, type HostHandle } from './farm-test.ts'

const since = (bad: number) => (index: number) => index >= bad

farmTest('equal idle hosts search together, and the last pair runs on one of them', async ({ farm }) => {
  const hosts = await built(farm, ['vax', 'vax2', 'vax3'], [0, 16], since(11))
  const id = await start(farm)
  await farm.bisections.advance(id)
  await prepare(farm)
  await work(farm, hosts[0] as HostHandle, since(11))
  await farm.bisections.advance(id)
  await prepare(farm)
  await work(farm, hosts[0] as HostHandle, since(11)) // the ends
  await farm.bisections.advance(id)
  const probes = (await farm.bisections.find(id))?.probes.filter(({ purpose }) => purpose === 'search')
  expect(probes?.map(({ host, position }) => `${host} ${position}`)).toEqual(['vax 4', 'vax2 8', 'vax3 12'])

  await prepare(farm)
  await work(farm, hosts[2] as HostHandle, since(11)) // 12 fails
  await work(farm, hosts[1] as HostHandle, since(11)) // 8 passes, so 4 is useless
  await farm.bisections.advance(id)
  const after = await farm.bisections.find(id)
  expect(after?.probes.find(({ position }) => position === 4)).toMatchObject({
    verdict: 'none',
    reason: 'another result made it useless',
  })
  const ran = await run(farm, hosts, since(11), id)
  const view = await farm.bisections.find(id)
  expect(view).toMatchObject({ outcome: 'confirmed', low: 10, high: 11 })
  const confirmed = view?.probes.filter(({ purpose, cell: number }) => purpose === 'confirm' && number === 0)
  expect(confirmed?.slice(-2).map(({ host, position }) => `${host} ${position}`)).toEqual(['vax2 11', 'vax2 10'])
  expect(ran.length).toBeLessThan(20)
})

farmTest('a host with another compiler or with a job does not help', async ({ farm }) => {
  const hosts = await built(farm, ['vax', 'vax2', 'vax3'], [0, 16], since(11))
  const [, other, busy] = hosts as [HostHandle, HostHandle, HostHandle]
  const arches = [{ arch: 'amd64', kind: 'native', compiler: 'cc 2' } as const]
  const facts = { uname_s: 'Unix' }
  await farm.hosts.hello({ hostId: other.id, instance: 'vax2-1', slots: 2, version: '1.0.0', facts, arches })
  const id = await start(farm)
  await farm.sql(`INSERT INTO "OpenAttempt" ("jobId", "number", "hostId", "state", "queuedAt", "purpose", "projectName", "buildId")
    SELECT "id", 9, "hostId", 'waiting', now(), 'retry', 'sample', "buildId" FROM "Job" WHERE "hostId" = ${busy.id} LIMIT 1`)
  await farm.sql(`UPDATE "Job" SET "status" = 'open' WHERE "id" IN (SELECT "jobId" FROM "Attempt" WHERE "number" = 9)`)
  for (let round = 0; round < 2; round++) {
    await farm.bisections.advance(id)
    await prepare(farm)
    await work(farm, hosts[0] as HostHandle, since(11))
  }
  await farm.bisections.advance(id)
  const search = (await farm.bisections.find(id))?.probes.filter(({ purpose }) => purpose === 'search')
  expect(search?.map(({ host, position }) => `${host} ${position}`)).toEqual(['vax 8'])
})

farmTest('without an equal host, the last pair of confirming runs waits for an hour', async ({ farm }) => {
  const hosts = await built(farm, ['vax'], [0, 16], since(11))
  const id = await start(farm)
  for (let round = 0; round < 20; round++) {
    await farm.bisections.advance(id)
    await prepare(farm)
    await work(farm, hosts[0] as HostHandle, since(11))
  }
  const view = await farm.bisections.find(id)
  expect(view?.state).toBe('running')
  expect(view?.nextAt?.getTime()).toBeGreaterThan(farm.now().getTime() + 3000_000)
  farm.wait(3601)
  await run(farm, hosts, since(11), id)
  expect((await farm.bisections.find(id))?.outcome).toBe('confirmed')
})

farmTest('a second bisection looks inside a merge that is the answer', async ({ farm }) => {
  const hosts = await built(farm, ['vax'], [0, 16], since(11))
  const id = await start(farm, { merge: 11 })
  expect(await farm.bisections.lookInsideMerge({ id, startedBy: 'Ada' })).toMatchObject({ kind: 'not-possible' })
  await farm.sql('UPDATE "Bisection" SET "pauseSeconds" = 0')
  await run(farm, hosts, since(11), id)
  const outer = await farm.bisections.find(id)
  expect(outer).toMatchObject({ answerIsMerge: true, insideMerge: null, mergeOf: null })
  expect(outer?.words).toContain('Check this answer: the commit is a merge.')

  const inner = await farm.bisections.lookInsideMerge({ id, startedBy: 'Ada' })
  if (inner.kind !== 'started') throw new Error(inner.kind)
  expect(await farm.bisections.lookInsideMerge({ id, startedBy: 'Ada' })).toEqual({ kind: 'exists', id: inner.id })
  expect(await farm.bisections.findRangeToRead(inner.id)).toMatchObject({
    good: commitAt(10),
    bad: commitAt(11),
    insideMerge: true,
  })
  await farm.sql('UPDATE "Bisection" SET "pauseSeconds" = 0')
  const side = ['a', 'b', 'c'].map(letter => letter.repeat(40))
  await storeRange(farm, inner.id, [commitAt(5), ...side, commitAt(11)])
  await run(farm, hosts, (_, commit) => commit >= 'b'.repeat(40) || commit === commitAt(11), inner.id)
  expect(await farm.bisections.find(inner.id)).toMatchObject({ outcome: 'confirmed', high: 2, mergeOf: id })
  expect(await farm.bisections.find(id)).toMatchObject({ insideMerge: inner.id })
  expect(await farm.bisections.lookInsideMerge({ id: 99, startedBy: 'Ada' })).toEqual({ kind: 'unknown' })
})

farmTest('an answer that changes only comments is doubted', async ({ farm }) => {
  const hosts = await built(farm, ['vax'], [0, 16], since(11))
  const id = await start(farm)
  await farm.sql('UPDATE "Bisection" SET "pauseSeconds" = 0')
  for (let round = 0; !(await farm.bisections.findCulpritToRead(id)); round++) {
    if (round > 20) throw new Error('there is no commit to read')
    await farm.bisections.advance(id)
    await prepare(farm)
    await work(farm, hosts[0] as HostHandle, since(11), 1)
  }
  const culprit = await farm.bisections.findCulpritToRead(id)
  expect(culprit).toMatchObject({ position: 11, before: commitAt(10), after: commitAt(11) })
  const patch = 'diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-/* old */\n+/* new */\n'
  if (culprit) await farm.bisections.storeCulpritLines(culprit, patch)
  expect(await farm.bisections.findCulpritToRead(id)).toBeUndefined()
  await run(farm, hosts, since(11), id)
  expect((await farm.bisections.find(id))?.words).toContain('Check this answer: the commit changes only comments.')
})

farmTest('a flaky cell is bisected with repeated runs, from the commit before its first failures', async ({ farm }) => {
  let runs = 0
  const sometimes = (index: number) => index >= 9 && runs++ % 2 === 0
  const indexes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13]
  const hosts = await built(farm, ['vax'], indexes, sometimes)
  const quote = await farm.bisections.quote(cell)
  expect(quote).toMatchObject({ kind: 'quote', failureRate: 0.5, goodCommit: commitAt(4), badCommit: commitAt(10) })
  const id = await start(farm, { good: 4, bad: 10 })
  await run(farm, hosts, sometimes, id)
  const view = await farm.bisections.find(id)
  expect(view).toMatchObject({ outcome: 'confirmed', low: 4, high: 5, failureRate: 0.5 })
  expect(view?.words).toMatch(
    /^First bad commit: 0909090909 \(A\. Author\)\. It failed \d of \d times; its parent passed 10 of 10 times\.$/,
  )
})
