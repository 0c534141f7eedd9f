import type { BranchToRead } from '@rumpfarm/farm'
import type { Task, TaskServices } from '../task.ts'

/**
 * Reads the history of a project's pushed branches. The history gives the built commits their positions on the branch.
 * The task reads a branch again if the branch receives a push meanwhile.
 */
export const readBranches: Task<{ project: string }> = async (services, { project }) => {
  for (;;) {
    const branches = await services.farm.matrix.listBranchesToRead(project)
    if (branches.length === 0) return
    for (const branch of branches) await readBranch(services, branch)
  }
}

async function readBranch({ farm, mirrors, log }: TaskServices, toRead: BranchToRead): Promise<void> {
  const { project, branch } = toRead
  const repository = (await farm.projects.configs()).get(project)?.repository
  if (repository === undefined) return farm.matrix.markBranchRead(toRead)
  const history = await mirrors.history({ repository, branch })
  if (history.kind !== 'problem') await farm.matrix.recordDefaultBranch(project, repository, history.defaultBranch)
  switch (history.kind) {
    case 'history': {
      await farm.commits.store(repository, history.commits)
      const commits = history.commits.map(({ commit }) => commit)
      await farm.matrix.applyHistory({ project, branch, commits, complete: history.complete })
      return farm.matrix.markBranchRead(toRead)
    }
    case 'no-branch':
      return farm.matrix.markBranchMissing(toRead, history.defaultBranch)
    case 'problem':
      log.warn({ project, branch, problem: history.problem }, 'the history of a branch cannot be read')
      return farm.matrix.markBranchUnreadable(toRead)
  }
}
