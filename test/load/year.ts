import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillFarm } from '../../apps/server/src/demo/fill-farm.ts'
import { demoYear } from '../../apps/server/src/demo/year/year.ts'
import { eventually } from '../support/waiting.ts'
import type { Say } from './figures.ts'
import { openScene, type Place, type Scene } from './scene.ts'

/** Every host builds every project for every arch: 60 × 20 boxes, each with 5 projects of 2 variants. */
const year = { seed: 1, everywhere: true }

interface Additions {
  /** More projects of the farm.yaml. */
  more?(place: Place): string
  /** The commits of the repository that the scene serves. */
  commits?: number
}

/** A farm with the demo's year, in which each of the 60 hosts builds all projects for all 20 arches. */
export async function openYearScene(
  jobs: number,
  say: Say,
  { more = () => '', commits = 1 }: Additions = {},
): Promise<{ scene: Scene; jobs: number }> {
  const now = new Date()
  const { farmYaml } = demoYear({ ...year, now, jobs })
  const scene = await openScene({ farmYaml: () => farmYaml, commits })
  try {
    const databaseUrl = scene.postgres.url
    const logsDirectory = join(scene.directory, 'data', 'logs')
    const began = performance.now()
    const filled = await fillFarm({ ...year, databaseUrl, logsDirectory, secret: 'x'.repeat(32), now, jobs, say })
    if (filled.kind !== 'filled') throw new Error(`the farm of the bench is not empty: ${JSON.stringify(filled)}`)
    await addProjects(scene, farmYaml, more)
    await scene.db.query('VACUUM ANALYZE')
    say(`${filled.jobs} jobs are in the database after ${Math.round((performance.now() - began) / 1000)} s`)
    return { scene, jobs: filled.jobs }
  } catch (error) {
    await scene.close()
    throw error
  }
}

/** Adds projects after the farm was filled, because the filling has its own farm.yaml. */
async function addProjects({ directory, place, api }: Scene, farmYaml: string, more: (place: Place) => string) {
  const added = more(place)
  if (added === '') return
  writeFileSync(join(directory, 'farm.yaml'), farmYaml + added)
  await eventually('the added projects', async () => {
    const { items } = await api.get<{ items: { name: string }[] }>('/api/v1/projects')
    return items.some(({ name }) => added.includes(`  ${name}:`)) || undefined
  })
}
