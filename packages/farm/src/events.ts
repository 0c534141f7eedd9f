import type { Verdict } from '@rumpfarm/contracts'

/**
 * The changes that the farm reports to its listeners. An event may be lost or arrive twice, so the farm must work
 * without any single event.
 */
export type FarmEvent =
  /** Attempts became claimable. A listener wakes their hosts. */
  | { kind: 'queued'; attempts: { hostId: number; attempt: string }[] }
  /** Attempts that no host has claimed ended. A listener removes their messages. */
  | { kind: 'unqueued'; attempts: { hostId: number; attempt: string }[] }
  /** The sources of a build must be prepared. */
  | { kind: 'sources-needed'; buildId: number }
  /** A branch of this project was pushed, and the sources are ready. A listener reads the branch's history. */
  | { kind: 'history-needed'; project: string }
  /** Commits of a branch of this project were added, moved or removed, so cells of the project may have changed. */
  | { kind: 'history-changed'; project: string }
  /** A push or a person requested a new build. */
  | { kind: 'build-created'; buildId: number }
  /** The farm has prepared the sources of a build, or could not prepare them. */
  | { kind: 'sources-prepared'; buildId: number; ok: boolean }
  /** An attempt was leased, a step ended, or a cancel was requested. If `verdict` is set, the attempt ended. */
  | {
      kind: 'attempt'
      attempt: string
      jobId: number
      buildId: number
      projectName: string
      verdict?: Verdict
      /** If the attempt ended: how long it waited for a host and ran, in seconds. Null if no host claimed or began it. */
      seconds?: { waited: number | null; ran: number | null }
    }
  /** The farm must read the log of this ended attempt. */
  | { kind: 'examine-needed'; attempt: string }
  /** The farm has read the log of this attempt, so the attempt's failure and its cells may have changed. */
  | { kind: 'examined'; attempt: string; jobId: number; buildId: number; projectName: string }
  /** The lease of this attempt may have ended, or a cancel was requested. Listeners drop the attempt from caches. */
  | { kind: 'revoked'; attempt: string }
  /** The farm holds more bytes of this attempt's log: `bytes` in all, `added` more than before. */
  | { kind: 'log'; attempt: string; projectName: string; bytes: number; added: number }
  /** The stored bytes of a log are not those of its host. `file`: its path in the storage. */
  | { kind: 'log-damaged'; attempt: string; file: string }
  /** A person acknowledged a failure of this project, or an acknowledgement ended. */
  | { kind: 'acknowledgements-changed'; project: string }
  /** The projects of farm.yaml changed. */
  | { kind: 'configuration-changed' }
  /** A bisection was started, has a next step, or changed. */
  | { kind: 'bisection'; bisectionId: number; next: 'prepare' | 'advance' | 'nothing' }
  /** A probe ended, or the farm has examined its log. A listener takes the next step of its bisection. */
  | { kind: 'probe-ended'; attempt: string }
  /** The farm must read the newest commit of a pull request with git. */
  | { kind: 'pull-request'; pullRequestId: number }
  /** The pages of pull requests of this project show something new. */
  | { kind: 'pull-request-changed'; project: string }
  /** A schedule, the state of a repository or a sent status changed: live pages show something new. */
  | { kind: 'pages-changed' }
  /** The commit statuses of a build may have changed. A listener sends the new ones to the forges. */
  | { kind: 'statuses-needed' }
  /** Messages of the outbox are due at this time. A listener sends them. */
  | { kind: 'notifications-due'; at: Date }
  | { kind: 'host'; hostId: number }
  /** A host left the farm. Listeners drop the host from caches. */
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
