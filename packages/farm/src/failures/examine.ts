import { type AttemptId, attemptName, type OwnerRule, type StepEnd, type Verdict } from '@rumpfarm/contracts'
import { addAttempts } from '../attempts/add-attempts.ts'
import { queuedOf } from '../attempts/queued-attempts.ts'
import type { Recipe } from '../builds/plan.rule.ts'
import type { Context } from '../context.ts'
import { branchOfJob, joinJobAndBuild, joinRecipe } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { permits } from '../hosts/owner.rule.ts'
import { deriveCells, lockCell } from '../matrix/cells.ts'
import { announceCompleteBuilds } from '../notifications/builds.ts'
import { noteStatusChanges } from '../statuses/changes.ts'
import { readTestResults } from '../test-results/attempt-tests.ts'
import { type FailedAttempt, readFailure } from './read-failure.ts'
import type { StepFailure } from './scan-step.ts'

/**
 * Examines an ended attempt: reads its log and its test results outside of any transaction, and then writes in one
 * transaction why it failed, the results of its tests, the states of its cells, and the attempt that confirms a new
 * failure.
 */
export async function examine(context: Context, attempt: AttemptId): Promise<void> {
  const ended = await readEnded(context, attempt)
  if (!ended) return
  const failed = failedAttempt(ended)
  const failure = failed && (await readFailure(context, failed))
  await endExamination(context, ended, failure, await readTestResults(context, ended))
}

/** Ends the examination of an attempt whose log cannot be read. The failure has no fingerprint. */
export async function examineWithoutLog(context: Context, attempt: AttemptId): Promise<void> {
  const ended = await readEnded(context, attempt)
  if (ended) await endExamination(context, ended, undefined)
}

const endExamination = (
  context: Context,
  ended: EndedAttempt,
  failure: StepFailure | undefined,
  storeTests?: (tx: Tx) => Promise<void>,
) =>
  inTransaction(context, async tx => {
    if (!(await removeExamination(tx, ended))) return
    if (failure) await storeFailure(context, tx, ended, failure)
    // Many tests take seconds, so they come before the locks of the cell.
    await storeTests?.(tx)
    await deriveAgain(tx, ended)
    await confirmNewFailure(context, tx, ended)
    await noteStatusChanges(tx, [ended.buildId])
    const { jobId, buildId, project } = ended
    await announceCompleteBuilds(tx, [buildId])
    tx.emit({ kind: 'examined', attempt: attemptName(ended), jobId, buildId, projectName: project })
    if (ended.purpose === 'probe') tx.emit({ kind: 'probe-ended', attempt: attemptName(ended) })
  })

interface EndedAttempt extends AttemptId {
  buildId: number
  project: string
  commit: string
  branch: string | null
  kind: string
  hostId: number
  host: string
  rules: OwnerRule[]
  arch: string
  variant: string
  verdict: Verdict
  purpose: string
  priority: number
  fork: boolean
  failedStep: string | null
  finishedAt: Date
  steps: (StepEnd & { name: string })[]
  logBytes: number
  recipe: Recipe
  lastGood: FailedAttempt['lastGood']
}

async function readEnded({ db }: Context, { jobId, number }: AttemptId): Promise<EndedAttempt | undefined> {
  const [row] = await db.query<EndedAttempt>`
    SELECT a."jobId", a."number", a."verdict", a."purpose", a."priority", a."fork", a."failedStep", a."finishedAt", a."steps", a."logBytes", a."hostId",
           job."buildId", job."arch", job."variant", build."projectName" AS "project", build."commit", build."kind",
           ${branchOfJob} AS "branch", host."name" AS "host", host."rules", recipe."body" AS "recipe",
           (SELECT json_build_object('jobId', good."jobId", 'number', good."number", 'steps', good."steps", 'logBytes', good."logBytes")
              FROM "Cell" cell JOIN "FinishedAttempt" good ON good."jobId" = cell."lastGoodJobId" AND good."verdict" = 'passed'
             WHERE cell."projectName" = build."projectName" AND cell."branch" = ${branchOfJob} AND cell."hostId" = a."hostId"
               AND cell."arch" = job."arch" AND cell."variant" = job."variant" LIMIT 1) AS "lastGood"
      FROM "Examination" wanted JOIN "FinishedAttempt" a ON a."jobId" = wanted."jobId" AND a."number" = wanted."number"
      ${joinJobAndBuild} ${joinRecipe} JOIN "Host" host ON host."id" = a."hostId"
     WHERE wanted."jobId" = ${jobId} AND wanted."number" = ${number}`
  return row
}

function failedAttempt(ended: EndedAttempt): FailedAttempt | undefined {
  const { verdict, failedStep } = ended
  if ((verdict !== 'failed' && verdict !== 'timed-out') || failedStep === null) return undefined
  return { ...ended, step: failedStep, timedOut: verdict === 'timed-out' }
}

/** Returns false if another server has examined the attempt meanwhile. */
const removeExamination = async (tx: Tx, { jobId, number }: AttemptId): Promise<boolean> =>
  (await tx.execute`DELETE FROM "Examination" WHERE "jobId" = ${jobId} AND "number" = ${number}`) > 0

async function storeFailure({ now }: Context, tx: Tx, ended: EndedAttempt, failure: StepFailure): Promise<void> {
  const { jobId, number, project, buildId, hostId, arch, variant, failedStep, steps } = ended
  const exit = steps.find(({ name }) => name === failedStep)?.exit ?? null
  await tx.execute`
    INSERT INTO "Failure" ("jobId", "number", "projectName", "buildId", "hostId", "arch", "variant", "step", "exit",
           "fingerprint", "rule", "symbol", "text", "message", "line", "excerpt", "others", "errors", "fromHost", "skippedBytes",
           "createdAt")
    VALUES (${jobId}, ${number}, ${project}, ${buildId}, ${hostId}, ${arch}, ${variant}, ${failedStep}, ${exit},
           ${failure.fingerprint}, ${failure.rule}, ${failure.symbol}, ${failure.text}, ${failure.message}, ${failure.line},
           ${JSON.stringify(failure.excerpt)}::jsonb, ${JSON.stringify(failure.others)}::jsonb, ${failure.errors},
           ${failure.fromHost}, ${failure.skippedBytes}, ${now()})
    ON CONFLICT ("jobId", "number") DO NOTHING`
}

async function deriveAgain(
  tx: Tx,
  { project: projectName, commit, kind, hostId, arch, variant, purpose }: EndedAttempt,
) {
  if (kind !== 'branch' || purpose === 'probe') return
  await tx.query`
    SELECT ${lockCell} AS "lock" FROM (SELECT ${projectName}::text AS "projectName", ${hostId}::int AS "hostId",
           ${arch}::text AS "arch", ${variant}::text AS "variant") cell`
  await deriveCells(tx, [{ projectName, commit, branch: null, hostId, arch, variant }], 'all')
}

/**
 * Adds an attempt if the failure is new in a cell and not confirmed. The host runs it after all jobs that wait for the
 * host now. If somebody runs the job again at the same moment, that attempt confirms the failure.
 */
async function confirmNewFailure({ now }: Context, tx: Tx, ended: EndedAttempt): Promise<void> {
  const { jobId, number, hostId, project, arch, variant } = ended
  if (!permits(ended.rules, project, ended.branch)) return
  const added = await addAttempts(
    tx,
    sql`
      SELECT ${jobId}::bigint AS "jobId", ${number + 1}::int AS "number", ${hostId}::int AS "hostId", 'queued' AS "state",
             ${now()}::timestamptz AS "queuedAt", 'confirm' AS "purpose", ${ended.priority}::int AS "priority", ${ended.fork}::boolean AS "fork",
             project."name" AS "projectName", ${ended.buildId}::int AS "buildId"
        FROM "Project" project JOIN "Host" host ON host."id" = ${hostId}
       WHERE project."name" = ${project} AND project."removedAt" IS NULL AND host."removedAt" IS NULL
         AND (SELECT count(*) FROM "Attempt" WHERE "jobId" = ${jobId} AND "purpose" = 'confirm')
             < COALESCE((project."config" ->> 'confirm')::int, 1)
         AND EXISTS (SELECT FROM "Cell" WHERE "projectName" = ${project} AND "hostId" = ${hostId} AND "arch" = ${arch}
                        AND "variant" = ${variant} AND "jobId" = ${jobId} AND "number" = ${number}
                        AND "state" = 'newly-failing-unconfirmed')`,
  )
  if (added.length > 0) tx.emit({ kind: 'queued', attempts: added.map(queuedOf) })
}
