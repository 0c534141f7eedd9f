import type { FarmEvent } from '@rumpfarm/farm'
import type { Logger } from 'pino'
import type { Dispatch, QueuedAttempt } from '../background/dispatch.ts'
import type { Tasks } from '../background/tasks.ts'
import { type Bus, topics } from './bus.ts'
import type { Viewers } from './viewers.ts'

export interface Listeners {
  bus: Bus
  dispatch: Dispatch
  tasks: Tasks
  viewers: Viewers
  log: Logger
}

/** Passes on what the farm committed: messages for hosts, tasks, wake-ups. Whatever fails here, reconcile repeats. */
export function eventPublisher({ bus, dispatch, tasks, viewers, log }: Listeners): (event: FarmEvent) => void {
  const sendAndWake = (attempts: readonly QueuedAttempt[]) =>
    dispatch.send(attempts, hostId => bus.publish(topics.host(hostId))).catch(tasks.noteUnreachable)

  return event => {
    switch (event.kind) {
      case 'queued':
        void sendAndWake(event.attempts)
        return bus.publish(topics.matrix)
      case 'planned':
        tasks.prepare(event.buildId)
        return bus.publish(topics.matrix)
      case 'line-wanted':
        return tasks.place(event.project)
      case 'placed':
        return bus.publish(topics.matrix)
      case 'attempt':
        if (event.verdict) log.info(endOf(event), `attempt ${event.verdict}`)
        bus.publish(topics.attempt(event.attempt))
        return bus.publish(topics.matrix)
      case 'revoked':
        return bus.publish(topics.revoked, event.attempt)
      case 'host-removed':
        return bus.publish(topics.hostRemoved, String(event.hostId))
      case 'log':
        // 16 chunks a megabyte: told only to those who look.
        if (viewers.hasViewers(event.attempt)) bus.publish(topics.attempt(event.attempt))
        return
      case 'host':
        bus.publish(topics.host(event.hostId)) // it may have been paused, or let go on
        return bus.publish(topics.matrix)
    }
  }
}

const endOf = ({ attempt, buildId, projectName }: Extract<FarmEvent, { kind: 'attempt' }>) => ({
  attempt,
  build: buildId,
  project: projectName,
})
