import { defineConfig } from 'vitest/config'

// A run of its own: these tests need a network of their own around them. See own-network.sh, or `npm run network`.
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
