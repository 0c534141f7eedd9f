import type { ForgeEvent } from '@rumpfarm/connectors'
import type { ProjectConfig } from '@rumpfarm/contracts'
import { type DeliveryResult, decideRef } from '@rumpfarm/farm'
import { isRepository, triggersOf } from '../../trigger/receive-changes.ts'

/** What the farm can say about a delivery without git. */
export interface EventDecision {
  /** The projects that the delivery concerns, and may touch. */
  concerned: string[]
  /** The projects that it concerns, but that accept only deliveries with another secret. */
  refused: ProjectConfig[]
  /** The refs and projects that the farm ignores, with the reasons. */
  ignored: DeliveryResult[]
  /** Whether something is left that needs git. */
  needsWork: boolean
}

type Deciding = Extract<ForgeEvent, { kind: 'refs' | 'pull-request' | 'release' | 'trigger' }>

export function decideEvent(
  event: Deciding,
  projects: ReadonlyMap<string, ProjectConfig>,
  mayTouch: (project: ProjectConfig) => boolean,
): EventDecision {
  const all = concernedBy(event, projects)
  const allowed = all.filter(mayTouch)
  const decisions = event.kind === 'refs' ? allowed.flatMap(project => decideRefs(event, project)) : undefined
  return {
    concerned: allowed.map(({ name }) => name),
    refused: all.filter(project => !mayTouch(project)),
    ignored: decisions?.flatMap(result => result ?? []) ?? [],
    needsWork: decisions ? decisions.some(result => result === undefined) : allowed.length > 0,
  }
}

function concernedBy(event: Deciding, projects: ReadonlyMap<string, ProjectConfig>): ProjectConfig[] {
  if (event.kind === 'trigger') {
    const named = projects.get(event.project ?? '')
    return named ? [named] : []
  }
  const { repositoryUrls } = event
  return [...projects.values()].filter(
    project =>
      isRepository(repositoryUrls, project.repository) ||
      (event.kind === 'refs' && triggersOf(project, repositoryUrls).length > 0),
  )
}

/** For each ref: why the project ignores it; undefined if this needs git. */
function decideRefs(
  { repositoryUrls, changes }: Extract<ForgeEvent, { kind: 'refs' }>,
  project: ProjectConfig,
): (DeliveryResult | undefined)[] {
  // A source may follow the default branch of its repository, which only git knows.
  if (triggersOf(project, repositoryUrls).length > 0) return [undefined]
  return changes.map(({ ref, after }) => {
    const decision = decideRef(project, { ref, deleted: after === null })
    return decision.kind === 'ignored' ? ignoredResult(project.name, ref, decision.why) : undefined
  })
}

const ignoredResult = (project: string, ref: string, why: string): DeliveryResult => ({
  ...{ project, ref, why, outcome: 'ignored', commit: null, buildId: null, created: false },
})
