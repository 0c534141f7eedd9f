import type { ProjectConfig } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import { commitOf, farmTest, project, type TestFarm } from './farm-test.ts'
import { serverOf } from './server-facts.ts'

/** The texts of a farm.yaml, and the projects in each. */
const texts: Record<string, ProjectConfig[]> = {
  first: [project(), project({ name: 'second' })],
  next: [project(), project({ name: 'second' }), project({ name: 'third' })],
  last: [project()],
}

function serverIn(farm: TestFarm, id: string) {
  const facts = serverOf(id)
  let previousSum: string | undefined
  return {
    facts,
    async offers(text: string) {
      const offer = { sum: text, previousSum, server: facts, projects: texts[text] ?? [] }
      const decision = await farm.projects.offerFile({ ...offer, farmWide: { notify: [], notifyAfterSeconds: 60 } })
      previousSum = text
      return decision
    },
  }
}

async function started(farm: TestFarm, ...ids: string[]) {
  const servers = ids.map(id => serverIn(farm, id))
  for (const { facts } of servers) await farm.servers.register(facts)
  return servers as [ReturnType<typeof serverIn>, ReturnType<typeof serverIn>]
}

const names = async (farm: TestFarm) => [...(await farm.projects.configs()).keys()]

farmTest('a server that starts with an older farm.yaml beside others does not make it active', async ({ farm }) => {
  const [one, two] = await started(farm, 'one', 'two')
  expect([await one.offers('first'), await two.offers('first')]).toEqual(['apply', 'active'])
  expect(await one.offers('next')).toBe('apply')
  await farm.build(commitOf('a'))

  const again = serverIn(farm, 'two')
  expect(await again.offers('first')).toBe('older')
  expect(await names(farm)).toEqual(['sample', 'second', 'third'])
  const [first, second] = await farm.servers.list()
  expect([first?.otherFile, second?.otherFile]).toEqual([
    null,
    { acceptedBy: 'one:8080', acceptedAt: expect.any(String) },
  ])
  expect(await again.offers('next')).toBe('active')
  expect((await farm.servers.list()).map(({ otherFile }) => otherFile)).toEqual([null, null])
})

farmTest('whichever server somebody edits farm.yaml on, the new text is active', async ({ farm }) => {
  const [one, two] = await started(farm, 'one', 'two')
  await one.offers('first')
  await two.offers('first')
  expect(await two.offers('last')).toBe('apply')
  expect(await names(farm)).toEqual(['sample'])
  expect(await two.offers('first'), 'changed back').toBe('apply')
  expect(await names(farm)).toEqual(['sample', 'second'])
})

farmTest('a server alone makes its file active, also an older one', async ({ farm }) => {
  const [one] = await started(farm, 'one')
  await one.offers('first')
  await one.offers('next')
  farm.wait(60)
  const [again] = await started(farm, 'again')
  expect(await again.offers('first')).toBe('apply')
  expect(await names(farm)).toEqual(['sample', 'second'])
})

farmTest('a server alone that was killed makes its file active when it starts again', async ({ farm }) => {
  const [one] = await started(farm, 'one')
  await one.offers('first')
  await one.offers('next')
  const again = serverIn(farm, 'again')
  again.facts.name = one.facts.name
  await farm.servers.register(again.facts)
  expect(await again.offers('first')).toBe('apply')
})

farmTest('errors of one server’s file go away when this server has a file without errors', async ({ farm }) => {
  const [one, two] = await started(farm, 'one', 'two')
  await one.offers('first')
  await two.offers('first')
  await farm.projects.rejectConfiguration(['farm.yaml:1: wrong'], 'two:8080')
  await one.offers('first')
  expect((await farm.projects.configurationState()).problems).toEqual(['farm.yaml:1: wrong'])
  await two.offers('first')
  expect((await farm.projects.configurationState()).problems).toEqual([])
})

farmTest('errors of a server that has ended go away when another server reads its file', async ({ farm }) => {
  const [one] = await started(farm, 'one', 'two')
  await one.offers('first')
  await farm.projects.rejectConfiguration(['farm.yaml:1: wrong'], 'two:8080')
  await farm.servers.remove('two')
  await one.offers('first')
  expect((await farm.projects.configurationState()).problems).toEqual([])
})

farmTest(
  'if two servers start at the same moment with different new files, one of them is active',
  async ({ farm }) => {
    const [one, two] = await started(farm, 'one', 'two')
    await Promise.all([one.offers('first'), two.offers('next')])
    const active = await names(farm)
    const view = await farm.servers.list()
    expect(view.filter(({ otherFile }) => otherFile === null)).toHaveLength(1)
    expect([2, 3]).toContain(active.length)
  },
)
