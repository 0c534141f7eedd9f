import { type ArchKind, attemptName, type HostFacts, type OwnerRule } from '@rumpfarm/contracts'
import { finishRows } from '../attempts/finish-rows.ts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { Prisma, type Tx } from '../db/client.ts'
import { permits } from './owner.rule.ts'

export interface DeclaredArch {
  arch: string
  kind: ArchKind
  compiler: string
  /** Why the host cannot build for it now; left out when it can. */
  unable?: string | undefined
}

export interface Hello {
  hostId: number
  instance: string
  previous?: string | undefined
  slots: number
  version: string
  facts: HostFacts
  arches: DeclaredArch[]
  /** What its owner allows; without any rule everything. */
  rules?: OwnerRule[]
}

export type HelloOutcome = { kind: 'welcome' } | { kind: 'other-instance'; lastSeenAt: Date } | { kind: 'removed' }

/**
 * An agent process starts, or says anew what its host is. Hosts of one name never run twice at once: a process that does
 * not name the present one as its predecessor must wait until that one has been silent for a lease.
 */
export async function hello(context: Context, wish: Hello): Promise<HelloOutcome> {
  const { db, now, settings } = context
  const at = now()
  const outcome = await db.$transaction(async tx => {
    const instances = [wish.instance, ...(wish.previous === undefined ? [] : [wish.previous])]
    const taken = await tx.host.updateMany({
      where: {
        id: wish.hostId,
        removedAt: null,
        OR: [
          { instance: null },
          { instance: { in: instances } },
          { awaySince: { not: null } },
          { lastSeenAt: { lt: later(at, -settings.leaseSeconds) } },
        ],
      },
      data: {
        instance: wish.instance,
        lastSeenAt: at,
        awaySince: null,
        agentVersion: wish.version,
        facts: wish.facts,
        slots: wish.slots,
        rules: (wish.rules ?? []) as unknown as Prisma.InputJsonValue,
      },
    })
    if (taken.count === 0) return { kind: 'other-instance' } as const
    await tx.hostArch.deleteMany({ where: { hostId: wish.hostId } })
    await tx.hostArch.createMany({
      data: wish.arches.map(({ unable, ...arch }) => ({ hostId: wish.hostId, ...arch, unable: unable ?? null })),
    })
    return { kind: 'welcome', announceAll: await endForbidden(context, tx, wish) } as const
  })
  context.publish({ kind: 'host', hostId: wish.hostId })
  if (outcome.kind === 'welcome') {
    outcome.announceAll()
    await announceQueued(context, wish.hostId)
    return { kind: 'welcome' }
  }
  const host = await db.host.findUniqueOrThrow({
    where: { id: wish.hostId },
    select: { lastSeenAt: true, removedAt: true },
  })
  if (host.removedAt) return { kind: 'removed' }
  return { kind: 'other-instance', lastSeenAt: host.lastSeenAt }
}

interface WaitingRow {
  jobId: number
  number: number
  project: string
  branch: string | null
}

/** What waits for this host and may not run there would wait for good: the owner's word ends it. */
async function endForbidden(context: Context, tx: Tx, { hostId, rules = [] }: Hello): Promise<() => void> {
  if (rules.length === 0) return () => {}
  const waiting = await tx.$queryRaw<WaitingRow[]>`
    SELECT a."jobId", a."number", build."projectName" AS "project", COALESCE(job."branch", build."branch") AS "branch"
      FROM "Attempt" a JOIN "Job" job ON job."id" = a."jobId" JOIN "Build" build ON build."id" = job."buildId"
     WHERE a."hostId" = ${hostId} AND a."state" IN ('waiting', 'queued')`
  const forbidden = waiting.filter(({ project, branch }) => !permits(rules, project, branch))
  if (forbidden.length === 0) return () => {}
  const names = forbidden.map(({ jobId, number }) => Prisma.sql`(${jobId}::int, ${number}::int)`)
  const where = Prisma.sql`"state" IN ('waiting', 'queued') AND ("jobId", "number") IN (${Prisma.join(names)})`
  const detail = "the host's owner does not allow it"
  return finishRows(
    context,
    tx,
    { kind: 'many', where },
    { verdict: 'cancelled', failedStep: null, reason: 'refused', detail },
  )
}

/** A message that came while the host could not build for its arch was dropped: one that is still there is not sent twice. */
async function announceQueued(context: Context, hostId: number): Promise<void> {
  const queued = await context.db.attempt.findMany({
    where: { hostId, state: 'queued' },
    select: { jobId: true, number: true },
    orderBy: [{ queuedAt: 'asc' }, { jobId: 'asc' }],
    take: 1000,
  })
  const attempts = queued.map(id => ({ hostId, attempt: attemptName(id) }))
  if (attempts.length > 0) context.publish({ kind: 'queued', attempts })
}

/** An orderly stop: the host is away, which is not the same as silent. */
export async function bye(context: Context, hostId: number, instance: string): Promise<void> {
  const { db, now } = context
  await db.host.updateMany({ where: { id: hostId, instance }, data: { awaySince: now(), lastSeenAt: now() } })
  context.publish({ kind: 'host', hostId })
}
