import type { AttemptId } from '@rumpfarm/contracts'
import type { PreparedSource } from '../builds/prepared-source.ts'
import type { Context } from '../context.ts'
import { isActive, joinJobAndBuild } from '../db/fragments.ts'

/** The sources of an attempt; undefined if this host does not hold the attempt with this lease. */
export async function sourcesOfAttempt(
  { db, running, now }: Context,
  { jobId, number }: AttemptId,
  hostId: number,
  lease: string,
): Promise<PreparedSource[] | undefined> {
  const cached = running.held({ jobId, number }, { hostId, lease, at: now() })
  if (cached) return cached.sources
  const [row] = await db.query<{ sources: PreparedSource[] | null }>`
    SELECT build."sourcesInfo" AS "sources" FROM "OpenAttempt" a ${joinJobAndBuild}
     WHERE a."jobId" = ${jobId} AND a."number" = ${number} AND a."hostId" = ${hostId} AND a."lease" = ${lease}
       AND ${isActive}`
  return row && (row.sources ?? [])
}
