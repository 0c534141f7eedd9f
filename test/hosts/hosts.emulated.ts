// `./farm hosts`: the core of the conformance suite on machines of other kinds than this one.
import { appendFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { farmSettings, play, projectFor } from '../conformance/play.ts'
import { coreScenarios } from '../conformance/scenarios/index.ts'
import { TestFarm } from '../support/farm-fixture.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { nativeBuild } from './build.ts'
import { ownCertificate } from './certificate.ts'
import { diskOf, missingFor } from './disks.ts'
import { enrolmentBy } from './enrolment.ts'
import { MachineHost } from './machine-host.ts'
import { canBuild, machines } from './machines.ts'
import type { Facts, Result } from './table.ts'

interface Choice {
  machines: string[]
  /** Words of their names. */
  scenario?: string[]
}
const choice: Choice = JSON.parse(process.env.HOSTS ?? '{"machines":[]}')
const { scenario: words = [] } = choice

const chosen = machines.filter(({ name }) => choice.machines.length === 0 || choice.machines.includes(name))
const wanted = await Promise.all(chosen.map(async machine => ({ machine, missing: await missingFor(machine) })))
const played = [...coreScenarios, nativeBuild].filter(
  ({ name }) => words.length === 0 || words.some(word => name.includes(word)),
)
const rounds = wanted.flatMap(one =>
  played
    .map((scenario, at) => ({ ...one, scenario, name: `${one.machine.name}-${at + 1}` }))
    .filter(({ machine, scenario }) => scenario !== nativeBuild || canBuild(machine)),
)

describe.concurrent('the farm keeps its promises on', () => {
  let farm: TestFarm
  let database: TestDatabase

  beforeAll(async () => {
    // Half an hour is for what has to be built at the first run.
    for (const { machine, missing } of wanted) if (missing === undefined) await diskOf(machine)
    database = await createTestDatabase()
    const projects = rounds.map(({ name, scenario }) => [name, projectFor(name, scenario)])
    farm = await TestFarm.open({
      databaseUrl: database.url,
      environment: farmSettings,
      projects: Object.fromEntries(projects),
    })
  }, 1_800_000)
  afterAll(async () => {
    await farm?.close()
    await database?.drop()
  })

  for (const { machine, missing, scenario, name } of rounds) {
    const result: Result = { machine: machine.name, scenario: scenario.name, missing }
    note(result)
    const sentence = `${machine.name}: ${scenario.name}`
    test.skipIf(missing !== undefined)(sentence, { timeout: 240_000 * machine.slowness }, async () => {
      const begun = Date.now()
      const host = new MachineHost(name, machine, await diskOf(machine))
      let passed = false
      try {
        const front = machine.tls ? { certificate: await ownCertificate() } : {}
        if (front.certificate) host.trust(front.certificate.cert)
        await play(scenario, farm, host, enrolmentBy(machine.fetch), front)
        passed = true
      } finally {
        const facts = await factsOf(farm, name).catch(() => undefined)
        note({ ...result, passed, seconds: (Date.now() - begun) / 1000, facts })
      }
    })
  }
})

async function factsOf(farm: TestFarm, name: string): Promise<Facts> {
  const { facts } = await farm.api().get<{ facts: Record<string, unknown> }>(`/api/v1/hosts/${name}`)
  const told = (key: string) => String(facts[key] ?? '?')
  const uname = ['uname_s', 'uname_r', 'uname_m'].map(told).join(' ')
  return { uname, client: told('client'), launcher: told('launcher'), sum: told('sum') }
}

/** For the table. */
function note(result: Result): void {
  const file = process.env.HOSTS_RESULTS
  if (file) appendFileSync(file, `${JSON.stringify(result)}\n`)
}
