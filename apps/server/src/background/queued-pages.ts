import type { Farm, QueuedPosition } from '@rumpfarm/farm'
import type { QueuedAttempt } from './dispatch.ts'

/** Reads the waiting attempts in pages: after the last page, the first page again. */
export interface QueuedPages {
  next(): Promise<QueuedAttempt[]>
}

export function openQueuedPages(attempts: Pick<Farm['attempts'], 'listQueued'>): QueuedPages {
  let after: QueuedPosition | undefined
  return {
    async next() {
      const page = await attempts.listQueued(after)
      after = page.next
      return page.attempts
    },
  }
}
