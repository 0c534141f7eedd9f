import { attemptName, type Verdict } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import type { Prisma, Tx } from '../db/client.ts'
import { isResult } from '../matrix/cell.rule.ts'
import { deriveCells, lockCell, lockProject } from '../matrix/cells.ts'
import type { KeptArtifact } from './artifacts.ts'

export interface Ending {
  verdict: Verdict
  failedStep: string | null
  /** The agent's reason word, or the farm's own: sources, lease-expired, forgotten, cancelled. */
  reason: string
  detail: string | null
  /** What only a finish by the host knows. */
  steps?: { name: string; exit: number; milliseconds: number; logBytes: number }[]
  logBytes?: number
  logSum?: string | null
  /** The files that are kept; whatever else came of the attempt is dropped. */
  artifacts?: KeptArtifact[]
  artifactNote?: string | null
  compiler?: string | null
}

/** Which attempts end: one that its host finished, or as many as the condition is true of. */
export type Selection = { kind: 'one' | 'many'; where: Prisma.Sql }

export interface EndedRow {
  jobId: number
  number: number
  hostId: number
  arch: string
  variant: string
  buildId: number
  projectName: string
  commit: string
  /** How often the recipe lets a lost job be tried. */
  attempts: number
  /** Artifacts that were not whole. */
  dropped: string[]
}

/**
 * Ends the attempts that `which` selects and derives their cells again, in the caller's transaction, so that no reader sees
 * a verdict without its cell. A lost attempt gets a successor while the recipe allows one. A transaction calls it once: a
 * second call would wait for rows while it holds the locks of the first. Returns a function to call once the transaction has
 * committed: it sends the events.
 */
export async function finishRows(
  context: Context,
  tx: Tx,
  which: Selection,
  ending: Ending,
): Promise<() => EndedRow[]> {
  const ended = await endRows(context, tx, which, ending)
  const changed = ended.map(({ projectName, commit, hostId, arch, variant }) => ({
    projectName,
    commit,
    branch: null,
    hostId,
    arch,
    variant,
  }))
  await deriveCells(tx, changed, isResult(ending.verdict) ? 'all' : 'without-result')
  const successors = ending.verdict === 'lost' ? await tryAgain(context, tx, ended) : []
  return () => {
    for (const row of ended) {
      for (const name of row.dropped) context.artifacts.remove({ ...row, name })
      const attempt = attemptName(row)
      context.publish({ kind: 'revoked', attempt })
      context.publish({
        kind: 'attempt',
        attempt,
        jobId: row.jobId,
        buildId: row.buildId,
        projectName: row.projectName,
        verdict: ending.verdict,
      })
    }
    if (successors.length > 0) context.publish({ kind: 'queued', attempts: successors })
    return ended
  }
}

const endRows = ({ now }: Context, tx: Tx, { kind, where }: Selection, ending: Ending) => tx.$queryRaw<EndedRow[]>`
  WITH told AS (
    SELECT * FROM jsonb_to_recordset(${JSON.stringify(ending.artifacts ?? [])}::jsonb)
        AS told("name" text, "sum" text, "sha256" text)
  ), ended AS (
    UPDATE "Attempt" SET "state" = 'finished', "finishedAt" = ${now()}, "verdict" = ${ending.verdict},
           "failedStep" = ${ending.failedStep}, "reason" = ${ending.reason}, "detail" = ${ending.detail},
           "steps" = COALESCE(${ending.steps ? JSON.stringify(ending.steps) : null}::jsonb, "steps"),
           "logBytes" = COALESCE(${ending.logBytes ?? null}::int, "logBytes"),
           "logSum" = ${ending.logSum ?? null}, "artifactNote" = ${ending.artifactNote ?? null}, "compiler" = ${ending.compiler ?? null},
           "leaseUntil" = NULL
     WHERE "state" <> 'finished' AND ${where}
    RETURNING *
  ), placed AS (
    SELECT ended.*, job."buildId", job."arch", job."variant", job."recipeHash", build."projectName", build."commit"
      FROM ended JOIN "Job" job ON job."id" = ended."jobId" JOIN "Build" build ON build."id" = job."buildId"
  ), sealed AS (
    UPDATE "Artifact" artifact SET "sealedAt" = ${now()}, "sum" = told."sum", "sha256" = told."sha256"
      FROM ended, told
     WHERE artifact."jobId" = ended."jobId" AND artifact."number" = ended."number" AND artifact."name" = told."name"
  ), dropped AS (
    DELETE FROM "Artifact" artifact USING ended
     WHERE artifact."jobId" = ended."jobId" AND artifact."number" = ended."number"
       AND NOT EXISTS (SELECT FROM told WHERE told."name" = artifact."name")
    RETURNING artifact.*
  )
  SELECT "jobId", "number", "hostId", "arch", "variant", "buildId", "projectName", "commit",
         (SELECT ("body" #>> '{limits,attempts}')::int FROM "Recipe" WHERE "hash" = "recipeHash") AS "attempts",
         ARRAY(SELECT "name" FROM dropped WHERE dropped."jobId" = placed."jobId" AND dropped."number" = placed."number") AS "dropped",
         ${kind === 'one' ? lockCell : lockProject} AS "lock"
    FROM (SELECT * FROM placed ORDER BY "projectName") placed`

async function tryAgain({ now }: Context, tx: Tx, ended: EndedRow[]) {
  const again = ended.filter(row => row.number < row.attempts)
  await tx.attempt.createMany({
    data: again.map(row => ({
      jobId: row.jobId,
      number: row.number + 1,
      hostId: row.hostId,
      state: 'queued',
      queuedAt: now(),
    })),
  })
  return again.map(row => ({ hostId: row.hostId, attempt: attemptName({ jobId: row.jobId, number: row.number + 1 }) }))
}
