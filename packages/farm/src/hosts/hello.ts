import type { ArchKind, BuildKind, HostFacts, OwnerRule } from '@rumpfarm/contracts'
import { endAttempts } from '../attempts/end-attempts.ts'
import { farmEnds } from '../attempts/ends.rule.ts'
import { queuedOf } from '../attempts/queued-attempts.ts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { branchOfJob, isQueued, isUnclaimed, joinJobAndBuild } from '../db/fragments.ts'
import { join, sql } from '../db/sql.ts'
import { inTransaction, type Tx, withEvents } from '../db/transaction.ts'
import { branchForRules, permitsJob } from './owner.rule.ts'
import { stableFacts } from './stable-facts.rule.ts'

export interface DeclaredArch {
  arch: string
  kind: ArchKind
  compiler: string
  /** Why the host cannot build for this arch now; absent if the host can. */
  unable?: string | undefined
}

export interface Hello {
  hostId: number
  /** The new agent process. */
  instance: string
  /** The agent process that the new process replaces. */
  previous?: string | undefined
  slots: number
  version: string
  facts: HostFacts
  arches: DeclaredArch[]
  /** The rules of the host's owner; without rules everything is allowed. */
  rules?: OwnerRule[]
}

export type HelloOutcome = { kind: 'welcome' } | { kind: 'other-instance'; lastSeenAt: Date } | { kind: 'removed' }

/**
 * An agent process reports that it starts, or reports the facts of its host again. Only one process may run as a host.
 * A second process must wait until the first process was silent for a lease, unless the first process announced that it
 * stops, or the `previous` of the second process names the first process.
 */
export async function hello(context: Context, request: Hello): Promise<HelloOutcome> {
  const welcome = await inTransaction(context, async tx => {
    tx.emit({ kind: 'host', hostId: request.hostId })
    if (!(await takeOver(context, tx, request))) return false
    await writeArches(tx, request)
    await recordFacts(context, tx, request)
    await endNotAllowed(context, tx, request)
    return true
  })
  if (welcome) {
    await emitQueued(context, request.hostId)
    return { kind: 'welcome' }
  }
  const host = await context.db.models.host.findUniqueOrThrow({
    where: { id: request.hostId },
    select: { lastSeenAt: true, removedAt: true },
  })
  return host.removedAt ? { kind: 'removed' } : { kind: 'other-instance', lastSeenAt: host.lastSeenAt }
}

/** Returns false if another agent process runs as this host, or if the host was removed. */
async function takeOver({ now, settings }: Context, tx: Tx, request: Hello): Promise<boolean> {
  const at = now()
  const instances = [request.instance, ...(request.previous === undefined ? [] : [request.previous])]
  const changed = await tx.execute`
    UPDATE "Host" SET "instance" = ${request.instance}, "lastSeenAt" = ${at}, "awaySince" = NULL,
           "agentVersion" = ${request.version}, "facts" = ${JSON.stringify(request.facts)}::jsonb,
           "slots" = ${request.slots}, "rules" = ${JSON.stringify(request.rules ?? [])}::jsonb
     WHERE "id" = ${request.hostId} AND "removedAt" IS NULL
       AND ("instance" IS NULL OR "instance" = ANY(${instances}) OR "awaySince" IS NOT NULL
            OR "lastSeenAt" < ${later(at, -settings.leaseSeconds)})`
  return changed > 0
}

async function writeArches(tx: Tx, { hostId, arches }: Hello): Promise<void> {
  await tx.execute`DELETE FROM "HostArch" WHERE "hostId" = ${hostId}`
  await tx.execute`
    INSERT INTO "HostArch" ("hostId", "arch", "kind", "compiler", "unable")
    SELECT ${hostId}, declared.* FROM jsonb_to_recordset(${JSON.stringify(arches)}::jsonb)
      AS declared("arch" text, "kind" text, "compiler" text, "unable" text)`
}

/** The farm keeps this many changes of a host's facts. A host whose facts change with each start must not fill the table. */
export const factsKeptMax = 500

/** Adds a row to the list of the host's facts, if a fact that can change the result of a job has changed. */
async function recordFacts({ now }: Context, tx: Tx, { hostId, facts, arches }: Hello): Promise<void> {
  const stable = JSON.stringify(stableFacts(facts, arches))
  const added = await tx.execute`
    INSERT INTO "HostFacts" ("hostId", "since", "facts") SELECT ${hostId}, ${now()}, ${stable}::jsonb
     WHERE ${stable}::jsonb IS DISTINCT FROM
           (SELECT "facts" FROM "HostFacts" WHERE "hostId" = ${hostId} ORDER BY "since" DESC, "id" DESC LIMIT 1)`
  if (added === 0) return
  await tx.execute`
    DELETE FROM "HostFacts" WHERE "hostId" = ${hostId} AND "since" <= (
      SELECT "since" FROM "HostFacts" WHERE "hostId" = ${hostId} ORDER BY "since" DESC, "id" DESC OFFSET ${factsKeptMax} LIMIT 1)`
}

interface WaitingRow {
  jobId: number
  number: number
  project: string
  branch: string | null
  kind: BuildKind
  fork: boolean
}

/** Ends the waiting attempts that the host's owner does not allow, because nothing else would end them. */
async function endNotAllowed(context: Context, tx: Tx, { hostId, rules = [] }: Hello): Promise<void> {
  const mayBeForbidden = rules.length === 0 ? sql`a."fork"` : sql`true`
  const waiting = await tx.query<WaitingRow>`
    SELECT a."jobId", a."number", build."projectName" AS "project", ${branchOfJob} AS "branch", build."kind", a."fork"
      FROM "OpenAttempt" a ${joinJobAndBuild} WHERE a."hostId" = ${hostId} AND ${isUnclaimed} AND ${mayBeForbidden}`
  const forbidden = waiting.filter(
    ({ project, kind, branch, fork }) => !permitsJob(rules, { project, branch: branchForRules(kind, branch), fork }),
  )
  if (forbidden.length === 0) return
  const names = forbidden.map(({ jobId, number }) => sql`(${jobId}::bigint, ${number}::int)`)
  const where = sql`${isUnclaimed} AND ("jobId", "number") IN (${join(names)})`
  await endAttempts(context, tx, { kind: 'many', where }, farmEnds.notAllowed)
}

const queuedMax = 1000

/**
 * Adds the host's queued attempts to the host's queue again, and wakes the host. While the host could not build for an
 * arch, the farm sent no messages for this arch. The queue ignores a message that it already has.
 */
const emitQueued = (context: Context, hostId: number) =>
  withEvents(
    context,
    db => db.query<{ jobId: number; number: number }>`
      SELECT "jobId", "number" FROM "OpenAttempt" WHERE "hostId" = ${hostId} AND ${isQueued}
       ORDER BY "queuedAt", "jobId" LIMIT ${queuedMax}`,
    rows => (rows.length > 0 ? [{ kind: 'queued', attempts: rows.map(row => queuedOf({ ...row, hostId })) }] : []),
  )

/** The agent announces that it stops. The host is then away, and no alert about silence is sent. */
export async function bye(context: Context, hostId: number, instance: string): Promise<void> {
  const at = context.now()
  await withEvents(
    context,
    db => db.execute`
      UPDATE "Host" SET "awaySince" = ${at}, "lastSeenAt" = ${at} WHERE "id" = ${hostId} AND "instance" = ${instance}`,
    () => [{ kind: 'host', hostId }],
  )
}
