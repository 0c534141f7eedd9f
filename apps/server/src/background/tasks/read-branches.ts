import type { Mirrors } from '@rumpfarm/connectors'
import type { Farm, WantedLine } from '@rumpfarm/farm'
import type { Logger } from 'pino'

export interface PlaceLines {
  farm: Pick<Farm, 'matrix' | 'projects'>
  mirrors: Pick<Mirrors, 'history'>
  log: Logger
}

/**
 * Reads the lines of a project's pushed branches, and gives their built commits the positions that they have there now. A
 * branch that is pushed meanwhile is read again.
 */
export async function placeLines(services: PlaceLines, project: string): Promise<void> {
  for (;;) {
    const lines = await services.farm.matrix.listBranchesToRead(project)
    if (lines.length === 0) return
    for (const line of lines) await placeLine(services, line)
  }
}

async function placeLine({ farm, mirrors, log }: PlaceLines, wanted: WantedLine): Promise<void> {
  const { project, branch } = wanted
  const repository = (await farm.projects.configs()).get(project)?.repository
  if (repository === undefined) return farm.matrix.markBranchRead(wanted)
  const history = await mirrors.history({ repository, branch })
  switch (history.kind) {
    case 'history':
      await farm.matrix.applyHistory({ project, branch, commits: history.commits, complete: history.complete })
      return farm.matrix.markBranchRead(wanted)
    case 'no-branch':
      return farm.matrix.markBranchMissing(wanted, history.defaultBranch)
    case 'problem':
      log.warn({ project, branch, problem: history.problem }, 'the history of a branch cannot be read')
      return farm.matrix.markBranchUnreadable(wanted)
  }
}
