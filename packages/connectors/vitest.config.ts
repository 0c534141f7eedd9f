import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'connectors',
    isolate: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    exclude: ['**/node_modules/**', 'real-servers/**'], // `./farm notifiers` runs them
  },
})
