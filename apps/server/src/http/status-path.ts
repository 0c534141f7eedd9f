import type { DueStatus } from '@rumpfarm/farm'

/** The page to which a commit status links: a job, a build, or a pull request that the farm has not built. */
export function statusPath(status: Pick<DueStatus, 'project' | 'pullRequest' | 'buildId' | 'jobId'>): string {
  const { project, pullRequest, buildId, jobId } = status
  if (jobId !== null) return `/jobs/${jobId}`
  if (buildId !== null) return `/builds/${buildId}`
  return `/projects/${encodeURIComponent(project)}/pull-requests/${pullRequest}`
}
