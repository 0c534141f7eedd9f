import { postWebhook } from '@rumpfarm/connectors'
import type { DueAlert, Farm } from '@rumpfarm/farm'
import type { Logger } from 'pino'

export interface TellOwners {
  farm: Pick<Farm, 'hosts'>
  /** What people call this farm, if it knows. */
  publicUrl: string | undefined
  log: Logger
}

/** Tells owners what became of their hosts. The rows say what is still to be told; one that fails comes again, later. */
export async function tellOwners(services: TellOwners): Promise<void> {
  const due = await services.farm.hosts.takeDueAlerts()
  await Promise.all(due.map(alert => tell(services, alert)))
}

async function tell({ farm, publicUrl, log }: TellOwners, alert: DueAlert): Promise<void> {
  const { url, secret } = alert
  const delivery = await postWebhook({ url, secret, id: idOf(alert), body: bodyOf(alert, publicUrl) })
  if (delivery.kind === 'delivered') return farm.hosts.markAlertDelivered(alert.id)
  log.warn({ host: alert.host, alert: alert.kind, problem: delivery.problem }, 'an owner could not be told')
  await farm.hosts.markAlertFailed(alert.id, delivery.problem, delivery.permanent)
}

/** Unlike that of any other farm, too. */
const idOf = ({ id, createdAt }: DueAlert) => `host-alert-${id}-${createdAt.getTime()}`

const bodyOf = ({ kind, host, since, createdAt, attempts }: DueAlert, publicUrl: string | undefined) => ({
  type: kind,
  timestamp: createdAt,
  host,
  since,
  // The first that it runs; a host with several slots may run more.
  ...(attempts[0] === undefined ? {} : { attempt: attempts[0], job: Number.parseInt(attempts[0], 10), attempts }),
  ...(publicUrl === undefined ? {} : { url: `${publicUrl}/hosts/${encodeURIComponent(host)}` }),
})
