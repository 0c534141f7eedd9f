import { expect } from 'vitest'
import type { TestFarm } from '../support/farm-fixture.ts'
import { farmTest } from '../support/farm-test.ts'
import { eventually } from '../support/waiting.ts'

const projects = {
  sample: {
    steps: [{ build: 'sh ./job.sh' }, { tests: 'true' }],
    confirm: '0',
    bisect: { budget: '1h', pause: '0s' },
  },
}

/** Commits a script that passes, then 15 further commits. From the commit with this number on, the script fails. */
function commitAll(farm: TestFarm, firstBad: number): string[] {
  const repository = farm.repository('sample')
  return Array.from({ length: 17 }, (_, number) => {
    const script = number >= firstBad ? 'echo "vm.c:12: error: no uvmexp"; exit 1' : 'true'
    return repository.commit({ 'job.sh': `${script}\n`, 'number.txt': `${number}\n` }, `Change ${number}`)
  })
}

interface Row {
  outcome: string | null
  words: string | null
}

const outcomeOf = (farm: TestFarm) =>
  eventually(
    'the end of the bisection',
    async () => {
      const [row] = await farm.sql<Row>('SELECT "outcome", "words" FROM "Bisection"')
      return row?.outcome ? row : undefined
    },
    300_000,
  )

const probesOf = (farm: TestFarm) =>
  farm.sql<{ position: number; purpose: string | null; verdict: string }>(
    'SELECT "position", "purpose", "verdict" FROM "Probe" ORDER BY "number"',
  )

farmTest(
  'the farm finds the first bad commit of 16, even if its server is killed and a push tests one of them',
  { queues: 'redis', projects },
  async farm => {
    const commits = commitAll(farm, 11)
    await farm.host('vax')
    await (await (await farm.trigger(commits[0])).job('vax')).finished()
    await (await (await farm.trigger('main')).job('vax')).finished()
    await eventually('the first probe', async () => ((await probesOf(farm)).length > 0 ? true : undefined))
    await farm.kill9()
    await farm.start()
    await (await (await farm.trigger(commits[9])).job('vax')).finished()

    const { outcome, words } = await outcomeOf(farm)
    expect(words).toBe(
      `First bad commit: ${commits[11]?.slice(0, 10)} (Ada Lovelace). It failed 3 of 3 times; its parent passed 3 of 3 times.`,
    )
    expect(outcome).toBe('confirmed')
    const probes = await probesOf(farm)
    expect(probes.slice(0, 1)).toMatchObject([{ position: 0, purpose: 'good-end', verdict: 'good' }])
    expect(probes.filter(({ position }) => position === 9)).toMatchObject([{ purpose: null, verdict: 'good' }])
    const steps = await farm.sql<{ steps: { name: string }[] }>(
      `SELECT "steps" FROM "Attempt" WHERE "purpose" = 'probe' AND "verdict" = 'passed' LIMIT 1`,
    )
    expect(steps[0]?.steps.map(({ name }) => name)).toEqual(['build'])
  },
  400_000, // about fifteen jobs, one after the other, and a restart of the server
)
