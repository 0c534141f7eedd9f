import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'connectors',
    isolate: false,
    testTimeout: 60_000,
    exclude: ['**/node_modules/**', 'real-servers/**'], // `./farm notifiers` runs them
  },
})
