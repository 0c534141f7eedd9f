import type { WantedCells } from '../builds/plan.rule.ts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { type TryRow, type TryView, toView, tryColumns } from './try-view.ts'

export interface TryRequest {
  project: string
  /** The name of the token that starts the try. */
  token: string
  /** The size and the SHA-256 of the tar.gz. */
  bytes: number
  sha256: string
  /** The commit from which the tree differs. The repository of the project may not have it. */
  commit: string
  subject: string
  author?: string | undefined
  /** The cells to build; absent: all cells of the project. */
  wanted?: WantedCells | undefined
}

export interface TryLimits {
  /** The size of one upload. */
  bytesMax: number
  /** The size of all uploads together. */
  allBytesMax: number
}

export type CreateTryOutcome =
  | { kind: 'created'; try: TryView }
  /** The same token has begun to upload the same tree. */
  | { kind: 'continued'; try: TryView }
  | { kind: 'unknown-project'; known: string[] }
  | { kind: 'upload-too-large'; bytesMax: number }
  | { kind: 'too-many-tries'; openMax: number }
  | { kind: 'no-room-for-tries'; allBytesMax: number }

/** How many tries of a token may be open: uploads, and builds with jobs that have not ended. */
export const triesOpenMax = 5
const keptSeconds = 86_400

/** The try `t` counts against the limit of its token. */
const isOpenTry = sql`(t."buildId" IS NULL OR EXISTS (
  SELECT 1 FROM "Job" JOIN "OpenAttempt" a ON a."jobId" = "Job"."id" WHERE "Job"."buildId" = t."buildId"))`

/** Begins a try. Its files are uploaded next. */
export async function createTry(context: Context, request: TryRequest, limits: TryLimits): Promise<CreateTryOutcome> {
  const projects = await projectConfigs(context)
  if (!projects.has(request.project)) return { kind: 'unknown-project', known: [...projects.keys()] }
  if (request.bytes > limits.bytesMax) return { kind: 'upload-too-large', bytesMax: limits.bytesMax }
  return inTransaction(context, async (tx): Promise<CreateTryOutcome> => {
    // Without the lock, two requests at the same time could both take the last place.
    await tx.query`SELECT pg_advisory_xact_lock(hashtextextended('tries', 0))::text`
    const same = await findSame(tx, request)
    if (same) return { kind: 'continued', try: same }
    const [used] = await tx.query<{ open: number; bytes: number }>`
      SELECT count(*) FILTER (WHERE t."tokenName" = ${request.token} AND ${isOpenTry})::int AS "open",
             COALESCE(sum(t."bytes"), 0)::float8 AS "bytes"
        FROM "Try" t WHERE t."removedAt" IS NULL`
    const { open = 0, bytes = 0 } = used ?? {}
    if (open >= triesOpenMax) return { kind: 'too-many-tries', openMax: triesOpenMax }
    if (bytes + request.bytes > limits.allBytesMax)
      return { kind: 'no-room-for-tries', allBytesMax: limits.allBytesMax }
    return { kind: 'created', try: await insert(tx, request) }
  })
}

const wantedText = ({ wanted }: TryRequest) => JSON.stringify(wanted ?? null)

/** An upload of the same tree that is not complete. So the command can continue it after it was ended. */
async function findSame(tx: Tx, request: TryRequest): Promise<TryView | undefined> {
  const { project, token, bytes, sha256, commit } = request
  const [row] = await tx.query<TryRow>`
    SELECT ${tryColumns} FROM "Try" t
     WHERE t."removedAt" IS NULL AND t."buildId" IS NULL AND t."tokenName" = ${token} AND t."projectName" = ${project}
       AND t."sha256" = ${sha256} AND t."bytes" = ${bytes} AND t."commit" = ${commit}
       AND t."wanted" = ${wantedText(request)}::jsonb AND t."expiresAt" > ${tx.now()}
     LIMIT 1`
  return row && toView(row)
}

async function insert(tx: Tx, request: TryRequest): Promise<TryView> {
  const { project, token, bytes, sha256, commit, subject, author = null } = request
  const at = tx.now()
  const [row] = await tx.query<TryRow>`
    INSERT INTO "Try" AS t ("id", "projectName", "tokenName", "bytes", "sha256", "commit", "subject", "author", "wanted",
                            "createdAt", "expiresAt")
    VALUES (gen_random_uuid()::text, ${project}, ${token}, ${bytes}, ${sha256}, ${commit}, ${subject}, ${author},
            ${wantedText(request)}::jsonb, ${at}, ${new Date(at.getTime() + keptSeconds * 1000)})
    RETURNING ${tryColumns}`
  if (!row) throw new Error('the try was not stored')
  return toView(row)
}
