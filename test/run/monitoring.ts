import type { Tally } from './tally.ts'
import { runVitest } from './vitest.ts'

/** Tests the metrics, the dashboard and the alert rules with a real Prometheus. */
export const runMonitoring = (directory: string): Promise<Tally> =>
  runVitest(directory, { words: ['--config', 'test/monitoring/vitest.config.ts'] })
