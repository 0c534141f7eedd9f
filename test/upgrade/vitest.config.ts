import { defineConfig } from 'vitest/config'

/** Only `./farm servers` runs these tests, because they install two earlier versions of the farm and take minutes. */
export default defineConfig({
  test: {
    name: 'upgrade',
    root: import.meta.dirname,
    globalSetup: ['../support/postgres-setup.ts', '../support/bundle-setup.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 240_000,
  },
})
