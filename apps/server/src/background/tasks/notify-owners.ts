import { postWebhook } from '@rumpfarm/connectors'
import type { DueAlert } from '@rumpfarm/farm'
import type { Task, TaskServices } from '../task.ts'

/**
 * Sends alerts about silent hosts to the hosts' owners. A failed alert stays in the database, and a later run sends it
 * again.
 */
export const notifyOwners: Task = async services => {
  const due = await services.farm.hosts.takeDueAlerts()
  await Promise.all(due.map(alert => notify(services, alert)))
}

async function notify({ farm, publicUrl, metrics, log }: TaskServices, alert: DueAlert): Promise<void> {
  const { url, secret } = alert
  const delivery = await postWebhook({ url, secret, id: idOf(alert), body: bodyOf(alert, publicUrl) })
  metrics.delivery('webhook', delivery.kind === 'failed' && delivery.permanent ? 'gave-up' : delivery.kind)
  if (delivery.kind === 'delivered') return farm.hosts.markAlertDelivered(alert.id)
  log.warn({ host: alert.host, alert: alert.kind, problem: delivery.problem }, 'an alert could not be delivered')
  await farm.hosts.markAlertFailed(alert.id, delivery.problem, delivery.permanent)
}

/** The time makes the id unique among several farms. */
const idOf = ({ id, createdAt }: DueAlert) => `host-alert-${id}-${createdAt.getTime()}`

const bodyOf = ({ kind, host, since, createdAt, attempts }: DueAlert, publicUrl: string | undefined) => ({
  type: kind,
  timestamp: createdAt,
  host,
  since,
  // A host with several slots can run several attempts: `attempts` has all of them, and `attempt` has the first.
  ...(attempts[0] === undefined ? {} : { attempt: attempts[0], job: Number.parseInt(attempts[0], 10), attempts }),
  ...(publicUrl === undefined ? {} : { url: `${publicUrl}/hosts/${encodeURIComponent(host)}` }),
})
