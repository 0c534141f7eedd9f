import { defineConfig } from 'vitest/config'

/** Only `./farm servers` runs these tests, because they need their own network, nginx and HAProxy, and take minutes. */
export default defineConfig({
  test: {
    name: 'servers',
    root: import.meta.dirname,
    globalSetup: ['../network/in-own-network.ts', '../support/postgres-setup.ts', '../support/bundle-setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 240_000,
  },
})
