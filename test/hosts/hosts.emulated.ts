// `./farm machines` runs the core of the conformance suite on emulated machines.
import { appendFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { farmSettings, play, projectFor } from '../conformance/play.ts'
import { coreScenarios } from '../conformance/scenarios/index.ts'
import type { Scenario } from '../conformance/world.ts'
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
  /** Parts of scenario names. */
  scenario?: string[]
}
const choice: Choice = JSON.parse(process.env.HOSTS ?? '{"machines":[]}')
const { scenario: words = [] } = choice

const chosen = machines.filter(({ name }) => choice.machines.length === 0 || choice.machines.includes(name))
const wanted = await Promise.all(chosen.map(async machine => ({ machine, missing: await missingFor(machine) })))
const played = [...coreScenarios, nativeBuild].filter(
  ({ name }) => words.length === 0 || words.some(word => name.includes(word)),
)

// Each machine has its own farm, because a farm has a limit of projects, and a failed machine must not disturb others.
for (const { machine, missing } of wanted)
  describe(machine.name, () => {
    let farm: TestFarm
    let database: TestDatabase
    const own = played.filter(scenario => scenario !== nativeBuild || canBuild(machine))
    const nameOf = (scenario: Scenario) => `${machine.name}-${own.indexOf(scenario) + 1}`

    beforeAll(async () => {
      if (missing !== undefined) return
      await diskOf(machine)
      database = await createTestDatabase()
      const projects = own.map(scenario => [nameOf(scenario), projectFor(nameOf(scenario), scenario)])
      farm = await TestFarm.open({
        databaseUrl: database.url,
        environment: farmSettings,
        projects: Object.fromEntries(projects),
      })
    }, 1_800_000) // the first run builds programs
    afterAll(async () => {
      await farm?.close()
      await database?.drop()
    })

    for (const scenario of own) {
      const result: Result = { machine: machine.name, scenario: scenario.name, missing }
      note(result)
      const patience = { timeout: 240_000 * machine.slowness, concurrent: true, skip: missing !== undefined }
      test(scenario.name, patience, async () => {
        const begun = Date.now()
        const host = new MachineHost(nameOf(scenario), machine, await diskOf(machine))
        let passed = false
        try {
          const front = machine.tls ? { certificate: await ownCertificate() } : {}
          if (front.certificate) host.trust(front.certificate.cert)
          await play(scenario, farm, host, enrolmentBy(machine.fetch), front)
          passed = true
        } finally {
          const facts = await factsOf(farm, host.name).catch(() => undefined)
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

/** Writes a result for the table. */
function note(result: Result): void {
  const file = process.env.HOSTS_RESULTS
  if (file) appendFileSync(file, `${JSON.stringify(result)}\n`)
}
