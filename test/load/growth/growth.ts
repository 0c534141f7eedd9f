import { join } from 'node:path'
import { fillFarm } from '../../../apps/server/src/demo/fill-farm.ts'
import { demoYear } from '../../../apps/server/src/demo/year/year.ts'
import { type BenchOptions, type Distribution, type Figure, figure, type Say } from '../figures.ts'
import { adminToken, openScene, type Scene } from '../scene.ts'
import { addressesOf, findPlaces } from './addresses.ts'
import { oldHistory, writeOldHistory } from './history.ts'
import { type Measured, measureAll } from './measure.ts'
import { measureStart } from './start.ts'

/** The newest jobs are the same in each farm: those of the demo's year. */
const yearJobs = 10_000
const sizes = [10_000, 1_000_000]
const goalMs = 50
const goalRatio = 1.5
const startGoalMs = 2_000
/** A smaller difference is within the noise of the machine. */
const noiseMs = 5

/** Requests every path in a small farm, and in farms with a long history. */
export async function growth(say: Say, { jobs }: BenchOptions): Promise<Figure[]> {
  const found: MeasuredFarm[] = []
  for (const wanted of [...new Set([...sizes, ...(jobs ? [jobs] : [])])]) found.push(await measureFarm(wanted, say))
  const [small] = found
  const base = new Map(small?.measured.map(({ address, spread }) => [address, spread.p95]))
  return found.flatMap(({ jobs, start, measured }) => [
    figure(`from the start of a server to ready, ${jobs} jobs, median`, start.median, 'ms', {
      goal: { atMost: startGoalMs },
      distribution: start,
    }),
    ...measured.map(one => figureOf(jobs, one, base.get(one.address))),
  ])
}

interface MeasuredFarm {
  jobs: number
  start: Distribution
  measured: Measured[]
}

function figureOf(
  jobs: number,
  { address, status, spread, serverCpu, postgresCpu, bytes }: Measured,
  small = 0,
): Figure {
  const tooSlow = spread.p95 > goalMs
  const grows = spread.p95 > goalRatio * small && spread.p95 - small > noiseMs
  const words = [
    `p50 ${spread.median} ms`,
    `${(spread.p95 / small).toFixed(2)} times the small farm`,
    `CPU: server ${serverCpu} ms, PostgreSQL ${postgresCpu} ms`,
    `${bytes} bytes`,
    ...(status === 200 ? [] : [`status ${status}`]),
    ...(tooSlow ? [`above ${goalMs} ms`] : []),
    ...(grows ? ['grows with the history'] : []),
  ]
  const met = !tooSlow && !grows && status < 400
  return {
    ...figure(`${address}, ${jobs} jobs, p95`, spread.p95, 'ms', { distribution: spread, note: words.join('; ') }),
    met,
  }
}

async function measureFarm(jobs: number, say: Say): Promise<MeasuredFarm> {
  const scene = await openGrownScene(jobs, say)
  const tell = (line: string) => say(`${jobs} jobs: ${line}`)
  try {
    const start = await measureStart(scene)
    tell(`a server is ready after ${start.median} ms (${start.min} to ${start.max})`)
    const measured = await measureAll(scene, adminToken, addressesOf(await findPlaces(scene.db)), tell)
    return { jobs, start, measured }
  } finally {
    await scene.close()
  }
}

async function openGrownScene(jobs: number, say: Say): Promise<Scene> {
  const now = new Date()
  const year = { seed: 1, now, jobs: yearJobs }
  const { farmYaml } = demoYear(year)
  // The bench only reads. Without these settings, writing the history takes much longer.
  const parameters = { fsync: 'off', max_wal_size: '8GB' }
  const scene = await openScene({ farmYaml: () => farmYaml, parameters })
  try {
    const began = performance.now()
    const older = oldHistory(Math.max(0, jobs - yearJobs))
    const logsDirectory = join(scene.directory, 'data', 'logs')
    const request = {
      ...year,
      databaseUrl: scene.postgres.url,
      logsDirectory,
      secret: 'x'.repeat(32),
      after: older,
      say,
    }
    const filled = await fillFarm(request)
    if (filled.kind !== 'filled') throw new Error(`the farm of the bench is not empty: ${JSON.stringify(filled)}`)
    await writeOldHistory(scene.db, older)
    await scene.db.query('VACUUM ANALYZE')
    const [size] = (await scene.db.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS "bytes"'))
      .rows
    const seconds = Math.round((performance.now() - began) / 1000)
    say(`${older.jobs + filled.jobs} jobs and ${Math.round(Number(size?.bytes) / 1e6)} MB after ${seconds} s`)
    return scene
  } catch (error) {
    await scene.close()
    throw error
  }
}
