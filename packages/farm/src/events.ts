import type { Verdict } from '@rumpfarm/contracts'

/** What the farm tells its listeners after a transaction. Advice, never truth: any of them may be lost or come twice. */
export type FarmEvent =
  /** Attempts became claimable: their hosts should be told. */
  | { kind: 'queued'; attempts: { hostId: number; attempt: string }[] }
  /** A build needs its sources prepared. */
  | { kind: 'planned'; buildId: number }
  /** A branch of this project was pushed, and the farm has what its build needs: its line should be read. */
  | { kind: 'line-wanted'; project: string }
  /** Commits of this project came to a branch, moved there or left it: its cells may have changed. */
  | { kind: 'placed'; project: string }
  /** Something about an attempt changed: taken, step ended, cancel asked; with a verdict: it ended. */
  | { kind: 'attempt'; attempt: string; jobId: number; buildId: number; projectName: string; verdict?: Verdict }
  /** A person or a newer claim wants this attempt to end: forget what is cached of it. */
  | { kind: 'revoked'; attempt: string }
  /** The farm holds more bytes of this attempt's log. */
  | { kind: 'log'; attempt: string; bytes: number }
  | { kind: 'host'; hostId: number }
  /** A host left the farm: forget what is cached of it. */
  | { kind: 'host-removed'; hostId: number }

export type EventListener = (event: FarmEvent) => void

/** The listeners of one farm. */
export function eventListeners() {
  const listeners = new Set<EventListener>()
  return {
    add: (listener: EventListener) => void listeners.add(listener),
    publish: (event: FarmEvent) => {
      for (const listener of listeners) listener(event)
    },
  }
}
