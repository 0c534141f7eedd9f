import type { Verdict } from '@rumpfarm/contracts'

/** The changes that the farm reports to its listeners. Events are advice: any of them may be lost or arrive twice. */
export type FarmEvent =
  /** Attempts became claimable: wake their hosts. */
  | { kind: 'queued'; attempts: { hostId: number; attempt: string }[] }
  /** The sources of a build must be prepared. */
  | { kind: 'sources-needed'; buildId: number }
  /** A branch of this project was pushed, and the sources of its build are ready: read the branch's history. */
  | { kind: 'history-needed'; project: string }
  /** Commits of this project were added to a branch, moved there or removed: its cells may have changed. */
  | { kind: 'history-changed'; project: string }
  /** An attempt was leased, a step ended, or a cancel was requested. With a verdict: the attempt ended. */
  | { kind: 'attempt'; attempt: string; jobId: number; buildId: number; projectName: string; verdict?: Verdict }
  /** The lease of this attempt may have ended, or a cancel was requested: drop what is cached of it. */
  | { kind: 'revoked'; attempt: string }
  /** The farm holds more bytes of this attempt's log. */
  | { kind: 'log'; attempt: string; bytes: number }
  | { kind: 'host'; hostId: number }
  /** A host left the farm: drop what is cached of it. */
  | { kind: 'host-removed'; hostId: number }

export type EventListener = (event: FarmEvent) => void

/** The listeners of one farm. */
export function eventListeners() {
  const listeners = new Set<EventListener>()
  return {
    add: (listener: EventListener) => void listeners.add(listener),
    emit: (event: FarmEvent) => {
      for (const listener of listeners) listener(event)
    },
  }
}
