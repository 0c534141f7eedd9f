import type { TestResult } from './results.ts'
import { runVitest } from './vitest.ts'

/** Tests the storage in a bucket with OpenStack Swift from Debian. */
export const runBuckets = (directory: string): Promise<TestResult[]> =>
  runVitest(directory, { words: ['--config', 'test/buckets/vitest.config.ts'] })
