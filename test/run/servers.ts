import { findProgram } from '../servers/programs.ts'
import type { TestResult } from './results.ts'
import { runVitest } from './vitest.ts'

/**
 * Tests three servers in three networks behind nginx and HAProxy. Their network has no connection for downloads. Then
 * updates a farm from one version of the history to the next.
 */
export async function runServers(directory: string): Promise<TestResult[]> {
  for (const kind of ['nginx', 'haproxy'] as const) await findProgram(kind)
  const servers = await runVitest(directory, {
    within: ['test/network/own-network.sh'],
    words: ['--config', 'test/servers/vitest.config.ts'],
  })
  const upgrade = await runVitest(directory, { words: ['--config', 'test/upgrade/vitest.config.ts'] })
  return [...servers, ...upgrade]
}
