import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'chaos',
    root: import.meta.dirname,
    globalSetup: ['../support/bundle-setup.ts'],
    include: ['*.chaos.ts'],
    disableConsoleIntercept: true, // each line appears at once, without a header
    testTimeout: 0, // the test has limits of its own
    hookTimeout: 120_000,
  },
})
