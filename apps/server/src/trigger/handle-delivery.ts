import type { ForgeEvent } from '@rumpfarm/connectors'
import type { ProjectConfig } from '@rumpfarm/contracts'
import type { DeliveryResult, HandledDelivery, PendingDelivery } from '@rumpfarm/farm'
import type { Services } from '../services.ts'
import { failed, type RefChangeResult, receiveRefChange } from './receive-changes.ts'
import { receivePullRequest } from './receive-pull-request.ts'
import { type TriggerOutcome, triggerBuild } from './trigger-build.ts'

type HandleServices = Pick<Services, 'farm' | 'mirrors'>
type EventOf<Kind extends ForgeEvent['kind']> = Extract<ForgeEvent, { kind: Kind }>

/**
 * Does what a stored delivery asks for. Git decides what its refs are. A second run changes nothing, because each build
 * remembers the delivery that made it.
 */
export async function handleDelivery(services: HandleServices, delivery: PendingDelivery): Promise<HandledDelivery> {
  const event = delivery.content as ForgeEvent
  switch (event.kind) {
    case 'refs':
      return handled(await receiveRefs(services, delivery, event))
    case 'release':
      return handled(await receiveRelease(services, delivery, event))
    case 'trigger':
      return handled([await receiveTrigger(services, delivery, event)])
    case 'pull-request':
      return handled(await receivePullRequest(services, event, mayTouch(delivery.scope)))
    case 'ping':
      return ignored('it is a ping')
    case 'other':
      return ignored(event.why)
  }
}

const ignored = (reason: string): HandledDelivery => ({ results: [], absent: false, reason })

function handled(results: RefChangeResult[]): HandledDelivery {
  const waiting = results.filter(({ outcome }) => outcome === 'retrying')
  const stored = results.map(({ absent: _, ...result }): DeliveryResult => result)
  if (stored.length === 0) return ignored('no project of the farm has this repository')
  return { results: stored, absent: waiting.every(({ absent }) => absent) }
}

/** Which projects a delivery may touch: those whose secrets signed it, or all without own secrets. */
export const mayTouch =
  (scope: string) =>
  ({ name, webhookSecrets }: ProjectConfig): boolean =>
    scope === '' ? webhookSecrets === undefined : scope.split(',').includes(name)

async function receiveRefs(
  services: HandleServices,
  { sender, deliveryId, scope }: PendingDelivery,
  { repositoryUrls, changes }: EventOf<'refs'>,
): Promise<RefChangeResult[]> {
  const results = await Promise.all(
    changes.map(({ ref, before, after }) =>
      receiveRefChange(services, {
        ...{ repositoryUrls, ref, before, after, source: sender, cause: 'push' },
        // A project can build several refs of one delivery.
        deliveryId: changes.length === 1 ? deliveryId : `${deliveryId} ${ref}`,
        mayTouch: mayTouch(scope),
      }),
    ),
  )
  return results.flat()
}

/** The forge sends a push of the tag too. The release helps if nobody receives that push. */
const receiveRelease = (
  services: HandleServices,
  { sender, deliveryId, scope }: PendingDelivery,
  { repositoryUrls, tag }: EventOf<'release'>,
): Promise<RefChangeResult[]> =>
  receiveRefChange(services, {
    ...{ repositoryUrls, ref: `refs/tags/${tag}`, before: null, after: undefined, source: sender, deliveryId },
    cause: 'push',
    mayTouch: mayTouch(scope),
  })

async function receiveTrigger(
  services: HandleServices,
  { deliveryId }: PendingDelivery,
  { project = '', commit, branch }: EventOf<'trigger'>,
): Promise<RefChangeResult> {
  const ref = commit ?? branch
  const request = { project, ref, branch, cause: 'push', source: 'webhook', deliveryId } as const
  const outcome = await triggerBuild(services, request)
  return {
    ...{ project, ref: ref ?? null, why: null, commit: null, buildId: null, created: false },
    ...(await triggerResult(services, outcome)),
  }
}

type TriggerResult = Pick<RefChangeResult, 'outcome'> & Partial<RefChangeResult>

async function triggerResult({ farm }: HandleServices, outcome: TriggerOutcome): Promise<TriggerResult> {
  switch (outcome.kind) {
    case 'built':
      return { outcome: 'built', commit: outcome.commit, buildId: outcome.buildId, created: outcome.created }
    case 'repeated':
      if (outcome.buildId === null) return { outcome: 'ignored', why: 'the farm did not build it before' }
      await farm.builds.reopenSources(outcome.buildId)
      return { outcome: 'built', commit: outcome.commit, buildId: outcome.buildId }
    case 'unknown-project':
      return { outcome: 'failed', why: 'the project is not in farm.yaml any more' }
    case 'branch-not-built':
      return { outcome: 'ignored', why: `it builds only the branches ${outcome.branches.join(', ')}` }
    case 'tag-not-built':
      return { outcome: 'ignored', why: `it builds only the tags ${outcome.tags.join(', ')}` }
    case 'no-such-cell':
      return { outcome: 'ignored', why: 'no cell matches' }
    case 'fork-commit':
      return { outcome: 'ignored', why: outcome.problem }
    case 'no-such-commit':
      return failed({ kind: 'problem', problem: outcome.problem, absent: true })
    case 'repository-problem':
      return failed({ kind: 'problem', problem: outcome.problem, unreachable: true })
  }
}
