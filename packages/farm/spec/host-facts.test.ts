import { expect, test } from 'vitest'
import { stableFacts } from '../src/hosts/stable-facts.rule.ts'
import { farmTest, type TestFarm } from './farm-test.ts'

const hello = (farm: TestFarm, hostId: number, facts: Record<string, string>, compiler = 'cc 1') =>
  farm.hosts.hello({
    hostId,
    instance: 'vax-1',
    slots: 1,
    version: '1.0.0',
    facts,
    arches: [{ arch: 'amd64', kind: 'native', compiler }],
  })

farmTest('the farm keeps each change of the facts that can change a result', async ({ farm }) => {
  const vax = await farm.host('vax')
  for (const [facts, compiler] of [
    [{ uname_r: '10.0', disk_mb: '500' }, 'cc 1'],
    [{ uname_r: '10.0', disk_mb: '400' }, 'cc 1'],
    [{ uname_r: '10.0', disk_mb: '400' }, 'cc 2'],
    [{ uname_r: '11.0', disk_mb: '400' }, 'cc 2'],
  ] as const) {
    farm.wait(60)
    expect(await hello(farm, vax.id, facts, compiler)).toEqual({ kind: 'welcome' })
  }
  const facts = await farm.hosts.factsHistory(vax.id)
  expect(facts.map(({ facts }) => facts)).toEqual([
    { uname_r: '11.0', 'compiler amd64': 'cc 2' },
    { uname_r: '10.0', 'compiler amd64': 'cc 2' },
    { uname_r: '10.0', 'compiler amd64': 'cc 1' },
    { uname_s: 'Unix', 'compiler amd64': 'cc 1' },
  ])
  expect(facts[0]?.since).toEqual(farm.now())
})

test('free disk space and the version of the agent are not among the stable facts', () => {
  expect(stableFacts({ disk_mb: '5', version: '1.0.0', ncpu: '2' }, [])).toEqual({ ncpu: '2' })
})
