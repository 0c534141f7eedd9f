import type { FarmEvent } from '@rumpfarm/farm'
import type { Logger } from 'pino'
import type { Dispatch, QueuedAttempt } from '../background/dispatch.ts'
import type { TaskRequests } from '../background/task.ts'
import { type Bus, topics } from './bus.ts'
import type { Viewers } from './viewers.ts'

interface Services {
  bus: Bus
  dispatch: Dispatch
  requests: TaskRequests
  viewers: Viewers
  log: Logger
}

/**
 * Handles each event of the farm after the database has stored the change. It adds messages to the hosts' queues,
 * requests tasks, and wakes up long polls and live pages. If a message or a request fails, the reconcile task repeats
 * it.
 */
export function eventPublisher({ bus, dispatch, requests, viewers, log }: Services): (event: FarmEvent) => void {
  const sendAndWakeUp = (attempts: readonly QueuedAttempt[]) =>
    dispatch
      .send(attempts, hostId => bus.publish(topics.host(hostId)))
      .catch(error => log.debug({ problem: error.message }, 'the queue cannot be reached'))

  return event => {
    switch (event.kind) {
      case 'queued':
        void sendAndWakeUp(event.attempts)
        return bus.publish(topics.matrix)
      case 'unqueued':
        return dispatch.remove(event.attempts)
      case 'sources-needed':
        requests.prepareSources(event.buildId)
        return bus.publish(topics.matrix)
      case 'build-created':
      case 'sources-prepared':
        return // only traces use these events
      case 'history-needed':
        return requests.readBranches(event.project)
      case 'history-changed':
      case 'acknowledgements-changed':
      case 'configuration-changed':
        return bus.publish(topics.matrix)
      case 'attempt':
        if (event.verdict) log.info(fieldsOf(event), `attempt ${event.verdict}`)
        bus.publish(topics.attempt(event.attempt))
        return bus.publish(topics.matrix)
      case 'examine-needed':
        return requests.examine(event.attempt)
      case 'examined':
        bus.publish(topics.attempt(event.attempt))
        return bus.publish(topics.matrix)
      case 'revoked':
        return bus.publish(topics.revoked, event.attempt)
      case 'host-removed':
        return bus.publish(topics.hostRemoved, String(event.hostId))
      case 'log-damaged':
        log.error({ attempt: event.attempt, file: event.file }, 'the stored log differs from the log of the host')
        return bus.publish(topics.attempt(event.attempt))
      case 'log':
        // A log has 16 chunks per megabyte, so the server publishes them only while somebody views the log.
        if (viewers.hasViewers(event.attempt)) bus.publish(topics.attempt(event.attempt))
        return
      case 'bisection':
        if (event.next === 'prepare') requests.readRange(event.bisectionId)
        if (event.next === 'advance') requests.advanceBisections()
        return bus.publish(topics.matrix)
      case 'pull-request':
        return requests.examinePullRequest(event.pullRequestId)
      case 'pull-request-changed':
      case 'pages-changed':
        return bus.publish(topics.matrix)
      case 'statuses-needed':
        return requests.sendStatuses()
      case 'notifications-due':
        return requests.deliverNotifications(event.at)
      case 'probe-ended':
        return requests.advanceBisections()
      case 'host':
        bus.publish(topics.host(event.hostId)) // an administrator may have paused or resumed the host
        return bus.publish(topics.matrix)
    }
  }
}

const fieldsOf = ({ attempt, buildId, projectName }: Extract<FarmEvent, { kind: 'attempt' }>) => ({
  attempt,
  build: buildId,
  project: projectName,
})
