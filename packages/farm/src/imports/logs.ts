import type { Storage } from '@rumpfarm/storage'

interface Logged {
  jobId: number
  number: number
  log: Buffer | null
}

/** Writes the logs one after the other. A repeated call writes the same bytes to the same places. */
export async function writeLogs(logs: Storage['logs'], attempts: readonly Logged[]): Promise<void> {
  for (const { jobId, number, log } of attempts) {
    if (log) await logs.open({ jobId, number }).write(0, log)
  }
}
