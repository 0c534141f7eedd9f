import type { ProjectKeep } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { type Expired, type ExpiryTimes, hasExpired } from './expired.rule.ts'

interface ExpiredFiles {
  logExpired: Expired | null
  artifactsExpired: Expired | null
}

/** What the farm has deleted of each attempt of a job. */
export async function expiredOfAttempts(
  { db }: Context,
  job: ExpiryTimes & { projectName: string; status: string },
): Promise<(attempt: { finishedAt: Date | null }) => ExpiredFiles> {
  const { logExpiredAt, artifactsExpiredAt, projectName } = job
  if (logExpiredAt === null && artifactsExpiredAt === null) return () => ({ logExpired: null, artifactsExpired: null })
  const [row] = await db.query<{ keep: ProjectKeep | null }>`
    SELECT "config" -> 'keep' AS "keep" FROM "Project" WHERE "name" = ${projectName}`
  const failed = job.status === 'failed' || job.status === 'timed-out'
  const logDays = failed ? row?.keep?.failedLogsDays : row?.keep?.logsDays
  const artifactDays = failed ? row?.keep?.failedArtifactsDays : row?.keep?.artifactsDays
  const expired = (at: Date | null, days: number | undefined, finishedAt: Date | null): Expired | null =>
    hasExpired(at, finishedAt) ? { at, keptDays: days ?? null } : null
  return ({ finishedAt }) => ({
    logExpired: expired(logExpiredAt, logDays, finishedAt),
    artifactsExpired: expired(artifactsExpiredAt, artifactDays, finishedAt),
  })
}
