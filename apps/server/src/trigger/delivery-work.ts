import type { PendingDelivery } from '@rumpfarm/farm'

/** Handles deliveries in the background of this process. */
export interface DeliveryWork {
  /**
   * Starts to handle a delivery, and returns at once. If this process handles too many deliveries, another try comes
   * later from the database.
   */
  start(delivery: PendingDelivery): void
  /** Handles the deliveries of the database that are due. */
  continueDue(): Promise<void>
  /** Waits until this process handles no delivery. */
  idle(): Promise<void>
  close(): Promise<void>
}
