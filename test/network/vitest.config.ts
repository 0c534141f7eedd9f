import { defineConfig } from 'vitest/config'

// These tests run separately because they need their own network: see own-network.sh, or run `npm run network`.
export default defineConfig({
  test: {
    name: 'network',
    root: import.meta.dirname,
    globalSetup: ['in-own-network.ts', '../support/postgres-setup.ts', '../support/bundle-setup.ts'],
    maxWorkers: 3, // every test waits most of the time, and there are three files
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
})
