/** What a delivery did for one project and one ref. */
export interface DeliveryResult {
  project: string
  ref: string | null
  /** `handled`: nothing was built, but the farm did what the delivery asks for, such as the removal of a branch. */
  outcome: 'built' | 'handled' | 'ignored' | 'retrying' | 'failed'
  why: string | null
  commit: string | null
  buildId: number | null
  /** Whether the delivery created the build. */
  created: boolean
}

export type DeliveryOutcome = 'waiting' | 'retrying' | 'built' | 'handled' | 'ignored' | 'failed' | 'refused' | 'pong'

const order = ['retrying', 'failed', 'built', 'handled', 'ignored'] as const

/** The outcome of a delivery: the one of its results that needs most attention. */
export const overallOutcome = (results: readonly DeliveryResult[]): DeliveryOutcome =>
  order.find(outcome => results.some(result => result.outcome === outcome)) ?? 'ignored'

const reasonsShown = 5

/** The reasons of all results as one line; null if there are none. */
export function overallReason(results: readonly DeliveryResult[]): string | null {
  const reasons = [...new Set(results.flatMap(({ project, why }) => (why === null ? [] : [`${project}: ${why}`])))]
  if (reasons.length === 0) return null
  const more = reasons.length > reasonsShown ? `; and ${reasons.length - reasonsShown} more` : ''
  return reasons.slice(0, reasonsShown).join('; ') + more
}
