import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'farm',
    isolate: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    globalSetup: ['../../test/support/postgres-setup.ts'],
  },
})
