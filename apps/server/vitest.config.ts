import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'server',
    isolate: false,
    include: ['src/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    globalSetup: ['../../test/support/postgres-setup.ts'],
  },
})
