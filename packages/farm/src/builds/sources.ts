import { attemptName, cut } from '@rumpfarm/contracts'
import { finishRows } from '../attempts/finish-rows.ts'
import type { Context } from '../context.ts'
import { Prisma } from '../db/client.ts'

/** One tarball that a build's jobs unpack, as the farm's mirror prepared it. */
export interface PreparedSource {
  name: string
  repository: string
  commit: string
  path: string | null
  leaveOut: string[]
  bytes: number
  crc: string
  sha256: string
  md5: string
}

interface ClaimableRow {
  jobId: number
  number: number
  hostId: number
}

/** The build's sources can be served: its waiting attempts become claimable. */
export async function sourcesReady(
  context: Context,
  buildId: number,
  prepared: { sources: PreparedSource[]; subject?: string | undefined; author?: string | undefined },
): Promise<void> {
  const { subject, author } = prepared
  // Two statements: a push that adds jobs locks the build's row, and the second one must see what it added.
  const rows = await context.db.$transaction(async tx => {
    await tx.$executeRaw`
      UPDATE "Build" SET "sources" = 'ready', "sourcesInfo" = ${JSON.stringify(prepared.sources)}::jsonb,
             "subject" = COALESCE("subject", ${subject ?? null}), "author" = COALESCE("author", ${author ?? null})
       WHERE "id" = ${buildId}`
    return tx.$queryRaw<ClaimableRow[]>`
      UPDATE "Attempt" SET "state" = 'queued', "queuedAt" = ${context.now()}
        FROM "Job"
       WHERE "Job"."id" = "Attempt"."jobId" AND "Job"."buildId" = ${buildId} AND "Attempt"."state" = 'waiting'
      RETURNING "Attempt"."jobId", "Attempt"."number", "Attempt"."hostId"`
  })
  const attempts = rows.map(row => ({ hostId: row.hostId, attempt: attemptName(row) }))
  if (attempts.length > 0) context.publish({ kind: 'queued', attempts })
}

/** The build's sources cannot be had: its waiting attempts are broken, with git's message. */
export async function sourcesFailed(context: Context, buildId: number, message: string): Promise<void> {
  const detail = cut(message, 4000)
  await context.db
    .$transaction(async tx => {
      const info = JSON.stringify({ problem: detail })
      await tx.$executeRaw`
      UPDATE "Build" SET "sources" = 'failed', "sourcesInfo" = ${info}::jsonb WHERE "id" = ${buildId}`
      const where = Prisma.sql`"state" = 'waiting' AND "jobId" IN (SELECT "id" FROM "Job" WHERE "buildId" = ${buildId})`
      return finishRows(
        context,
        tx,
        { kind: 'many', where },
        { verdict: 'broken', failedStep: null, reason: 'sources', detail },
      )
    })
    .then(announceAll => announceAll())
}

/** Somebody triggered a build whose sources failed: try them again, with a new attempt for each job they broke. */
export async function prepareSourcesAgain(context: Context, buildId: number): Promise<void> {
  const at = context.now()
  await context.db.$transaction(async tx => {
    const reopened = await tx.$executeRaw`
      UPDATE "Build" SET "sources" = 'pending', "sourcesInfo" = NULL WHERE "id" = ${buildId} AND "sources" = 'failed'`
    if (reopened === 0) return
    await tx.$executeRaw`
      INSERT INTO "Attempt" ("jobId", "number", "hostId", "state", "queuedAt")
      SELECT job."id", newest."number" + 1, job."hostId", 'waiting', ${at}
        FROM "Job" job JOIN LATERAL
             (SELECT * FROM "Attempt" a WHERE a."jobId" = job."id" ORDER BY a."number" DESC LIMIT 1) newest ON true
       WHERE job."buildId" = ${buildId} AND newest."reason" = 'sources'
      ON CONFLICT DO NOTHING`
  })
  context.publish({ kind: 'planned', buildId })
}

/** Builds whose sources nobody has prepared yet, oldest first: for the task, and for a server that starts. */
export async function buildsToPrepare({ db }: Context, limit = 1000): Promise<number[]> {
  const rows = await db.build.findMany({
    where: { sources: 'pending' },
    select: { id: true },
    orderBy: { id: 'asc' },
    take: limit,
  })
  return rows.map(({ id }) => id)
}
