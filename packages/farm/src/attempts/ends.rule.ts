import type { Verdict } from '@rumpfarm/contracts'

/** How an attempt ends. */
export interface AttemptEnd {
  verdict: Verdict
  failedStep: string | null
  /** The agent's reason, or a reason of the farm: sources, lease-expired, forgotten, cancelled, refused. */
  reason: string
  /** One sentence for a person. */
  detail: string | null
}

/** The host's owner decides in host.conf which jobs may run. */
export const notAllowedByOwner = "the host's owner does not allow it"

/** The ends that the farm decides, without a finish from the host. */
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

/** git's message says why the sources are not available. */
export const sourcesFailedEnd = (message: string): AttemptEnd => end('broken', 'sources', message)

function end(verdict: Verdict, reason: string, detail: string): AttemptEnd {
  return { verdict, failedStep: null, reason, detail }
}
