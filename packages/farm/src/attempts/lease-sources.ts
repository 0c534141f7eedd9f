import type { AttemptId } from '@rumpfarm/contracts'
import type { PreparedSource } from '../builds/sources.ts'
import type { Context } from '../context.ts'

/** The sources of an attempt that this host holds with this lease; undefined if it does not. */
export async function sourcesOfLease(
  { db, running, now }: Context,
  { jobId, number }: AttemptId,
  hostId: number,
  lease: string,
): Promise<PreparedSource[] | undefined> {
  const known = running.held({ jobId, number }, { hostId, lease, at: now() })
  if (known) return known.sources
  const rows = await db.$queryRaw<{ sources: PreparedSource[] | null }[]>`
    SELECT build."sourcesInfo" AS "sources"
      FROM "Attempt" a JOIN "Job" job ON job."id" = a."jobId" JOIN "Build" build ON build."id" = job."buildId"
     WHERE a."jobId" = ${jobId} AND a."number" = ${number} AND a."hostId" = ${hostId} AND a."lease" = ${lease}
       AND a."state" IN ('leased', 'running')`
  return rows[0] && (rows[0].sources ?? [])
}
