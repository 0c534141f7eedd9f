import type { ProjectKeep } from '@rumpfarm/contracts'

/** What the farm knows of a job when it decides what expires. Counts and bytes are those of data that it still has. */
export interface StoredJob {
  /** An attempt waits or runs. */
  open: boolean
  /** The newest attempt failed or timed out. */
  failed: boolean
  /** When the newest attempt ended. Null if none has ended. */
  endedAt: Date | null
  logs: number
  logBytes: number
  artifacts: number
  artifactBytes: number
  /** How many newer results its cell has; null if the job is no result of a cell. Counts only up to `lastPerCell`. */
  newer: number | null
  /** The newest result of a cell, the first failure of its series, or its last good result. */
  milestone: boolean
  /** An open problem or bisection, or an examination that has not ended, needs the job. */
  needed: boolean
}

export interface Expiry {
  log: boolean
  artifacts: boolean
  /** Whether a log or an artifact of the job can expire later, with the same `keep`. */
  later: boolean
}

/** A job that stays whatever its age is. */
export const isHeld = ({ open, newer, milestone, needed }: StoredJob, { lastPerCell }: ProjectKeep): boolean =>
  open || milestone || needed || (newer !== null && newer < lastPerCell)

/** Which files of a job expire now. */
export function expiryOf(job: StoredJob, keep: ProjectKeep, now: Date): Expiry {
  const logDays = job.failed ? keep.failedLogsDays : keep.logsDays
  const artifactDays = job.failed ? keep.failedArtifactsDays : keep.artifactsDays
  const canLog = job.logs > 0 && logDays !== undefined
  const canArtifacts = job.artifacts > 0 && artifactDays !== undefined
  const may = !isHeld(job, keep) && job.endedAt !== null
  const log = canLog && may && isOlder(job.endedAt, logDays, now)
  const artifacts = canArtifacts && may && isOlder(job.endedAt, artifactDays, now)
  return { log, artifacts, later: job.open || (canLog && !log) || (canArtifacts && !artifacts) }
}

/** Whether a whole build expires now. `needed`: something refers to the build itself. */
export function buildExpires(
  build: { createdAt: Date; needed: boolean },
  jobs: readonly StoredJob[],
  keep: ProjectKeep,
  now: Date,
): boolean {
  const { buildsDays } = keep
  if (buildsDays === undefined || build.needed || !isOlder(build.createdAt, buildsDays, now)) return false
  return jobs.every(job => !isHeld(job, keep) && (job.endedAt === null || isOlder(job.endedAt, buildsDays, now)))
}

/** A job of a build that is younger than this cannot have files that expire. Undefined if no file ever expires. */
export function oldestFilesKept(keep: ProjectKeep, now: Date): Date | undefined {
  const { logsDays, artifactsDays, failedLogsDays, failedArtifactsDays } = keep
  const days = [logsDays, artifactsDays, failedLogsDays, failedArtifactsDays].filter(value => value !== undefined)
  return days.length === 0 ? undefined : daysBefore(now, Math.min(...days))
}

export const daysBefore = (at: Date, days: number): Date => new Date(at.getTime() - days * 86_400_000)

const isOlder = (at: Date | null, days: number | undefined, now: Date): boolean =>
  at !== null && days !== undefined && at <= daysBefore(now, days)
