import { attemptName } from '@rumpfarm/contracts'
import type {
  AttemptView,
  BuildView,
  Farm,
  JobView,
  ProjectBranch,
  UnknownBranch,
  UnknownProject,
} from '@rumpfarm/farm'
import { expiredWords } from '@rumpfarm/farm'
import { missingBranch, missingBranchRefusal } from '../../http/problems/missing-branch.ts'
import { type OutcomeProblem, unknownJob, unknownProject } from '../../http/problems/outcomes.ts'
import { Refusal } from '../../http/problems.ts'

/** What a request names. Each function throws a refusal (404) if the farm does not have it. */

const refusal = ({ kind, detail, known }: OutcomeProblem) => new Refusal(kind, detail, known ? { known } : {})

type Builds = Pick<Farm, 'builds' | 'retention'>

export async function findBuild({ builds, retention }: Builds, id: number): Promise<BuildView> {
  const build = await builds.find(id)
  if (build) return build
  const expired = await retention.findBuild(id)
  if (expired) throw new Refusal('expired', expiredWords(`build ${id}`, expired))
  throw new Refusal('unknown', `there is no build ${id}`)
}

export async function findJob({ builds, retention }: Builds, id: number): Promise<JobView> {
  const job = await builds.findJob(id)
  if (job) return job
  const expired = await retention.findJob(id)
  if (expired) throw new Refusal('expired', expiredWords(`job ${id}`, expired))
  throw refusal(unknownJob(id))
}

export interface FoundAttempt {
  job: JobView
  attempt: AttemptView
}

/** One attempt of a job. `choose` takes one of the attempts, newest first, if the request has no number. */
export async function findAttempt(
  farm: Builds,
  { id, number }: { id: number; number?: number | undefined },
  choose: (newestFirst: readonly AttemptView[]) => AttemptView | undefined = ([newest]) => newest,
): Promise<FoundAttempt> {
  const job = await findJob(farm, id)
  const attempt = number === undefined ? choose(job.attempts) : job.attempts.find(one => one.number === number)
  if (attempt) return { job, attempt }
  throw new Refusal('unknown', number === undefined ? `job ${id} has no attempt` : noAttempt(id, number))
}

const noAttempt = (jobId: number, number: number) => `there is no attempt ${attemptName({ jobId, number })}`

export async function checkProject({ projects }: Pick<Farm, 'projects'>, name: string): Promise<void> {
  const all = await projects.list()
  if (!all.has(name)) throw refusal(unknownProject(name, [...all.keys()]))
}

/** A branch of a project. Without a name: the main branch. */
export async function findBranch(
  { cells }: Pick<Farm, 'cells'>,
  project: string,
  branch: string | undefined,
): Promise<ProjectBranch> {
  const found = await cells.findBranch(project, branch)
  if (found.kind !== 'found') throw branchRefusal(project, found)
  return found
}

export function branchRefusal(project: string, missing: UnknownProject | UnknownBranch): Refusal {
  const { kind, known } = missing
  if (kind === 'unknown-project') return refusal(unknownProject(project, known))
  return missingBranchRefusal({ branch: missing.branch, project, deleted: null }, '', known)
}

/** Throws the refusal for a branch that the matrix of this project, or of all projects, does not have. */
export async function checkMatrixBranch(
  farm: Pick<Farm, 'matrix' | 'branches'>,
  { project, branch, publicPath }: { project: string | undefined; branch: string; publicPath: string },
): Promise<void> {
  const { projects } = await farm.matrix.glance({ project, branch })
  if (projects.length > 0) return
  const { branches } = project === undefined ? { branches: [] } : await farm.matrix.glance({ project })
  const known = branches.flatMap(({ built }) => built)
  throw missingBranchRefusal(await missingBranch(farm, branch, project), publicPath, known)
}
