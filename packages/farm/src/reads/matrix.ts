import { type ArchKind, attemptName, type Verdict } from '@rumpfarm/contracts'
import type { Ground } from '../ground.ts'
import {
  type ActiveAttempt,
  type CellRecord,
  cellKey,
  drawMatrix,
  type Matrix,
  type MatrixHost,
} from '../rules/matrix.ts'
import { presence, systemLine } from '../rules/presence.ts'
import { projectConfigs } from './projects.ts'

/** The matrix of one project, or of all. */
export async function matrix(ground: Ground, filter: { project?: string | undefined } = {}): Promise<Matrix> {
  const [projects, hosts, records, active] = await Promise.all([
    projectConfigs(ground),
    matrixHosts(ground),
    cellRecords(ground, filter.project),
    activeAttempts(ground, filter.project),
  ])
  const shown = [...projects.values()].filter(({ name }) => filter.project === undefined || name === filter.project)
  return drawMatrix({ at: ground.now(), projects: shown, hosts, records, active })
}

async function matrixHosts({ db, now }: Ground): Promise<MatrixHost[]> {
  const hosts = await db.host.findMany({
    where: { removedAt: null },
    include: { arches: { orderBy: { arch: 'asc' } } },
    orderBy: { name: 'asc' },
  })
  return hosts.map(host => ({
    name: host.name,
    system: systemLine(host.facts as Record<string, unknown>),
    presence: presence(host, now()),
    lastSeenAt: host.lastSeenAt,
    refusal: host.refusal,
    arches: host.arches.map(({ arch, kind, compiler }) => ({ arch, kind: kind as ArchKind, compiler })),
  }))
}

type CellRow = Omit<CellRecord, 'since' | 'lastGood'> & {
  projectName: string
  host: string
  arch: string
  variant: string
  sinceBuildId: number
  sinceCommit: string
  sinceAt: Date
  lastGoodBuildId: number | null
  lastGoodCommit: string | null
  lastGoodAt: Date | null
}

async function cellRecords({ db }: Ground, project: string | undefined): Promise<Map<string, CellRecord>> {
  const rows = await db.$queryRaw<CellRow[]>`
    SELECT cell."projectName", cell."arch", cell."variant", cell."jobId", cell."buildId", cell."commit", cell."verdict",
           cell."failedStep", cell."finishedAt", cell."sinceBuildId", cell."sinceCommit", cell."sinceAt",
           cell."lastGoodBuildId", cell."lastGoodCommit", cell."lastGoodAt", host."name" AS "host"
      FROM "Cell" cell JOIN "Host" host ON host."id" = cell."hostId"
     WHERE host."removedAt" IS NULL AND (${project ?? null}::text IS NULL OR cell."projectName" = ${project ?? null})`
  return new Map(rows.map(row => [cellKey(row.projectName, row.host, row.arch, row.variant), recordOf(row)]))
}

function recordOf(row: CellRow): CellRecord {
  const { jobId, buildId, commit, verdict, failedStep, finishedAt } = row
  const { lastGoodBuildId, lastGoodCommit, lastGoodAt } = row
  return {
    jobId,
    buildId,
    commit,
    verdict: verdict as Verdict,
    failedStep,
    finishedAt,
    since: { buildId: row.sinceBuildId, commit: row.sinceCommit, at: row.sinceAt },
    lastGood:
      lastGoodBuildId !== null && lastGoodCommit !== null && lastGoodAt !== null
        ? { buildId: lastGoodBuildId, commit: lastGoodCommit, at: lastGoodAt }
        : null,
  }
}

interface ActiveRow {
  jobId: number
  number: number
  buildId: number
  projectName: string
  host: string
  arch: string
  variant: string
  state: ActiveAttempt['state']
  step: string | null
  since: Date
}

/** The newest attempt under way in each cell; running ones before waiting ones. */
async function activeAttempts({ db }: Ground, project: string | undefined): Promise<Map<string, ActiveAttempt>> {
  const rows = await db.$queryRaw<ActiveRow[]>`
    SELECT a."jobId", a."number", job."buildId", build."projectName", host."name" AS "host", job."arch", job."variant",
           a."state", COALESCE(a."startedAt", a."leasedAt", a."queuedAt") AS "since",
           CASE WHEN a."state" = 'running' THEN recipe."body"->'steps'->jsonb_array_length(a."steps")->>'name' END AS "step"
      FROM "Attempt" a JOIN "Job" job ON job."id" = a."jobId" JOIN "Build" build ON build."id" = job."buildId"
      JOIN "Host" host ON host."id" = job."hostId" JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash"
     WHERE a."state" <> 'finished' AND (${project ?? null}::text IS NULL OR build."projectName" = ${project ?? null})
     ORDER BY a."state" IN ('leased', 'running'), job."buildId"`
  return new Map(
    rows.map(({ number, projectName, host, arch, variant, ...row }) => [
      cellKey(projectName, host, arch, variant),
      { ...row, attempt: attemptName({ jobId: row.jobId, number }) },
    ]),
  )
}
