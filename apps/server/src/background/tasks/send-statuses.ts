import type { StatusOutcome, StatusTarget } from '@rumpfarm/connectors'
import type { DueStatus } from '@rumpfarm/farm'
import { farmTime } from '../../farm-time.ts'
import { statusPath } from '../../http/status-path.ts'
import type { DeliveryOutcome } from '../../metrics/counts.ts'
import type { Task, TaskServices } from '../task.ts'

/** The schedule requests the task again after five seconds, so one run sends for less than that. */
const runMsMax = 4_500

/**
 * Computes the commit statuses that changed, and sends them to the forges: one request at a time to each API, with the
 * pauses that the forges ask for. If a status cannot be sent, it stays in the database, and a later run sends it.
 */
export const sendStatuses: Task = async services => {
  const { statuses } = services.farm
  const end = Date.now() + runMsMax
  while (Date.now() < end) {
    await statuses.derive()
    const due = await statuses.takeDue()
    await Promise.all(due.map(status => send(services, status)))
    if (due.length > 0) continue
    const next = await statuses.nextAt()
    if (next === undefined || next.getTime() > end) return
    await new Promise(resolve => setTimeout(resolve, Math.max(next.getTime() - farmTime(), 50)))
  }
}

async function send(services: TaskServices, status: DueStatus): Promise<void> {
  const { farm, statusSender, publicUrl, metrics, log } = services
  const target = targetOf(status, services.namedSecrets)
  if ('problem' in target) return farm.statuses.markFailed(status, { ...target, permanent: true })
  const { commit, branch, context, state, description } = status
  const url = publicUrl === undefined ? null : publicUrl + statusPath(status)
  const outcome = await statusSender.send(target, { commit, branch, context, state, description, url })
  metrics.delivery('commit-status', outcomeOf(outcome))
  if (outcome.kind === 'sent') return farm.statuses.markSent(status)
  log.warn({ project: status.project, commit, problem: outcome.problem }, 'a commit status could not be sent')
  await farm.statuses.markFailed(status, outcome)
}

const outcomeOf = (outcome: StatusOutcome): DeliveryOutcome => {
  if (outcome.kind === 'sent') return 'delivered'
  return outcome.permanent ? 'gave-up' : 'failed'
}

function targetOf({ forge }: DueStatus, secrets: ReadonlyMap<string, string>): StatusTarget | { problem: string } {
  if (forge === null) return { problem: 'farm.yaml does not name this repository on a forge any more' }
  const name = forge.app?.key ?? forge.token ?? ''
  const secret = secrets.get(name)
  if (secret === undefined) return { problem: `${name} is not set in the environment of the server` }
  const access = forge.app ? { app: { ...forge.app, key: secret } } : { token: secret }
  return { forge: forge.forge, api: forge.api, repository: forge.repository, access }
}
