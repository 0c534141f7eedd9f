import { defineConfig } from 'vitest/config'

/** Only `./farm monitoring` runs these tests, because they need Prometheus and take a minute. */
export default defineConfig({
  test: {
    name: 'monitoring',
    root: `${import.meta.dirname}/..`,
    globalSetup: ['support/postgres-setup.ts', 'support/bundle-setup.ts'],
    include: ['monitoring/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 240_000,
  },
})
