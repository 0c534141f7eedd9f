import type { FoundChange, RepositoryLook } from '@rumpfarm/farm'
import { receiveRefChange } from '../../trigger/receive-changes.ts'
import type { Task, TaskServices } from '../task.ts'

/** Requests a look at each repository whose time has come. */
export const requestLooks: Task = async ({ farm, requests }) => {
  for (const repository of await farm.polling.listDue()) requests.look(repository)
}

/**
 * Looks at the branches and tags of a repository, and handles the changes since the last look, as if a webhook had
 * reported them. A change that cannot be handled now stays for the next look.
 */
export const look: Task<{ repository: string }> = async (services, { repository }) => {
  const { farm, mirrors } = services
  const begun = await farm.polling.begin(repository)
  if (!begun) return
  const seen = await mirrors.listRefs({ repository, tags: begun.tags })
  if (seen.kind === 'problem') return fail(services, begun, seen.problem)
  // A repository without any branch is probably broken. The farm must not remove all its branches.
  if (seen.commits.size === 0) return fail(services, begun, 'the repository answers, but it has no branches')
  const found = await farm.polling.compare(begun, seen)
  const handled: FoundChange[] = []
  let problem: string | null = null
  for (const change of found.changes) {
    const failure = await handle(services, begun, change)
    if (failure === undefined) handled.push(change)
    else problem ??= failure
  }
  await farm.polling.end(begun, { found, handled, problem })
}

async function fail({ farm, log }: TaskServices, begun: RepositoryLook, problem: string): Promise<void> {
  log.warn({ problem }, 'the farm cannot look at a repository')
  await farm.polling.fail(begun, problem)
}

/** Returns why the farm must try the change again later; undefined if it has handled it. */
async function handle(services: TaskServices, begun: RepositoryLook, change: FoundChange): Promise<string | undefined> {
  const { ref, before, after, projects } = change
  const concerned = new Set(projects)
  const results = await receiveRefChange(services, {
    repositoryUrls: { configured: begun.repository },
    ref,
    before,
    after,
    source: 'poll',
    deliveryId: `${ref} ${after ?? 'deleted'} ${begun.startedAt.toISOString()}`,
    cause: 'poll',
    mayTouch: ({ name }) => concerned.has(name),
  })
  const failed = results.find(({ outcome }) => outcome === 'retrying' || outcome === 'failed')
  return failed ? `${ref}: ${failed.why}` : undefined
}
