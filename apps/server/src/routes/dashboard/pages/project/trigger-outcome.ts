import { repeatedWithoutBuild, triggerProblem } from '../../../../http/problems/outcomes.ts'
import { sentenceOf } from '../../../../http/problems.ts'
import type { TriggerOutcome } from '../../../../trigger/trigger-build.ts'
import { segment } from '../../components/escape.ts'
import { noProject, PageError } from '../problem/page-error.ts'

/** Returns the build of a trigger. If the trigger has no build, throws a `PageError` with the reason. */
export function buildOf(project: string, outcome: TriggerOutcome): { buildId: number; created: boolean } {
  switch (outcome.kind) {
    case 'built':
      return outcome
    case 'unknown-project':
      throw noProject(project)
    case 'repeated':
      if (outcome.buildId !== null) return { buildId: outcome.buildId, created: false }
      throw notBuilt(project, sentenceOf(repeatedWithoutBuild))
    default:
      throw notBuilt(project, sentenceOf(triggerProblem(project, outcome).detail))
  }
}

const notBuilt = (project: string, text: string) =>
  new PageError(409, {
    title: `${project} was not built`,
    text,
    next: { href: `/projects/${segment(project)}`, text: `Back to ${project}` },
  })
