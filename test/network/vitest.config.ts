import { defineConfig } from 'vitest/config'

// These tests need their own network, so they run separately by `./farm network`: see own-network.sh.
export default defineConfig({
  test: {
    name: 'network',
    root: import.meta.dirname,
    globalSetup: ['in-own-network.ts', '../support/postgres-setup.ts', '../support/bundle-setup.ts'],
    maxWorkers: 3, // each of the three files waits most of the time
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
})
