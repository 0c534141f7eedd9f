import { type Figure, figure, type Say } from './figures.ts'
import { type RequestTimes, timeOf } from './requests.ts'
import type { Scene } from './scene.ts'
import { openYearScene } from './year.ts'

const jobsWanted = 1_000_000
const requests = 300

/** Measures the pages of a large farm with a long history. */
export async function matrix(say: Say): Promise<Figure[]> {
  const { scene, jobs } = await openYearScene(jobsWanted, say)
  try {
    const note = `60 hosts, 20 arches, 5 projects with 2 variants, ${jobs} jobs; ${requests} requests, one after the other`
    const page = await timeOf(scene, ['/'], requests)
    const api = await timeOf(scene, ['/api/v1/matrix'], requests / 6)
    const cell = await timeOf(scene, await cellPages(scene), requests)
    const floor = await timeOf(scene, ['/healthz'], requests)
    return [
      ...figuresOf('the matrix page', page, note, { atMost: 20 }),
      figure('its size, compressed with gzip', page.gzipBytes / 1000, 'kB', { goal: { atMost: 60 } }),
      ...figuresOf('/api/v1/matrix', api, note),
      ...figuresOf('the page of a cell', cell, note, { atMost: 15 }),
      figure('for comparison, /healthz, p95', floor.spread.p95, 'ms', { distribution: floor.spread }),
    ]
  } finally {
    await scene.close()
  }
}

const figuresOf = (name: string, times: RequestTimes, note: string, goal?: { atMost: number }): Figure[] => [
  figure(`${name}, p95`, times.spread.p95, 'ms', { ...(goal ? { goal } : {}), distribution: times.spread, note }),
  figure('its server CPU', times.cpu, 'ms'),
  figure('its size', times.bytes / 1000, 'kB'),
]

/** Cells in each state. */
async function cellPages({ db }: Scene): Promise<string[]> {
  const { rows } = await db.query<{ path: string }>(
    `SELECT concat('/projects/', "projectName", '/cells/', host."name", '/', cell."arch", '/', "variant") AS "path"
       FROM (SELECT *, row_number() OVER (PARTITION BY "state" ORDER BY "projectName", "hostId", "arch", "variant") AS "turn"
               FROM "Cell" WHERE "branch" = 'main') cell
       JOIN "Host" host ON host."id" = cell."hostId" WHERE cell."turn" <= 6 ORDER BY cell."turn"`,
  )
  return rows.map(({ path }) => path)
}
