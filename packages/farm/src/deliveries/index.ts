import type { Contexts } from '../context.ts'
import { type DeliveryFilter, findDelivery, listDeliveries, troubledDeliveries } from './delivery-queries.ts'
import {
  deleteOldDeliveries,
  type HandledDelivery,
  holdDelivery,
  type NewDelivery,
  postponeDelivery,
  recordDelivery,
  replayDelivery,
  type StoredDelivery,
  storeDelivery,
  takeDueDeliveries,
} from './store.ts'

export type { DeliveryFilter, DeliverySummary, DeliveryView } from './delivery-queries.ts'
export type { DeliveryOutcome, DeliveryResult } from './outcome.rule.ts'
export type { HandledDelivery, NewDelivery, PendingDelivery, StoredDelivery } from './store.ts'

/** The messages of forges and other programs: webhooks. */
export const deliveryMethods = ({ main, pages }: Contexts) => ({
  /** Writes a delivery. If its sender repeats it, the farm decides it again. */
  store: (delivery: NewDelivery) => storeDelivery(main, delivery),
  /** At most `limit` deliveries that must be handled now. */
  takeDue: (limit: number) => takeDueDeliveries(main, limit),
  hold: (delivery: StoredDelivery) => holdDelivery(main, delivery),
  record: (delivery: StoredDelivery, handled: HandledDelivery) => recordDelivery(main, delivery, handled),
  postpone: (delivery: StoredDelivery, problem: string) => postponeDelivery(main, delivery, problem),
  /** Decides a stored delivery again; undefined if the farm cannot, because it refused or never read the delivery. */
  replay: async (id: number) => (canBeId(id) ? replayDelivery(main, id) : undefined),
  deleteOld: () => deleteOldDeliveries(main),

  list: (filter: DeliveryFilter) => listDeliveries(pages, filter),
  find: async (id: number) => (canBeId(id) ? findDelivery(pages, id) : undefined),
  /** The deliveries of a project that wait for another try. */
  troubled: (project: string) => troubledDeliveries(pages, project),
})

/** PostgreSQL's largest integer. */
const canBeId = (id: number): boolean => id <= 2_147_483_647
