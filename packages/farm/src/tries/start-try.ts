import { type RequestOutcome, requestBuild } from '../builds/request-build.ts'
import type { Context } from '../context.ts'
import { type TryRow, type TryView, toView, tryColumns } from './try-view.ts'

export async function findTry({ db }: Context, id: string): Promise<TryView | undefined> {
  const row = await read(db, id)
  return row && toView(row)
}

async function read(db: Context['db'], id: string): Promise<TryRow | undefined> {
  const [row] = await db.query<TryRow>`SELECT ${tryColumns} FROM "Try" t WHERE t."id" = ${id} AND t."removedAt" IS NULL`
  return row
}

export type StartTryOutcome =
  | { kind: 'started'; buildId: number }
  | Exclude<RequestOutcome, { kind: 'built' | 'repeated' }>
  /** The farm has deleted the files. */
  | { kind: 'unknown' }

/** The id of the try whose tree a build builds; undefined if the build is no try. */
export async function tryOfBuild({ db }: Context, buildId: number): Promise<string | undefined> {
  const [row] = await db.query<{ id: string }>`
    SELECT substr("reason", 5) AS "id" FROM "Build" WHERE "id" = ${buildId} AND "kind" = 'try'`
  return row?.id
}

/** Makes the build of a try whose files are complete. A second call finds the same build. */
export async function startTry(context: Context, id: string): Promise<StartTryOutcome> {
  const found = await read(context.db, id)
  if (!found) return { kind: 'unknown' }
  if (found.buildId !== null) return { kind: 'started', buildId: found.buildId }
  const { project, commit, subject, author, wanted, token } = found
  const outcome = await requestBuild(context, {
    project,
    commit,
    of: { kind: 'try', id },
    cause: 'hand',
    causeDetail: `uploaded with the token ${token}`,
    source: 'try',
    deliveryId: id,
    subject,
    ...(author === null ? {} : { author }),
    ...(wanted === null ? {} : { wanted }),
  })
  if (outcome.kind !== 'built' && outcome.kind !== 'repeated') return outcome
  if (outcome.buildId === null) return { kind: 'unknown' }
  await context.db.execute`UPDATE "Try" SET "buildId" = ${outcome.buildId} WHERE "id" = ${id} AND "buildId" IS NULL`
  return { kind: 'started', buildId: outcome.buildId }
}
