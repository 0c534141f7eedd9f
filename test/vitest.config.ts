import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'test',
    globalSetup: ['support/postgres-setup.ts'],
    exclude: ['**/node_modules/**', 'e2e/**'], // the browser tests are Playwright's
  },
})
