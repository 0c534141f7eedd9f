import type { PullRequestToExamine } from '@rumpfarm/farm'
import type { Task, TaskServices } from '../task.ts'

/** A request that changes more often while the farm reads it waits for the reconcile task. */
const readsMax = 5

/**
 * Reads the newest commit of a pull request with git, and builds it if the farm may. The forge's message was only a hint.
 * The task reads again if the request changes meanwhile.
 */
export const examinePullRequest: Task<{ id: number }> = async (services, { id }) => {
  for (let reads = 0; reads < readsMax; reads++) {
    const request = await services.farm.pullRequests.findToExamine(id)
    if (!request || !(await changedMeanwhile(services, request))) return
  }
}

async function changedMeanwhile({ farm, mirrors, log }: TaskServices, request: PullRequestToExamine): Promise<boolean> {
  const { id, project, number, headRef, headBranch, headUrls, fork } = request
  const repository = (await farm.projects.configs()).get(project)?.repository
  const place = { headRef, headBranch, headUrls, fork }
  const head =
    repository === undefined
      ? { kind: 'problem' as const, problem: `project ${project} is no longer in farm.yaml` }
      : await mirrors.pullRequestHead({ repository, place })
  if (head.kind === 'problem') {
    log.warn({ project, pullRequest: number, problem: head.problem }, 'a pull request cannot be read')
    await farm.pullRequests.recordProblem(id, head.problem)
    return false
  }
  const outcome = await farm.pullRequests.recordHead(request, head)
  return outcome.kind === 'changed'
}
