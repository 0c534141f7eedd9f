import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'cli',
    isolate: false,
    include: ['src/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ['../../test/support/postgres-setup.ts'],
  },
})
