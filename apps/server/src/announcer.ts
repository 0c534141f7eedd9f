import type { Announcement } from '@rumpfarm/farm'
import type { Logger } from 'pino'
import { type Bus, topics } from './bus.ts'
import type { Dispatch, QueuedAttempt } from './dispatch.ts'
import type { Errands } from './errands/errands.ts'
import type { Watching } from './watching.ts'

export interface Listeners {
  bus: Bus
  dispatch: Dispatch
  errands: Errands
  watching: Watching
  log: Logger
}

/** Passes on what the farm committed: messages for hosts, errands, wake-ups. Whatever fails here, reconcile repeats. */
export function announcer({ bus, dispatch, errands, watching, log }: Listeners): (announcement: Announcement) => void {
  const sendAndWake = (attempts: readonly QueuedAttempt[]) =>
    dispatch.send(attempts, hostId => bus.publish(topics.host(hostId))).catch(errands.noteUnreachable)

  return announcement => {
    switch (announcement.kind) {
      case 'queued':
        void sendAndWake(announcement.attempts)
        return bus.publish(topics.matrix)
      case 'planned':
        errands.prepare(announcement.buildId)
        return bus.publish(topics.matrix)
      case 'line-wanted':
        return errands.place(announcement.project)
      case 'placed':
        return bus.publish(topics.matrix)
      case 'attempt':
        if (announcement.verdict) log.info(endOf(announcement), `attempt ${announcement.verdict}`)
        bus.publish(topics.attempt(announcement.attempt))
        return bus.publish(topics.matrix)
      case 'revoked':
        return bus.publish(topics.revoked, announcement.attempt)
      case 'host-removed':
        return bus.publish(topics.hostRemoved, String(announcement.hostId))
      case 'log':
        // 16 chunks a megabyte: told only to those who look.
        if (watching.isWatched(announcement.attempt)) bus.publish(topics.attempt(announcement.attempt))
        return
      case 'host':
        bus.publish(topics.host(announcement.hostId)) // it may have been paused, or let go on
        return bus.publish(topics.matrix)
    }
  }
}

const endOf = ({ attempt, buildId, projectName }: Extract<Announcement, { kind: 'attempt' }>) => ({
  attempt,
  build: buildId,
  project: projectName,
})
