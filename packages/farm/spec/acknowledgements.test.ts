import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import { commitOf, farmTest, type TestFarm } from './farm-test.ts'

/** A cell that failed at its first commit. Its fingerprint is not known, because nobody examined the log. */
async function failingCell(farm: TestFarm): Promise<void> {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.end(vax, (await vax.claim(1)) as Offer, { exits: [0, 1] })
}

const cell = { kind: 'cell', branch: 'main', host: 'vax', arch: 'amd64', variant: 'default' } as const
const text = { project: 'sample', note: 'the compiler is broken', owner: 'Ada' }

farmTest('an acknowledged failure is quiet until the acknowledgement expires or ends', async ({ farm }) => {
  await failingCell(farm)
  const status = async () => (await farm.matrix.load()).cells[0]
  const first = await farm.acknowledgements.add({ ...text, of: cell, days: 2, link: 'https://bugs.example/7' })
  expect(first).toEqual({ kind: 'acknowledged', id: 1 })
  expect(farm.events).toContainEqual({ kind: 'acknowledgements-changed', project: 'sample' })
  expect(await status()).toMatchObject({ acknowledged: { owner: 'Ada', link: 'https://bugs.example/7' } })

  farm.wait(2 * 86_400)
  expect(await farm.acknowledgements.listActive(['sample'])).toEqual([])
  expect(await status()).toMatchObject({ acknowledged: null })
  await farm.acknowledgements.add({ ...text, of: cell, days: 30 })
  expect(await farm.acknowledgements.end(2)).toBe(true)
  expect(await farm.acknowledgements.end(2), 'it has ended').toBe(false)
  expect(await farm.acknowledgements.end(1), 'it has expired').toBe(false)
  expect(await status()).toMatchObject({ acknowledged: null })
})

farmTest('nobody can acknowledge a cell that does not fail, or an unknown failure', async ({ farm }) => {
  await failingCell(farm)
  const add = (of: Parameters<TestFarm['acknowledgements']['add']>[0]['of']) =>
    farm.acknowledgements.add({ ...text, of, days: 1 })
  expect(await add({ ...cell, branch: 'next' })).toEqual({ kind: 'not-failing' })
  expect(await add({ ...cell, host: 'sun' })).toEqual({ kind: 'not-failing' })
  expect(await add({ kind: 'fingerprint', fingerprint: '0'.repeat(32) })).toEqual({ kind: 'not-failing' })
})
