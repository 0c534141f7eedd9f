import type { Verdict } from '@rumpfarm/contracts'

/** How an attempt ends. */
export interface AttemptEnd {
  verdict: Verdict
  failedStep: string | null
  /** The agent's reason, or a reason of the farm: sources, conflict, lease-expired, forgotten, cancelled, superseded, refused. */
  reason: string
  /** One sentence for a person. */
  detail: string | null
}

/** Why a job may not run: the rules of the host's owner in host.conf do not allow it. */
export const notAllowedByOwner = "the host's owner does not allow it"

/** How the farm itself ends an attempt, without a finish message from the host. */
export const farmEnds = {
  cancelledBeforeStart: end('cancelled', 'cancelled', 'cancelled before it began'),
  cancelledWhileSilent: end('cancelled', 'cancelled', 'cancelled while its host was silent'),
  hostRemoved: end('cancelled', 'cancelled', 'the host was removed from the farm'),
  notAllowed: end('cancelled', 'refused', notAllowedByOwner),
  leaseExpired: end('lost', 'lease-expired', 'the host was silent for longer than the recipe allows (lost-after)'),
  forgotten: end(
    'lost',
    'forgotten',
    'the host requested another job and had lost this one (its directory was emptied, or a second agent runs there)',
  ),
} as const

/** The end of a waiting attempt that a newer build makes unnecessary. */
export const supersededEnd = (words: string): AttemptEnd => end('cancelled', 'superseded', words)

/** The end of an attempt whose sources are not available. The message is git's message. */
export const sourcesFailedEnd = (message: string): AttemptEnd => end('broken', 'sources', message)

/** The end of an attempt of a pull request that conflicts with its base branch. */
export const conflictEnd = (message: string): AttemptEnd => end('broken', 'conflict', message)

/** How an attempt ends that a change elsewhere makes useless. `detail` is one sentence for people. */
export const cancelledEnd = (reason: string, detail: string): AttemptEnd => end('cancelled', reason, detail)

function end(verdict: Verdict, reason: string, detail: string): AttemptEnd {
  return { verdict, failedStep: null, reason, detail }
}
