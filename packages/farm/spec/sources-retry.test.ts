import { expect } from 'vitest'
import { commitOf, farmTest } from './farm-test.ts'

const problem = 'cannot fetch https://forge.example/x: connection refused'

farmTest('if a repository does not answer, the farm prepares the sources again later, for a day', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.push(commitOf('a'))
  const unprepared = () => farm.builds.listUnprepared()
  expect(await unprepared()).toEqual([1])
  expect(await farm.builds.postponeSources(1, { problem, absent: false })).toBe('postponed')
  expect(await unprepared()).toEqual([])
  expect(await farm.builds.find(1)).toMatchObject({ sources: 'pending', problem, sourcesNextAt: expect.any(Date) })
  expect((await farm.builds.findJob(1))?.state).toBe('waiting')
  farm.wait(2)
  expect(await unprepared()).toEqual([1])
  farm.wait(86_400)
  expect(await farm.builds.postponeSources(1, { problem, absent: false })).toBe('failed')
  expect(await farm.verdicts()).toEqual(['broken'])
  expect(await farm.builds.find(1)).toMatchObject({ sources: 'failed', problem, sourcesNextAt: null })

  await farm.builds.reopenSources(1)
  expect(await farm.builds.postponeSources(1, { problem, absent: false })).toBe('postponed')
  await farm.builds.markSourcesReady(1, { sources: [] })
  expect(await farm.builds.find(1)).toMatchObject({ sources: 'ready', problem: null, sourcesNextAt: null })
})

farmTest('a commit that the repository does not have is broken after twenty minutes', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.push(commitOf('a'))
  expect(await farm.builds.postponeSources(1, { problem, absent: true })).toBe('postponed')
  farm.wait(1200)
  expect(await farm.builds.postponeSources(1, { problem, absent: true })).toBe('failed')
})

farmTest('a request that made no build before makes one after farm.yaml has its branch', async ({ farm }) => {
  const push = { branch: 'develop', deliveryId: 'd1' }
  await farm.configure()
  expect(await farm.push(commitOf('a'), push)).toMatchObject({ kind: 'branch-not-built' })
  const [sample] = [...(await farm.projects.configs()).values()]
  if (!sample) throw new Error('no project')
  await farm.configure({ ...sample, branches: ['develop'] })
  expect(await farm.push(commitOf('a'), push)).toMatchObject({ kind: 'built', created: true, buildId: 1 })
  expect(await farm.push(commitOf('a'), push)).toEqual({ kind: 'repeated', buildId: 1 })
})
