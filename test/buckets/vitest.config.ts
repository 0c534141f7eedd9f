import { defineConfig } from 'vitest/config'

/** Only `./farm buckets` runs these tests, because they need Debian's packages of OpenStack Swift. */
export default defineConfig({
  test: {
    name: 'buckets',
    root: `${import.meta.dirname}/..`,
    globalSetup: ['support/postgres-setup.ts', 'support/bundle-setup.ts'],
    include: ['buckets/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
})
