import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'test',
    isolate: false,
    globalSetup: ['support/postgres-setup.ts', 'support/bundle-setup.ts'],
    exclude: [
      '**/node_modules/**',
      'e2e/**',
      'network/**',
      'monitoring/**',
      'chaos/**',
      'servers/**',
      'upgrade/**',
      'buckets/**',
    ], // Playwright runs e2e; the others have their own configuration
    // A conformance scenario mostly waits.
    maxConcurrency: Number(process.env.CONFORMANCE_AT_ONCE ?? 6),
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
