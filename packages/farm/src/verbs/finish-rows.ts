import { attemptName, type Verdict } from '@rumpfarm/contracts'
import { Prisma, type Tx } from '../db.ts'
import type { Ground } from '../ground.ts'
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

export interface EndedRow {
  jobId: number
  number: number
  hostId: number
  buildId: number
  projectName: string
  /** How often the recipe lets a lost job be tried. */
  attempts: number
  /** Artifacts that were not whole. */
  dropped: string[]
}

/**
 * Ends the attempts that `which` selects and brings their cells up to date, in one statement, so that no reader sees a
 * verdict without its cell. A cell shows the newest build that has a result (passed, failed, timed out); until there is
 * one, it shows how the newest attempt ended. A lost attempt gets a successor while the recipe allows one. Returns what to announce once the transaction has committed.
 */
export async function finishRows(ground: Ground, tx: Tx, which: Prisma.Sql, ending: Ending): Promise<() => EndedRow[]> {
  const ended = await endRows(ground, tx, which, ending)
  const successors = ending.verdict === 'lost' ? await tryAgain(ground, tx, ended) : []
  return () => {
    for (const row of ended) {
      for (const name of row.dropped) ground.artifacts.remove({ ...row, name })
      const attempt = attemptName(row)
      ground.announce({ kind: 'revoked', attempt })
      ground.announce({
        kind: 'attempt',
        attempt,
        jobId: row.jobId,
        buildId: row.buildId,
        projectName: row.projectName,
        verdict: ending.verdict,
      })
    }
    if (successors.length > 0) ground.announce({ kind: 'queued', attempts: successors })
    return ended
  }
}

const endRows = ({ now }: Ground, tx: Tx, which: Prisma.Sql, ending: Ending) => tx.$queryRaw<EndedRow[]>`
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
     WHERE "state" <> 'finished' AND ${which}
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
  ), cell AS (
    INSERT INTO "Cell" AS cell ("projectName", "hostId", "arch", "variant", "jobId", "buildId", "commit", "verdict",
           "failedStep", "finishedAt", "sinceBuildId", "sinceCommit", "sinceAt", "changedBuildId", "changedCommit", "changedAt",
           "lastGoodBuildId", "lastGoodCommit", "lastGoodAt")
    SELECT DISTINCT ON ("projectName", "hostId", "arch", "variant")
           "projectName", "hostId", "arch", "variant", "jobId", "buildId", "commit", "verdict",
           "failedStep", "finishedAt", "buildId", "commit", "finishedAt", "buildId", "commit", "finishedAt",
           CASE WHEN "verdict" = 'passed' THEN "buildId" END, CASE WHEN "verdict" = 'passed' THEN "commit" END,
           CASE WHEN "verdict" = 'passed' THEN "finishedAt" END
      FROM placed ORDER BY "projectName", "hostId", "arch", "variant", "buildId" DESC
    ON CONFLICT ("projectName", "hostId", "arch", "variant") DO UPDATE SET
      ${taken('jobId')}, ${taken('buildId')}, ${taken('commit')}, ${taken('verdict')}, ${taken('failedStep')}, ${taken('finishedAt')},
${takenUnless(sameOutcome, 'sinceBuildId')}, ${takenUnless(sameOutcome, 'sinceCommit')}, ${takenUnless(sameOutcome, 'sinceAt')},
      ${takenUnless(sameFailure, 'changedBuildId')}, ${takenUnless(sameFailure, 'changedCommit')}, ${takenUnless(sameFailure, 'changedAt')},
      ${newestGood('lastGoodBuildId')}, ${newestGood('lastGoodCommit')}, ${newestGood('lastGoodAt')}
    WHERE ${isResult('EXCLUDED')} OR NOT ${isResult('cell')}
  )
  SELECT "jobId", "number", "hostId", "buildId", "projectName",
         (SELECT ("body" #>> '{limits,attempts}')::int FROM "Recipe" WHERE "hash" = "recipeHash") AS "attempts",
         ARRAY(SELECT "name" FROM dropped WHERE dropped."jobId" = placed."jobId" AND dropped."number" = placed."number") AS "dropped"
    FROM placed`

/** Cancelled, lost and broken say nothing about the commit: such an attempt never replaces a result. */
const isResult = (row: 'cell' | 'EXCLUDED') => Prisma.raw(`(${row}."verdict" IN ('passed', 'failed', 'timed-out'))`)

/** A result replaces what is no result, and the result of the same or an older build. */
const replaces = `(cell."buildId" <= EXCLUDED."buildId" OR cell."verdict" NOT IN ('passed', 'failed', 'timed-out'))`

type CellColumn = 'jobId' | 'buildId' | 'commit' | 'verdict' | 'failedStep' | 'finishedAt'
type SinceColumn = 'sinceBuildId' | 'sinceCommit' | 'sinceAt' | 'changedBuildId' | 'changedCommit' | 'changedAt'
type GoodColumn = 'lastGoodBuildId' | 'lastGoodCommit' | 'lastGoodAt'

const taken = (column: CellColumn) =>
  Prisma.raw(`"${column}" = CASE WHEN ${replaces} THEN EXCLUDED."${column}" ELSE cell."${column}" END`)

/** "Since" stays while the cell goes on to pass, or to fail at whatever step; "changed" only while it fails the same way. */
const sameFailure = `cell."verdict" = EXCLUDED."verdict" AND cell."failedStep" IS NOT DISTINCT FROM EXCLUDED."failedStep"`
const sameOutcome = `(${sameFailure} OR cell."verdict" IN ('failed', 'timed-out') AND EXCLUDED."verdict" IN ('failed', 'timed-out'))`

const takenUnless = (same: string, column: SinceColumn) =>
  Prisma.raw(`"${column}" = CASE WHEN NOT ${replaces} OR ${same} THEN cell."${column}" ELSE EXCLUDED."${column}" END`)

/** An older build that passes late counts for "last good", too. */
const newestGood = (column: GoodColumn) =>
  Prisma.raw(
    `"${column}" = CASE WHEN EXCLUDED."lastGoodBuildId" >= COALESCE(cell."lastGoodBuildId", 0)
        THEN EXCLUDED."${column}" ELSE cell."${column}" END`,
  )

async function tryAgain({ now }: Ground, tx: Tx, ended: EndedRow[]) {
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
