// `npm test` plays each scenario once, and each shell, client and launcher in at least one scenario.
// `./farm conformance` plays every scenario with every shell and client.
import { appendFileSync } from 'node:fs'
import { afterAll, describe, test } from 'vitest'
import { Authority } from '../../apps/agent/spec/support/certificates.ts'
import { shellNamed } from '../../apps/agent/spec/support/host.ts'
import { AgentHost } from '../support/agent-host.ts'
import type { TestFarm } from '../support/farm-fixture.ts'
import {
  type Combination,
  diagonal,
  directoryWithSh,
  enrolmentWith,
  everyCombination,
  isTls,
  missingFor,
  removeDirectories,
} from './combinations.ts'
import { Farms } from './farms.ts'
import { play, projectFor } from './play.ts'
import { scenarios } from './scenarios/index.ts'
import { hasPassed, type Result, read } from './table.ts'
import { patienceMs, type Scenario } from './world.ts'

interface Round {
  /** The name of the host and of the project. */
  name: string
  scenario: Scenario
  combination: Combination
}

/** The options of `./farm conformance`; undefined in a run of `npm test`. */
interface Choice {
  shell?: string[]
  client?: string[]
  /** Parts of scenario names. */
  scenario?: string[]
  /** `K/N`: every Nth round, from the Kth on. */
  slice?: string
}
const choice: Choice | undefined = process.env.CONFORMANCE ? JSON.parse(process.env.CONFORMANCE) : undefined

/** The file with the results of this run. It may already have results of an earlier run, which this run continues. */
const resultsFile = process.env.CONFORMANCE_RESULTS ?? ''
const before = read(resultsFile)

const chosen = ({ shell = [], client = [], scenario = [], slice = '1/1' }: Choice): Omit<Round, 'name'>[] => {
  const has = (names: string[], name: string) => names.length === 0 || names.includes(name)
  const combinations = everyCombination().filter(each => has(shell, each.shell) && has(client, each.client))
  const played = scenarios.filter(({ name }) => scenario.length === 0 || scenario.some(words => name.includes(words)))
  const all = combinations.flatMap(combination => played.map(scenario => ({ combination, scenario })))
  const [first = 1, step = 1] = slice.split('/').map(Number)
  return all.filter((round, at) => at % step === first - 1 && !hasPassed(before, resultOf(round)))
}

const resultOf = ({ combination, scenario }: Omit<Round, 'name'>): Result => {
  const { shell, client } = combination
  return { shell, client, scenario: scenario.name, missing: missingFor(combination) }
}

const planned = choice
  ? chosen(choice)
  : diagonal(scenarios.length).map((combination, at) => ({ combination, scenario: scenarios[at] as Scenario }))

const rounds: Round[] = planned.map((round, at) => ({ ...round, name: `host-${at + 1}` }))

const authority = new Authority()
const certificate = authority.certificate()

const isSigned = ({ combination }: Omit<Round, 'name'>) => combination.client === 'signed'

const projectsOf = (some: readonly Round[]) =>
  Object.fromEntries(some.map(({ name, scenario }) => [name, projectFor(name, scenario)]))

const playable = rounds.filter(round => resultOf(round).missing === undefined)
const plainFarms = new Farms(projectsOf(playable.filter(round => !isSigned(round))))
/** The farms for signed requests are separate, because a farm with signed requests has one fixed address. */
const signedFarms = new Farms(projectsOf(playable.filter(isSigned)), {
  PUBLIC_URL: 'http://farm.example',
  SIGNED_PORT: '0',
})

describe.concurrent('the farm keeps these promises with every host', () => {
  afterAll(async () => {
    await plainFarms.close()
    await signedFarms.close()
    removeDirectories()
  })

  for (const round of rounds) {
    const { shell, client, launcher } = round.combination
    const result = resultOf(round)
    note(result)
    const sentence = `${shell}, ${client}, ${launcher}: ${round.scenario.name}`
    test.skipIf(result.missing !== undefined)(sentence, { timeout: 600_000 }, async () => {
      await (isSigned(round) ? signedFarms : plainFarms).with(round.name, farm => playOn(farm, round))
      note({ ...result, passed: true })
    })
  }
})

async function playOn(farm: TestFarm, round: Round): Promise<void> {
  const { name, scenario, combination } = round
  const host = new AgentHost(name, { ...settingsOf(combination), patienceMs })
  const enrolment = enrolmentWith(combination, authority.file)
  if (isSigned(round)) await play(scenario, farm, host, enrolment, { target: await signedAddress(farm) })
  else await play(scenario, farm, host, enrolment, isTls(combination) ? { certificate } : {})
}

const signedAddress = (farm: TestFarm): Promise<string> =>
  farm.server.said('where signed requests go', line => line.signedAddress as string | undefined)

/** Writes a result for the table. */
function note(result: Result): void {
  if (resultsFile) appendFileSync(resultsFile, `${JSON.stringify(result)}\n`)
}

const settingsOf = ({ shell, client, launcher }: Combination) => ({
  shell: shellNamed(shell),
  environment: {
    PATH: `${directoryWithSh(shell)}:${process.env.PATH}`,
    RUMPFARM_CLIENT: client === 'signed' ? 'curl' : client,
    RUMPFARM_LAUNCHER: launcher,
  },
})
