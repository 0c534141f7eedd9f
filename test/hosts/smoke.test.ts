// Tests one machine of `./farm machines`: its BSD userland has no /proc, no setsid and no curl. Needs no download.
import { afterAll, beforeAll, describe, test } from 'vitest'
import { farmSettings, play, projectFor } from '../conformance/play.ts'
import { coreScenarios } from '../conformance/scenarios/index.ts'
import { TestFarm } from '../support/farm-fixture.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { diskOf, missingFor } from './disks.ts'
import { enrolmentBy } from './enrolment.ts'
import { MachineHost } from './machine-host.ts'
import { machines } from './machines.ts'

const machine = machines.find(({ name }) => name === 'dragonfly')
const scenario = coreScenarios.find(({ name }) => name.startsWith('the agent ends a cancelled job'))
if (!machine || !scenario) throw new Error('the machine or the scenario has another name now')
const missing = await missingFor(machine)

describe.skipIf(missing !== undefined)(`a machine of another kind${missing ? ` (needs ${missing})` : ''}`, () => {
  let farm: TestFarm
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
    const projects = { [machine.name]: projectFor(machine.name, scenario) }
    farm = await TestFarm.open({ databaseUrl: database.url, environment: farmSettings, projects })
  })
  afterAll(async () => {
    await farm?.close()
    await database?.drop()
  })

  test(scenario.name, { timeout: 240_000 }, async () => {
    const host = new MachineHost(machine.name, machine, await diskOf(machine))
    await play(scenario, farm, host, enrolmentBy(machine.fetch))
  })
})
