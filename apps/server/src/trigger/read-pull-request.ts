import type { ExamineOutcome, PullRequestToExamine } from '@rumpfarm/farm'
import type { Services } from '../services.ts'

/** A request that changes more often while the farm reads it waits for the reconcile task. */
const readsMax = 5

/** `unreadable`: git could not read the request now. The farm tries again by itself. */
export type ReadOutcome = ExamineOutcome | { kind: 'unreadable'; problem: string }

/**
 * Reads the newest commit of a pull request with git, and builds it if the farm may. The forge's message was only a hint.
 * Reads again if the request changes meanwhile. Undefined if there is nothing to read.
 */
export async function readPullRequest(
  services: Pick<Services, 'farm' | 'mirrors'>,
  id: number,
): Promise<ReadOutcome | undefined> {
  let outcome: ReadOutcome | undefined
  for (let reads = 0; reads < readsMax; reads++) {
    const request = await services.farm.pullRequests.findToExamine(id)
    if (!request) return outcome
    outcome = await readOnce(services, request)
    if (outcome.kind !== 'changed') return outcome
  }
  return outcome
}

async function readOnce(
  { farm, mirrors }: Pick<Services, 'farm' | 'mirrors'>,
  request: PullRequestToExamine,
): Promise<ReadOutcome> {
  const { id, project, headRef, headBranch, headUrls, fork } = request
  const repository = (await farm.projects.configs()).get(project)?.repository
  const place = { headRef, headBranch, headUrls, fork }
  const head =
    repository === undefined
      ? { kind: 'problem' as const, problem: `project ${project} is no longer in farm.yaml` }
      : await mirrors.pullRequestHead({ repository, place })
  if (head.kind !== 'problem') return farm.pullRequests.recordHead(request, head)
  await farm.pullRequests.recordProblem(id, head.problem)
  return { kind: 'unreadable', problem: head.problem }
}
