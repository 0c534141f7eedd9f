import type { TestResult } from './results.ts'
import { runVitest } from './vitest.ts'

/** Tests the metrics, the dashboard and the alert rules with a real Prometheus. */
export const runMonitoring = (directory: string): Promise<TestResult[]> =>
  runVitest(directory, { words: ['--config', 'test/monitoring/vitest.config.ts'] })
