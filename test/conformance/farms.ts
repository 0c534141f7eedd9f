import { TestFarm, type WrittenProject } from '../support/farm-fixture.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { farmSettings } from './play.ts'

/** At most this many rounds share a farm. Each round has its own project, and farm.yaml has a limit of projects. */
const projectsMax = 100

interface Batch {
  projects: Record<string, WrittenProject>
  /** The number of rounds that have not finished. */
  left: number
  open?: Promise<{ farm: TestFarm; database: TestDatabase }>
}

/** Farms for these projects. A farm opens before the first round of its projects and closes after the last round. */
export class Farms {
  readonly #environment: Record<string, string>
  readonly #batches: Batch[] = []

  constructor(projects: Record<string, WrittenProject>, environment: Record<string, string> = {}) {
    this.#environment = { ...farmSettings, ...environment }
    const all = Object.entries(projects)
    for (let at = 0; at < all.length; at += projectsMax) {
      const some = all.slice(at, at + projectsMax)
      this.#batches.push({ projects: Object.fromEntries(some), left: some.length })
    }
  }

  /** Runs `act` on the farm that has this project. The first call for a farm opens it. */
  async with(project: string, act: (farm: TestFarm) => Promise<void>): Promise<void> {
    const batch = this.#batches.find(({ projects }) => project in projects)
    if (!batch) throw new Error(`no farm has the project ${project}`)
    batch.open ??= this.#open(batch.projects)
    try {
      await act((await batch.open).farm)
    } finally {
      batch.left--
      if (batch.left === 0) await this.#close(batch)
    }
  }

  /** Closes the farms that are still open because some of their rounds did not run. */
  async close(): Promise<void> {
    for (const batch of this.#batches) await this.#close(batch)
  }

  async #open(projects: Record<string, WrittenProject>) {
    const database = await createTestDatabase()
    const farm = await TestFarm.open({ databaseUrl: database.url, environment: this.#environment, projects })
    return { farm, database }
  }

  async #close(batch: Batch): Promise<void> {
    const { open } = batch
    delete batch.open
    if (!open) return
    const { farm, database } = await open
    await farm.close()
    await database.drop()
  }
}
