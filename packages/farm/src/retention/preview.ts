import type { ProjectKeep } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { buildsAtOnce } from './expire-files.ts'
import { buildExpires, daysBefore, expiryOf, oldestFilesKept } from './expiry.rule.ts'
import { type CheckedBuild, checkedBuilds } from './stored-jobs.ts'

/** What would expire now. */
export interface ExpiringData {
  logs: number
  logBytes: number
  /** Files. */
  artifacts: number
  artifactBytes: number
  builds: number
  jobs: number
}

export interface ExpiryPreview extends ExpiringData {
  /** How many builds the farm looked at, and the id of the last one if there are more; otherwise null. */
  looked: number
  next: number | null
}

/** One call looks at this many builds, or takes this long. */
export const previewBuildsMax = 500
const millisecondsMax = 2_000

/**
 * What the farm would delete of a project with this `keep`. It looks at the oldest builds with a larger id than `after`,
 * and changes nothing.
 */
export async function previewExpiry(
  { db, now }: Context,
  { project, keep, after }: { project: string; keep: ProjectKeep; after: number },
): Promise<ExpiryPreview> {
  const found = { logs: 0, logBytes: 0, artifacts: 0, artifactBytes: 0, builds: 0, jobs: 0, looked: 0 }
  const createdBefore = newestToCheck(keep, now())
  if (!createdBefore) return { ...found, next: null }
  const end = Date.now() + millisecondsMax
  let last = after
  while (found.looked < previewBuildsMax && Date.now() < end) {
    const wanted = { project, after: last, createdBefore, whole: true, limit: buildsAtOnce }
    const builds = await checkedBuilds(db, wanted, keep)
    for (const build of builds) add(found, build, keep, now())
    found.looked += builds.length
    last = builds.at(-1)?.id ?? last
    if (builds.length < buildsAtOnce) return { ...found, next: null }
  }
  return { ...found, next: last }
}

function newestToCheck(keep: ProjectKeep, now: Date): Date | undefined {
  const builds = keep.buildsDays === undefined ? undefined : daysBefore(now, keep.buildsDays)
  const files = oldestFilesKept(keep, now)
  return files && (!builds || files > builds) ? files : builds
}

/** An expired build loses all its files, also those of jobs whose log or artifacts are younger. */
function add(found: ExpiringData, { jobs, ...build }: CheckedBuild, keep: ProjectKeep, now: Date): void {
  const whole = buildExpires(build, jobs, keep, now)
  if (whole) {
    found.builds += 1
    found.jobs += jobs.length
  }
  for (const job of jobs) {
    const { log, artifacts } = expiryOf(job, keep, now)
    if (whole || log) {
      found.logs += job.logs
      found.logBytes += job.logBytes
    }
    if (whole || artifacts) {
      found.artifacts += job.artifacts
      found.artifactBytes += job.artifactBytes
    }
  }
}
