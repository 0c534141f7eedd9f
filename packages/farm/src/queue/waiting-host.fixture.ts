import type { WaitingHost } from './why-waiting.rule.ts'

/** The time of the tests with this host. */
export const at = new Date('2024-05-06T07:08:09Z')

/** A host that can run jobs for arm. */
export const waitingHost: WaitingHost = {
  name: 'vax',
  removed: false,
  presence: 'online',
  lastSeenAt: at,
  awaySince: null,
  pausedAt: null,
  refusal: null,
  refusalCode: null,
  slots: 1,
  arches: [{ arch: 'arm', unable: null }],
  rules: [],
}
