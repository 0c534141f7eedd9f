import { attemptName } from '@rumpfarm/contracts'
import type { Ground } from '../ground.ts'

/** Claimable attempts, oldest first: what must have a message, whatever became of the queue. */
export async function queuedAttempts({ db }: Ground, limit = 20_000): Promise<{ hostId: number; attempt: string }[]> {
  const rows = await db.attempt.findMany({
    where: { state: 'queued' },
    select: { jobId: true, number: true, hostId: true },
    orderBy: [{ queuedAt: 'asc' }, { jobId: 'asc' }],
    take: limit,
  })
  return rows.map(row => ({ hostId: row.hostId, attempt: attemptName(row) }))
}
