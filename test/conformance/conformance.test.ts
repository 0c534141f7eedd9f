// `npm test` plays each scenario once, with every shell, client and launcher somewhere among them; `pnpm conformance` plays
// every scenario with every shell and client.
import { appendFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { shellNamed } from '../../apps/agent/spec/support/host.ts'
import { AgentHost } from '../support/agent-host.ts'
import { TestFarm } from '../support/farm-fixture.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import {
  type Combination,
  diagonal,
  directoryWithSh,
  enrolmentWith,
  everyCombination,
  missingFor,
} from './combinations.ts'
import { leaseSeconds, play, projectFor } from './play.ts'
import { scenarios } from './scenarios/index.ts'
import type { Result } from './table.ts'
import type { Scenario } from './world.ts'

interface Round {
  /** Of its host and its project. */
  name: string
  scenario: Scenario
  combination: Combination
}

/** What `pnpm conformance` was asked for; without it this is a run of `npm test`. */
interface Choice {
  shell?: string[]
  client?: string[]
  /** Words of their names. */
  scenario?: string[]
}
const choice: Choice | undefined = process.env.CONFORMANCE ? JSON.parse(process.env.CONFORMANCE) : undefined

const chosen = ({ shell = [], client = [], scenario = [] }: Choice): Omit<Round, 'name'>[] => {
  const has = (names: string[], name: string) => names.length === 0 || names.includes(name)
  const combinations = everyCombination().filter(each => has(shell, each.shell) && has(client, each.client))
  const played = scenarios.filter(({ name }) => scenario.length === 0 || scenario.some(words => name.includes(words)))
  return combinations.flatMap(combination => played.map(scenario => ({ combination, scenario })))
}

const planned = choice
  ? chosen(choice)
  : diagonal(scenarios.length).map((combination, at) => ({ combination, scenario: scenarios[at] as Scenario }))

const rounds: Round[] = planned.map((round, at) => ({ ...round, name: `host-${at + 1}` }))

describe.concurrent('the farm keeps its promises', () => {
  let farm: TestFarm
  let database: TestDatabase

  beforeAll(async () => {
    database = await createTestDatabase()
    const projects = rounds.map(({ name, scenario }) => [name, projectFor(name, scenario)])
    const environment = { LEASE_SECONDS: String(leaseSeconds), TRUST_PROXY: 'true' }
    farm = await TestFarm.open({ databaseUrl: database.url, environment, projects: Object.fromEntries(projects) })
  })
  afterAll(async () => {
    await farm?.close()
    await database?.drop()
  })

  for (const { name, scenario, combination } of rounds) {
    const { shell, client, launcher } = combination
    const missing = missingFor(combination)
    const result: Result = { shell, client, scenario: scenario.name, missing }
    note(result)
    const sentence = `${shell}, ${client}, ${launcher}: ${scenario.name}`
    test.skipIf(missing !== undefined)(sentence, { timeout: 240_000 }, async () => {
      const host = new AgentHost(name, { ...settingsOf(combination), patienceMs: 60_000 })
      await play(scenario, farm, host, enrolmentWith(combination))
      note({ ...result, passed: true })
    })
  }
})

/** For the table. */
function note(result: Result): void {
  const file = process.env.CONFORMANCE_RESULTS
  if (file) appendFileSync(file, `${JSON.stringify(result)}\n`)
}

const settingsOf = ({ shell, client, launcher }: Combination) => ({
  shell: shellNamed(shell),
  environment: {
    PATH: `${directoryWithSh(shell)}:${process.env.PATH}`,
    RUMPFARM_CLIENT: client,
    RUMPFARM_LAUNCHER: launcher,
  },
})
