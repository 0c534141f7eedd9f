import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { name: 'farm', globalSetup: ['../../test/support/postgres-setup.ts'] },
})
