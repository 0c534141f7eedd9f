import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'test',
    globalSetup: ['support/postgres-setup.ts', 'support/bundle-setup.ts'],
    exclude: ['**/node_modules/**', 'e2e/**', 'network/**'], // Playwright's, and a run of its own
    // Each of these files runs servers, hosts and a Redis of its own: two at once keep two cores busy.
    maxWorkers: 2,
    // Most of a conformance scenario is waiting.
    maxConcurrency: Number(process.env.CONFORMANCE_AT_ONCE ?? 6),
    // After the packages' own tests, so that what is wrong is told where it is.
    sequence: { groupOrder: 2 },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
