import type { FarmEvent } from '@rumpfarm/farm'

export const deliveryOutcomes = ['delivered', 'failed', 'gave-up'] as const
export type DeliveryOutcome = (typeof deliveryOutcomes)[number]

export const taskOutcomes = ['ok', 'failed'] as const
export type TaskOutcome = (typeof taskOutcomes)[number]

/** An answered HTTP request. */
export interface AnsweredRequest {
  method: string
  /** The pattern of the route; undefined if no route matched. */
  route: string | undefined
  status: number
  /** Undefined for an answer that waits on purpose: a long poll or a stream. */
  seconds: number | undefined
}

/** Counts what this process did. */
export interface Counts {
  /** Counts an event of the farm. Call this method for each event that this process emitted. */
  onEvent(event: FarmEvent): void
  request(request: AnsweredRequest): void
  /** Counts one try to deliver a message. `channel` is its kind, such as `mail`. */
  delivery(channel: string, outcome: DeliveryOutcome): void
  /** Counts one run of a background task. */
  task(name: string, outcome: TaskOutcome): void
}
